// What the code can call beside what was seen (src/scan): each call is seen, reachable and unseen, or unreachable. What
// becomes of the unseen is the user's choice; none of it is ever allowed beyond the ceiling (derive.ts sees to that).
import type { Architecture } from '../abi/architectures.ts'
import type { Reachable, ReachableCall } from '../scan/reachable.ts'
import { allow, type Proposal } from './answers.ts'
import type { RuleAction } from './policy.ts'

/**
 * 'refuse' (the default): as every call without a rule. 'log': allowed and logged (SCMP_ACT_LOG). 'allow': allowed, within
 * the ceiling. 'libc': of the unseen, those that the C library makes in functions that were run for certain, as what was
 * seen tells; beside the margin, of which a scan that is a bound leaves what is reachable.
 */
export type UnseenChoice = 'refuse' | 'log' | 'allow' | 'libc'

const log: RuleAction = { type: 'log' }

/** Reachable calls of an architecture, by name. */
export function reachableOn(
  reachable: Reachable | undefined,
  architecture: Architecture,
): ReadonlyMap<string, ReachableCall> {
  return new Map(Object.entries(reachable?.architectures[architecture] ?? {}))
}

/** `seen`: the calls that are allowed because they were seen. */
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
  /** Reachable calls, and those of them that were seen. */
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
  /** Whether the ceiling carries it out. */
  readonly isWithin: boolean
}

/** Calls that no line of a program makes: the kernel does, or who started it (restart_syscall(2), sigreturn(2)). */
const ofTheKernel: ReadonlySet<string> = new Set(['restart_syscall', 'rt_sigreturn', 'sigreturn', 'execve'])

/** What was seen of what can be reached, on the architectures of which both are known. */
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
