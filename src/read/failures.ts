// The three errors of a call that did nothing, and the argument values that never had another result. The kernel lacks
// the call (ENOSYS), or a filter, a sysctl or a missing privilege refuses it (EPERM, EACCES). Authority: errno(3),
// seccomp(2).
import type { SeenArguments } from './seen.ts'
import { sumOf } from './sum.ts'

export type Failure = 'ENOSYS' | 'EPERM' | 'EACCES'
export type RefusalErrno = Exclude<Failure, 'ENOSYS'>

/** The same numbers on every architecture of this project (asm-generic/errno-base.h, errno.h). */
export const failureNumbers: Readonly<Record<Failure, number>> = { EPERM: 1, EACCES: 13, ENOSYS: 38 }

/** The failure that a negative result means; undefined for another result. */
export function failureOf(result: number): Failure | undefined {
  return result === -1 ? 'EPERM' : result === -13 ? 'EACCES' : result === -38 ? 'ENOSYS' : undefined
}

/** How many calls failed with each error, and how many never reached the kernel (results of strace -e inject). */
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
  failures[counter] = sumOf(failures[counter], count)
}

/** Adds the numbers of `more` to those of `failures`. */
export function addFailures(failures: Failures, more: Failures): void {
  failures.enosys = sumOf(failures.enosys, more.enosys)
  failures.eperm = sumOf(failures.eperm, more.eperm)
  failures.eacces = sumOf(failures.eacces, more.eacces)
  failures.injected = sumOf(failures.injected, more.injected)
}

/** By argument index, the values with which every call was refused, with the errno; EPERM if there were both. */
export type RefusedValues = Map<number, Map<bigint, RefusalErrno>>

/** The refused values of two sums of calls together: a value stays refused if each sum that has it refused it. */
export function addRefused(one: Sum, other: Sum): RefusedValues | undefined {
  if (one.refused === undefined && other.refused === undefined) return undefined
  const sum: RefusedValues = new Map()
  for (const [mine, theirs] of [
    [one, other],
    [other, one],
  ] as const) {
    for (const [index, values] of mine.refused ?? []) {
      // An unknown value may have been this one.
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
