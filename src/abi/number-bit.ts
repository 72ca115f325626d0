// Architectures that share an AUDIT_ARCH and differ in a bit of the number: x32's calls are x86_64's with bit 30 set.
// Authority: arch/x86/include/uapi/asm/unistd.h (__X32_SYSCALL_BIT), libseccomp's src/arch-x32.h.
import { architectureNames, architectures, type Architecture } from './architectures.ts'

const marked: ReadonlyMap<Architecture, Architecture> = new Map(
  architectureNames
    .filter((each) => architectures[each].numberBit !== 0)
    .map((each) => [architectures[each].host, each]),
)

/**
 * The architecture with the same AUDIT_ARCH and the bit set: x32 for x86_64 and for itself. Undefined for all others.
 */
export function markedBeside(architecture: Architecture): Architecture | undefined {
  return architectures[architecture].numberBit === 0 ? marked.get(architecture) : architecture
}

/** The architecture with the same AUDIT_ARCH without the bit: the host for x32, else the architecture itself. */
export function unmarkedBeside(architecture: Architecture): Architecture {
  return architectures[architecture].numberBit === 0 ? architecture : architectures[architecture].host
}

/** The architecture of a call. `architecture`: one with the call's AUDIT_ARCH; `number`: the call's number. */
export function architectureOfNumber(architecture: Architecture, number: string | number): Architecture {
  const other = marked.get(architecture)
  return other !== undefined && hasBitOf(other, number) ? other : architecture
}

/** Whether a number alone shows its architecture. */
export function isMarked(number: string | number): boolean {
  return [...marked.values()].some((each) => hasBitOf(each, number))
}

function hasBitOf(architecture: Architecture, number: string | number): boolean {
  const { numberBit } = architectures[architecture]
  return typeof number === 'number' && number >= numberBit && number < 2 * numberBit
}

/**
 * The number of a call as a filter sees it: seccomp_data.nr has 32 bits. Recorders print -1 as `-1` (audit), as
 * 18446744073709551615 (strace) or as 4294967295 (ebpf).
 */
export function numberOfFilter(printed: number | string): number {
  return typeof printed === 'number' ? printed >>> 0 : Number(BigInt.asUintN(32, BigInt(printed)))
}
