import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { corpus } from '../corpus/corpus.ts'
import t from 'tap'
import { parseProfile, printPolicyAs, profileProblems } from '../../src/index.ts'
import { callsAfterFilter } from '../../scripts/after-filter.ts'
import { generatedFloors } from '../../scripts/make-floors.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import {
  derivePolicy,
  floors,
  versionFloor,
  type PolicyOptions,
  type RuntimeVersion,
} from '../../src/policy/index.ts'
import { readRuntimeVersion } from '../../src/meaning/versions/runtime-word.ts'
import { compareVersions } from '../../src/meaning/versions.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))

/** A program that makes one call. */
const seenOnce = {
  version: 1,
  architectures: { x86_64: { getppid: { count: 1, first: 'a:1' } } },
  unknown: {},
  sources: [],
  diagnostics: [],
} as const

/** The calls that a floor allows on one architecture. */
function floorOn(architecture: 'x86_64' | 'aarch64', options: PolicyOptions): readonly string[] {
  return derivePolicy(seenOnce, { ...options, architectures: [architecture] })
    .rules.filter(
      ({ action, because }) => action.type === 'allow' && because.some(({ kind }) => kind === 'floor'),
    )
    .map(({ syscall }) => syscall)
}

t.test('the generated files are what scripts/make-floors.ts makes', (t) => {
  for (const [path, text] of generatedFloors())
    t.equal(readFileSync(join(repository, path), 'utf8'), text, path)
  t.end()
})

t.test('a floor names calls of x86_64, execve among them, and less with no_new_privs', (t) => {
  for (const { runtime, withoutNoNewPrivileges, withNoNewPrivileges } of floors) {
    for (const name of withoutNoNewPrivileges)
      t.ok(syscallTable('x86_64').byName(name), `${runtime}: ${name}`)
    t.ok(withNoNewPrivileges.includes('execve') && withNoNewPrivileges.includes('exit_group'), runtime)
    t.ok(
      withNoNewPrivileges.every((name) => withoutNoNewPrivileges.includes(name)),
      runtime,
    )
    t.ok(withNoNewPrivileges.length < withoutNoNewPrivileges.length, runtime)
  }
  t.end()
})

const floorsFolder = join(repository, 'profiles/floors')

t.test('a floor holds what was measured and what was published, minus what comes before the filter', (t) => {
  interface Document {
    readonly withoutNoNewPrivileges: Record<string, string>
    readonly beforeTheFilter: Record<string, string>
  }
  interface Measurement {
    readonly withoutNoNewPrivileges: { readonly calls: Record<string, unknown> }
  }
  const read = (path: string): unknown => JSON.parse(readFileSync(join(floorsFolder, path), 'utf8'))
  for (const runtime of ['runc', 'crun'] as const) {
    const floor = read(`${runtime}.json`) as Document
    const names = Object.keys(floor.withoutNoNewPrivileges)
    const measured = readdirSync(join(floorsFolder, 'measured')).filter((file) => file.startsWith(runtime))
    t.ok(measured.length > 2, `${runtime}: ${measured.length} versions`)
    for (const file of measured) {
      const { calls } = (read(`measured/${file}`) as Measurement).withoutNoNewPrivileges
      t.strictSame(
        Object.keys(calls).filter((name) => !names.includes(name)),
        [],
        file,
      )
    }
    for (const name of Object.keys(floor.beforeTheFilter))
      t.notOk(names.includes(name), `${runtime}: ${name}`)
  }
  t.end()
})

t.test('a measurement says with what it was made, and that its last rounds added nothing', (t) => {
  for (const file of readdirSync(join(floorsFolder, 'measured'))) {
    const document = JSON.parse(readFileSync(join(floorsFolder, 'measured', file), 'utf8')) as Record<
      string,
      unknown
    >
    t.equal(file, `${String(document['runtime'])}-${String(document['version'])}.json`)
    for (const key of ['package', 'libseccomp', 'kernel', 'strace', 'date'])
      t.type(document[key], 'string', key)
    for (const which of ['withoutNoNewPrivileges', 'withNoNewPrivileges']) {
      const { rounds, lastNewIn } = document[which] as { rounds: number; lastNewIn: number }
      t.equal(rounds - lastNewIn, document['quietRounds'], `${file}, ${which}`)
    }
  }
  t.end()
})

