// Which arguments a filter can judge: those passed in a register by value. No filter sees the memory that a pointer
// names (clone3's struct, a path). Authority: the manual page of each call, kernel SYSCALL_DEFINE types, strace's
// printing order.
//
// The indexes are the kernel's. They hold on all architectures but one: s390 swaps the first two arguments of clone
// (CONFIG_CLONE_BACKWARDS2). CONFIG_CLONE_BACKWARDS (arm, aarch64, x86, powerpc) moves only the thread pointer.
import { architectures, type Architecture } from './architectures.ts'

/** An argument that a condition can compare. */
export interface Scalar {
  readonly call: string
  /** The kernel's index, 0 to 5, as in seccomp_data.args and in a profile's `args[].index`. For s390x see indexOn. */
  readonly index: number
  /** The argument's place in strace's output, from 0. */
  readonly printed: number
  /**
   * The bits of the register that a 64-bit kernel reads. With 32 the upper half can hold anything, so a condition must
   * mask it (SCMP_CMP_MASKED_EQ 0xffffffff); the program's value is the lower half. clone takes a long and uses its
   * lower half.
   */
  readonly bits: 32 | 64
  /** What the argument decides. */
  readonly why: string
}

/** Every argument that conditions can compare, sorted by call, then by index. */
export const scalars: readonly Scalar[] = [
  { call: 'clone', index: 0, printed: 1, bits: 32, why: 'namespaces, what is shared; low byte: exit signal' },
  { call: 'fcntl', index: 1, printed: 1, bits: 32, why: 'the operation' },
  { call: 'fcntl64', index: 1, printed: 1, bits: 32, why: 'the operation' },
  {
    call: 'ioctl',
    index: 1,
    printed: 1,
    bits: 32,
    why: 'the request, which the driver of the descriptor reads',
  },
  {
    call: 'personality',
    index: 0,
    printed: 0,
    bits: 32,
    why: 'the execution domain; switches mitigations off',
  },
  { call: 'prctl', index: 0, printed: 0, bits: 32, why: 'the operation' },
  { call: 'setns', index: 1, printed: 1, bits: 32, why: 'the kind of namespace; 0: any' },
  {
    call: 'socket',
    index: 0,
    printed: 0,
    bits: 32,
    why: 'the protocol family, and so its kernel module',
  },
  { call: 'socket', index: 1, printed: 1, bits: 32, why: 'the type, with SOCK_CLOEXEC and SOCK_NONBLOCK' },
  { call: 'socket', index: 2, printed: 2, bits: 32, why: 'the protocol' },
  { call: 'socketpair', index: 0, printed: 0, bits: 32, why: 'the protocol family' },
  { call: 'unshare', index: 0, printed: 0, bits: 64, why: 'the namespaces to leave' },
]

/**
 * For each call the argument indexes that are read from every trace: default profiles have conditions on them, and they
 * have few distinct values. Other arguments are read on request.
 */
export const scalarsReadAlways: ReadonlyMap<string, readonly number[]> = new Map([
  ['clone', [0]],
  ['personality', [0]],
  ['setns', [1]],
  ['socket', [0]],
  ['socketpair', [0]],
  ['unshare', [0]],
])

/**
 * Arguments in memory that recorders with access to the program's memory read: the flags and the signal of
 * clone3, in clone's form (clone(2)), because libc calls clone if there is no clone3.
 */
export const scalarsInMemory: ReadonlyMap<string, readonly number[]> = new Map([['clone3', [0]]])

/** The indexes to read, by call and ascending: those that are always read, and the requested ones. */
export function scalarsRead(
  asked: ReadonlyMap<string, readonly number[]> = new Map(),
): ReadonlyMap<string, readonly number[]> {
  const read = new Map(scalarsReadAlways)
  for (const [call, indexes] of asked) {
    if (scalarsInMemory.has(call)) continue
    read.set(
      call,
      [...new Set([...(read.get(call) ?? []), ...indexes])].sort((a, b) => a - b),
    )
  }
  return read
}

/** The argument of a call at the kernel's index; undefined if no condition can compare it. */
export function scalarOf(call: string, index: number): Scalar | undefined {
  return scalars.find((each) => each.call === call && each.index === index)
}

/**
 * The index on an architecture of the argument with this index on all others. The mapping is its own inverse, because
 * it swaps two arguments.
 */
export function indexOn(architecture: Architecture, call: string, index: number): number {
  const isSwapped = call === 'clone' && index < 2 && architectures[architecture].cloneFlags === 1
  return isSwapped ? 1 - index : index
}
