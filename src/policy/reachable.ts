// Adds calls that the code can make (src/scan) and that were not seen. Each call is seen, reachable but unseen, or
// unreachable. The user chooses the answer to unseen calls. They are never allowed beyond the ceiling (see derive.ts).
import type { Architecture } from '../abi/architectures.ts'
import type { Reachable, ReachableCall } from '../scan/reachable.ts'
import { allow, type Proposal } from './answers.ts'
import type { RuleAction } from './policy.ts'

/**
 * The answer to unseen calls. 'refuse': the default action (the default). 'log': allowed within the ceiling and logged
 * (SCMP_ACT_LOG). 'allow': allowed within the ceiling. 'libc': allowed if the C library makes the call in a function
 * that ran, as a seen call shows. With 'libc' and a scan that is a bound, the margin keeps only reachable calls.
 */
export const unseenChoices = ['refuse', 'log', 'allow', 'libc'] as const
export type UnseenChoice = (typeof unseenChoices)[number]

const log: RuleAction = { type: 'log' }

/** Reachable calls of an architecture, by name. */
export function reachableOn(
  reachable: Reachable | undefined,
  architecture: Architecture,
): ReadonlyMap<string, ReachableCall> {
  return new Map(Object.entries(reachable?.architectures[architecture] ?? {}))
}

/** `seen`: the calls that the evidence already answers. */
export function answersUnseen(
  reachable: Reachable | undefined,
  choice: UnseenChoice,
  architecture: Architecture,
  seen: ReadonlySet<string>,
): readonly Proposal[] {
  if (choice === 'refuse') return []
  const calls = reachableOn(reachable, architecture)
  const unseen = [...calls].filter(([name]) => !seen.has(name))
  if (choice !== 'libc')
    return unseen.map(([syscall, { path }]) => ({
      syscall,
      action: choice === 'log' ? log : allow,
      because: { kind: 'reachable', path: path.join(' → ') },
    }))
  return unseen.flatMap(([syscall, { path }]): readonly Proposal[] => {
    const of = [...calls].find(
      ([name, { companions }]) => seen.has(name) && companions?.includes(syscall),
    )?.[0]
    if (of === undefined) return []
    return [{ syscall, action: allow, because: { kind: 'reachable', path: path.join(' → '), of } }]
  })
}

export interface Coverage {
  readonly architecture: Architecture
  /** The number of reachable calls, and the number of those that were seen. */
  readonly reachable: number
  readonly seen: number
  /** Reachable and never seen. */
  readonly unseen: readonly UnseenCall[]
  /** Seen, and not reachable as far as the scan can tell. */
  readonly unreachable: readonly string[]
}

export interface UnseenCall {
  readonly call: string
  readonly path: readonly string[]
  /** Whether the ceiling allows the call. */
  readonly isWithin: boolean
}

/** Calls that no program's code makes: the kernel or the program's starter does (restart_syscall(2), sigreturn(2)). */
const ofTheKernel: ReadonlySet<string> = new Set(['restart_syscall', 'rt_sigreturn', 'sigreturn', 'execve'])

/** Compares reachable and seen calls on the architectures for which both are known. */
export function coverageOf(
  reachable: Reachable,
  seen: Readonly<Partial<Record<Architecture, Readonly<Record<string, unknown>>>>>,
  isWithin: (architecture: Architecture, call: string) => boolean,
): readonly Coverage[] {
  return (Object.keys(reachable.architectures) as Architecture[]).flatMap(
    (architecture): readonly Coverage[] => {
      const its = seen[architecture]
      if (its === undefined) return []
      const calls = [...reachableOn(reachable, architecture)]
      const unseen = calls.filter(([call]) => !Object.hasOwn(its, call))
      return [
        {
          architecture,
          reachable: calls.length,
          seen: calls.length - unseen.length,
          unseen: unseen.map(([call, { path }]) => ({ call, path, isWithin: isWithin(architecture, call) })),
          unreachable: Object.keys(its).filter(
            (call) => reachable.architectures[architecture]?.[call] === undefined && !ofTheKernel.has(call),
          ),
        },
      ]
    },
  )
}
