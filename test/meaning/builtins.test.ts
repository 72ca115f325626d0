// The built-in defaults mean what the engines' own files mean: facts worked out name by name with libseccomp.
import t from 'tap'
import { type Architecture } from '../../src/abi/architectures.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import { builtin, answerAlways, makeMeaning, contextOf, answerText } from '../../src/meaning/index.ts'
import { needsShared, sharedText } from '../shared.ts'
import { generatedBuiltins } from '../../scripts/make-builtins.ts'
import { readFileSync } from 'node:fs'

interface Facts {
  readonly allowed: readonly string[]
  readonly conditional: Readonly<Record<string, unknown>>
  readonly denied: Readonly<Record<string, string>>
  readonly runc_enosys_above?: { readonly nr: number }
}

const rows: readonly (readonly [string, string])[] = [
  ['docker', 'moby-29.4.3'],
  ['docker@29', 'moby-29.4.3'],
  ['docker@28', 'moby-28.2.0'],
  ['docker@25', 'moby-25.0.3'],
  ['docker@23', 'moby-23.0.10'],
  ['docker@20.10', 'moby-20.10.26'],
  ['podman', 'container-libs-HEAD'],
  ['containerd', 'containerd-HEAD'],
  ['cri-o', 'cri-o-HEAD'],
]

t.test('every call of every architecture, for every capability set', needsShared, (t) => {
  const facts = JSON.parse(sharedText('facts/profile-eval.json')) as Record<
    string,
    Readonly<Record<string, Readonly<Record<string, Facts>>>>
  >
  let compared = 0
  for (const [name, file] of rows) {
    const { profile, capabilities } = builtin(name)
    const dockerCaps = builtin('docker').capabilities
    const mismatches: string[] = []
    for (const [architecture, sets] of Object.entries(facts[file] ?? {})) {
      for (const [set, expected] of Object.entries(sets)) {
        const caps =
          { default_caps: capabilities, docker_caps: dockerCaps, no_caps: [] }[set] ?? ('all' as const)
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

t.test('the generated files are what the script makes', needsShared, (t) => {
  for (const [path, text] of generatedBuiltins()) {
    t.equal(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'), text, path)
  }
  t.end()
})
