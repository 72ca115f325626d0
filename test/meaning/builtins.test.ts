// The built-in defaults mean what the engines' own files mean: compared with facts from libseccomp, name by name.
import t from 'tap'
import { type Architecture } from '../../src/abi/architectures.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import { builtin, answerAlways, makeMeaning, contextOf, answerText } from '../../src/meaning/index.ts'
import { builtinReleases } from '../../src/meaning/builtin.ts'
import { sharedText } from '../shared.ts'
import { generatedBuiltins } from '../../scripts/make-builtins.ts'
import { readFileSync } from 'node:fs'

interface Facts {
  readonly allowed: readonly string[]
  readonly conditional: Readonly<Record<string, unknown>>
  readonly denied: Readonly<Record<string, string>>
  readonly runc_enosys_above?: { readonly nr: number }
}

function versions(text: string): readonly string[] {
  return text.split(/\s+/)
}

/** The facts' profile of each built-in. Podman's is that of the library that the version vendors (its go.mod). */
const rows: readonly (readonly [string, string])[] = [
  ['docker', 'moby-29.4.3'],
  ...versions(`1.10.3 1.11.0 1.11.2 1.12.0 1.13.0 1.13.1 17.03.0 17.03.2 17.04.0 17.05.0 17.06.0 17.07.0 17.09.0
    18.04.0 18.09.0 19.03.0 19.03.3 19.03.9 20.10.0 20.10.4 20.10.10 20.10.18 20.10.22 20.10.26 23.0.0 23.0.7
    23.0.10 25.0.0 25.0.3 28.2.0 29.4.2 29.4.3`).map((each) => [`docker@${each}`, `moby-${each}`] as const),
  ['docker@20.10', 'moby-20.10.26'],
  ['docker@24.0.2', 'moby-23.0.0'],
  ['docker@24', 'moby-23.0.7'],
  ['docker@27.3.1', 'moby-25.0.3'],
  ['docker@28', 'moby-28.2.0'],
  ['docker@29', 'moby-29.4.3'],
  ['containerd', 'containerd-HEAD'],
  ...versions('1.3.10 1.4.13 1.5.18 1.6.39 1.7.34 2.0.11 2.1.9 2.2.7 2.3.4').flatMap((each) =>
    [each, each.replace(/\.\d+$/, '')].map(
      (written) => [`containerd@${written}`, `containerd-${each}`] as const,
    ),
  ),
  ['podman', 'container-libs-HEAD'],
  ['podman@2.0', 'containers-common-0.21.0'],
  ['podman@3.1', 'containers-common-0.34.0'],
  ['podman@3.3', 'containers-common-0.40.1'],
  ['podman@4.0', 'containers-common-0.47.0'],
  ['podman@4.3.1', 'containers-common-0.49.0'],
  ['podman@4.9', 'containers-common-0.49.0'],
  ['podman@5.1', 'containers-common-0.58.0'],
  ['podman@5.4', 'containers-common-0.60.0'],
  ['podman@5.7', 'containers-common-0.63.0'],
  ['podman@5.8', 'container-libs-common-0.67.0'],
  ['cri-o', 'cri-o-HEAD'],
]

