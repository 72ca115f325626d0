// The rare paths of what was seen: when a function of the C library was called, all that it can call may follow. A trace
// shows calls, not functions; a call tells of those functions of the library that make it themselves or a step or two
// down, and that the program reaches. Their other calls are the call's companions.
import { syscallTable } from '../abi/tables.ts'
import type { CallsFound } from './calls.ts'
import type { Linked } from './link.ts'
import { isLibc } from './runtime.ts'
import type { FunctionId, Reach } from './reach.ts'

/** How far below the function that the program calls a call tells of it. */
const nearest = 2

export function companionsOf(
  linked: Linked,
  reach: Reach,
  { numbers }: CallsFound,
  architecture: 'x86_64' | 'aarch64',
): ReadonlyMap<string, readonly string[]> {
  const table = syscallTable(architecture)
  const own = new Map<FunctionId, Set<string>>()
  for (const { number, isCompat, chain } of numbers) {
    const name = isCompat ? undefined : table.byNumber(number)?.name
    if (name === undefined) continue
    const [id] = chain as readonly [FunctionId]
    const before = own.get(id)
    if (before === undefined) own.set(id, new Set([name]))
    else before.add(name)
  }
  const isOfLibrary = (id: FunctionId): boolean =>
    isLibc((linked.modules[linked.place(id)[0]] as Linked['modules'][number]).name)
  /** Within the library: what a function leads to. */
  const next = new Map<FunctionId, FunctionId[]>()
  /** Called from outside. */
  const doors: FunctionId[] = []
  for (const id of reach.order) {
    if (!isOfLibrary(id)) continue
    let isDoor = false
    for (const from of [...reach.callers(id), ...reach.takers(id)]) {
      if (!isOfLibrary(from)) {
        isDoor = true
        continue
      }
      const before = next.get(from)
      if (before === undefined) next.set(from, [id])
      else before.push(id)
    }
    if (isDoor) doors.push(id)
  }
  const rest = everything(next, own)
  const found = new Map<string, Set<string>>()
  for (const door of doors) {
    const all = rest.get(door) ?? new Set<string>()
    let ring = [door]
    const near = new Set<string>()
    for (let depth = 0; depth <= nearest; depth++) {
      for (const id of ring) for (const name of own.get(id) ?? []) near.add(name)
      ring = [...new Set(ring.flatMap((id) => next.get(id) ?? []))]
    }
    for (const name of near) {
      const its = found.get(name) ?? new Set<string>()
      for (const each of all) if (each !== name) its.add(each)
      found.set(name, its)
    }
  }
  return new Map([...found].map(([name, its]) => [name, [...its].sort()]))
}

/** By function: all calls that it leads to, itself included. Few rounds: what is called stands behind who calls it. */
function everything(
  next: ReadonlyMap<FunctionId, readonly FunctionId[]>,
  own: ReadonlyMap<FunctionId, ReadonlySet<string>>,
): ReadonlyMap<FunctionId, ReadonlySet<string>> {
  const all = new Map<FunctionId, Set<string>>([...own].map(([id, names]) => [id, new Set(names)]))
  for (let isNew = true; isNew;) {
    isNew = false
    for (const [id, following] of [...next].toReversed()) {
      const its = all.get(id) ?? new Set<string>()
      const before = its.size
      for (const each of following) for (const name of all.get(each) ?? []) its.add(name)
      if (its.size > before) {
        all.set(id, its)
        isNew = true
      }
    }
  }
  return all
}
