// Every architecture that a profile can name, as far as libseccomp's refusals depend on it. Architectures with a table
// are rows of abi/; this file has the others. Authority: libseccomp src/arch-*.c and include/seccomp.h.in at its tags.
import { architectureNames, architectures } from '../../abi/architectures.ts'
import { compareVersions } from '../versions.ts'
import type { LibraryVersion } from './library.ts'
import type { OtherCalls } from './other-calls.ts'

export interface LibraryArchitecture {
  readonly byteOrder: 'little' | 'big'
  /** The first libseccomp that knows it. */
  readonly since: LibraryVersion
}

/** An architecture without a table in this project. */
export interface OtherArchitecture extends LibraryArchitecture {
  /** Width of an argument as libseccomp compares it. */
  readonly bits: 64 | 32
  /** The list of its calls, if socket and ipc calls can also go through socketcall and ipc. */
  readonly multiplexed?: OtherCalls
}

const others: Readonly<Record<string, OtherArchitecture>> = {
  SCMP_ARCH_MIPS: { byteOrder: 'big', since: '2.2.0', bits: 32, multiplexed: 'mips' },
  SCMP_ARCH_MIPS64: { byteOrder: 'big', since: '2.2.0', bits: 64 },
  SCMP_ARCH_MIPS64N32: { byteOrder: 'big', since: '2.2.0', bits: 32 },
  SCMP_ARCH_MIPSEL: { byteOrder: 'little', since: '2.2.0', bits: 32, multiplexed: 'mips' },
  SCMP_ARCH_MIPSEL64: { byteOrder: 'little', since: '2.2.0', bits: 64 },
  SCMP_ARCH_MIPSEL64N32: { byteOrder: 'little', since: '2.2.0', bits: 32 },
  SCMP_ARCH_PPC: { byteOrder: 'big', since: '2.3.0', bits: 32, multiplexed: 'ppc' },
  SCMP_ARCH_PPC64: { byteOrder: 'big', since: '2.3.0', bits: 64, multiplexed: 'ppc64' },
  SCMP_ARCH_S390: { byteOrder: 'big', since: '2.3.0', bits: 32, multiplexed: 's390' },
  SCMP_ARCH_PARISC: { byteOrder: 'big', since: '2.4.0', bits: 32 },
  SCMP_ARCH_PARISC64: { byteOrder: 'big', since: '2.4.0', bits: 64 },
  SCMP_ARCH_M68K: { byteOrder: 'big', since: '2.6.0', bits: 32, multiplexed: 'm68k' },
  SCMP_ARCH_SH: { byteOrder: 'little', since: '2.6.0', bits: 32, multiplexed: 'sh' },
  SCMP_ARCH_SHEB: { byteOrder: 'big', since: '2.6.0', bits: 32, multiplexed: 'sh' },
}

/** Undefined for an architecture with a table in this project and for an unknown word. */
export function otherArchitecture(scmp: string): OtherArchitecture | undefined {
  return Object.hasOwn(others, scmp) ? others[scmp] : undefined
}

/** Undefined for a word that no libseccomp knows. */
export function libraryArchitecture(scmp: string): LibraryArchitecture | undefined {
  const other = otherArchitecture(scmp)
  if (other !== undefined) return other
  const own = architectureNames.find((each) => architectures[each].scmp === scmp)
  if (own === undefined) return undefined
  const { byteOrder, libseccomp } = architectures[own]
  return { byteOrder, since: libseccomp }
}

/** Whether a libseccomp knows the architecture. `library` undefined: the newest. */
export function knowsArchitecture(
  library: LibraryVersion | undefined,
  { since }: LibraryArchitecture,
): boolean {
  return library === undefined || compareVersions(library, since) >= 0
}
