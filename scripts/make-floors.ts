// Writes profiles/floors/{runc,crun}.json and src/policy/data/floors.ts:
//   npx tsx scripts/make-floors.ts
// A floor is the union of measured calls (profiles/floors/measured, made by scripts/measure-floor.ts), calls published
// for a newer version (profiles/floors/published), and calls found in the sources, minus calls that the sources place
// before the filter. One call too few kills the container; one too many is attack surface. Every name keeps its
// sources. Each version also has a list of its own, for `--runtime runc@1.3.6`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compareVersions } from '../src/meaning/versions.ts'

type Runtime = 'runc' | 'crun'
type Names = readonly string[]

/** Facts about one runtime besides the measurements and the published lists. */
interface Known {
  /** Calls that every version makes under the filter, with no_new_privs as well. */
  readonly others: readonly {
    readonly source: string
    readonly where: string
    readonly names: Names
    readonly certainty: 'sometimes' | 'olderKernel'
  }[]
  /** Published because that recorder starts too early: the sources place these calls before the filter. */
  readonly precede: readonly { readonly why: string; readonly names: Names }[]
  /** The same if no_new_privs is set, because the filter is then loaded last. */
  readonly precedeWithNoNewPrivileges: readonly { readonly why: string; readonly names: Names }[]
}

const words = (text: string): Names => text.trim().split(/\s+/)

