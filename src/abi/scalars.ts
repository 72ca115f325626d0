// Which arguments a filter can judge: those passed in a register and meant by value. What lies behind a pointer
// (clone3's struct, a path) no filter sees. Authority: the manual page of each call, kernel SYSCALL_DEFINE types,
// strace's printing order.
//
// The indexes are the kernel's, which hold on all architectures but one: s390 swaps the first two of clone
// (CONFIG_CLONE_BACKWARDS2). CONFIG_CLONE_BACKWARDS, arm's, aarch64's, x86's and powerpc's, moves the thread pointer only.
import { architectures, type Architecture } from './architectures.ts'

/** An argument that a condition may speak of. */
export interface Scalar {
  readonly call: string
  /** The kernel's index, 0 to 5: the one of seccomp_data.args and of a profile's `args[].index`. Of s390x see indexOn. */
  readonly index: number
  /** Where strace prints it, counting from 0. */
  readonly printed: number
  /**
   * How much of the register a 64-bit kernel looks at. With 32 the upper half may hold anything, so that a
   * condition must mask it (SCMP_CMP_MASKED_EQ 0xffffffff); the program's own value is the lower half. clone takes
   * a long of which it uses the lower half.
   */
  readonly bits: 32 | 64
  /** What the argument decides. */
  readonly why: string
}

/** Every argument that conditions may speak of, by call, then index. */
export const scalars: readonly Scalar[] = [
  { call: 'clone', index: 0, printed: 1, bits: 32, why: 'namespaces, what is shared; low byte: exit signal' },
  { call: 'fcntl', index: 1, printed: 1, bits: 32, why: 'the operation' },
  { call: 'fcntl64', index: 1, printed: 1, bits: 32, why: 'the operation' },
  {
    call: 'ioctl',
    index: 1,
    printed: 1,
    bits: 32,
    why: 'the request, meant for the driver behind the descriptor',
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
    why: 'the protocol family, and so the kernel module behind it',
  },
  { call: 'socket', index: 1, printed: 1, bits: 32, why: 'the type, with SOCK_CLOEXEC and SOCK_NONBLOCK' },
  { call: 'socket', index: 2, printed: 2, bits: 32, why: 'the protocol' },
  { call: 'socketpair', index: 0, printed: 0, bits: 32, why: 'the protocol family' },
  { call: 'unshare', index: 0, printed: 0, bits: 64, why: 'the namespaces to leave' },
]

/**
 * Argument indexes that are read from every trace, by call: those on which default profiles set conditions, and
 * few distinct values each. The others are read when asked for.
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
 * What stands behind a pointer and is read all the same by who sees the program's memory: the flags and the signal of
 * clone3, as clone would be told them (clone(2)); libc goes on to it where there is no clone3.
 */
export const scalarsInMemory: ReadonlyMap<string, readonly number[]> = new Map([['clone3', [0]]])

/** Those read always, and what is asked for besides: indexes by call, in order. Of a pointer no value tells anything. */
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

/** The argument of a call at the kernel's index; undefined where no condition may speak of it. */
export function scalarOf(call: string, index: number): Scalar | undefined {
  return scalars.find((each) => each.call === call && each.index === index)
}

/**
 * Where an architecture passes the argument that has this index on the others, and the other way round: of two swapped
 * ones each stands where the other does.
 */
export function indexOn(architecture: Architecture, call: string, index: number): number {
  const isSwapped = call === 'clone' && index < 2 && architectures[architecture].cloneFlags === 1
  return isSwapped ? 1 - index : index
}
