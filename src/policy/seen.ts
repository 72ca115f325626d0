// What was seen is allowed, unless the kernel that was traced never had it. A call that only ever failed with ENOSYS
// did nothing there, so the program works without it; allowed, it would do something nobody has tried as soon as a
// newer kernel has it. Authority: syscalls(2); the tables of abi/ for what is a call at all.
import { architectureNames, type Architecture } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import type { ObservedCall, Observations } from '../observe/index.ts'
import { failureNumbers } from '../read/failures.ts'
import { allow, noSuchCall, type Proposal } from './answers.ts'
import type { LeftOut } from './policy.ts'

/** The calls of one architecture that its table knows. */
export function callsSeen(
  observations: Observations,
  architecture: Architecture,
): readonly (readonly [name: string, call: ObservedCall])[] {
  const table = syscallTable(architecture)
  return Object.entries(observations.architectures[architecture] ?? {}).filter(([name]) => table.byName(name))
}

/** The architectures of which at least one known call was seen, in the order of abi/architectures.ts. */
export function architecturesSeen(observations: Observations): readonly Architecture[] {
  return architectureNames.filter((each) => callsSeen(observations, each).length > 0)
}

/** Whether the kernel that was traced had the call at all. Calls that never reached it say nothing of it. */
export function isImplemented({ count, enosys = 0, injected = 0 }: ObservedCall): boolean {
  return enosys === 0 || enosys + injected !== count
}

/** The errno that every call which reached the kernel failed with; undefined where one may have been carried out, or none did. */
export function refusedWith({
  count,
  enosys = 0,
  eperm = 0,
  eacces = 0,
  injected = 0,
}: ObservedCall): number | undefined {
  const failed = enosys + eperm + eacces
  if (failed === 0 || failed + injected !== count) return undefined
  // Where several machines refused it differently: what libc goes on after, then the default profiles' own answer.
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

/** What no table knows, whichever architecture it was seen on: never allowed, never silently dropped. */
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
