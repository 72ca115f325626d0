// The verdicts of validate, compared with those of runc, crun and moby on 46 documents, with the official schema, and
// with every default profile that the engines ever shipped.
import { Ajv } from 'ajv'
import Draft04 from 'ajv-draft-04'
import t from 'tap'
import { isValid, profileProblems, type Finding } from '../../src/check/index.ts'
import type { Dialect } from '../../src/profile/index.ts'
import { findingHint, findingSentence } from '../../src/report/findings.ts'
import { findingSeverities } from '../../src/check/findings.ts'
import { schemaErrors } from '../../src/check/schema.ts'
import { needsShared, sharedNames, sharedText } from '../shared.ts'

interface Case {
  readonly id: string
  readonly json: string
  readonly oci_schema_ajv: 'accept' | 'reject'
  readonly runc: string
  readonly crun: string
  readonly moby_loader: string
}

const { cases } = JSON.parse(sharedText('facts/schema-cases.json')) as { cases: readonly Case[] }

const said = (text: string, dialect?: Dialect): readonly Finding[] =>
  profileProblems(text, dialect === undefined ? {} : { dialect })

/** Findings that do not count, because documents so small always have them. */
const incidental = new Set(['no-execve', 'no-exit', 'no-architectures'])
const codes = (findings: readonly Finding[]): readonly string[] =>
  [...new Set(findings.map(({ code }) => code))].filter((code) => !incidental.has(code)).sort()

const refuses = (verdict: string): boolean =>
  /\berror\b(?! with annotation)|\brejected\b|\brequired\b/i.test(verdict)

/** The code that each document is about; none if the document is sound. */
const about: Readonly<Record<string, string | undefined>> = {
  'empty-object': 'no-default-action',
  'names-empty-array': 'empty-names',
  'names-empty-string': 'empty-name',
  'names-unknown': 'unknown-call',
  'names-uppercase': 'call-case',
  'name-singular': 'docker-key-ignored',
  'name-and-names': 'name-with-names',
  'args-null': 'null-value',
  'index-6': 'argument-index',
  'value-missing': 'missing-key',
  'value-negative': 'not-unsigned',
  'value-1.0': 'not-unsigned',
  'value-1e3': 'not-unsigned',
  'value-2^53+1': 'rounded-elsewhere',
  'value-2^64-1': 'rounded-elsewhere',
  'value-2^64': 'out-of-range',
  'value-2^64+2048': 'out-of-range',
  'value-string': 'wrong-type',
  'masked-without-valueTwo': undefined,
  'same-index-twice': 'repeated-index',
  'seven-args': 'conditions-beyond-six',
  'docker-includes': 'docker-key-ignored',
  'docker-archMap': 'docker-key-ignored',
  'architectures-and-archMap': 'docker-key-ignored',
  'arch-native': 'unknown-architecture',
  'arch-loongarch64': 'architecture-not-known',
  'arch-m68k-sh-parisc': 'architecture-unknown-to-runc',
  'arch-bare-name': 'unknown-architecture',
  'flags-tsync': 'flags-not-read',
  'flags-new-listener': 'unknown-flag',
  'flags-empty': 'empty-flags',
  'notify-default': 'notify-default',
  'notify-write': 'notify-write',
  'notify-no-listener': 'notify-without-listener',
  'metadata-without-path': 'metadata-without-listener',
  'errnoRet-on-allow': 'errno-unused',
  'defaultErrnoRet-on-allow': 'errno-unused',
  'errnoRet-0': 'errno-zero',
  'errnoRet-4095': 'errno-range',
  'errnoRet-65549': 'errno-range',
  'errno-string': 'docker-key-ignored',
  'errnoRet-null': 'null-value',
  'syscalls-null': 'null-value',
  'action-lowercase': 'unknown-action',
  'key-case': 'key-case',
  'typo-key': 'unknown-key',
}

t.test('each of the collected documents gets the finding it is about', (t) => {
  t.same(
    cases.map(({ id }) => id).sort(),
    Object.keys(about).sort(),
    'the table has a row for every document',
  )
  for (const { id, json } of cases) {
    const code = about[id]
    const found = codes(said(json, 'oci'))
    if (code === undefined) t.same(found, [], `${id}: nothing to say`)
    else t.ok(found.includes(code), `${id}: ${code} among ${found.join(' ')}`)
  }
  t.end()
})

