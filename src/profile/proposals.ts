// Guesses which call was meant by an unknown name. For messages only.
import { architectureNames, type Architecture } from '../abi/architectures.ts'
import { callNamed } from '../abi/other-names.ts'
import { isKnownAnywhere, syscallTable } from '../abi/tables.ts'
import { oneSlipAway } from './nearest.ts'

/** More candidates than this do not help. */
const most = 3

/**
 * The call with this other name, else the calls one typing error away, as words: `openat`, `clone or clone3`. The given
 * architectures are searched first, then all. Undefined if no call is near.
 */
export function proposedCall(
  name: string,
  architectures: readonly Architecture[] = architectureNames,
): string | undefined {
  const named = callNamed(name, architectures) ?? callNamed(name, architectureNames)
  if (named !== undefined && named !== name) return named
  // The name is spelled right and belongs to another architecture.
  if (isKnownAnywhere(name)) return undefined
  const near = [architectures, architectureNames]
    .map((each) => oneSlipAway(name, namesOn(each)))
    .find((found) => found.length > 0)
  if (near === undefined || near.length > most) return undefined
  return near.length === 1 ? near[0] : `${near.slice(0, -1).join(', ')} or ${near.at(-1)}`
}

const known = new Map<string, readonly string[]>()

function namesOn(architectures: readonly Architecture[]): readonly string[] {
  const key = architectures.join(' ')
  const names =
    known.get(key) ?? architectures.flatMap((each) => syscallTable(each).entries.map((entry) => entry.name))
  known.set(key, names)
  return names
}
