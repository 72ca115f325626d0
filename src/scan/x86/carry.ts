// Carries held pointers through one x86-64 instruction: moves, addresses, pushes and pops, selections, calls through a
// pointer. Comparisons change nothing. If any other instruction names a register that holds a pointer, the pointer
// escapes. Authority: Intel SDM volume 2.
import { heldAddress, heldWord, type Carrier, type MemoryOperand } from '../held.ts'
import type { AbstractMachine } from '../machine.ts'
import { unknown, type Value } from '../values.ts'
import { decoder, rax, rbp, rbx, rcx, rdi, rdx, rsi, rsp } from './operands.ts'

/** By opcode: the registers that an instruction reads without naming them. */
const implied: Readonly<Record<number, readonly number[]>> = {
  0x6c: [rdi, rdx], 0x6d: [rdi, rdx], 0x6e: [rsi, rdx], 0x6f: [rsi, rdx], 0x98: [rax], 0x99: [rax], 0xa2: [rax],
  0xa3: [rax], 0xa4: [rsi, rdi, rcx], 0xa5: [rsi, rdi, rcx], 0xa6: [rsi, rdi, rcx], 0xa7: [rsi, rdi, rcx],
  0xaa: [rdi, rax, rcx], 0xab: [rdi, rax, rcx], 0xac: [rsi, rcx], 0xad: [rsi, rcx], 0xae: [rdi, rax, rcx],
  0xaf: [rdi, rax, rcx], 0xd7: [rax, rbx], 0xe6: [rax], 0xe7: [rax], 0xee: [rax, rdx], 0xef: [rax, rdx],
} // prettier-ignore

/** The bytes of the widest operand in memory: a vector of AVX-512. */
const widest = 64

export function carryX86(carrier: Carrier, at: number, end: number): void {
  const { machine, held } = carrier
  const { image } = machine
  decoder.bytes = machine.bytes
  const offset = image.offsetOf(at)
  const length = offset < 0 ? 0 : decoder.decode(offset, offset + end - at)
  if (length === 0) return
  const { opcode, map, mod, reg, rm, isVector } = decoder
  const isMemory = mod >= 0 && mod < 3
  const memory = memoryOperand(machine, carrier.isObject)
  /** What the operand r/m may hold. */
  const source = (): number => (isMemory ? carrier.read(memory) : held.of(rm))
  const low = (opcode & 7) | ((decoder.rex & 1) << 3)
  if (isMemory && (held.of(decoder.index) | (decoder.isSegmented ? held.of(decoder.base) : 0)) !== 0)
    return carrier.lose()
  // The function's address is followed only if the instruction puts it into a register or calls it.
  if (carrier.isObject && carrier.named === heldWord && !takesAddress()) return carrier.lose()
  if (isVector || map > 1 || (map === 1 && isSse(opcode))) {
    const isGeneral = isVector || map > 1 || opcode === 0xc3
    const others = isGeneral ? held.of(reg) | (isVector ? held.of(decoder.vvvv) : 0) : 0
    const named = mod === 3 ? held.of(rm) : mod < 0 ? 0 : carrier.read({ ...memory, size: widest })
    if ((named | others) !== 0) carrier.lose()
    return
  }
  if (map === 1) {
    // CMOV.
    if (opcode >> 4 === 4) return carrier.set(reg, held.of(reg) | source())
    // Hints and NOP; conditional jumps; SYSCALL, which calls.ts looks at.
    if ((opcode >= 0x18 && opcode <= 0x1f) || opcode >> 4 === 8 || opcode === 0x05) return
    // MOVZX and MOVSX.
    if (opcode === 0xb6 || opcode === 0xb7 || opcode === 0xbe || opcode === 0xbf) {
      if (source() !== 0) return carrier.lose()
      return carrier.set(reg, 0)
    }
    // BSWAP; CMPXCHG and its wider forms.
    const own = mod >= 0 ? source() | held.of(reg) : opcode >> 3 === 0x19 ? held.of(low) : 0
    const others = opcode === 0xb0 || opcode === 0xb1 ? [rax] : opcode === 0xc7 ? [rax, rbx, rcx, rdx] : []
    if ((own | heldBy(carrier, others)) !== 0) carrier.lose()
    return
  }
  if (opcode >= 0x50 && opcode <= 0x57) return push(carrier, held.of(low))
  if (opcode >= 0x58 && opcode <= 0x5f) return carrier.set(low, carrier.read(stackWord(machine, rsp)))
  if (opcode >= 0xb8 && opcode <= 0xbf) return carrier.set(low, carrier.isObject ? carrier.named : 0)
  if (opcode >= 0x91 && opcode <= 0x97) {
    const before = held.of(low)
    carrier.set(low, held.of(rax))
    return carrier.set(rax, before)
  }
  if (opcode < 0x40) {
    const operation = opcode >> 3
    const form = opcode & 7
    if (operation === 7 || form > 5) return
    const isSame = mod === 3 && rm === reg
    // XOR or SUB of a register with itself.
    if (isSame && (operation === 6 || operation === 5) && form < 4) return carrier.set(reg, 0)
    if ((form < 4 ? source() | held.of(reg) : held.of(rax)) !== 0) carrier.lose()
    return
  }
  const group = reg & 7
  switch (opcode) {
    case 0x84:
    case 0x85:
      return
    case 0x80:
    case 0x81:
    case 0x83: {
      if (group === 7) return
      const bits = source()
      // A sum with a constant is another address of the object.
      if (bits === 0 || (mod === 3 && bits === heldAddress && (group === 0 || group === 5))) return
      return carrier.lose()
    }
    case 0x88:
      if ((held.of(reg) | (isMemory ? 0 : held.of(rm))) !== 0) carrier.lose()
      return
    case 0x89:
      if (isMemory || !isFrame(rm)) carrier.take(machine.get(reg))
      if (isMemory) return carrier.write(memory, held.of(reg))
      return carrier.set(rm, held.of(reg))
    case 0x8b:
      if (!isMemory && !isFrame(reg)) carrier.take(machine.get(rm))
      return carrier.set(reg, source())
    case 0x8d: {
      const bits = held.of(decoder.base)
      if ((bits & heldWord) !== 0) return carrier.lose()
      if (!isFrame(reg)) carrier.take(memory.place)
      return carrier.set(reg, memory.isObject ? carrier.named : bits)
    }
    case 0x8f:
      if ((carrier.read(stackWord(machine, rsp)) | source()) !== 0) carrier.lose()
      return
    case 0xc6:
      if (!isMemory && held.of(rm) !== 0) carrier.lose()
      return
    case 0xc7:
      if (!isMemory) return carrier.set(rm, 0)
      return carrier.write(memory, 0)
    case 0xc2:
    case 0xc3:
      // The caller gets what rax holds.
      if (held.of(rax) !== 0) carrier.lose()
      return
    case 0xc9:
      return carrier.set(rbp, carrier.read(stackWord(machine, rbp)))
    case 0xe8:
    case 0xe9:
    case 0xeb:
      return
    case 0xf6:
    case 0xf7:
      if (group <= 1) return
      if ((source() | (group >= 4 ? held.of(rax) | held.of(rdx) : 0)) !== 0) carrier.lose()
      return
    case 0xff: {
      const bits = source()
      if (group === 6) return push(carrier, bits)
      if (group !== 2 && group !== 4) {
        if (bits !== 0) carrier.lose()
        return
      }
      if (bits === heldWord && isMemory) carrier.isSite = true
      else if (bits === heldWord) carrier.callRegister(rm)
      else if (bits !== 0) carrier.lose()
      return
    }
  }
  // FPU instructions name no general register.
  const named = mod < 0 || (opcode >= 0xd8 && opcode <= 0xdf) ? 0 : held.of(reg)
  if ((named | (mod < 0 ? 0 : source()) | heldBy(carrier, implied[opcode] ?? [])) !== 0) carrier.lose()
}