t.test('every call of every architecture, for every capability set', (t) => {
  const facts = JSON.parse(sharedText('facts/profile-eval.json')) as Record<
    string,
    Readonly<Record<string, Readonly<Record<string, Facts>>>>
  >
  let compared = 0
  // The set that the facts call each engine's own. Old Podman and CRI-O really give another one (below).
  const factsCaps = (name: string): readonly string[] =>
    name.startsWith('podman')
      ? builtin('podman').capabilities
      : name === 'cri-o'
        ? [...builtin(name).capabilities, 'CAP_SYS_CHROOT']
        : builtin('docker').capabilities
  for (const [name, file] of rows) {
    t.ok(facts[file], `facts of ${file}`)
    const { profile } = builtin(name)
    const dockerCaps = builtin('docker').capabilities
    const mismatches: string[] = []
    for (const [architecture, sets] of Object.entries(facts[file] ?? {})) {
      for (const [set, expected] of Object.entries(sets)) {
        const caps =
          { default_caps: factsCaps(name), docker_caps: dockerCaps, no_caps: [] }[set] ?? ('all' as const)
        const meaning = makeMeaning(
          profile,
          contextOf({ architecture: architecture as Architecture, capabilities: caps, kernel: '6.12' }),
        )
        const table = syscallTable(architecture as Architecture)
        for (const { name: call, number } of table.entries) {
          compared++
          const always = answerAlways(meaning, architecture as Architecture, number)
          const said = always === undefined ? 'conditional' : answerText(always).slice(9)
          const wanted = expected.allowed.includes(call)
            ? 'ALLOW'
            : call in expected.conditional
              ? 'conditional'
              : expected.denied[call]
          if (said !== wanted) mismatches.push(`${architecture} ${set} ${call}: ${said}, not ${wanted}`)
        }
      }
    }
    t.strictSame(mismatches.slice(0, 8), [], `${name}: ${mismatches.length} mismatches`)
  }
  t.comment(`${compared} answers compared`)
  t.ok(compared > 10_000, 'answers were compared')
  t.end()
})

t.test('the generated file is what the script makes of profiles/*.txt', (t) => {
  const made = readFileSync(new URL('../../src/meaning/data/builtins.ts', import.meta.url), 'utf8')
  t.equal(made, generatedBuiltins())
  t.end()
})

t.test('every release has a name that finds it, and is a profile', (t) => {
  for (const engine of ['docker', 'podman', 'containerd', 'cri-o']) {
    const releases = builtinReleases(engine)
    t.ok(releases.length > 10, engine)
    for (const { name, first, date } of releases) {
      const { source, profile } = builtin(name)
      t.match(source, ` ${first}`, name)
      t.match(source, date, name)
      t.equal(profile.profile.defaultAction, 'SCMP_ACT_ERRNO', name)
    }
  }
  t.end()
})

t.test("the README's table is of these releases", (t) => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  for (const engine of ['docker', 'podman', 'containerd', 'cri-o']) {
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${engine}\` |`))
    const released = builtinReleases(engine).filter(({ first }) => first !== 'main')
    t.equal(
      row?.split(' | ')[2],
      `${released.map(({ first, date }) => `${first} (${date})`).join(', ')} |`,
      engine,
    )
  }
  t.end()
})

t.test('a version that is not known is refused in one line that says which are', (t) => {
  for (const name of [
    'docker@1.9',
    'docker@99',
    'docker@29.99.0',
    'docker@1.9.1',
    'docker@',
    'docker@latest',
    'docker@29.7.2.1',
    'containerd@1.2',
    'podman@1.4.2',
    'cri-o@1.17',
  ]) {
    t.throws(
      () => builtin(name),
      { message: /^there is no built-in profile [^\n]*: [\w-]+'s are known for versions [\d.]+ to [\d.]+; / },
      name,
    )
  }
  t.throws(() => builtin('lxc'), { message: /take docker, podman, containerd, cri-o, unconfined, or a file/ })
  t.end()
})

t.test('what an engine gives a container changed with its versions', (t) => {
  // containers/common pkg/config DefaultCapabilities; cri-o internal/config/capabilities.
  for (const [name, has, hasNot] of [
    ['podman@4.3', ['CAP_NET_RAW', 'CAP_MKNOD', 'CAP_AUDIT_WRITE'], []],
    ['podman@4.9', ['CAP_SYS_CHROOT'], ['CAP_NET_RAW', 'CAP_MKNOD', 'CAP_AUDIT_WRITE']],
    ['podman', ['CAP_SYS_CHROOT'], ['CAP_NET_RAW']],
    ['cri-o', ['CAP_KILL'], ['CAP_SYS_CHROOT', 'CAP_NET_RAW']],
    ['cri-o@1.24', ['CAP_KILL'], ['CAP_SYS_CHROOT']],
    ['containerd@1.6', ['CAP_NET_RAW'], []],
  ] as const) {
    const { capabilities } = builtin(name)
    for (const each of has) t.ok(capabilities.includes(each), `${name} gives ${each}`)
    for (const each of hasNot) t.notOk(capabilities.includes(each), `${name} does not give ${each}`)
  }
  t.end()
})
