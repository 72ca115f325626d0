// Reasons that hold without a trace: what the kernel and the container runtimes need beside calls that are used.
import type { Architecture } from '../abi/architectures.ts'
import { settle } from './answers.ts'
import { answersForFloor } from './floor.ts'
import { answersFromKernel } from './kernel.ts'
import type { Reason } from './policy.ts'

/** By call; calls that only a trace could give a reason for are absent. */
export function reasonsWithoutTrace(
  architecture: Architecture,
  used: ReadonlySet<string>,
): ReadonlyMap<string, readonly Reason[]> {
  const decided = settle([
    ...answersFromKernel(architecture, used),
    ...answersForFloor(architecture, 'all', false),
  ])
  return new Map([...decided].map(([syscall, { because }]) => [syscall, because]))
}
