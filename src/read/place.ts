// Places at which something was seen: `source:line`. They have one order, so the first of several is always the same.

export function placeOf(source: string, line: number): string {
  return `${source}:${line}`
}

/** The earlier of two places: by source name, then by line. Sources of different runs have no other order. */
export function earlierPlace(one: string, other: string): string {
  return comparePlaces(one, other) <= 0 ? one : other
}

export function comparePlaces(one: string, other: string): number {
  const [oneSource, oneLine] = partsOf(one)
  const [otherSource, otherLine] = partsOf(other)
  if (oneSource !== otherSource) return oneSource < otherSource ? -1 : 1
  return oneLine - otherLine
}

/** The source of a place. */
export function sourceOf(place: string): string {
  return partsOf(place)[0]
}

/** The source and the line of a place. A place without a line is a whole source; its line is 0. */
export function partsOf(place: string): readonly [source: string, line: number] {
  const colon = place.lastIndexOf(':')
  const line = colon === -1 ? Number.NaN : Number(place.slice(colon + 1))
  return Number.isInteger(line) ? [place.slice(0, colon), line] : [place, 0]
}
