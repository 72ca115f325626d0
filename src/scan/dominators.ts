// Finds the functions that every path to a function passes, its dominators: if a function was run, so were they.
// Authority: Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
import { root, type FunctionId } from './reach.ts'

/** Each node's immediate dominator: the last node on every path from `begins` to it; `root` if there is none. */
export function dominatorsOf(
  begins: readonly FunctionId[],
  next: ReadonlyMap<FunctionId, readonly FunctionId[]>,
): ReadonlyMap<FunctionId, FunctionId> {
  const order = postorder(begins, next)
  const rank = new Map(order.map((id, index) => [id, index]))
  rank.set(root, order.length)
  const before = new Map<FunctionId, FunctionId[]>(order.map((id) => [id, []]))
  for (const id of begins) before.get(id)?.push(root)
  for (const id of order) for (const each of next.get(id) ?? []) before.get(each)?.push(id)
  const found = new Map<FunctionId, FunctionId>([[root, root]])
  const rankOf = (id: FunctionId): number => rank.get(id) as number
  const common = (one: FunctionId, other: FunctionId): FunctionId => {
    let [a, b] = [one, other]
    while (a !== b)
      if (rankOf(a) < rankOf(b)) a = found.get(a) as FunctionId
      else b = found.get(b) as FunctionId
    return a
  }
  for (let isNew = true; isNew;) {
    isNew = false
    for (const id of order.toReversed()) {
      const ways = (before.get(id) as readonly FunctionId[]).filter((each) => found.has(each))
      const its = ways.reduce(common)
      if (found.get(id) === its) continue
      found.set(id, its)
      isNew = true
    }
  }
  found.delete(root)
  return found
}

/** The nodes that `begins` lead to, in depth-first postorder. */
function postorder(
  begins: readonly FunctionId[],
  next: ReadonlyMap<FunctionId, readonly FunctionId[]>,
): readonly FunctionId[] {
  const order: FunctionId[] = []
  const seen = new Set<FunctionId>()
  for (const begin of begins) {
    if (seen.has(begin)) continue
    seen.add(begin)
    const way = [{ id: begin, rest: (next.get(begin) ?? []).values() }]
    for (let top = way.at(-1); top !== undefined; top = way.at(-1)) {
      const step = top.rest.next()
      if (step.done === true) {
        order.push(top.id)
        way.pop()
      } else if (!seen.has(step.value)) {
        seen.add(step.value)
        way.push({ id: step.value, rest: (next.get(step.value) ?? []).values() })
      }
    }
  }
  return order
}
