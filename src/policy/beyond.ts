// Decides about a call that was seen and that the ceiling never allows. The call is allowed, because the workload needs
// it, with two exceptions. If every attempt failed with EPERM, EACCES or ENOSYS, the call keeps that answer: it did
// nothing, the program works without it, and opening it would let the program do what nobody has tried. If the user
// wants nothing beyond the ceiling, the call is left out, and a message says so.
import type { Architecture } from '../abi/architectures.ts'
import type { Observations } from '../observe/index.ts'
import type { Proposal } from './answers.ts'
import type { Ceiling } from './ceiling.ts'
import type { LeftOut, Reason } from './policy.ts'

/** `seen`: calls beyond the ceiling are allowed if they were seen and not always refused; `never`: none is allowed. */
export const beyondChoices = ['seen', 'never'] as const
export type BeyondChoice = (typeof beyondChoices)[number]

export interface Bounded {
  readonly answers: readonly Proposal[]
  readonly left: readonly LeftOut[]
}

export function withinCeiling(
  answers: readonly Proposal[],
  observations: Observations,
  architecture: Architecture,
  ceiling: Ceiling | undefined,
  choice: BeyondChoice,
): Bounded {
  if (ceiling === undefined) return { answers, left: [] }
  const left: LeftOut[] = []
  const kept = answers.flatMap((answer): readonly Proposal[] => {
    const { syscall, action, because, refused } = answer
    if (action.type !== 'allow' || ceiling.cases(architecture, syscall).length > 0) return [answer]
    if (refused !== undefined) {
      const why = refusedReason(because, observations, ceiling.name, refused)
      return why === undefined
        ? [answer]
        : [{ syscall, action: { type: 'errno', errno: refused }, because: why }]
    }
    if (choice === 'seen') return [answer]
    left.push({ syscall, architecture, why: 'not-within', ceiling: ceiling.name })
    return []
  })
  return { answers: kept, left }
}

function refusedReason(
  because: Reason,
  { architectures }: Observations,
  ceiling: string,
  errno: number,
): Reason | undefined {
  const common = { kind: 'refused', what: 'call', ceiling, errno } as const
  if (because.kind === 'seen') {
    const { architecture, count, first } = because
    return { ...common, architecture, count, first }
  }
  if (because.kind !== 'equivalent') return undefined
  const { architecture, of } = because
  const call = architectures[architecture]?.[of]
  return call && { ...common, architecture, count: call.count, first: call.first }
}
