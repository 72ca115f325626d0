// The numbers of the names that strace prints for scalar arguments: socket families, types and protocols,
// flags of clone, signals, personalities, operations of prctl and fcntl, terminal and socket requests of ioctl.
// Authority: the kernel's and glibc's headers; the data is generated (scripts/make-constants.ts) and holds only
// names that mean one number on all architectures. Requests of terminals and files have other numbers on ppc64le
// (ownRequests in rows.ts). Historical names stay (PF_FILE, PF_LOCAL, PF_ROUTE, CLONE_STOPPED): old traces have them.
import { constants } from './data/constants.ts'

let values: ReadonlyMap<string, bigint> | undefined

/**
 * The value of a named constant; undefined for an unknown name, which makes the argument unknown. Flags are joined with
 * `|`; in clone's flags the low byte is the signal that the parent gets (SIGCHLD).
 */
export function constantValue(name: string): bigint | undefined {
  return (values ??= parseConstants(constants)).get(name)
}

/** All names. */
export function constantNames(): readonly string[] {
  return [...(values ??= parseConstants(constants)).keys()]
}

/**
 * Every name of a value, whatever it is for, in the order of the data. The data spells a value in decimal or in
 * hexadecimal digits. One question searches it: a map of all would take a short command 4 ms.
 */
export function namedConstants(value: bigint): readonly string[] {
  const places = [`${value}`, `0x${value.toString(16)}`].flatMap((text) => placesOf(` ${text}\n`))
  return places
    .sort((one, other) => one - other)
    .map((end) => constants.slice(constants.lastIndexOf('\n', end) + 1, end))
}

function placesOf(text: string): readonly number[] {
  const places: number[] = []
  for (let at = constants.indexOf(text); at >= 0; at = constants.indexOf(text, at + 1)) places.push(at)
  return places
}

function parseConstants(text: string): ReadonlyMap<string, bigint> {
  const parsed = new Map<string, bigint>()
  for (const line of text.trim().split('\n')) {
    const [name, value] = line.split(' ')
    if (name !== undefined && value !== undefined && name !== '#') parsed.set(name, BigInt(value))
  }
  return parsed
}
