// Runs filters as the kernel does: classic BPF over struct seccomp_data. If a process has several filters, the
// strictest answer counts. This is for running processes, whose filters can be read but whose profiles cannot.
// Authority: seccomp(2), Documentation/userspace-api/seccomp_filter.rst,
// include/uapi/linux/{filter,bpf_common,seccomp}.h, seccomp_check_filter() of kernel/seccomp.c for the instructions
// that a filter may have.
import { architectures, type Architecture } from '../abi/architectures.ts'
import type { Answer } from './answer.ts'

/** struct sock_filter. */
export interface FilterInstruction {
  readonly code: number
  readonly jt: number
  readonly jf: number
  readonly k: number
}
export type BpfProgram = readonly FilterInstruction[]

/**
 * `bytes`: eight an instruction, as PTRACE_SECCOMP_GET_FILTER returns them. Throws a RangeError for any other length.
 */
export function decodeProgram(bytes: Uint8Array): BpfProgram {
  if (bytes.length === 0 || bytes.length % 8 !== 0) throw new RangeError('no program of classic BPF')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: bytes.length / 8 }, (_, index) => ({
    code: view.getUint16(index * 8, true),
    jt: view.getUint8(index * 8 + 2),
    jf: view.getUint8(index * 8 + 3),
    k: view.getUint32(index * 8 + 4, true),
  }))
}

/** struct seccomp_data: number, architecture, instruction pointer, six arguments. */
const size = 64
function dataOf(architecture: Architecture, number: number, args: readonly bigint[]): DataView {
  const data = new DataView(new ArrayBuffer(size))
  data.setUint32(0, number >>> 0, true)
  data.setUint32(4, architectures[architecture].audit, true)
  for (let index = 0; index < 6; index++)
    data.setBigUint64(16 + index * 8, BigInt.asUintN(64, args[index] ?? 0n), true)
  return data
}

/** What all filters of a process answer together: `programs` has the newest first. No filter allows every call. */
export function answerOfPrograms(
  programs: readonly BpfProgram[],
  architecture: Architecture,
  number: number,
  args: readonly bigint[],
): Answer {
  const data = dataOf(architecture, number, args)
  // If actions are equal, the newest filter's data counts (seccomp_run_filters).
  let least = 0x7fff0000
  for (const program of programs) {
    least = leastOf(least, run(program, data))
  }
  return answerIn(least)
}

/** The kernel compares actions as signed numbers, so KILL_PROCESS (0x80000000) is the smallest. */
const rank = (returned: number): number => (returned & 0xffff0000) | 0
export const leastOf = (one: number, other: number): number => (rank(other) < rank(one) ? other : one)

const actions: Readonly<Record<number, Answer['action']>> = {
  0x80000000: 'SCMP_ACT_KILL_PROCESS',
  0x00000000: 'SCMP_ACT_KILL_THREAD',
  0x00030000: 'SCMP_ACT_TRAP',
  0x00050000: 'SCMP_ACT_ERRNO',
  0x7fc00000: 'SCMP_ACT_NOTIFY',
  0x7ff00000: 'SCMP_ACT_TRACE',
  0x7ffc0000: 'SCMP_ACT_LOG',
  0x7fff0000: 'SCMP_ACT_ALLOW',
}
/** MAX_ERRNO of include/linux/err.h: the kernel caps what a filter returns. */
const maxErrno = 4095

/** Whether the kernel takes the newer filter's answer and not the older one's. */
export function prevails(newer: Answer, older: Answer): boolean {
  return rank(returnedFor(newer)) <= rank(returnedFor(older))
}

const returnedFor = ({ action }: Answer): number =>
  Number(Object.entries(actions).find(([, name]) => name === action)?.[0] ?? 0)

export function answerIn(returned: number): Answer {
  const data = returned & 0xffff
  // An unknown action kills the process (the default case in __seccomp_filter).
  const action = actions[(returned & 0xffff0000) >>> 0] ?? 'SCMP_ACT_KILL_PROCESS'
  if (action === 'SCMP_ACT_ERRNO') return { action, errno: Math.min(data, maxErrno) }
  return { action, errno: action === 'SCMP_ACT_TRACE' ? data : undefined }
}

/** The 32 bits that a program returns. The kernel has checked the program, so every jump goes forward and it ends. */
function run(program: BpfProgram, data: DataView): number {
  const memory = new Uint32Array(16)
  let [a, x] = [0, 0]
  for (let at = 0; ; at++) {
    const instruction = program[at]
    if (instruction === undefined) throw new RangeError('a program that leaves its end')
    const { code, jt, jf, k } = instruction
    const operand = (code & 0x08) === 0 ? k : x
    switch (code & 0x07) {
      case 0x00: // BPF_LD
        a = loaded(code, k, data, memory)
        break
      case 0x01: // BPF_LDX
        x = loaded(code, k, data, memory)
        break
      case 0x02: // BPF_ST
        memory[k & 15] = a
        break
      case 0x03: // BPF_STX
        memory[k & 15] = x
        break
      case 0x04: // BPF_ALU
        a = computed(code, a, operand)
        break
      case 0x05: // BPF_JMP
        at += (code & 0xf0) === 0 ? k : isTrue(code, a, operand) ? jt : jf
        break
      case 0x06: // BPF_RET
        return ((code & 0x18) === 0x10 ? a : k) >>> 0
      default: // BPF_MISC
        if ((code & 0xf8) === 0x80) a = x
        else x = a
    }
  }
}

function loaded(code: number, k: number, data: DataView, memory: Uint32Array): number {
  switch (code & 0xe0) {
    case 0x00: // BPF_IMM
      return k
    case 0x20: // BPF_ABS
      return data.getUint32(k, true)
    case 0x60: // BPF_MEM
      return memory[k & 15] ?? 0
    case 0x80: // BPF_LEN
      return size
    default:
      throw new RangeError('an instruction that no filter may have')
  }
}

export function computed(code: number, a: number, operand: number): number {
  switch (code & 0xf0) {
    case 0x00:
      return (a + operand) >>> 0
    case 0x10:
      return (a - operand) >>> 0
    case 0x20:
      return Math.imul(a, operand) >>> 0
    case 0x30:
      return operand === 0 ? 0 : Math.floor(a / operand)
    case 0x40:
      return (a | operand) >>> 0
    case 0x50:
      return (a & operand) >>> 0
    case 0x60:
      return operand > 31 ? 0 : (a << operand) >>> 0
    case 0x70:
      return operand > 31 ? 0 : a >>> operand
    case 0x80:
      return -a >>> 0
    case 0xa0:
      return (a ^ operand) >>> 0
    default:
      throw new RangeError('an instruction that no filter may have')
  }
}

export function isTrue(code: number, a: number, operand: number): boolean {
  switch (code & 0xf0) {
    case 0x10:
      return a === operand
    case 0x20:
      return a > operand
    case 0x30:
      return a >= operand
    case 0x40:
      return (a & operand) !== 0
    default:
      throw new RangeError('an instruction that no filter may have')
  }
}
