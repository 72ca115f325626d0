// Writes profiles/floors/{runc,crun}.json and src/policy/data/floors.ts:
//   npx tsx scripts/make-floors.ts
// A floor is the union of what was measured here (profiles/floors/measured, made by scripts/measure-floor.ts), what
// was published for a newer version, and what the sources say, minus what the sources place before the filter: a
// call too few kills the container, a call too many is surface. Every name keeps where it comes from.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

type Runtime = 'runc' | 'crun'
type Names = readonly string[]

/** What is known of one runtime besides the measurement. */
interface Known {
  readonly version: string
  readonly measured: string
  readonly published: { readonly where: string; readonly names: Names }
  readonly others: readonly {
    readonly source: string
    readonly where: string
    readonly names: Names
    /** Made under the filter with no_new_privs as well. */
    readonly withNoNewPrivileges: boolean
  }[]
  /** Published, because that recorder starts earlier than the filter, and placed before the filter by the sources. */
  readonly precede: readonly { readonly why: string; readonly names: Names }[]
  /** The same where no_new_privs is set and the filter is therefore loaded last. */
  readonly precedeWithNoNewPrivileges: readonly { readonly why: string; readonly names: Names }[]
}

const words = (text: string): Names => text.trim().split(/\s+/)
const published = 'kubernetes-sigs/security-profiles-operator a2e4c4b, examples'

const known: Readonly<Record<Runtime, Known>> = {
  runc: {
    version: '1.4.2',
    measured: 'runc-1.1.5',
    published: {
      where: `${published}/baseprofile-runc.yaml (runc 1.4.2)`,
      names: words(`
        arch_prctl brk capget capset chdir close close_range epoll_ctl epoll_pwait execve exit_group faccessat2 fcntl
        fstat fstatfs futex getcwd getdents64 getpid getppid getuid mmap mprotect nanosleep newfstatat openat openat2
        prctl read recvfrom rt_sigreturn sched_yield set_tid_address setgid setgroups setuid sigaltstack statx tgkill
        write`),
    },
    others: [
      {
        source: 'go',
        where:
          "Go's run time, whose threads are runc's: seen now and then, with runc 1.1.5 under Docker 20.10",
        names: words('epoll_pwait futex madvise mmap nanosleep rt_sigreturn sched_yield tgkill'),
        withNoNewPrivileges: true,
      },
      {
        source: 'go-exec',
        where:
          "published for runc 1.1.14; Go's syscall.Exec puts the limit of open files back that Go had raised",
        names: ['prlimit64'],
        withNoNewPrivileges: true,
      },
    ],
    precede: [],
    precedeWithNoNewPrivileges: [
      {
        why: 'finalizeNamespace, the parent check and LookPath come before the filter (runc 76d9cf5, libcontainer/standard_init_linux.go)',
        names: words('capget capset chdir faccessat2 getcwd getppid setgid setgroups setuid'),
      },
    ],
  },
  crun: {
    version: '1.26',
    measured: 'crun-1.8.1',
    published: {
      where: `${published}/baseprofile-crun.yaml (crun 1.26)`,
      names: words(`
        access arch_prctl brk capset chdir chmod chown close close_range dup2 execve exit_group fchdir fchown fstat
        fstatfs getcwd getegid geteuid getgid getuid ioctl lseek mkdirat mknodat mmap mount mprotect nanosleep
        newfstatat openat openat2 pivot_root prctl pselect6 read readlink rt_sigaction rt_sigprocmask set_tid_address
        setgroups sethostname setns setresgid setresuid setsid statfs statx symlinkat umask umount2 unshare write`),
    },
    others: [
      {
        source: 'close-range',
        where:
          'before Linux 5.9 there is no close_range: crun reads /proc/self/fd instead (src/libcrun/utils.c)',
        names: words('close fcntl fstatfs getdents64 openat'),
        withNoNewPrivileges: true,
      },
    ],
    precede: [
      {
        why: 'mounts, devices and the change of root come before the filter (crun ba38286, src/libcrun/container.c)',
        names: words('chmod chown fchdir mkdirat mknodat mount pivot_root symlinkat umount2'),
      },
      {
        why: 'namespaces are entered before the filter (crun ba38286, src/libcrun/container.c)',
        names: words('setns unshare'),
      },
      {
        why: 'session, host name and umask come before the filter (crun ba38286, src/libcrun/container.c)',
        names: words('sethostname setsid umask'),
      },
    ],
    precedeWithNoNewPrivileges: [
      {
        why: 'the filter is loaded right before the descriptors are closed and the program is started (crun ba38286, src/libcrun/container.c)',
        names: words(`
          access capset chdir dup2 fchown getcwd getegid geteuid getgid getuid ioctl lseek nanosleep newfstatat openat2
          prctl pselect6 readlink rt_sigaction rt_sigprocmask setgroups setresgid setresuid statfs statx`),
      },
    ],
  },
}

