// The architectures a profile can speak of, and what each is called elsewhere.
// Authority: include/uapi/linux/audit.h and linux/elf-em.h (audit values), the OCI runtime specification's
// SeccompArch names, Go's GOARCH (which the engines' profiles use in `includes.arches`).

/** Our name of an architecture, on the command line and in our JSON. */
export type Architecture = 'x86_64' | 'aarch64' | 'x86' | 'x32' | 'arm'

export interface ArchitectureFacts {
  /** The name in an OCI profile. */
  readonly scmp: `SCMP_ARCH_${string}`
  /** AUDIT_ARCH_* of the calls (seccomp_data.arch, `arch=` in audit records). x32 shares x86_64's. */
  readonly audit: number
  /** The engines' name of a host of this architecture in `includes.arches`; none for x32. */
  readonly engine: string | undefined
  /** Width of an argument as libseccomp compares it. libseccomp takes x32 for a 32-bit architecture. */
  readonly bits: 64 | 32
  /** The 64-bit architecture whose kernel runs these programs as well; itself where it is one. */
  readonly host: 'x86_64' | 'aarch64'
}

export const architectures: Readonly<Record<Architecture, ArchitectureFacts>> = {
  x86_64: { scmp: 'SCMP_ARCH_X86_64', audit: 0xc000003e, engine: 'amd64', bits: 64, host: 'x86_64' },
  aarch64: { scmp: 'SCMP_ARCH_AARCH64', audit: 0xc00000b7, engine: 'arm64', bits: 64, host: 'aarch64' },
  x86: { scmp: 'SCMP_ARCH_X86', audit: 0x40000003, engine: 'x86', bits: 32, host: 'x86_64' },
  x32: { scmp: 'SCMP_ARCH_X32', audit: 0xc000003e, engine: undefined, bits: 32, host: 'x86_64' },
  arm: { scmp: 'SCMP_ARCH_ARM', audit: 0x40000028, engine: 'arm', bits: 32, host: 'aarch64' },
}

/** Every architecture, in the order in which they are printed. */
export const architectureNames = Object.keys(architectures) as readonly Architecture[]

export function isArchitecture(name: string): name is Architecture {
  return Object.hasOwn(architectures, name)
}
