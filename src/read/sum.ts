// The sum of two counts, limited to a whole number that a file can carry, whatever the input claims.
export function sumOf(one: number, other: number): number {
  return Math.min(one + other, Number.MAX_SAFE_INTEGER)
}
