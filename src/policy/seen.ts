// Allows what was seen, unless the traced kernel lacked it. If every attempt at a call failed with ENOSYS, the call did
// nothing and the program works without it. Allowed, it would do something that nobody has tried as soon as a newer
// kernel has it. Authority: syscalls(2); the tables of abi/ define which calls exist.
import { architectureNames, type Architecture } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import type { ObservedCall, Observations } from '../observe/index.ts'
import { failureNumbers } from '../read/failures.ts'
import { allow, noSuchCall, type Proposal } from './answers.ts'
import type { LeftOut } from './policy.ts'

/** The seen calls of one architecture that its table has. */
export function callsSeen(
  observations: Observations,
  architecture: Architecture,
): readonly (readonly [name: string, call: ObservedCall])[] {
  const table = syscallTable(architecture)
  return Object.entries(observations.architectures[architecture] ?? {}).filter(([name]) => table.byName(name))
}

/** The architectures with at least one known seen call, in the order of abi/architectures.ts. */
export function architecturesSeen(observations: Observations): readonly Architecture[] {
  return architectureNames.filter((each) => callsSeen(observations, each).length > 0)
}

/** Whether the traced kernel had the call. Calls that never reached the kernel (injected results) do not count. */
export function isImplemented({ count, enosys = 0, injected = 0 }: ObservedCall): boolean {
  return enosys === 0 || enosys + injected !== count
}

/**
 * The errno with which every call that reached the kernel failed; undefined if one may have succeeded or none reached
 * it.
 */
export function refusedWith({
  count,
  enosys = 0,
  eperm = 0,
  eacces = 0,
  injected = 0,
}: ObservedCall): number | undefined {
  const failed = enosys + eperm + eacces
  if (failed === 0 || failed + injected !== count) return undefined
  // If machines refused it differently, ENOSYS is preferred (libc continues after it), then EPERM (the default
  // profiles' answer).
  return failureNumbers[enosys > 0 ? 'ENOSYS' : eperm > 0 ? 'EPERM' : 'EACCES']
}

export function answersSeen(observations: Observations, architecture: Architecture): readonly Proposal[] {
  return callsSeen(observations, architecture).map(([syscall, call]) => {
    const { count, first } = call
    const refused = refusedWith(call)
    return isImplemented(call)
      ? { syscall, action: allow, because: { kind: 'seen', architecture, count, first }, refused }
      : { syscall, action: noSuchCall, because: { kind: 'unimplemented', count, first } }
  })
}

/** Seen calls that no table has. They are never allowed and never silently dropped. */
export function unknownSeen(observations: Observations): readonly LeftOut[] {
  return architectureNames.flatMap((architecture) => {
    const table = syscallTable(architecture)
    const named = Object.entries(observations.architectures[architecture] ?? {})
    const strange = named.filter(([name]) => table.byName(name) === undefined)
    return [...strange, ...Object.entries(observations.unknown[architecture] ?? {})].map(
      ([syscall, { count, first }]) => ({ syscall, architecture, why: 'unknown', count, first }) as const,
    )
  })
}
