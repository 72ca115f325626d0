// Decides which texts and constants functions pass as an argument, followed back through the callers.
import { isPassed, type Callers } from './callers.ts'
import type { Linked } from './link.ts'
import type { FunctionId } from './reach.ts'
import { unknown, type Value } from './values.ts'

/** The strings that a function passes to another as an argument; undefined if there are none or one is unknown. */
export function textsPassed(
  callers: Callers,
  caller: FunctionId,
  called: FunctionId,
  index: number,
): readonly string[] | undefined {
  const { linked, values } = callers
  const found = new Set<string>()
  for (const value of valuesPassed(callers, caller, called, index)) {
    if (value === unknown) return undefined
    for (const atom of values.atoms(value)) {
      if (atom.kind === 'constant' && atom.value === 0) {
        found.add('')
        continue
      }
      // Code linked at a fixed address may contain an address as a constant.
      const [module] = linked.place(caller)
      const place =
        atom.kind === 'address' ? atom : atom.kind === 'constant' ? { module, value: atom.value } : undefined
      if (place === undefined) return undefined
      const { image } = linked.modules[place.module] as Linked['modules'][number]
      const at = image.offsetOf(place.value)
      if (at < 0 || image.isWritable(place.value)) return undefined
      found.add(image.file.text(at))
    }
  }
  return found.size === 0 ? undefined : [...found]
}

/** The constants that a function passes to another; undefined if there are none or one is unknown. */
export function constantsPassed(
  callers: Callers,
  caller: FunctionId,
  called: FunctionId,
  index: number,
): readonly number[] | undefined {
  const found = new Set<number>()
  for (const value of valuesPassed(callers, caller, called, index)) {
    const constants = constantsOf(callers, caller, value)
    if (constants === undefined) return undefined
    for (const each of constants) found.add(each)
  }
  return found.size === 0 ? undefined : [...found]
}

function valuesPassed(
  callers: Callers,
  caller: FunctionId,
  called: FunctionId,
  index: number,
): readonly Value[] {
  return callers
    .flow(caller)
    .calls.filter(({ targets }) => targets.includes(called))
    .map(({ registers }) => registers[callers.processor.arguments[index] as number] as Value)
}

/** All constants that a value can be, followed back through the callers; undefined if one is unknown. */
export function constantsOf(callers: Callers, id: FunctionId, value: Value): readonly number[] | undefined {
  const { values } = callers
  const found = new Set<number>()
  const seen = new Set<string>()
  const work: (readonly [FunctionId, Value])[] = [[id, value]]
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    const [at, each] = next
    const key = `${at} ${each}`
    if (seen.has(key)) continue
    seen.add(key)
    if (each === unknown || seen.size > 2000) return undefined
    for (const atom of values.atoms(each))
      if (atom.kind === 'constant') found.add(atom.value)
      else if (!isPassed(atom)) return undefined
    const passed = values.filter(each, isPassed)
    if (passed === undefined) continue
    const its = callers.of(at, passed)
    if (its === undefined) return undefined
    for (const { id, value } of its) work.push([id, value])
  }
  return [...found].sort((a, b) => a - b)
}
