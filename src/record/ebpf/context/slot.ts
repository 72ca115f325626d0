// Finds which call a task makes. Every program of a context uses these blocks, because the same number is another call
// on each architecture. A slot is the number of the machine's own call, or `slots.compat` + the number of a 32-bit
// call. A call of x32 has the slot of the same call of x86_64. Authority: seccomp(2) ("arch", "x32"), syscall_64.tbl
// (x32's own numbers are 512 to 547).
import { architectures } from '../../../abi/architectures.ts'
import { syscallTable } from '../../../abi/tables.ts'
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { currentTask } from '../blocks.ts'
import { architecturesOf, type Layout } from '../layout.ts'
import { slotsPerArchitecture } from '../maps.ts'
import { architecture, numbered } from '../calls/number.ts'
import { slots } from './layout.ts'
import { at } from './pieces.ts'

/** r9 = the slot of the current call, from the registers in r6; r8 = the task. Sets r7. Goes to `none` if no slot. */
export const currentSlot = (layout: Layout, none: string): readonly AssemblyLine[] => [
  ...currentTask(layout),
  ...numbered(layout, at.word, false),
  ...inSlots(layout, none),
]

/** The same, from the number in r9 (32 bits), for a call that begins. */
export const slotOfNumber = (layout: Layout, none: string): readonly AssemblyLine[] => [
  ...currentTask(layout),
  ...architecture(layout),
  ...inSlots(layout, none),
]

/** r9 = the slot, from the number in r9 and its architecture: r7 has its first slot in the counting programs. */
function inSlots({ machine }: Layout, none: string): readonly AssemblyLine[] {
  const beyond = machine === 'x86_64' ? x32Numbers : []
  return [
    bpf.jumpIf(9, 'atLeast', slots.compat, 'slot-beyond'),
    bpf.jumpIf(7, 'notEqual', slotsPerArchitecture, 'slot-known'),
    bpf.add(9, slots.compat),
    bpf.jump('slot-known'),
    bpf.label('slot-beyond'),
    ...(beyond.length === 0
      ? []
      : [
          bpf.jumpIf(7, 'notEqual', architecturesOf[machine].indexOf('x32') * slotsPerArchitecture, none),
          ...beyond.flatMap(([number, own]) => [
            bpf.jumpIf(9, 'notEqual', number, `slot-not-${number}`),
            bpf.set(9, own),
            bpf.jump('slot-known'),
            bpf.label(`slot-not-${number}`),
          ]),
        ]),
    bpf.jump(none),
    bpf.label('slot-known'),
  ]
}

/** x32's own numbers without bit 30, each with the number of the same call of x86_64. */
const x32Numbers = syscallTable('x32').entries.flatMap(({ name, number }) => {
  const without = number - architectures.x32.numberBit
  const own = syscallTable('x86_64').byName(name)?.number
  return without < slots.compat || own === undefined ? [] : [[without, own] as const]
})

/** All numbers that these calls have on the machine's architectures, as a program at sys_enter finds them. */
export const numbersOf = (machine: Layout['machine'], names: readonly string[]): readonly number[] => [
  ...new Set(
    architecturesOf[machine].flatMap((each) =>
      names.flatMap((name) => syscallTable(each).byName(name)?.number ?? []),
    ),
  ),
]