interface Measurement {
  readonly date: string
  readonly withoutNoNewPrivileges: Readonly<Record<string, unknown>>
  readonly withNoNewPrivileges: Readonly<Record<string, unknown>>
}

const repository = fileURLToPath(new URL('..', import.meta.url))

/** The text of every generated file, by its path in the repository. Writes nothing. */
export function generatedFloors(): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  const modules: string[] = []
  for (const runtime of ['runc', 'crun'] as const) {
    const { version, measured, published, others, precede, precedeWithNoNewPrivileges } = known[runtime]
    const path = `profiles/floors/measured/${measured}.json`
    const measurement = JSON.parse(readFileSync(join(repository, path), 'utf8')) as Measurement
    const late = [...precede, ...precedeWithNoNewPrivileges]
    const without = union(precede, measurement.withoutNoNewPrivileges, published.names, others)
    const later = others.filter((each) => each.withNoNewPrivileges)
    const withNew = union(late, measurement.withNoNewPrivileges, published.names, later)
    const floor = {
      runtime,
      version,
      architecture: 'x86_64',
      date: measurement.date,
      sources: {
        measured: `${measured.replace('-', ' ')}, ${path}`,
        published: published.where,
        ...Object.fromEntries(others.map(({ source, where }) => [source, where])),
      },
      withoutNoNewPrivileges: without,
      withNoNewPrivileges: withNew,
      beforeTheFilter: reasons(precede),
      beforeTheFilterWithNoNewPrivileges: reasons(precedeWithNoNewPrivileges),
    }
    files.set(`profiles/floors/${runtime}.json`, JSON.stringify(floor, null, 2) + '\n')
    modules.push(module(runtime, version, Object.keys(without), Object.keys(withNew)))
  }
  files.set(
    'src/policy/data/floors.ts',
    [
      '// Generated by scripts/make-floors.ts, which also writes profiles/floors/*.json with the source of every name.',
      '// Do not edit. Names of x86_64; `withNoNewPrivileges`: where the runtime sets no_new_privs, it loads the filter later.',
      ...modules,
    ].join('\n'),
  )
  return files
}

/** By name: the sources it comes from. What is known to precede the filter stays only where it was measured after it. */
function union(
  precede: Known['precede'],
  measured: Readonly<Record<string, unknown>>,
  published: Names,
  others: Known['others'],
): Readonly<Record<string, string>> {
  const early = new Set(precede.flatMap(({ names }) => names))
  const sources = new Map<string, string[]>()
  const add = (source: string, names: Names): void => {
    for (const name of names) sources.set(name, [...(sources.get(name) ?? []), source])
  }
  add('measured', Object.keys(measured))
  add(
    'published',
    published.filter((name) => !early.has(name)),
  )
  for (const { source, names } of others) add(source, names)
  const sorted = [...sources].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([name, from]) => [name, from.join(', ')]))
}

function reasons(precede: Known['precede']): Readonly<Record<string, string>> {
  return Object.fromEntries(precede.flatMap(({ why, names }) => names.map((name) => [name, why])))
}

function module(runtime: Runtime, version: string, without: Names, withNew: Names): string {
  return [
    `export const ${runtime}: { version: string; withoutNoNewPrivileges: string; withNoNewPrivileges: string } = {`,
    `  version: '${version}',`,
    '  withoutNoNewPrivileges: `',
    ...without,
    '`,',
    '  withNoNewPrivileges: `',
    ...withNew,
    '`,',
    '}',
    '',
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of generatedFloors()) writeFileSync(join(repository, path), text)
}
