// The check before an upgrade: the calls that a runtime needs and a profile lacks. The laws hold for every measured
// version; profiles/floors decides how certain a finding may be.
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { validateReport } from '../../src/commands/validate.ts'
import {
  derivePolicy,
  callsOn,
  versionFloor,
  type PolicyOptions,
  type RuntimeVersion,
} from '../../src/policy/index.ts'
import { floorProblems } from '../../src/check/floor.ts'
import type { Finding } from '../../src/check/index.ts'
import { printPolicyAs } from '../../src/print/index.ts'
import { parseProfile, type Dialect } from '../../src/profile/index.ts'
import { findingHint, findingSentence } from '../../src/report/findings.ts'

const measured = readdirSync(fileURLToPath(new URL('../../profiles/floors/measured', import.meta.url))).map(
  (file) => file.replace(/^(runc|crun)-(.*)\.json$/, '$1@$2') as RuntimeVersion,
)
const seen = {
  version: 1,
  architectures: { x86_64: { read: { count: 1, first: 'a:1' } } },
  unknown: {},
  sources: [],
  diagnostics: [],
} as const

function profile(options: PolicyOptions, dialect: Dialect = 'oci'): string {
  return printPolicyAs(derivePolicy(seen, options), dialect)
}

function problems(text: string, runtime: RuntimeVersion, noNewPrivileges = false): readonly Finding[] {
  return floorProblems(parseProfile(text, { name: 'p.json' }), versionFloor(runtime, noNewPrivileges), {
    callsOn,
  })
}

const brief = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ code, severity, facts }) =>
    `${severity} ${code} ${facts['name'] ?? facts['why'] ?? ''}`.trim(),
  )

t.test('what generate makes for a runtime, that runtime starts', (t) => {
  for (const runtime of ['runc', 'crun', ...measured] as RuntimeVersion[]) {
    for (const noNewPrivileges of [false, true]) {
      for (const defaultAction of ['errno', 'kill-process', 'log'] as const) {
        for (const dialect of ['oci', 'docker', 'spo', 'kubernetes'] as const) {
          const architectures = ['x86_64', 'aarch64'] as const
          const text = profile({ runtime, noNewPrivileges, defaultAction, architectures }, dialect)
          const found = brief(problems(text, runtime, noNewPrivileges))
          t.strictSame(found, [], `${runtime}, no_new_privs ${noNewPrivileges}, ${defaultAction}, ${dialect}`)
        }
      }
    }
  }
  t.strictSame(brief(problems(profile({}), 'runc')), [], 'the floor of all has that of each')
  t.end()
})

t.test('without one call of the floor, that call and no other is named', (t) => {
  for (const runtime of measured) {
    for (const { syscall, certainty } of versionFloor(runtime, false).calls) {
      if (certainty === 'refused') continue
      const whole = JSON.parse(profile({ runtime })) as { syscalls: { names: string[]; action: string }[] }
      for (const rule of whole.syscalls) rule.names = rule.names.filter((name) => name !== syscall)
      const found = problems(JSON.stringify(whole), runtime)
      t.strictSame(
        found.map(({ facts }) => facts['name']),
        [syscall],
        `${runtime}: ${syscall}`,
      )
      t.equal(
        found[0]?.severity === 'error',
        certainty === 'needed',
        `${runtime}: ${syscall} is ${certainty}`,
      )
    }
  }
  t.end()
})

const floorWithout = (...calls: readonly string[]): string[] =>
  versionFloor('runc@1.3.6', false)
    .calls.filter(({ syscall, certainty }) => certainty !== 'refused' && !calls.includes(syscall))
    .map(({ syscall }) => syscall)

