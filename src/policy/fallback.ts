// libc tries a newer call first and goes on to an older one when the kernel says it has no such call. A filter that
// says EPERM instead breaks the program where a real kernel would not have, so the first call of a chain that can be
// gone down is answered ENOSYS. Authority: the chains of abi/fallbacks.ts, one source file of a libc each.
//
// The same whatever the default action is. `kill-process` would end the program at the first step. `log` lets
// everything through, but it is the rehearsal of the enforced profile: with the same answers the program goes the same
// way, so that what the log is silent about will work when the default is changed, and what it names is what is missing.
import type { Architecture } from '../abi/architectures.ts'
import { fallbacks } from '../abi/fallbacks.ts'
import { syscallTable } from '../abi/tables.ts'
import { noSuchCall, type Proposal, type Decided } from './answers.ts'

/**
 * The answers to first calls of chains that can be gone down: every call further down is allowed, or one that does the
 * work alone. Where some only are, such as an fcntl that every program makes, ENOSYS would send libc nowhere. The reason
 * names the call that libc makes next. These answers allow nothing, so no chain waits for another's.
 */
export function answersToChains(
  architecture: Architecture,
  decided: ReadonlyMap<string, Decided>,
): readonly Proposal[] {
  const isAllowed = (call: string): boolean => decided.get(call)?.action.type === 'allow'
  const answered = new Map<string, Proposal>()
  for (const { from, to, each, architectures } of fallbacks) {
    if (!architectures.includes(architecture) || isAllowed(from) || answered.has(from)) continue
    if (syscallTable(architecture).byName(from) === undefined) continue
    const next = each === true || to.every(isAllowed) ? to.find(isAllowed) : undefined
    if (next === undefined) continue
    answered.set(from, {
      syscall: from,
      action: noSuchCall,
      because: { kind: 'fallback', from, to: next },
    })
  }
  return [...answered.values()]
}
