// Which values the arguments of a call had, as the kernel reads them. Values are known for the program's own calls,
// seen on this or another architecture. They are unknown for calls that a libc's fallback, a runtime or the kernel
// makes. The values of one argument say nothing about which values occurred together.
import { architectureNames, type Architecture } from '../abi/architectures.ts'
import { isNarrowArgument } from '../abi/narrow-arguments.ts'
import { indexOn } from '../abi/scalars.ts'
import type { ObservedCall, Observations } from '../observe/index.ts'
import { ascending } from '../order.ts'
import { failureNumbers } from '../read/failures.ts'
import type { MaskedCondition, Reason } from './policy.ts'

/** Keyed by argument index. A missing argument is unknown. */
export type ArgumentValues = ReadonlyMap<number, KnownValues>

export interface KnownValues {
  /** The lower half if the argument is an `int`. */
  readonly mask: bigint
  readonly seen: readonly bigint[]
  /** Whether no other value occurred. */
  readonly all: boolean
  /** The values of `seen` with which every call failed with EPERM or EACCES, and that errno. */
  readonly refused: ReadonlyMap<bigint, number>
}

/** More combinations than this are not a useful bound. */
const few = 16

export function valuesOf(
  observations: Observations,
  target: Architecture,
  syscall: string,
  because: readonly Reason[],
): ArgumentValues {
  // The flags of clone3 are in memory.
  if (syscall === 'clone3') return new Map()
  const sources = because.flatMap((reason): ValueSource | readonly ValueSource[] => {
    switch (reason.kind) {
      case 'seen':
        return callOn(observations, reason.architecture, syscall)
      case 'equivalent':
        // The arguments of another call say nothing about this call's.
        return reason.of === syscall ? callOn(observations, reason.architecture, syscall) : {}
      case 'fallback':
        return reason.from === 'clone3' ? flagsOfClone3(observations) : {}
      default:
        return {}
    }
  })
  const values = new Map<number, KnownValues>()
  for (const index of [0, 1, 2, 3, 4, 5]) {
    const mask = maskOf(target, syscall, index)
    const usual = indexOn(target, syscall, index)
    const indexIn = ({ on }: ValueSource): number => (on === undefined ? usual : indexOn(on, syscall, usual))
    const known = sources.flatMap((source) => {
      const { args = {}, refused = {} } = source
      const its = indexIn(source)
      return (args[its] ?? []).map((each) => [BigInt(each) & mask, refused[its]?.[each]] as const)
    })
    const all = sources.every((source) => (source.args?.[indexIn(source)] ?? []).length > 0)
    const seen = new Set(known.map(([value]) => value))
    const accepted = new Set(known.flatMap(([value, refusal]) => (refusal === undefined ? [value] : [])))
    const refused = new Map<bigint, number>()
    for (const [value, refusal] of known) {
      if (refusal === undefined || accepted.has(value)) continue
      refused.set(value, Math.min(failureNumbers[refusal], refused.get(value) ?? Infinity))
    }
    if (seen.size > 0) values.set(index, { mask, seen: [...seen].sort(ascending), all, refused })
  }
  return values
}

/** The same without values that were always refused. */
export function withoutRefused(values: ArgumentValues): ArgumentValues {
  return new Map(
    [...values].map(([index, { mask, seen, all, refused }]) => [
      index,
      { mask, seen: seen.filter((each) => !refused.has(each)), all, refused: new Map() },
    ]),
  )
}

/**
 * Every combination of the values of these arguments, as conditions. It includes all that occurred. Undefined if there
 * are more than a few, or if an argument is unknown.
 */
export function combinations(
  indexes: readonly number[],
  values: ArgumentValues,
): readonly (readonly MaskedCondition[])[] | undefined {
  let found: readonly (readonly MaskedCondition[])[] = [[]]
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const known = values.get(index)
    if (known === undefined || known.seen.length * found.length > few) return undefined
    const { mask } = known
    found = found.flatMap((each) => known.seen.map((value) => [...each, { index, mask, value }]))
  }
  return found
}

export function maskOf(architecture: Architecture, syscall: string, index: number): bigint {
  return isNarrowArgument(architecture, syscall, index) ? 0xffffffffn : 0xffffffffffffffffn
}

/** The flags of clone3 on every architecture where it was seen: libc passes the same flags to clone. */
function flagsOfClone3(observations: Observations): readonly ValueSource[] {
  const seen = architectureNames.filter((each) => observations.architectures[each]?.['clone3'] !== undefined)
  return seen.length === 0 ? [{}] : seen.map((each) => observations.architectures[each]?.['clone3'] ?? {})
}

/** `on`: the architecture whose order the arguments have; absent for flags in memory. */
type ValueSource = Pick<ObservedCall, 'args' | 'refused'> & { readonly on?: Architecture }

function callOn({ architectures }: Observations, architecture: Architecture, syscall: string): ValueSource {
  return { ...architectures[architecture]?.[syscall], on: architecture }
}