t.test('how a profile answers', (t) => {
  const allow = (...names: string[]): object => ({ names, action: 'SCMP_ACT_ALLOW' })
  const base = { defaultAction: 'SCMP_ACT_ERRNO', architectures: ['SCMP_ARCH_X86_64'] }
  const all = allow(...floorWithout())
  const most = allow(...floorWithout('prctl'))
  const table: readonly [name: string, document: object, found: readonly string[]][] = [
    ['whole', { ...base, syscalls: [all] }, []],
    ['a call left out', { ...base, syscalls: [most] }, ['error floor-needed prctl']],
    [
      'a call refused by a rule',
      {
        ...base,
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['prctl'], action: 'SCMP_ACT_ERRNO' }],
      },
      ['error floor-needed prctl'],
    ],
    [
      'a call under a condition',
      {
        ...base,
        syscalls: [most, { ...allow('prctl'), args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] }],
      },
      ['warning floor-conditional prctl'],
    ],
    [
      'a call for a capability',
      { ...base, syscalls: [most, { ...allow('prctl'), includes: { caps: ['CAP_SYS_ADMIN'] } }] },
      ['warning floor-conditional prctl'],
    ],
    [
      'a call for another architecture',
      { ...base, syscalls: [most, { ...allow('prctl'), includes: { arches: ['arm64'] } }] },
      ['error floor-needed prctl'],
    ],
    [
      'what is done without, killed',
      { ...base, defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [all] },
      ['error floor-killed open_tree'],
    ],
    [
      'what is made by some starts only',
      { ...base, syscalls: [allow(...floorWithout('mmap', 'readlinkat', 'close_range'))] },
      [
        'warning floor-made close_range',
        'warning floor-sometimes mmap',
        'note floor-older-kernel readlinkat',
      ],
    ],
    ['everything is logged', { ...base, defaultAction: 'SCMP_ACT_LOG' }, []],
    [
      'the 32-bit profile of a 64-bit host',
      { ...base, architectures: ['SCMP_ARCH_X86'], syscalls: [most] },
      ['error floor-needed prctl'],
    ],
    [
      'a host that was not measured',
      { ...base, architectures: ['SCMP_ARCH_RISCV64'], syscalls: [most] },
      ['error floor-needed prctl'],
    ],
    [
      'another architecture',
      { ...base, architectures: ['SCMP_ARCH_MIPS64'] },
      ['note floor-unchecked architecture'],
    ],
    [
      'a broken profile',
      { ...base, syscalls: [{ names: 3, action: 'SCMP_ACT_ALLOW' }] },
      ['note floor-unchecked broken'],
    ],
    [
      'a profile on another',
      {
        apiVersion: 'security-profiles-operator.x-k8s.io/v1beta1',
        kind: 'SeccompProfile',
        metadata: { name: 'a' },
        spec: { ...base, baseProfileName: 'runc-v1.3.6', syscalls: [allow('read')] },
      },
      ['note floor-unchecked base'],
    ],
  ]
  for (const [name, document, expected] of table) {
    const found = problems(JSON.stringify(document), 'runc@1.3.6')
    t.strictSame(brief(found), expected, name)
    for (const each of found) {
      t.notMatch(findingSentence(each) + findingHint(each), /undefined/, name)
      t.ok(each.line >= 1 && each.column >= 1, name)
    }
  }
  t.end()
})

t.test('a profile for no architecture in particular is held against both hosts', (t) => {
  const syscalls = [{ names: floorWithout('prctl'), action: 'SCMP_ACT_ALLOW' }]
  const found = problems(JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', syscalls }), 'crun@0.17')
  const inferred = found.filter(({ facts }) => facts['inferred'] === 'aarch64')
  t.ok(found.some(({ facts }) => facts['name'] === 'select' && facts['inferred'] === undefined))
  t.strictSame(
    inferred.map(({ facts }) => facts['name']),
    ['pselect6'],
  )
  t.end()
})

t.test('a version that was not measured is said, in every format, and is no problem by itself', (t) => {
  const file = { name: 'p.json', text: profile({ runtime: 'runc@1.3.3' }) }
  for (const report of ['text', 'json', 'markdown', 'sarif', 'github'] as const) {
    const { text, status } = validateReport([file], { report, runtime: 'runc@1.3.3' })
    t.equal(status, 0, report)
    const plain = text.replaceAll('\\', '')
    t.match(plain, /those of runc 1\.3\.6 stand in for them/, report)
    t.match(plain, /runtime-not-measured/, report)
  }
  const lacking = { name: 'p.json', text: profile({ runtime: 'none' }) }
  for (const report of ['text', 'json', 'markdown', 'sarif', 'github'] as const) {
    const { text, status } = validateReport([lacking], { report, runtime: 'all' })
    t.equal(status, 1, report)
    for (const part of ['floor-needed', 'capset', 'runc', 'crun'])
      t.match(text.replaceAll('\\', ''), part, `${report}: ${part}`)
  }
  const { text } = validateReport([lacking], { report: 'text', runtime: 'runc', noNewPrivileges: true })
  t.notMatch(text, /capset/, 'with no_new_privs capabilities are given away before the filter')
  t.end()
})
