// Call numbers that need no table: all that a kernel may use, and one that no kernel uses.
// Authority: arch/*/tools/syscall*.tbl (the greatest number is below 600, except for arm's private calls at 0xf0001).
import { architectures, type Architecture } from './architectures.ts'

/** Stands for every number that is in no table. No kernel has so many calls. */
export const unlisted = 2000

/** `unlisted` with the architecture's number bit. */
export function unlistedNumber(architecture: Architecture): number {
  return architectures[architecture].numberBit + unlisted
}

const numbers = 1024

/** 0 to 1023, with the architecture's number bit: every number that a call can have, without arm's private calls. */
export function numbersOf(architecture: Architecture): readonly number[] {
  return Array.from({ length: numbers }, (_, place) => place + architectures[architecture].numberBit)
}
