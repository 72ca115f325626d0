// What a program calls on aarch64 instead of an x86_64 call that aarch64 lacks. Authority: glibc's and musl's sources
// of each function on both architectures; the rows are generated (scripts/make-tables.ts).
import { equivalents } from './data/equivalents.ts'

/** An x86_64 call that aarch64 lacks. */
export interface Equivalent {
  /** The x86_64 call. */
  readonly name: string
  /** What libc calls on aarch64 instead, in its order; empty if nothing does the same. */
  readonly aarch64: readonly string[]
  /** False if allowing the aarch64 calls allows more, or if aarch64 has no call for the effect. */
  readonly lossless: boolean
  readonly why: string
}

let byName: ReadonlyMap<string, Equivalent> | undefined

/** The aarch64 counterpart of an x86_64 call; undefined for a call that aarch64 has, and for unknown names. */
export function equivalentOnAarch64(name: string): Equivalent | undefined {
  return (byName ??= parseEquivalents(equivalents)).get(name)
}

function parseEquivalents(text: string): ReadonlyMap<string, Equivalent> {
  const parsed = new Map<string, Equivalent>()
  for (const line of text.trim().split('\n')) {
    const [name, , lossless, calls, why] = line.split('|') as [string, string, string, string, string]
    parsed.set(name, {
      name,
      aarch64: calls === '-' ? [] : calls.split(' '),
      lossless: lossless === 'yes',
      why,
    })
  }
  return parsed
}
