// Answers ENOSYS to the first call of a fallback chain. libc tries a newer call first and makes an older one if the
// kernel answers ENOSYS. A filter that answers EPERM instead breaks the program. Authority: the chains of
// abi/fallbacks.ts, each with its source file of a libc.
//
// The default action does not matter. `kill-process` would kill the program at the first call of the chain. `log`
// allows everything, but it rehearses the enforced profile: with the same answers the program takes the same path, so
// the log names exactly the calls that the enforced profile lacks.
import type { Architecture } from '../abi/architectures.ts'
import { fallbacks } from '../abi/fallbacks.ts'
import { syscallTable } from '../abi/tables.ts'
import { noSuchCall, type Proposal, type Decided } from './answers.ts'

/**
 * The answers to the first calls of usable chains. A chain is usable if every later call is allowed, or at least one
 * that does the work alone. If libc needs several and only some are allowed, such as an fcntl that every program makes,
 * ENOSYS would lead libc nowhere. The reason names the call that libc makes next. These answers allow nothing, so no
 * chain depends on another.
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
