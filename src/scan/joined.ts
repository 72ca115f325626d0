// Joins what is known where paths meet: a register or a word of the stack can then have the values of each path.
import type { State } from './machine.ts'
import { unknown, type Value, type Values } from './values.ts'

/** Joins a state into another; returns whether this changed the other. `isCount`: a value that changes is a counter. */
export function joinState(
  values: Values,
  { registers, slots, held }: State,
  into: State,
  isCount: boolean,
): boolean {
  let isNew = held !== undefined && into.held?.join(held) === true
  for (let register = 0; register < registers.length; register++) {
    const own = into.registers[register] as Value
    if (own === unknown || own === registers[register]) continue
    const joined = values.join(own, registers[register] as Value)
    if (joined !== own) {
      into.registers[register] = isCount ? unknown : joined
      isNew = true
    }
  }
  for (const [offset, value] of into.slots) {
    const other = slots.get(offset)
    if (value === other) continue
    const joined = isCount ? unknown : joinWords(values, value, other)
    if (joined === value) continue
    if (joined === unknown) into.slots.delete(offset)
    else into.slots.set(offset, joined)
    isNew = true
  }
  return isNew
}

/** Joins two words of the stack. If their sizes differ, the result has the larger one. */
function joinWords(values: Values, one: number, other: number | undefined): number {
  if (one === other || other === undefined) return other ?? unknown
  const joined = values.join(Math.abs(one), Math.abs(other))
  return one < 0 && other < 0 ? -joined : joined
}

/** Joins the registers of another path into registers. */
export function joinRegisters(values: Values, registers: Int32Array, others: Int32Array): void {
  for (let register = 0; register < registers.length; register++)
    registers[register] = values.join(registers[register] as Value, others[register] as Value)
}

/** The words of the stack that both paths know. */
export function joinedSlots(
  values: Values,
  slots: ReadonlyMap<number, Value>,
  others: ReadonlyMap<number, Value>,
): ReadonlyMap<number, Value> {
  const both = new Map<number, Value>()
  for (const [offset, value] of slots) {
    const joined = joinWords(values, value, others.get(offset))
    if (joined !== unknown) both.set(offset, joined)
  }
  return both
}
