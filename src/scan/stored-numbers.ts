// Decides which numbers a load from memory can give: what callers stored where their argument points, or what reached
// functions store in a variable of the module.
import { isPassed, type Callers } from './callers.ts'
import type { Linked } from './link.ts'
import { slotValue } from './machine.ts'
import type { FunctionId } from './reach.ts'
import { recordKind } from './records.ts'
import { unknown, type Atom, type Value } from './values.ts'

/** A function, with a number that it stores. */
export interface StoredNumber {
  readonly id: FunctionId
  readonly number: Value
}

/**
 * Where a number that a function loads comes from. If a caller passed the pointer, the callers are followed. If the
 * module's own data holds the number or the pointer to it, the functions that store there are followed. Undefined if
 * not all are known.
 */
export function storedNumbers(
  callers: Callers,
  id: FunctionId,
  loads: Value,
): readonly StoredNumber[] | undefined {
  const { values } = callers
  const found: StoredNumber[] = []
  for (const atom of values.atoms(loads)) {
    if (atom.kind !== 'load') continue
    const base = values.atom(atom.of)
    if (isPassed(base)) {
      const passed = callers.of(id, values.of(atom))?.map((each) => ({ id: each.id, number: each.value }))
      const next = passed ?? givenBeside(callers, id, atom)
      if (next === undefined) return undefined
      found.push(...next)
      continue
    }
    // The number is in a variable, or a pointer in a variable leads to it.
    const pointer = base.kind === 'load' ? values.atom(base.of) : base
    if (pointer.kind !== 'address') return undefined
    const place = base.kind === 'load' ? pointer.value + base.offset : pointer.value + atom.offset
    const writers = writersOf(callers, pointer.module, place)
    if (writers.length === 0) return undefined
    for (const writer of writers)
      for (const { address, value } of callers.flow(writer).stored) {
        if (address !== place) continue
        const number =
          base.kind !== 'load'
            ? value
            : values.map(value, (each, its) =>
                each.kind === 'entry' ? values.of({ kind: 'load', of: its, offset: atom.offset }) : unknown,
              )
        // A stored constant only clears the pointer.
        if (base.kind === 'load' && values.only(value)?.kind === 'constant') continue
        found.push({ id: writer, number })
      }
  }
  return found
}

/** The reached functions of a module that refer to an address in its data. */
function writersOf({ linked, reach }: Callers, module: number, address: number): readonly FunctionId[] {
  const { records } = linked.modules[module] as Linked['modules'][number]
  const found = new Set<FunctionId>()
  for (let index = 0; index < records.count; index++)
    if (
      records.to[index] === address &&
      (records.kind[index] === recordKind.memory || records.kind[index] === recordKind.address)
    ) {
      const id = linked.functionAt(module, records.at[index] as number)
      if (id >= 0 && reach.isReached(id)) found.add(id)
    }
  return [...found]
}

/**
 * Handles a function whose address is passed together with the address of its argument (musl's __synccall): the
 * number lies in the stack of the function that passes both. Undefined if a function takes the address differently.
 */
function givenBeside(
  callers: Callers,
  id: FunctionId,
  load: Atom & { readonly kind: 'load' },
): readonly StoredNumber[] | undefined {
  const { reach, values, processor, linked } = callers
  const isIt = (atom: Atom): boolean =>
    atom.kind === 'address' && linked.functionAt(atom.module, atom.value) === id
  if (reach.isLoose(id)) return undefined
  const found: StoredNumber[] = []
  for (const taker of reach.takers(id)) {
    let isGiven = false
    for (const call of callers.flow(taker).calls) {
      const passed = processor.arguments.map((each) => call.registers[each] as Value)
      if (!passed.some((each) => values.atoms(each).some(isIt))) continue
      for (const each of passed)
        for (const atom of values.atoms(each))
          if (atom.kind === 'stack') {
            const number = slotValue(call.slots, atom.offset + load.offset)
            if (number === undefined) continue
            isGiven = true
            found.push({ id: taker, number })
          }
    }
    if (!isGiven) return undefined
  }
  return found.length === 0 ? undefined : found
}
