// The golden vectors of rule merging: the answers or refusals of the real libseccomp.
import t from 'tap'
import { architectures, type Architecture } from '../../src/abi/architectures.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import { contextOf, makeMeaning } from '../../src/meaning/index.ts'
import { parseProfile } from '../../src/profile/index.ts'
import { sharedText } from '../shared.ts'

interface Case {
  readonly id: string
  readonly what: string
  readonly default: { readonly action: string; readonly errnoRet?: number }
  readonly architectures: readonly string[]
  readonly rules: readonly {
    readonly args?: readonly { readonly value: string; readonly valueTwo?: string }[]
  }[]
  readonly probe: {
    readonly arch: Architecture
    readonly syscall: string
    readonly args: readonly (readonly string[])[]
  }
  readonly expect: { readonly results?: readonly string[]; readonly rule_add_error?: number }
}

t.test('the golden vectors of rule merging', (t) => {
  const { cases } = JSON.parse(sharedText('facts/conflict-cases.json')) as { cases: readonly Case[] }
  for (const { id, what, default: fallback, architectures: names, rules, probe, expect } of cases) {
    const text = JSON.stringify({
      defaultAction: fallback.action,
      defaultErrnoRet: fallback.errnoRet,
      architectures: names,
      syscalls: rules,
    }).replaceAll(/"(value|valueTwo)":"(\d+)"/g, '"$1":$2')
    const context = contextOf({ architecture: architectures[probe.arch].host })
    const meaning = () => makeMeaning(parseProfile(text), context)
    if (expect.results === undefined) {
      t.throws(meaning, { name: 'UserError', message: /does not start/ }, `${id}: ${what}`)
      continue
    }
    const number = syscallTable(probe.arch).byName(probe.syscall)?.number ?? -1
    const answers = probe.args.map((args) => meaning().answer(probe.arch, number, args.map(BigInt)))
    const said = answers.map(
      ({ action, errno }) => action.slice(9) + (errno === undefined ? '' : `(${errno})`),
    )
    t.strictSame(said, expect.results, `${id}: ${what}`)
  }
  t.equal(cases.length, 26)
  t.end()
})
