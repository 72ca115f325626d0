// The architectures that a profile can name, and their names elsewhere. rows.ts has one row for each.
// Authority: include/uapi/linux/audit.h and linux/elf-em.h (audit and machine values), libseccomp's src/arch-*.c
// (widths, multiplexers, byte order), the OCI runtime specification's SeccompArch names, moby/profiles cd3bed80 and
// containers/common f437c58a seccomp_linux.go (names of hosts, archMap), glibc's shlib-versions and musl's Makefile
// (loaders), strace 7.2 src/arch_defs.h (personalities), libaudit's machinetab.h, the kernel's Kconfig for
// CLONE_BACKWARDS2 (where clone has its flags).
import { architectures } from './rows.ts'

export { architectures }

/** A 64-bit architecture: that of a kernel and its container runtime. */
export type Host = 'x86_64' | 'aarch64' | 'riscv64' | 'ppc64le' | 's390x' | 'loongarch64'

/** The name of an architecture on the command line and in our JSON. */
export type Architecture = Host | 'x86' | 'x32' | 'arm'

/** The families of engines with their own names of hosts: Docker, and containers/common (Podman, Buildah, CRI-O). */
export type EngineFamily = 'docker' | 'containers'

export interface ArchitectureFacts {
  /** The name in an OCI profile. */
  readonly scmp: `SCMP_ARCH_${string}`
  /** AUDIT_ARCH_* of the calls (seccomp_data.arch, `arch=` in audit records). x32 shares x86_64's. */
  readonly audit: number
  /** e_machine of its ELF programs. x32 shares x86_64's, with 32-bit headers. */
  readonly machine: number
  readonly byteOrder: 'little' | 'big'
  /** The width of an argument as libseccomp compares it. libseccomp treats x32 as 32-bit. */
  readonly bits: 64 | 32
  /** The width of a pointer, and so the class of ELF files. */
  readonly addressBits: 64 | 32
  /** The 64-bit architecture whose kernel runs these programs; for a host the host itself. */
  readonly host: Host
  /** The bit that is set in the number of every call: bit 30 on x32. */
  readonly numberBit: number
  /** Other spellings. The command line accepts them; for profiles they are suggestions. */
  readonly spellings: readonly string[]
  /** The engines' names of such a host in `includes.arches`; x32 has none. */
  readonly engines: { readonly [engine in EngineFamily]?: string }
  /**
   * Whether the engine on such a host finds its entry in an archMap. If not, the filter has only the native
   * architecture: containers/common knows only four others, and moby has two names for loongarch64.
   */
  readonly archMap: Readonly<Record<EngineFamily, boolean>>
  /** The first libseccomp that knows the architecture. */
  readonly libseccomp: string
  /** Node's process.arch on such a machine. */
  readonly node?: string
  /** strace's name of the mode of such a process: `[ Process PID=N runs in 64 bit mode. ]`. */
  readonly strace: '64 bit' | '32 bit' | 'x32'
  /** Names in `arch=` of libaudit's tools, besides the name in this project. */
  readonly auditNames: readonly string[]
  /** The program interpreters (PT_INTERP) of glibc and musl. No other architecture has the same. */
  readonly loaders: readonly string[]
  /** The distributions' directories of libraries below /lib and /usr/lib. */
  readonly triplets: readonly string[]
  /**
   * Addresses of position-independent programs, libraries and stacks, in hexadecimal without 0x, if they are
   * characteristic: the kernel's Documentation/arch (x86/x86_64/mm.rst, arm64/memory.rst, riscv/vm-layout.rst), s390's
   * TASK_SIZE. x86_64's are also those of ppc64le's libraries, of loongarch64, and of riscv64 with four levels.
   */
  readonly programAt?: RegExp
  /** Whether socket and ipc calls can also go through socketcall and ipc. libseccomp then makes two rules. */
  readonly multiplexes: boolean
  /**
   * Whether the kernel shows a filter the number 0 for an unknown number in a register, as on s390. runc's ENOSYS stub
   * answers it (libcontainer/seccomp/patchbpf/enosys_linux.go).
   */
  readonly unknownIsZero: boolean
  /**
   * Whether libc makes statx for stat: the kernel had no stat call there up to 6.10 (asm-generic's
   * __ARCH_WANT_NEW_STAT).
   */
  readonly statxForStat: boolean
  /** The index of clone's flags (clone(2), "C library/kernel differences"): 1 with CONFIG_CLONE_BACKWARDS2, s390's. */
  readonly cloneFlags: 0 | 1
  /** Whether requests of terminals and files (TC*, TIOC*, FIO*) have their own numbers: powerpc's uapi/asm/ioctls.h. */
  readonly ownRequests: boolean
  /** Whether runc and crun were seen to start containers under their floors (profiles/floors) on such a machine. */
  readonly floorTried: boolean
  /** The architecture from which a program's calls are inferred if nobody recorded them here: abi/equivalents.ts. */
  readonly inferredFrom?: Host
}

/** All architectures in the order of printing. */
export const architectureNames = Object.keys(architectures) as readonly Architecture[]

/** The 64-bit architectures in the same order. */
export const hostNames = architectureNames.filter(isHost)

/** The architecture that is assumed if nothing shows a call's architecture. */
export const assumedHost: Host = hostNames[0] as Host

/** The possible hosts of a log that does not name its machine: x86_64 and what is inferred from it. */
export const commonHosts: readonly Host[] = hostNames.filter(
  (each) => each === assumedHost || architectures[each].inferredFrom === assumedHost,
)

export function isArchitecture(name: string): name is Architecture {
  return Object.hasOwn(architectures, name)
}

export function isHost(name: Architecture): name is Host {
  return architectures[name].host === name
}

/** The architectures whose programs a host runs, the host's own first. */
export function familyOf(host: Host): readonly Architecture[] {
  return architectureNames.filter((each) => architectures[each].host === host)
}

/** The architecture with this name or spelling, in any case; undefined for an unknown word. */
export function architectureOf(word: string): Architecture | undefined {
  const lower = word.toLowerCase()
  return architectureNames.find((each) => each === lower || architectures[each].spellings.includes(lower))
}

/** The host with this process.arch of Node; undefined for an architecture without a row. */
export function hostOfNode(word: string): Host | undefined {
  return hostNames.find((each) => architectures[each].node === word)
}

/** The names that `includes.arches` needs so that every engine applies a rule on such a host: one or two. */
export function engineNames(host: Architecture): readonly string[] {
  return [...new Set(Object.values(architectures[host].engines))]
}
