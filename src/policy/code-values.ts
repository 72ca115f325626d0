// Which values the program's code can pass in arguments, as a scan found them, where they bound what the call needs: the
// program is the only one to make it, and either nothing of it was seen or the scan followed everything. What was seen
// is always among them.
import type { Architecture } from '../abi/architectures.ts'
import type { Reachable } from '../scan/reachable.ts'
import type { Reason } from './policy.ts'
import { maskOf, type KnownValues, type ArgumentValues } from './values.ts'

/** Made by the program's own code, and by nobody else. */
const ofProgram: ReadonlySet<Reason['kind']> = new Set(['seen', 'reachable'])

/** `seen`: the values that were seen. Empty where the scan says nothing that holds for everybody who makes the call. */
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
    // What was seen and cannot be told may be another.
    if (values.length === 0 || (wasSeen && known?.all !== true)) continue
    const mask = maskOf(architecture, syscall, Number(index))
    const all = new Set([...values.map((each) => BigInt(each) & mask), ...(known?.seen ?? [])])
    found.set(Number(index), {
      mask,
      seen: [...all].sort((a, b) => (a < b ? -1 : 1)),
      all: true,
      refused: new Map(),
    })
  }
  return found
}
