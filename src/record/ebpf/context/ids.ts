// Translates the kernel's ids to a container's, by the map of its user namespace. Authority: user_namespaces(7),
// include/linux/user_namespace.h (struct uid_gid_map: up to five extents lie in it, a larger number elsewhere).
import type { Structures } from './structures.ts'

/** The kernel shows 65534 (overflowuid) for an id without a mapping. */
const overflow = 65534
const none = 0xffff_ffff
const inPlace = 5

export type IdMap = (kernel: number) => number

export function idMapIn(bytes: Buffer, structures: Structures): IdMap {
  const count = bytes.readUInt32LE(structures['uid_gid_map.nr_extents'])
  const from = structures['uid_gid_map.extent']
  if (count === 0 || count > inPlace) return (kernel) => kernel
  const extents = Array.from({ length: count }, (_, index) => {
    const place = from + index * 12
    return [0, 4, 8].map((offset) => bytes.readUInt32LE(place + offset)) as [number, number, number]
  })
  return (kernel) => {
    if (kernel === none) return overflow
    const found = extents.find(([, lower, length]) => kernel >= lower && kernel - lower < length)
    return found === undefined ? overflow : found[0] + kernel - found[1]
  }
}
