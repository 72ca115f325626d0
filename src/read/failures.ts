// The three errors that say that a call did nothing, and which values of an argument never met anything else: a kernel
// without the call (ENOSYS), a filter, a sysctl or a missing privilege (EPERM, EACCES). Authority: errno(3), seccomp(2).
import type { SeenArguments } from './seen.ts'

export type Failure = 'ENOSYS' | 'EPERM' | 'EACCES'
export type RefusalErrno = Exclude<Failure, 'ENOSYS'>

/** The same number on every architecture here (asm-generic/errno-base.h, errno.h). */
export const failureNumbers: Readonly<Record<Failure, number>> = { EPERM: 1, EACCES: 13, ENOSYS: 38 }

/** The failure that a negative result is; undefined for a result that is none of the three. */
export function failureOf(result: number): Failure | undefined {
  return result === -1 ? 'EPERM' : result === -13 ? 'EACCES' : result === -38 ? 'ENOSYS' : undefined
}

/** How many calls failed with each, and how many never reached the kernel: their results are made up (strace -e inject). */
export interface Failures {
  enosys: number
  eperm: number
  eacces: number
  injected: number
}

export const noFailures: Readonly<Failures> = { enosys: 0, eperm: 0, eacces: 0, injected: 0 }

const counters = { ENOSYS: 'enosys', EPERM: 'eperm', EACCES: 'eacces' } as const

export function noteFailure(failures: Failures, failure: Failure, count = 1): void {
  const counter = counters[failure]
  failures[counter] = Math.min(failures[counter] + count, Number.MAX_SAFE_INTEGER)
}

/** By argument index, the values with which every call was refused, and how: of both refusals the first of errno(3). */
export type RefusedValues = Map<number, Map<bigint, RefusalErrno>>

/** What two sums of calls know of refused values: a value stays one where each sum that has it says so. */
export function addRefused(one: Sum, other: Sum): RefusedValues | undefined {
  if (one.refused === undefined && other.refused === undefined) return undefined
  const sum: RefusedValues = new Map()
  for (const [mine, theirs] of [
    [one, other],
    [other, one],
  ] as const) {
    for (const [index, values] of mine.refused ?? []) {
      // Where a value is not known, it may have been this one.
      if (theirs.args?.get(index) === null) continue
      for (const [value, refusal] of values) {
        const hasIt = theirs.args?.get(index)?.has(value) === true
        const its = theirs.refused?.get(index)?.get(value)
        if (hasIt && its === undefined) continue
        const known = sum.get(index) ?? new Map<bigint, RefusalErrno>()
        sum.set(index, known.set(value, its === undefined || its === refusal ? refusal : 'EPERM'))
      }
    }
  }
  return sum.size === 0 ? undefined : sum
}

interface Sum {
  readonly args: SeenArguments | undefined
  readonly refused?: RefusedValues | undefined
}
