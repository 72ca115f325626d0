// Converts arguments that a recorder prints in words to those of the machine's kernel. Authority: clone(2) for the
// order of its arguments; asm/ioctls.h of powerpc.
import { architectures, type Architecture } from '../abi/architectures.ts'
import { indexOn } from '../abi/scalars.ts'
import type { Seen } from './seen.ts'

/**
 * strace and qemu print flags and requests by name, and clone's flags first. The architecture decides their indexes and
 * numbers, and is known only at the end. If it has request numbers of its own, the request is unknown.
 */
export function asPassedOn(architecture: Architecture, call: string, seen: Seen): Seen {
  const { ownRequests, cloneFlags } = architectures[architecture]
  if (call === 'ioctl' && ownRequests && seen.args?.has(1) === true) {
    return { ...seen, args: new Map([...seen.args, [1, null]]), refused: undefined }
  }
  if (call !== 'clone' || cloneFlags === 0) return seen
  const moved = <Value>(values: ReadonlyMap<number, Value> | undefined): Map<number, Value> | undefined =>
    values && new Map([...values].map(([index, value]) => [indexOn(architecture, call, index), value]))
  return { ...seen, args: moved(seen.args), refused: moved(seen.refused) }
}