t.test('a version is itself, or those nearest to it speak', (t) => {
  const table: readonly [word: RuntimeVersion, measured: readonly string[], published: boolean][] = [
    ['runc@1.3.6', ['1.3.6'], false],
    ['runc@v1.3.6', ['1.3.6'], false],
    ['runc@1.3.3', ['1.3.6'], false],
    ['runc@1.3.9', ['1.3.6'], false],
    ['runc@1.2.4', ['1.1.15', '1.3.6'], false],
    ['runc@0.1.1', ['1.0.0-rc93'], false],
    ['runc@2.0', ['1.4.3'], false],
    ['runc@1.4.2', ['1.4.3'], true],
    ['runc@1.0.0-rc92', ['1.0.0-rc93'], true],
    ['crun@1.28', ['1.28'], false],
    ['crun@1.26', ['1.21', '1.28'], true],
    ['crun@1.28.0', ['1.28'], false],
  ]
  for (const [word, measured, published] of table) {
    const floor = versionFloor(word, false)
    t.strictSame(floor.measured, measured, word)
    t.equal(floor.published, published, `${word}: published`)
    t.ok(
      floor.calls.some(({ syscall, certainty }) => syscall === 'execve' && certainty === 'needed'),
      word,
    )
  }
  for (const word of ['runc@', 'runc@latest', 'docker', 'runc@1', 'crun@1.2.3.4', 'runc@1.2-rc'])
    t.equal(readRuntimeVersion(word), undefined, word)
  t.end()
})

t.test('versions in their order', (t) => {
  const ordered = ['0.17', '1.0.0-rc9', '1.0.0-rc93', '1.0.0', '1.1.5', '1.1.15', '1.8.1', '1.21', '1.28']
  t.strictSame(ordered.toReversed().sort(compareVersions), ordered)
  t.equal(compareVersions('1.28', '1.28.0'), 0)
  t.equal(compareVersions('1.0.0-rc.5', '1.0.0-rc5'), 0)
  t.end()
})

t.test('what a runtime does without gets an errno, never the death that the default may be', (t) => {
  for (const defaultAction of ['errno', 'kill-process', 'log'] as const) {
    const { rules } = derivePolicy(seenOnce, { runtime: 'runc', defaultAction })
    t.strictSame(
      rules.filter(({ syscall }) => syscall === 'open_tree').map(({ action }) => action),
      [{ type: 'errno', errno: 1 }],
      defaultAction,
    )
  }
  t.end()
})

t.test('all is the union; none is none; each call says whose it is', (t) => {
  for (const noNewPrivileges of [false, true]) {
    const [runc, crun, all] = (['runc', 'crun', 'all'] as const).map((runtime) =>
      floorOn('x86_64', { runtime, noNewPrivileges }),
    )
    t.strictSame(all, [...new Set([...(runc ?? []), ...(crun ?? [])])].sort())
    t.strictSame(floorOn('x86_64', { runtime: 'none', noNewPrivileges }), [])
  }
  t.end()
})

t.test('on aarch64 the same floor, what x86_64 alone has being translated', (t) => {
  const here = floorOn('aarch64', {})
  const there = floorOn('x86_64', {})
  t.strictSame(
    there.filter((name) => !here.includes(name)),
    ['access', 'arch_prctl', 'dup2', 'readlink', 'select'],
  )
  t.strictSame(
    here.filter((name) => !there.includes(name)),
    ['dup3'],
  )
  t.ok(here.every((name) => syscallTable('aarch64').byName(name)))
  t.end()
})

const evaluated = join(corpus(), 'facts/profile-eval.json')

