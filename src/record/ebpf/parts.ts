// The maps as one of those sees them that are counted apart: with the slots that a call has by itself. The maps are read
// once for all of them: to ask for each slot of each would take a call of the kernel's for every answer.
import type { KernelMap, MapCalls } from './kernel.ts'
import { slotsOf, valueKey, type Maps } from './maps.ts'
import type { Machine } from './layout.ts'

/** What reading counts needs of a kernel. */
export type MapReader = Pick<MapCalls, 'lookup' | 'keys'>

/** Where a slot stands in the keys of the maps of which each has a part. */
function slotIn(maps: Maps): ReadonlyMap<KernelMap, number> {
  return new Map([
    [maps.counts, 0],
    [maps.failures, 0],
    [maps.slots, 0],
    [maps.values, valueKey.slot],
    [maps.others, 4],
  ])
}

/** By first slot. Whoever made no call is not among them. */
export function readParts(calls: MapReader, maps: Maps, machine: Machine): ReadonlyMap<number, MapReader> {
  const size = slotsOf(machine)
  const parts = new Map<number, Part>()
  for (const [map, place] of slotIn(maps)) {
    for (const key of calls.keys(map)) {
      const slot = key.readUInt32LE(place)
      const value = calls.lookup(map, key)
      if (value === undefined) continue
      const first = slot - (slot % size)
      let part = parts.get(first)
      if (part === undefined) parts.set(first, (part = new Part()))
      const own = Buffer.from(key)
      own.writeUInt32LE(slot - first, place)
      part.hold(map, own, value)
    }
  }
  return parts
}

/** Frees what is kept of one, which has ended. */
export function forgetPart(
  calls: MapReader & Pick<MapCalls, 'remove'>,
  maps: Maps,
  machine: Machine,
  first: number,
): void {
  const size = slotsOf(machine)
  for (const [map, place] of slotIn(maps)) {
    const own = [...calls.keys(map)].filter((key) => {
      const slot = key.readUInt32LE(place)
      return slot >= first && slot < first + size
    })
    for (const key of own) calls.remove(map, key)
  }
}

class Part implements MapReader {
  readonly #values = new Map<KernelMap, Map<string, Buffer>>()

  hold(map: KernelMap, key: Buffer, value: Buffer): void {
    let values = this.#values.get(map)
    if (values === undefined) this.#values.set(map, (values = new Map()))
    values.set(key.toString('latin1'), value)
  }

  lookup(map: KernelMap, key: Buffer): Buffer | undefined {
    return this.#values.get(map)?.get(key.toString('latin1'))
  }

  *keys(map: KernelMap): Generator<Buffer> {
    for (const key of this.#values.get(map)?.keys() ?? []) yield Buffer.from(key, 'latin1')
  }
}
