// Finds which call a task makes: its architecture and its number there, from the task's registers and flags.
// Authority: arch/x86/include/asm/thread_info.h, arm64's UAPI asm/ptrace.h, bit 30 of x32 in asm/unistd.h.
import { architectures } from '../../../abi/architectures.ts'
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { frame, ofTask, read } from '../blocks.ts'
import { architecturesOf, type Layout } from '../layout.ts'
import { slotsPerArchitecture } from '../maps.ts'

const bit30 = architectures.x32.numberBit
/** TS_COMPAT of arch/x86/include/asm/thread_info.h, PSR_MODE32_BIT of arm64's UAPI asm/ptrace.h. */
const compatBit = { x86_64: 0x02, aarch64: 0x10 } as const

/** From the number in r9 (32 bits): r7 = the first slot of the architecture, r9 = the number on the architecture. */
export function architecture(layout: Layout): readonly AssemblyLine[] {
  const { machine, task, registers } = layout
  const first = (name: 'x86' | 'x32' | 'arm'): number =>
    architecturesOf[machine].indexOf(name) * slotsPerArchitecture
  const where: readonly AssemblyLine[] =
    machine === 'x86_64'
      ? ofTask(layout, task.status, 1)
      : [...read(6, registers.state, 4, -8), bpf.loadLower(1, frame, -8)]
  return [
    ...where,
    bpf.and(1, compatBit[machine]),
    bpf.set(7, 0),
    ...(machine === 'x86_64'
      ? [
          bpf.jumpIf(1, 'equal', 0, 'wide'),
          bpf.set(7, first('x86')),
          bpf.jump('known'),
          bpf.label('wide'),
          bpf.move(1, 9),
          bpf.add(1, -bit30),
          bpf.jumpIf(1, 'atLeast', slotsPerArchitecture, 'known'),
          bpf.move(9, 1),
          bpf.set(7, first('x32')),
        ]
      : [bpf.jumpIf(1, 'equal', 0, 'known'), bpf.set(7, first('arm'))]),
    bpf.label('known'),
  ]
}

/**
 * r7 = the first slot of the architecture, r9 = the number of the current call on it, from the registers in r6.
 * `stack`: eight free bytes. `atSignal`: the task was stopped by a signal for this call, or has ended.
 */
export function numbered(layout: Layout, stack: number, atSignal: boolean): readonly AssemblyLine[] {
  const { machine, registers } = layout
  const size = machine === 'x86_64' ? 8 : 4
  if (!atSignal || machine === 'x86_64')
    return [
      ...read(6, registers.number, size, stack),
      bpf.loadLower(9, frame, stack),
      ...architecture(layout),
    ]
  const { own, compat } = registers.numberAtSignal
  return [
    ...architecture(layout),
    ...read(6, own, size, stack),
    bpf.jumpIf(7, 'equal', 0, 'own-number'),
    ...read(6, compat, size, stack),
    bpf.label('own-number'),
    bpf.loadLower(9, frame, stack),
  ]
}

/**
 * Goes to `done` at the exit of rt_sigreturn, with the number in r9: the call has restored the registers of the code
 * that the signal interrupted, with any result, and has left -1 as its own number. A call of that number itself, which
 * exists nowhere, looks the same. Authority: arch/x86/kernel/signal_64.c and signal_32.c (restore_sigcontext: orig_ax),
 * arch/arm64/kernel/signal.c and signal32.c (forget_syscall), include/linux/syscalls.h.
 */
export const unlessRestored: readonly AssemblyLine[] = [bpf.jumpIfLower(9, 'equal', -1, 'done')]
