// The order of everything that we sort: text by code unit, which is the same in every locale, and numbers by size.

export function ascending<T extends string | bigint>(one: T, other: T): number {
  return one < other ? -1 : one > other ? 1 : 0
}