const known: Readonly<Record<Runtime, Known>> = {
  runc: {
    others: [
      {
        source: 'go',
        where:
          "Go's run time, whose threads are runc's: seen now and then, with runc 1.1.5 under Docker 20.10",
        names: words('epoll_pwait futex madvise mmap nanosleep rt_sigreturn sched_yield tgkill'),
        certainty: 'sometimes',
      },
      {
        source: 'go-exec',
        where:
          "published for runc 1.1.14; Go's syscall.Exec puts the limit of open files back that Go had raised",
        names: ['prlimit64'],
        certainty: 'sometimes',
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
    others: [
      {
        source: 'close-range',
        where:
          'before Linux 5.9 there is no close_range: crun reads /proc/self/fd instead (src/libcrun/utils.c)',
        names: words('close fcntl fstatfs getdents64 openat'),
        certainty: 'olderKernel',
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
        why: 'session and host name come before the filter (crun ba38286, src/libcrun/container.c)',
        names: words('sethostname setsid'),
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

interface Measured {
  readonly rounds: number
  readonly runs: number
  readonly calls: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly refused: Readonly<Record<string, unknown>>
  readonly startsWithout: { readonly EPERM: Names; readonly ENOSYS: Names }
}

interface Measurement {
  readonly version: string
  readonly withoutNoNewPrivileges: Measured
  readonly withNoNewPrivileges: Measured
}

interface Published {
  readonly version: string
  readonly published: { readonly repository: string; readonly commit: string; readonly path: string }
  readonly names: Names
}

type Case = 'withoutNoNewPrivileges' | 'withNoNewPrivileges'

const repository = fileURLToPath(new URL('..', import.meta.url))

/** The text of every generated file, by its path in the repository. Writes nothing. */
export function generatedFloors(): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  const modules: string[] = []
  for (const runtime of ['runc', 'crun'] as const) {
    const measured = documents<Measurement>('measured', runtime)
    const published = documents<Published>('published', runtime)
    const listed = published.at(-1)
    const newest = measured.at(-1)
    if (newest === undefined || listed === undefined) throw new Error(`nothing is known of ${runtime}`)
    const { others, precede, precedeWithNoNewPrivileges } = known[runtime]
    const late = [...precede, ...precedeWithNoNewPrivileges]
    const without = union(precede, measured, 'withoutNoNewPrivileges', listed, others)
    const withNew = union(late, measured, 'withNoNewPrivileges', listed, others)
    const { repository, commit, path } = listed.published
    const floor = {
      runtime,
      version: newest.version,
      architecture: 'x86_64',
      sources: {
        measured: `${runtime} ${measured.map(({ version }) => version).join(', ')}: profiles/floors/measured`,
        published: `${runtime} ${listed.version}: ${repository} ${commit}, ${path}`,
        ...Object.fromEntries(others.map(({ source, where }) => [source, where])),
      },
      withoutNoNewPrivileges: without,
      withNoNewPrivileges: withNew,
      refusedAndDoneWithout: refusedBy(measured),
      beforeTheFilter: reasons(precede),
      beforeTheFilterWithNoNewPrivileges: reasons(precedeWithNoNewPrivileges),
    }
    files.set(`profiles/floors/${runtime}.json`, JSON.stringify(floor, null, 2) + '\n')
    const early = precede.flatMap(({ names }) => names)
    modules.push(
      ...module(runtime, newest.version, Object.keys(without), Object.keys(withNew)),
      `  refused: '${Object.keys(refusedBy(measured)).join(' ')}',`,
      `  sometimes: '${othersUnder('sometimes', others)}',`,
      `  olderKernel: '${othersUnder('olderKernel', others)}',`,
      '  measured: [',
      ...measured.flatMap(measuredVersion),
      '  ],',
      '  published: [',
      ...published.flatMap(({ version, names }) => [
        '    {',
        `      version: '${version}',`,
        `      names: '${names.filter((name) => !early.includes(name)).join(' ')}',`,
        '    },',
      ]),
      '  ],',
      '}',
      '',
    )
  }
  files.set('src/policy/data/floors.ts', [head, ...modules].join('\n'))
  return files
}

const head = `// Generated by scripts/make-floors.ts, which also writes profiles/floors/*.json with the source of every name.
// Do not edit. Names of x86_64; \`withNoNewPrivileges\`: where the runtime sets no_new_privs, it loads the filter later.
import type { RuntimeFloors } from '../floor-versions.ts'
`

/** The documents of one runtime, sorted by version. */
function documents<T extends { readonly version: string }>(folder: string, runtime: Runtime): readonly T[] {
  const directory = join(repository, 'profiles/floors', folder)
  return readdirSync(directory)
    .filter((file) => file.startsWith(`${runtime}-`))
    .map((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as T)
    .sort((one, other) => compareVersions(one.version, other.version))
}

/** The sources of each name. A call known to precede the filter stays only if it was measured after it. */
function union(
  precede: Known['precede'],
  measured: readonly Measurement[],
  which: Case,
  published: Published,
  others: Known['others'],
): Readonly<Record<string, string>> {
  const early = new Set(precede.flatMap(({ names }) => names))
  const sources = new Map<string, string[]>()
  const add = (source: string, names: Names): void => {
    for (const name of names) sources.set(name, [...(sources.get(name) ?? []), source])
  }
  for (const measurement of measured) {
    add(`measured ${measurement.version}`, Object.keys(measurement[which].calls))
  }
  add(
    'published',
    published.names.filter((name) => !early.has(name)),
  )
  for (const { source, names } of others) add(source, names)
  const sorted = [...sources].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([name, from]) => [name, from.join(', ')]))
}

/** For each name, the versions that started the program although the call was refused. */
function refusedBy(measured: readonly Measurement[]): Readonly<Record<string, string>> {
  const versions = new Map<string, string[]>()
  for (const { version, withoutNoNewPrivileges, withNoNewPrivileges } of measured) {
    const names = { ...withoutNoNewPrivileges.refused, ...withNoNewPrivileges.refused }
    for (const name of Object.keys(names)) versions.set(name, [...(versions.get(name) ?? []), version])
  }
  const sorted = [...versions].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([name, from]) => [name, from.join(', ')]))
}

function othersUnder(certainty: 'sometimes' | 'olderKernel', others: Known['others']): string {
  const names = others.filter((each) => each.certainty === certainty).flatMap((each) => each.names)
  return [...new Set(names)].sort().join(' ')
}

function reasons(precede: Known['precede']): Readonly<Record<string, string>> {
  return Object.fromEntries(precede.flatMap(({ why, names }) => names.map((name) => [name, why])))
}

/** One version by itself: each call under the strongest finding of its measurement. */
function measuredVersion(measurement: Measurement): readonly string[] {
  const lines = (['withoutNoNewPrivileges', 'withNoNewPrivileges'] as const).flatMap((which) => {
    const { rounds, runs, calls, refused, startsWithout } = measurement[which]
    const how = (call: string, ways: Readonly<Record<string, number>>): string => {
      const usual = Object.entries(ways).filter(([way]) => way !== 'linux-5.4')
      if (usual.length === 0) return 'olderKernel'
      if (usual.every(([, count]) => count < rounds)) return 'sometimes'
      const tried = ways['user'] === rounds
      const starts = startsWithout.EPERM.includes(call) || startsWithout.ENOSYS.includes(call)
      return tried && !starts ? 'needed' : 'made'
    }
    const under = (wanted: string): string =>
      Object.entries(calls)
        .filter(([call, ways]) => how(call, ways) === wanted)
        .map(([call]) => call)
        .join(' ')
    return [
      `      ${which}: {`,
      `        runs: ${runs},`,
      ...['needed', 'made', 'sometimes', 'olderKernel'].map((each) => `        ${each}: '${under(each)}',`),
      `        refused: '${Object.keys(refused).join(' ')}',`,
      '      },',
    ]
  })
  return ['    {', `      version: '${measurement.version}',`, ...lines, '    },']
}

function module(runtime: Runtime, version: string, without: Names, withNew: Names): readonly string[] {
  return [
    `export const ${runtime}: RuntimeFloors = {`,
    `  version: '${version}',`,
    '  withoutNoNewPrivileges: `',
    ...without,
    '`,',
    '  withNoNewPrivileges: `',
    ...withNew,
    '`,',
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of generatedFloors()) writeFileSync(join(repository, path), text)
}