t.test('what runc or crun refuses is no valid OCI profile, what moby refuses no valid Docker one', (t) => {
  for (const { id, json, runc, crun, moby_loader: moby } of cases) {
    if (refuses(runc) || refuses(crun))
      t.notOk(isValid(said(json, 'oci')), `${id}: runc ${runc}; crun ${crun}`)
    if (refuses(moby)) t.notOk(isValid(said(json, 'docker')), `${id}: moby ${moby}`)
  }
  t.end()
})

/** Documents on which our verdict differs from the official schema, with the reason. */
const otherThanSchema: Readonly<Record<string, string>> = {
  'args-null': 'a null that Go and the engines take for absent',
  'syscalls-null': 'the same',
  'errnoRet-null': 'the same',
  'names-empty-string': 'runc refuses it',
  'name-and-names': 'a key of another dialect is lost here, and Docker refuses both',
  'index-6': 'there are six arguments: runc and crun refuse it',
  'value-1.0': 'Go reads no such number as uint64',
  'value-1e3': 'the same',
  'value-2^64': 'the same',
  'value-2^64+2048': 'the same',
  'arch-m68k-sh-parisc': 'runc knows 18 of the 23',
  'notify-default': 'runc refuses it',
  'notify-write': 'runc refuses it',
  'notify-no-listener': 'runc refuses it',
  'metadata-without-path': "the specification's text forbids it",
  'errnoRet-on-allow': 'crun refuses it, as the text of the specification wants',
  'defaultErrnoRet-on-allow': 'the same',
  'errnoRet-4095': 'libseccomp takes 0 to 4094',
  'errnoRet-65549': 'only 16 bits are used: another errno than it says',
}

const official = (): ((value: unknown) => boolean) => {
  const ajv = new (Draft04 as unknown as typeof Ajv)({ strict: false })
  for (const file of ['defs.json', 'defs-linux.json', 'config-linux.json'])
    ajv.addSchema(JSON.parse(sharedText(`oci-schema/${file}`)), file)
  const validate = ajv.compile({ $ref: 'config-linux.json#/linux/properties/seccomp' })
  return (value) => validate(value) === true
}

t.test('the official schema says the same, but where it is known to be wrong', needsShared, (t) => {
  const validate = official()
  for (const { id, json, oci_schema_ajv: verdict } of cases) {
    t.equal(
      validate(JSON.parse(json)),
      verdict === 'accept',
      `${id}: the collected verdict of the schema holds here`,
    )
    const same = isValid(said(json, 'oci')) === (verdict === 'accept')
    t.equal(same, otherThanSchema[id] === undefined, `${id}: ${otherThanSchema[id] ?? 'the same'}`)
  }
  t.end()
})

t.test('every default profile of the engines is valid, in the format it is written in', needsShared, (t) => {
  const validate = official()
  const names = sharedNames('profiles').filter((name) => name !== 'index.json')
  t.ok(names.length > 50, `${names.length} profiles`)
  for (const name of names) {
    const text = sharedText(`profiles/${name}`)
    const errors = said(text).filter(({ severity }) => severity === 'error')
    t.same(
      errors.map(({ code, line }) => `${code} ${line}`),
      [],
      name,
    )
    const asOci = said(text, 'oci')
    const isDocker = /"(?:archMap|includes|excludes|name|errno)":/.test(text)
    t.equal(
      asOci.some(({ code }) => code === 'docker-key-ignored'),
      isDocker,
      `${name}: what plain OCI readers would ignore is said`,
    )
    if (!isDocker) t.ok(validate(JSON.parse(text)), `${name}: the official schema agrees`)
  }
  t.end()
})

