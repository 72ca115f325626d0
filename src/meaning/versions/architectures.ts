// Every architecture that a profile can name, as far as libseccomp's refusals depend on it: those with a table here are
// rows of abi/, the others stand here. Authority: libseccomp src/arch-*.c and include/seccomp.h.in at its tags.
import { architectureNames, architectures } from '../../abi/architectures.ts'
import { compareVersions } from '../versions.ts'
import type { LibraryVersion } from './library.ts'

export interface LibraryArchitecture {
  readonly byteOrder: 'little' | 'big'
  /** The first libseccomp that knows it. */
  readonly since: LibraryVersion
}

const others: Readonly<Record<string, readonly [byteOrder: 'little' | 'big', since: LibraryVersion]>> = {
  SCMP_ARCH_MIPS: ['big', '2.2.0'],
  SCMP_ARCH_MIPS64: ['big', '2.2.0'],
  SCMP_ARCH_MIPS64N32: ['big', '2.2.0'],
  SCMP_ARCH_MIPSEL: ['little', '2.2.0'],
  SCMP_ARCH_MIPSEL64: ['little', '2.2.0'],
  SCMP_ARCH_MIPSEL64N32: ['little', '2.2.0'],
  SCMP_ARCH_PPC: ['big', '2.3.0'],
  SCMP_ARCH_PPC64: ['big', '2.3.0'],
  SCMP_ARCH_S390: ['big', '2.3.0'],
  SCMP_ARCH_PARISC: ['big', '2.4.0'],
  SCMP_ARCH_PARISC64: ['big', '2.4.0'],
  SCMP_ARCH_M68K: ['big', '2.6.0'],
  SCMP_ARCH_SH: ['little', '2.6.0'],
  SCMP_ARCH_SHEB: ['big', '2.6.0'],
}

/** undefined for a word that no libseccomp knows. */
export function libraryArchitecture(scmp: string): LibraryArchitecture | undefined {
  const other = Object.hasOwn(others, scmp) ? others[scmp] : undefined
  if (other !== undefined) return { byteOrder: other[0], since: other[1] }
  const own = architectureNames.find((each) => architectures[each].scmp === scmp)
  if (own === undefined) return undefined
  const { byteOrder, libseccomp } = architectures[own]
  return { byteOrder, since: libseccomp }
}

/** `library` undefined: the newest. */
export function knowsArchitecture(
  library: LibraryVersion | undefined,
  { since }: LibraryArchitecture,
): boolean {
  return library === undefined || compareVersions(library, since) >= 0
}
