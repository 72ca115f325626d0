// Finds the function `main` without a symbol: the program's entry passes it to the C library as the first argument
// (glibc sysdeps/*/start.S, musl crt1.c).
import { flowOf } from './flow.ts'
import type { Linked } from './link.ts'
import type { Processor } from './machine.ts'
import type { FunctionId } from './reach.ts'
import { Returns } from './returns.ts'
import { Values, type Value } from './values.ts'

/** Undefined if `main` cannot be found, and for Go, whose main function is not that of C. */
export function mainOf(linked: Linked, processor: Processor): FunctionId | undefined {
  const program = linked.modules[0]
  if (program === undefined || program.isGo) return undefined
  const entry = linked.functionAt(0, program.image.entry)
  if (entry < 0) return undefined
  const values = new Values()
  const surroundings = { linked, values, processor, returns: new Returns(linked, values, processor) }
  const first = flowOf(entry, surroundings, [])
  // musl's entry calls a C function, which calls __libc_start_main.
  for (const id of [entry, ...first.calls.flatMap(({ targets }) => targets)]) {
    if (linked.place(id)[0] !== 0) continue
    for (const { registers } of id === entry ? first.calls : flowOf(id, surroundings, []).calls) {
      const value = registers[processor.arguments[0] as number] as Value
      const only = values.only(value)
      const found =
        only?.kind === 'constant' ? [linked.functionAt(0, only.value)] : linked.pointed(value, values)
      for (const each of found) if (each >= 0 && each !== entry && linked.place(each)[0] === 0) return each
    }
  }
  return undefined
}
