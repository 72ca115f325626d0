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
import { noSuchCall, type Answer, type Decided } from './answers.ts'

/**
 * The answers to first calls of chains of which any later call is allowed: an errno that ends a chain early is never
 * better than ENOSYS, even if a call further down is refused. The reason names the call that libc makes next. These
 * answers allow nothing, so no chain waits for another's.
 */
export function answersToChains(
  architecture: Architecture,
  decided: ReadonlyMap<string, Decided>,
): readonly Answer[] {
  const isAllowed = (call: string): boolean => decided.get(call)?.action.type === 'allow'
  const chains = fallbacks.filter(
    (chain) => chain.architectures.includes(architecture) && !isAllowed(chain.from),
  )
  return [...new Set(chains.map(({ from }) => from))].flatMap((from): readonly Answer[] => {
    const next = chains.filter((chain) => chain.from === from).map(({ to }) => to)
    const [to] = next
      .flatMap((calls) => calls.map((call, step) => ({ call, step })))
      .filter(({ call }) => isAllowed(call))
      .sort((a, b) => a.step - b.step)
    if (to === undefined || syscallTable(architecture).byName(from) === undefined) return []
    return [{ syscall: from, action: noSuchCall, because: { kind: 'fallback', from, to: to.call } }]
  })
}
