// The architectures a profile can speak of, and what each is called elsewhere; the rows stand in rows.ts.
// Authority: include/uapi/linux/audit.h and linux/elf-em.h (audit and machine values), libseccomp's src/arch-*.c
// (widths, multiplexers, byte order), the OCI runtime specification's SeccompArch names, moby/profiles cd3bed80 and
// containers/common f437c58a seccomp_linux.go (names of hosts, archMap), glibc's shlib-versions and musl's Makefile
// (loaders), strace 7.2 src/arch_defs.h (personalities), libaudit's machinetab.h, the kernel's Kconfig for
// CLONE_BACKWARDS2 (where clone has its flags).
import { architectures } from './rows.ts'

export { architectures }

/** A 64-bit architecture: a kernel and a container runtime are of one. */
export type Host = 'x86_64' | 'aarch64' | 'riscv64' | 'ppc64le' | 's390x' | 'loongarch64'

/** Our name of an architecture, on the command line and in our JSON. */
export type Architecture = Host | 'x86' | 'x32' | 'arm'

/** Names of a host in the engines' profiles: Docker's, and containers/common's (Podman, Buildah, CRI-O). */
export type Engine = 'docker' | 'containers'

export interface ArchitectureFacts {
  /** The name in an OCI profile. */
  readonly scmp: `SCMP_ARCH_${string}`
  /** AUDIT_ARCH_* of the calls (seccomp_data.arch, `arch=` in audit records). x32 shares x86_64's. */
  readonly audit: number
  /** e_machine of its programs in ELF; x32 shares x86_64's, with 32-bit headers. */
  readonly machine: number
  readonly byteOrder: 'little' | 'big'
  /** Width of an argument as libseccomp compares it. libseccomp takes x32 for a 32-bit architecture. */
  readonly bits: 64 | 32
  /** Width of a pointer, and so the class of its ELF files. */
  readonly addressBits: 64 | 32
  /** The 64-bit architecture whose kernel runs these programs as well; itself where it is one. */
  readonly host: Host
  /** What is set in the number of each of its calls, besides the number: bit 30 on x32. */
  readonly numberBit: number
  /** What people write for it; understood on the command line, and guessed at in profiles. */
  readonly spellings: readonly string[]
  /** The name of a host of this architecture in `includes.arches`; none for x32. */
  readonly engines: { readonly [engine in Engine]?: string }
  /**
   * Whether the engine on such a host finds its entry in an archMap. Where not, the filter has the native architecture
   * alone: containers/common looks for four others only, and moby has two names for loongarch64.
   */
  readonly archMap: Readonly<Record<Engine, boolean>>
  /** The first libseccomp that knows it. */
  readonly libseccomp: string
  /** process.arch of Node on such a machine. */
  readonly node?: string
  /** strace's word for the mode of such a process: `[ Process PID=N runs in 64 bit mode. ]`. */
  readonly strace: '64 bit' | '32 bit' | 'x32'
  /** What libaudit's tools print for it in `arch=`, besides its name here. */
  readonly auditNames: readonly string[]
  /** The program interpreters (PT_INTERP) of glibc and musl, as the ABI has them: no other architecture has the same. */
  readonly loaders: readonly string[]
  /** Directories of libraries under /lib and /usr/lib, as distributions name them. */
  readonly triplets: readonly string[]
  /**
   * Addresses of position-independent programs, libraries and stacks, in hexadecimal without 0x, where they can be
   * told: the kernel's Documentation/arch (x86/x86_64/mm.rst, arm64/memory.rst, riscv/vm-layout.rst), s390's
   * TASK_SIZE. x86_64's are also those of ppc64le's libraries, of loongarch64, and of riscv64 with four levels.
   */
  readonly programAt?: RegExp
  /** Whether socket and ipc calls can also go through socketcall and ipc: what libseccomp makes two rules of. */
  readonly multiplexes: boolean
  /**
   * Whether the kernel gives a filter 0 for a number that came in a register and that it does not know: s390's system
   * call 0. runc's ENOSYS stub answers it (libcontainer/seccomp/patchbpf/enosys_linux.go).
   */
  readonly unknownIsZero: boolean
  /**
   * Whether libc makes statx for stat: the kernel had no stat call there up to 6.10 (asm-generic's __ARCH_WANT_NEW_STAT).
   */
  readonly statxForStat: boolean
  /** Index of clone's flags (clone(2), "C library/kernel differences"): 1 with CONFIG_CLONE_BACKWARDS2, s390's. */
  readonly cloneFlags: 0 | 1
  /** Whether requests of terminals and files (TC*, TIOC*, FIO*) are other numbers: powerpc's uapi/asm/ioctls.h. */
  readonly ownRequests: boolean
  /** Whether runc and crun were seen to start containers under their floors (profiles/floors) on such a machine. */
  readonly floorTried: boolean
  /** The architecture whose calls tell what a program calls here, where nobody recorded it: abi/equivalents.ts. */
  readonly inferredFrom?: Host
}

/** Every architecture, in the order in which they are printed. */
export const architectureNames = Object.keys(architectures) as readonly Architecture[]

/** The 64-bit ones, in the same order. */
export const hostNames = architectureNames.filter(isHost)

/** What is assumed where nothing tells of which architecture a call is. */
export const assumedHost: Host = hostNames[0] as Host

/** The machines that a log is from that does not say it and whose calls all exist there: x86_64 and what is inferred from it. */
export const commonHosts: readonly Host[] = hostNames.filter(
  (each) => each === assumedHost || architectures[each].inferredFrom === assumedHost,
)

export function isArchitecture(name: string): name is Architecture {
  return Object.hasOwn(architectures, name)
}

export function isHost(name: Architecture): name is Host {
  return architectures[name].host === name
}

/** The architectures whose programs such a machine runs, itself first. */
export function familyOf(host: Host): readonly Architecture[] {
  return architectureNames.filter((each) => architectures[each].host === host)
}

/** The architecture that a word means, as it stands or as others spell it, in any case; undefined for no such word. */
export function architectureOf(word: string): Architecture | undefined {
  const lower = word.toLowerCase()
  return architectureNames.find((each) => each === lower || architectures[each].spellings.includes(lower))
}

/** The host that a machine with Node's word for it (process.arch) is; undefined for one that is none of ours. */
export function hostOfNode(word: string): Host | undefined {
  return hostNames.find((each) => architectures[each].node === word)
}

/** What `includes.arches` must name so that every engine takes a rule on such a host: one name, or two. */
export function engineNames(host: Architecture): readonly string[] {
  return [...new Set(Object.values(architectures[host].engines))]
}