t.test('what the collected documents do not show', (t) => {
  const rule = (more: object): object => ({ names: ['socket'], action: 'SCMP_ACT_ALLOW', ...more })
  const masked = { index: 0, value: 1, valueTwo: 3, op: 'SCMP_CMP_MASKED_EQ' }
  const errno = { action: 'SCMP_ACT_ERRNO', errnoRet: 1 }
  const operator = { apiVersion: 'security-profiles-operator.x-k8s.io/v1beta1', kind: 'SeccompProfile' }
  const rows: readonly (readonly [document: object, code: string, facts: object])[] = [
    [{ syscalls: [rule({ args: [masked] })] }, 'never-matches', { mask: '0x1', comparand: '0x3' }],
    [
      { syscalls: [rule({ includes: { minKernel: 'six' } })], archMap: [] },
      'min-kernel-form',
      { text: 'six' },
    ],
    [
      {
        defaultErrnoRet: 1,
        syscalls: [rule(errno), rule({ args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] })],
      },
      'rule-equals-default',
      { name: 'socket' },
    ],
  ]
  for (const [document, code, facts] of rows) {
    const text = JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', ...document })
    t.match(
      said(text).filter((each) => each.code === code),
      [{ facts }],
      code,
    )
  }
  const spec = { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 38, architectures: ['SCMP_ARCH_X86_64'] }
  t.match(
    said(JSON.stringify({ ...operator, metadata: { name: 'x' }, spec })).filter(
      ({ code }) => code === 'operator-key-ignored',
    ),
    [{ facts: { key: 'defaultErrnoRet' } }],
  )
  t.end()
})

t.test('the schemas, compiled, say what is wrong and where', (t) => {
  t.same(schemaErrors('oci-profile', { defaultAction: 'SCMP_ACT_ALLOW' }), [])
  t.match(schemaErrors('docker-profile', { defaultAction: 1 }), [
    { pointer: '/defaultAction', keyword: /^(?:type|enum)$/, message: /^must be / },
  ])
  t.end()
})

t.test('every code has a sentence and something to do', (t) => {
  for (const [code, severity] of Object.entries(findingSeverities)) {
    const finding = { code, severity, pointer: '', line: 1, column: 1, facts: {} } as Finding
    t.ok(findingSentence(finding).length > 10 && findingHint(finding).length > 3, code)
  }
  t.end()
})

t.test('places are those of the text', (t) => {
  const text = `{
  "defaultAction": "SCMP_ACT_ERRNO",
  "architectures": ["SCMP_ARCH_X86_64"],
  "syscalls": [
    { "names": ["execve", "exit_group", "opne"], "action": "SCMP_ACT_ALLOW" },
    { "names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [{ "index": 6, "value": 0, "op": "SCMP_CMP_EQ" }] }
  ]
}`
  const column = (line: number, what: string): number => (text.split('\n')[line - 1] ?? '').indexOf(what) + 1
  t.match(
    said(text).map(({ code, pointer, line, column }) => ({ code, pointer, line, column })),
    [
      { code: 'unknown-call', pointer: '/syscalls/0/names/2', line: 5, column: column(5, '"opne"') },
      { code: 'argument-index', pointer: '/syscalls/1/args/0/index', line: 6, column: column(6, '6,') },
    ],
  )
  t.end()
})

t.test('execve that no pointer is allowed for starts nothing', (t) => {
  const lacks = (args?: readonly object[]): boolean =>
    said(
      JSON.stringify({
        defaultAction: 'SCMP_ACT_ERRNO',
        architectures: ['SCMP_ARCH_X86_64'],
        syscalls: [
          { names: ['execve'], action: 'SCMP_ACT_ALLOW', ...(args === undefined ? {} : { args }) },
          { names: ['exit', 'exit_group'], action: 'SCMP_ACT_ALLOW' },
        ],
      }),
    ).some(({ code }) => code === 'no-execve')
  t.notOk(lacks())
  t.ok(lacks([{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }]))
  t.notOk(lacks([{ index: 2, value: 0, op: 'SCMP_CMP_NE' }]), 'an environment is there')
  t.end()
})

t.test('a thread must be able to end where threads are made', (t) => {
  const profile = (...names: readonly string[]): string =>
    `{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":${JSON.stringify(['execve', ...names])},"action":"SCMP_ACT_ALLOW"}]}`
  const rows: readonly (readonly [names: readonly string[], isTold: boolean])[] = [
    [['exit_group', 'clone3'], true],
    [['exit_group', 'clone'], true],
    [['exit_group', 'exit', 'clone'], false],
    [['exit', 'clone'], false],
    [['exit_group'], false],
  ]
  for (const [names, isTold] of rows) {
    const found = said(profile(...names)).filter(({ code }) => code === 'thread-exit-refused')
    t.equal(found.length, isTold ? 1 : 0, names.join(' '))
    for (const { severity } of found) t.equal(severity, 'warning')
  }
  t.end()
})
