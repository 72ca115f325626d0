// runc's stub: it answers ENOSYS to numbers above the largest one that a profile names, before the filter runs. Rules
// that runc skips count too. An architecture whose largest number is 0 has no stub. Multiplexed members of a family
// have no number and do not count. Authority: runc libcontainer/seccomp/patchbpf/enosys_linux.go.
import { architectures, type Architecture } from '../abi/architectures.ts'
import { multiplexerOf } from '../abi/multiplexers.ts'
import type { Answer } from './answer.ts'
import type { Context } from './context.ts'
import type { Resolved } from './resolve.ts'
import { isKnownTo, numberIn } from './versions/library.ts'
import { has } from './versions/runtimes.ts'

/** For each architecture the largest number that reaches the filter; undefined if there is no stub. */
export function stubOf(resolved: Resolved, context: Context): ReadonlyMap<Architecture, number> | undefined {
  const { runtime, library, host } = context
  if (runtime === undefined || !has(runtime, 'enosys-stub') || !hasStub(resolved.defaultAnswer))
    return undefined
  const names = new Set(
    resolved.rules.flatMap((rule) => rule.names).filter((name) => isKnownTo(library, name)),
  )
  const { scmp } = architectures[host]
  const covered = resolved.architectures.filter(
    (each) =>
      each !== host || has(runtime, 'native-stub') || resolved.named.some(({ word }) => word === scmp),
  )
  return new Map(
    covered.flatMap((each) => {
      const largest = [...names]
        .filter((name) => !architectures[each].multiplexes || multiplexerOf(name) === undefined)
        .reduce((most, name) => Math.max(most, numberIn(library, name, each) ?? 0), 0)
      return largest === 0 ? [] : [[each, largest] as const]
    }),
  )
}

function hasStub({ action }: Answer): boolean {
  return action !== 'SCMP_ACT_ALLOW' && action !== 'SCMP_ACT_LOG' && action !== 'SCMP_ACT_TRACE'
}
