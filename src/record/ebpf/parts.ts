// Splits the maps of separate counts into parts, one for each first slot, in which a call has its plain slot. All parts
// come from one reading of the maps: a lookup of every slot of every part would take one call to the kernel each.
import type { KernelMap, MapCalls } from './kernel.ts'
import { slotPlaces, slotsOf, valueKey, type Maps } from './maps.ts'
import type { RecorderMachine } from './layout.ts'

/** The operations on maps that reading needs. */
export type MapReader = Pick<MapCalls, 'lookup' | 'keys'>

/** The maps that are split, each with the place of the slot in its keys. */
function slotIn(maps: Maps): ReadonlyMap<KernelMap, number> {
  return new Map([
    [maps.counts, 0],
    [maps.failures, 0],
    [maps.slots, 0],
    [maps.values, valueKey.slot],
    [maps.others, 4],
  ])
}

/** The parts by first slot. There is no part without a call. */
export function readParts(
  calls: MapReader,
  maps: Maps,
  machine: RecorderMachine,
): ReadonlyMap<number, MapReader> {
  return joinedParts(calls, maps, machine, (first) => first)
}

/** The parts by the key that `whose` gives for a first slot. Parts with one key are merged: a container's cgroups. */
export function joinedParts<Key>(
  calls: MapReader,
  maps: Maps,
  machine: RecorderMachine,
  whose: (first: number) => Key | undefined,
): ReadonlyMap<Key, MapReader> {
  const size = slotsOf(machine)
  const parts = new Map<Key, PartialReader>()
  for (const [map, place] of slotIn(maps)) {
    for (const key of calls.keys(map)) {
      const slot = key.readUInt32LE(place)
      const value = calls.lookup(map, key)
      if (value === undefined) continue
      const first = slot - (slot % size)
      const who = whose(first)
      if (who === undefined) continue
      let part = parts.get(who)
      if (part === undefined) parts.set(who, (part = new PartialReader()))
      const own = Buffer.from(key)
      own.writeUInt32LE(slot - first, place)
      part.hold(map, own, value, map === maps.slots)
    }
  }
  return parts
}

/** Frees the entries of these first slots. */
export function forgetParts(
  calls: MapReader & Pick<MapCalls, 'remove'>,
  maps: Maps,
  machine: RecorderMachine,
  firsts: ReadonlySet<number>,
): void {
  const size = slotsOf(machine)
  for (const [map, place] of slotIn(maps)) {
    const own = [...calls.keys(map)].filter((key) => {
      const slot = key.readUInt32LE(place)
      return firsts.has(slot - (slot % size))
    })
    for (const key of own) calls.remove(map, key)
  }
}

class PartialReader implements MapReader {
  readonly #values = new Map<KernelMap, Map<string, Buffer>>()

  /** Adds a value. If there is one, counts add up; in `slots` the first name stays, and lost values are merged. */
  hold(map: KernelMap, key: Buffer, value: Buffer, isSlot: boolean): void {
    let values = this.#values.get(map)
    if (values === undefined) this.#values.set(map, (values = new Map()))
    const text = key.toString('latin1')
    const known = values.get(text)
    if (known === undefined) values.set(text, value)
    else if (isSlot)
      for (let at = slotPlaces.cut; at < slotPlaces.comm; at++)
        known[at] = (known[at] ?? 0) | (value[at] ?? 0)
    else
      for (let at = 0; at < known.length; at += 8)
        known.writeBigUInt64LE(known.readBigUInt64LE(at) + value.readBigUInt64LE(at), at)
  }

  lookup(map: KernelMap, key: Buffer): Buffer | undefined {
    return this.#values.get(map)?.get(key.toString('latin1'))
  }

  *keys(map: KernelMap): Generator<Buffer> {
    for (const key of this.#values.get(map)?.keys() ?? []) yield Buffer.from(key, 'latin1')
  }
}
