// Finds the argument values with which every call was refused. A call is counted at its entry and its answer comes
// later or never, so calls and refusals are counted separately until the source ends.
import type { RefusalErrno, RefusedValues } from '../failures.ts'
import { valueLimit, type SeenArguments } from '../seen.ts'

/** By argument index and value. */
export type Tries = Map<number, Map<bigint, Try>>

interface Try {
  calls: number
  eperm: number
  eacces: number
}

function tryOf(counted: { tries: Tries | undefined }, index: number, value: bigint): Try | undefined {
  counted.tries ??= new Map()
  let values = counted.tries.get(index)
  if (values === undefined) counted.tries.set(index, (values = new Map()))
  const known = values.get(value)
  if (known !== undefined || values.size >= valueLimit) return known
  const first = { calls: 0, eperm: 0, eacces: 0 }
  values.set(value, first)
  return first
}

/** Counts the entry of a call with this value. */
export function noteTry(counted: { tries: Tries | undefined }, index: number, value: bigint): void {
  const each = tryOf(counted, index, value)
  if (each !== undefined) each.calls++
}

/** Takes back a call that never reached the kernel (strace -e inject). */
export function forgetTry(counted: { tries: Tries | undefined }, values: ReadonlyMap<number, bigint>): void {
  for (const [index, value] of values) {
    const each = tryOf(counted, index, value)
    if (each !== undefined) each.calls--
  }
}

/** Counts the refusal of a call. */
export function noteRefused(
  counted: { tries: Tries | undefined },
  values: ReadonlyMap<number, bigint>,
  refusal: RefusalErrno,
): void {
  for (const [index, value] of values) {
    const each = tryOf(counted, index, value)
    if (each !== undefined) each[refusal === 'EPERM' ? 'eperm' : 'eacces']++
  }
}

export function addTries(into: { tries: Tries | undefined }, more: Tries | undefined): void {
  for (const [index, values] of more ?? []) {
    for (const [value, { calls, eperm, eacces }] of values) {
      const each = tryOf(into, index, value)
      if (each === undefined) continue
      each.calls += calls
      each.eperm += eperm
      each.eacces += eacces
    }
  }
}

/** The values always refused; undefined if there are none. If an argument has unknown values, none is certain. */
export function refusedIn(
  tries: Tries | undefined,
  args: SeenArguments | undefined,
): RefusedValues | undefined {
  const refused: RefusedValues = new Map()
  for (const [index, values] of tries ?? []) {
    if (args?.get(index) == null) continue
    const always = [...values].filter(([, each]) => each.calls > 0 && each.eperm + each.eacces === each.calls)
    if (always.length === 0) continue
    refused.set(index, new Map(always.map(([value, { eperm }]) => [value, eperm > 0 ? 'EPERM' : 'EACCES'])))
  }
  return refused.size === 0 ? undefined : refused
}
