// With which values of an argument every call was refused. A call counts where it begins and its answer comes later,
// perhaps never, so that both are counted until the source has ended.
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

/** A call begins. */
export function noteTry(counted: { tries: Tries | undefined }, index: number, value: bigint): void {
  const each = tryOf(counted, index, value)
  if (each !== undefined) each.calls++
}

/** A call comes back that never reached the kernel: it was no try. */
export function forgetTry(counted: { tries: Tries | undefined }, values: ReadonlyMap<number, bigint>): void {
  for (const [index, value] of values) {
    const each = tryOf(counted, index, value)
    if (each !== undefined) each.calls--
  }
}

/** A call comes back refused. */
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

/** Undefined for none. What is not known of an argument may have been any value of it. */
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
