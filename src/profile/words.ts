// The closed vocabularies of a profile. Authority: runtime-spec config-linux.md and schema/defs-linux.json (v1.2.1 and
// later), runc libcontainer/seccomp/config.go; moby and containers/common for their own words.
import { architectures } from '../abi/architectures.ts'
import type { Action, Operator } from './document.ts'

/** All actions, in the order of the specification. */
export const actions: readonly Action[] = [
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
  'SCMP_ACT_NOTIFY',
]

export const operators: readonly Operator[] = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
]

export const flags: readonly string[] = [
  'SECCOMP_FILTER_FLAG_TSYNC',
  'SECCOMP_FILTER_FLAG_LOG',
  'SECCOMP_FILTER_FLAG_SPEC_ALLOW',
  'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV',
]

/** The architectures that both the specification and runc know. */
const runcArchitectures: readonly string[] = [
  'SCMP_ARCH_X86',
  'SCMP_ARCH_X86_64',
  'SCMP_ARCH_X32',
  'SCMP_ARCH_ARM',
  'SCMP_ARCH_AARCH64',
  'SCMP_ARCH_LOONGARCH64',
  'SCMP_ARCH_MIPS',
  'SCMP_ARCH_MIPS64',
  'SCMP_ARCH_MIPS64N32',
  'SCMP_ARCH_MIPSEL',
  'SCMP_ARCH_MIPSEL64',
  'SCMP_ARCH_MIPSEL64N32',
  'SCMP_ARCH_PPC',
  'SCMP_ARCH_PPC64',
  'SCMP_ARCH_PPC64LE',
  'SCMP_ARCH_S390',
  'SCMP_ARCH_S390X',
  'SCMP_ARCH_RISCV64',
]

/** The architectures that only the specification knows: runc does not start a container whose profile names one. */
export const specificationOnlyArchitectures: readonly string[] = [
  'SCMP_ARCH_M68K',
  'SCMP_ARCH_SH',
  'SCMP_ARCH_SHEB',
  'SCMP_ARCH_PARISC',
  'SCMP_ARCH_PARISC64',
]

export const documentArchitectures: readonly string[] = [
  ...runcArchitectures,
  ...specificationOnlyArchitectures,
]

/** For each spelling of an architecture, in lower case and without SCMP_ARCH_, its name in profiles. */
export const architectureSpellings: ReadonlyMap<string, string> = new Map(
  Object.entries(architectures).flatMap(([name, { scmp, spellings }]) =>
    [name, ...spellings].map((each) => [each, scmp] as const),
  ),
)

/** The engines' names of hosts in `includes.arches`: those of moby and of containers/common. */
export const engineArchitectures: ReadonlySet<string> = new Set(
  `amd64 x86 386 x32 arm arm64 loong64 loongarch64 riscv64 s390 s390x ppc ppc64 ppc64le mips mips64 mips64n32 mips64p32
   mipsel mipsel64 mipsel64n32 mipsle mips64le mips64p32le`.split(/\s+/),
)

/** include/uapi/linux/capability.h, by number. */
export const capabilities: ReadonlySet<string> = new Set(
  `CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
   NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
   SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
   MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`
    .split(/\s+/)
    .map((name) => `CAP_${name}`),
)

/** The largest errno that libseccomp accepts: it also refuses MAX_ERRNO itself, 4095. */
export const errnoLimit = 4094

/** Whether an action keeps a call from happening. */
export function refuses(action: Action): boolean {
  switch (action) {
    case 'SCMP_ACT_KILL':
    case 'SCMP_ACT_KILL_PROCESS':
    case 'SCMP_ACT_KILL_THREAD':
    case 'SCMP_ACT_TRAP':
    case 'SCMP_ACT_ERRNO':
    case 'SCMP_ACT_TRACE': // without a tracer: ENOSYS
      return true
    case 'SCMP_ACT_ALLOW':
    case 'SCMP_ACT_LOG':
    case 'SCMP_ACT_NOTIFY': // the listener decides
      return false
  }
}

/** Whether an action uses an errno: ERRNO returns it, TRACE passes it to the tracer. */
export function takesErrno(action: Action): boolean {
  return action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE'
}
