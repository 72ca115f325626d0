// The rare paths of what was seen: when a function of the C library was called, all that it can call may follow. A trace
// shows calls, not functions; a call tells of those functions of the library that make it themselves or a step or two
// down, and that the program reaches. Their other calls are the call's companions.
import { syscallTable } from '../abi/tables.ts'
import type { CallsFound } from './calls.ts'
import type { Linked } from './link.ts'
import { isLibc } from './runtime.ts'
import type { FunctionId, CodeReach } from './reach.ts'

/** How far below the function that the program calls a call tells of it. */
const nearest = 2

export function companionsOf(
  linked: Linked,
  reach: CodeReach,
  { numbers }: CallsFound,
  architecture: 'x86_64' | 'aarch64',
): ReadonlyMap<string, readonly string[]> {
  const table = syscallTable(architecture)
  const names: string[] = []
  const bits = new Map<string, bigint>()
  /** By function: the calls whose numbers it chooses, a bit each. */
  const own = new Map<FunctionId, bigint>()
  for (const { number, isCompat, chain } of numbers) {
    const name = isCompat ? undefined : table.byNumber(number)?.name
    if (name === undefined) continue
    const bit = bits.get(name) ?? 1n << BigInt(names.push(name) - 1)
    bits.set(name, bit)
    const [id] = chain as readonly [FunctionId]
    own.set(id, (own.get(id) ?? 0n) | bit)
  }
  const isOfLibrary = linked.modules.map(({ name }) => isLibc(name))
  const isOf = (id: FunctionId): boolean => isOfLibrary[linked.place(id)[0]] as boolean
  /** Within the library: what a function leads to. */
  const next = new Map<FunctionId, FunctionId[]>()
  /** Called from outside. */
  const doors: FunctionId[] = []
  for (const id of reach.order) {
    if (!isOf(id)) continue
    let isDoor = false
    for (const from of new Set([...reach.callers(id), ...reach.takers(id)])) {
      if (!isOf(from)) {
        isDoor = true
        continue
      }
      const before = next.get(from)
      if (before === undefined) next.set(from, [id])
      else before.push(id)
    }
    if (isDoor) doors.push(id)
  }
  const all = everything(next, own)
  const found = new Map<string, bigint>()
  for (const door of doors) {
    let ring = new Set([door])
    let near = 0n
    for (let depth = 0; depth <= nearest; depth++) {
      for (const id of ring) near |= own.get(id) ?? 0n
      ring = new Set([...ring].flatMap((id) => next.get(id) ?? []))
    }
    const its = all.get(door) ?? 0n
    for (const name of named(near, names)) found.set(name, (found.get(name) ?? 0n) | its)
  }
  return new Map([...found].map(([name, its]) => [name, named(its & ~(bits.get(name) ?? 0n), names).sort()]))
}

function named(bits: bigint, names: readonly string[]): string[] {
  if (bits === 0n) return []
  return names.filter((_, index) => ((bits >> BigInt(index)) & 1n) === 1n)
}

/** By function: all calls that it leads to, itself included. Few rounds: what is called stands behind who calls it. */
function everything(
  next: ReadonlyMap<FunctionId, readonly FunctionId[]>,
  own: ReadonlyMap<FunctionId, bigint>,
): ReadonlyMap<FunctionId, bigint> {
  const all = new Map(own)
  const backwards = [...next].toReversed()
  for (let isNew = true; isNew;) {
    isNew = false
    for (const [id, following] of backwards) {
      const before = all.get(id) ?? 0n
      let its = before
      for (const each of following) its |= all.get(each) ?? 0n
      if (its === before) continue
      all.set(id, its)
      isNew = true
    }
  }
  return all
}
