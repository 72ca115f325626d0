// A promise of a reader is a generator of the ways in which it is broken: none, if it is kept.

export type Promises = () => Iterable<string>

/** The broken promises, in this order; `most` bounds their number: for a mutant of the code the first one suffices. */
export function brokenOf(promises: readonly Promises[], most = Infinity): readonly string[] {
  const found: string[] = []
  for (const each of promises) for (const fault of each()) if (found.push(fault) >= most) return found
  return found
}
