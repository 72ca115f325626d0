// Which call was probably meant by a name that no table has. Only for messages.
import { architectureNames, type Architecture } from '../abi/architectures.ts'
import { callNamed } from '../abi/other-names.ts'
import { isKnownAnywhere, syscallTable } from '../abi/tables.ts'
import { oneSlipAway } from './nearest.ts'

/** More than that many calls at one slip's distance say nothing. */
const most = 3

/**
 * The call that has this other name, or else the calls one typing error away, on these architectures or, where it is on
 * none of them, on any; in words: `openat`, `clone or clone3`. Undefined where nothing is near.
 */
export function proposedCall(
  name: string,
  architectures: readonly Architecture[] = architectureNames,
): string | undefined {
  const named = callNamed(name, architectures) ?? callNamed(name, architectureNames)
  if (named !== undefined && named !== name) return named
  // It is spelled right, and another architecture's.
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
