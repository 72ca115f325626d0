// Applies one x86-64 instruction to registers and stack, as far as values are followed: moves, addresses, sums with
// constants, pushes and pops, selections. Any other written register becomes unknown. Authority: Intel SDM volume 2.
import type { Flow, AbstractMachine, Processor } from '../machine.ts'
import { carryX86 } from './carry.ts'
import { oneByte } from './one-byte.ts'
import { decoder, rax, rbp, rbx, rcx, rdi, rdx, rsi, rsp } from './operands.ts'
import { longer, twoByte, vector } from './two-byte.ts'

export const x86: Processor = {
  registers: 16,
  stackPointer: rsp,
  pushed: 8,
  number: rax,
  // The kernel's order: rdi rsi rdx r10 r8 r9 (arch/x86/entry/entry_64.S).
  arguments: [rdi, rsi, rdx, 10, 8, 9],
  passed: [rdi, rsi, rdx, rcx, 8, 9],
  sigaction: 13,
  lost: [rax, rcx, rdx, rsi, rdi, 8, 9, 10, 11],
  lostBySyscall: [rax, rcx, 11],
  // RET, with a prefix (`rep ret`) or a number of bytes.
  isReturn: (bytes, at) => {
    const byte = bytes[at] === 0xf3 || bytes[at] === 0xf2 ? bytes[at + 1] : bytes[at]
    return byte === 0xc3 || byte === 0xc2 || byte === 0xcb || byte === 0xcf
  },
  step,
  carry: carryX86,
}

/** The argument registers of a 32-bit call: int 0x80 (arch/x86/entry/entry_64_compat.S). */
export const compatArguments: readonly number[] = [rbx, rcx, rdx, rsi, rdi, rbp]

const done = { flow: 'next' as Flow, length: 0 }

function leads(flow: Flow, length: number): typeof done {
  done.flow = flow
  done.length = length
  return done
}

function step(machine: AbstractMachine, address: number, end: number): typeof done {
  const { image } = machine
  decoder.bytes = machine.bytes
  const at = image.offsetOf(address)
  const length = at < 0 ? 0 : decoder.decode(at, at + end - address)
  if (length === 0) return leads('invalid', 1)
  const next = address + length
  const { opcode, map } = decoder
  const compared = machine.compared
  machine.compared = -1
  machine.zeroOn = undefined
  if (compared >= 0 && ((map === 0 && (opcode & 0xfe) === 0x74) || (map === 1 && (opcode & 0xfe) === 0x84))) {
    machine.compared = compared
    machine.zeroOn = (opcode & 1) === 0 ? 'target' : 'next'
  }
  if (decoder.isVector) {
    vector(machine, next)
    return leads('next', length)
  }
  if (map === 1) return leads(twoByte(machine, next), length)
  if (map !== 0) {
    longer(machine, next)
    return leads('next', length)
  }
  if (opcode === 0xe8 || opcode === 0xe9 || opcode === 0xeb) {
    machine.target = next + decoder.immediate
    return leads(opcode === 0xe8 ? 'call' : 'jump', length)
  }
  if ((opcode >= 0x70 && opcode <= 0x7f) || (opcode >= 0xe0 && opcode <= 0xe3)) {
    machine.target = next + decoder.immediate
    return leads('branch', length)
  }
  return leads(oneByte(machine, next), length)
}
