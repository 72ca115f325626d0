// Architectures that share an AUDIT_ARCH and are told apart by a bit of the number: x32's calls are x86_64's with bit
// 30. Authority: arch/x86/include/uapi/asm/unistd.h (__X32_SYSCALL_BIT), libseccomp's src/arch-x32.h.
import { architectureNames, architectures, type Architecture } from './architectures.ts'

const marked: ReadonlyMap<Architecture, Architecture> = new Map(
  architectureNames
    .filter((each) => architectures[each].numberBit !== 0)
    .map((each) => [architectures[each].host, each]),
)

/** The one whose calls have this one's AUDIT_ARCH and a bit more in their numbers; x32 of x86_64 and of itself. */
export function markedBeside(architecture: Architecture): Architecture | undefined {
  return architectures[architecture].numberBit === 0 ? marked.get(architecture) : architecture
}

/** The one without a bit in its numbers: the host of x32, itself of any other. */
export function unmarkedBeside(architecture: Architecture): Architecture {
  return architectures[architecture].numberBit === 0 ? architecture : architectures[architecture].host
}

/** Whose call it is, where a record tells the AUDIT_ARCH and the number. */
export function architectureOfNumber(architecture: Architecture, number: string | number): Architecture {
  const other = marked.get(architecture)
  return other !== undefined && hasBitOf(other, number) ? other : architecture
}

/** Whether a number alone says which architecture it is of. */
export function isMarked(number: string | number): boolean {
  return [...marked.values()].some((each) => hasBitOf(each, number))
}

function hasBitOf(architecture: Architecture, number: string | number): boolean {
  const { numberBit } = architectures[architecture]
  return typeof number === 'number' && number >= numberBit && number < 2 * numberBit
}
