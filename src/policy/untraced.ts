// Reasons that hold without a trace: the needs of the kernel and of container runtimes.
import type { Architecture } from '../abi/architectures.ts'
import { mergeProposals } from './answers.ts'
import { answersForFloor } from './floor.ts'
import { answersFromKernel } from './kernel.ts'
import type { Reason } from './policy.ts'

/** The reasons by call. A call that only a trace could explain is absent. */
export function reasonsWithoutTrace(
  architecture: Architecture,
  used: ReadonlySet<string>,
): ReadonlyMap<string, readonly Reason[]> {
  const decided = mergeProposals([
    ...answersFromKernel(architecture, used),
    ...answersForFloor(architecture, 'all', false),
  ])
  return new Map([...decided].map(([syscall, { because }]) => [syscall, because]))
}
