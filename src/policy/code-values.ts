// Which argument values the program's code can pass, as a scan found them. They bound a call only if nobody but the
// program makes it, and if either the call was not seen or the scan followed all code. Seen values are always included.
import type { Architecture } from '../abi/architectures.ts'
import { ascending } from '../order.ts'
import type { Reachable } from '../scan/reachable.ts'
import type { Reason } from './policy.ts'
import { maskOf, type KnownValues, type ArgumentValues } from './values.ts'

/** Reasons of calls that only the program's own code makes. */
const ofProgram: ReadonlySet<Reason['kind']> = new Set(['seen', 'reachable'])

/**
 * `seen`: the values that were seen. The result is empty if others make the call too, or if it was seen and the scan
 * did not follow all code.
 */
export function valuesInCode(
  reachable: Reachable | undefined,
  architecture: Architecture,
  syscall: string,
  because: readonly Reason[],
  seen: ArgumentValues,
): ArgumentValues {
  const args = reachable?.architectures[architecture]?.[syscall]?.args ?? {}
  const isOurs = because.every(
    (reason) =>
      ofProgram.has(reason.kind) && (reason.kind !== 'seen' || reason.architecture === architecture),
  )
  const wasSeen = because.some(({ kind }) => kind === 'seen')
  if (!isOurs || (wasSeen && reachable?.bound !== true)) return new Map()
  const found = new Map<number, KnownValues>()
  for (const [index, values] of Object.entries(args)) {
    const known = seen.get(Number(index))
    // An unknown seen value may be one that the scan did not find.
    if (values.length === 0 || (wasSeen && known?.all !== true)) continue
    const mask = maskOf(architecture, syscall, Number(index))
    const all = new Set([...values.map((each) => BigInt(each) & mask), ...(known?.seen ?? [])])
    found.set(Number(index), {
      mask,
      seen: [...all].sort(ascending),
      all: true,
      refused: new Map(),
    })
  }
  return found
}