t.test('no floor is wider than the default profile of Docker, even without a capability', (t) => {
  type Sets = Record<'default_caps' | 'no_caps', { readonly allowed: readonly string[] }>
  const all = JSON.parse(readFileSync(evaluated, 'utf8')) as Record<string, Record<string, Sets>>
  for (const architecture of ['x86_64', 'aarch64'] as const) {
    for (const set of ['default_caps', 'no_caps'] as const) {
      const allowed = all['moby-29.4.3']?.[architecture]?.[set].allowed ?? []
      const wider = floorOn(architecture, {}).filter((name) => !allowed.includes(name))
      t.strictSame(wider, [], `${architecture}, ${set}`)
    }
  }
  t.end()
})

t.test(
  'measuring: only calls under the filter count, and a filter reaches whom the kernel says',
  async (t) => {
    const trace = (...lines: readonly string[]): string => lines.join('\n')
    const start = '11 execve("/bin/true", ["/bin/true"], 0x1 /* 1 var */ <unfinished ...>'
    const table: readonly (readonly [name: string, trace: string, calls: readonly string[] | undefined])[] = [
      [
        'from the filter to the program',
        trace(
          '11 mount("a", "b") = 0',
          '11 prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, {len=9}) = 0',
          '11 capset() = 0',
          start,
          '11 brk(NULL) = 0x1',
        ),
        ['capset', 'execve'],
      ],
      [
        'a probe that fails loads nothing',
        trace(
          '11 seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, NULL) = -1 EFAULT (Bad address)',
          start,
        ),
        undefined,
      ],
      [
        'loading that is interrupted counts from its end',
        trace(
          '11 seccomp(SECCOMP_SET_MODE_FILTER, 0, {len=9} <unfinished ...>',
          '12 mount("a", "b") = 0',
          '11 <... seccomp resumed>) = 0',
          '12 mount("a", "b") = 0',
          '11 futex(0x1) = 0',
          start,
        ),
        ['futex', 'execve'],
      ],
      [
        'TSYNC reaches the other threads, not other processes',
        trace(
          '11 clone(flags=CLONE_VM|CLONE_THREAD) = 12',
          '11 clone(flags=CLONE_VM|SIGCHLD <unfinished ...>',
          '12 nanosleep({}) = 0',
          '13 mount("a", "b") = 0',
          '11 <... clone resumed>) = 13',
          '11 seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, {len=9}) = 0',
          '12 epoll_pwait(1) = 0',
          '13 umount2("a") = 0',
          start,
        ),
        ['epoll_pwait', 'execve'],
      ],
      [
        'a new thread of a filtered one is filtered',
        trace(
          '11 seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, {len=9}) = 0',
          '11 clone3({flags=CLONE_VM|CLONE_THREAD}, 88) = 12',
          '12 sched_yield() = 0',
          start,
        ),
        ['clone3', 'sched_yield', 'execve'],
      ],
    ]
    for (const [name, text, calls] of table) {
      const after = await callsAfterFilter(text, '/bin/true')
      t.strictSame(after && [...after].sort(), calls && [...calls].sort(), name)
    }
  },
)

t.test('no rule of a profile for an old runtime is one that this runtime refuses', (t) => {
  const call = { count: 1, first: 'a:1' }
  const threads = { ...seenOnce, architectures: { x86_64: { clone: call, clone3: call } } }
  for (const runtime of [
    'runc@0.1.1',
    'runc@1.0.0-rc90',
    'runc@1.0.0-rc93',
    'runc@1.0.1',
    'crun@0.3',
  ] as const) {
    const text = printPolicyAs(derivePolicy(threads, { runtime }), 'oci')
    const problems = profileProblems(parseProfile(text, { name: 'p.json' }), { runtime })
    t.same(
      problems.filter(({ code }) => code === 'default-rule-refused'),
      [],
      runtime,
    )
  }
  const enosys = (runtime: RuntimeVersion): boolean =>
    derivePolicy(threads, { runtime }).rules.some(
      ({ syscall, action }) => syscall === 'clone3' && action.type === 'errno' && action.errno === 38,
    )
  t.notOk(enosys('runc@1.0.0-rc90'), 'without errnoRet the rule is the default')
  t.ok(enosys('runc@1.0.0-rc93'), 'with errnoRet the rule is another answer')
  t.end()
})