function heldBy({ held }: Carrier, registers: readonly number[]): number {
  return registers.reduce((bits, each) => bits | held.of(each), 0)
}

/** LEA, MOV of an immediate, MOV out of memory; CALL and JMP through memory. */
function takesAddress(): boolean {
  const { opcode, map, mod, reg } = decoder
  if (map !== 0 || decoder.isVector) return false
  if (opcode >= 0xb8 && opcode <= 0xbf) return true
  if (mod === 3 || mod < 0) return false
  return opcode === 0x8d || opcode === 0x8b || (opcode === 0xff && ((reg & 7) === 2 || (reg & 7) === 4))
}

/** The registers through which a function finds its own stack. */
function isFrame(register: number): boolean {
  return register === rsp || register === rbp
}

function memoryOperand(machine: AbstractMachine, isObject: boolean): MemoryOperand {
  const { base, index, displacement, isRelative, isSegmented } = decoder
  if (isRelative || isSegmented || base < 0) return { base: -1, place: unknown, isObject, size: 8 }
  const place = index >= 0 ? unknown : machine.plus(machine.get(base), displacement)
  return { base, place, isObject, size: 8 }
}

function stackWord(machine: AbstractMachine, base: number): MemoryOperand {
  return { base, place: machine.get(base), isObject: false, size: 8 }
}

function push(carrier: Carrier, bits: number): void {
  const place: Value = carrier.machine.plus(carrier.machine.get(rsp), -8)
  carrier.write({ base: rsp, place, isObject: false, size: 8 }, bits)
}

/** Opcodes after 0F whose operand `reg` is a vector, or is only written. */
function isSse(opcode: number): boolean {
  return (
    (opcode >= 0x10 && opcode <= 0x17) ||
    (opcode >= 0x28 && opcode <= 0x2f) ||
    (opcode >= 0x50 && opcode <= 0x7f) ||
    (opcode >= 0xc2 && opcode <= 0xc6) ||
    opcode >= 0xd0
  )
}
