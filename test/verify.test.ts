// Decides from observations what was refused, edits a profile's text, and prints the report. The runs themselves are in
// test/live/verify.test.ts.
import { Ajv2020 } from 'ajv/dist/2020.js'
import { execaSync } from 'execa'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { builtin, contextOf, makeMeaning, permissiveness, type Answer } from '../src/meaning/index.ts'
import { parseProfile } from '../src/profile/index.ts'
import type { Suspect } from '../src/record/index.ts'
import { unifiedDiff } from '../src/report/unified.ts'
import { printReport } from '../src/report/formats.ts'
import type { Verified } from '../src/report/verification.ts'
import type { OciProfile } from '../src/profile/index.ts'
import { auditedText } from '../src/verify/audited.ts'
import { ceilingOf } from '../src/verify/ceiling.ts'
import { withCall } from '../src/verify/edit.ts'
import {
  verify,
  type ContextFinding,
  type ContextOutcome,
  type Judged,
  type Repaired,
} from '../src/verify/index.ts'
import { refusalsOf, watchFor, type RefusedCall } from '../src/verify/refusals.ts'
import { findLoader } from '../src/verify/loader.ts'
import { transcript } from './commands/world.ts'
import { fc } from './seed.ts'

const meaningOf = (profile: object, runtime?: 'runc') =>
  makeMeaning(parseProfile(JSON.stringify(profile)), contextOf(runtime === undefined ? {} : { runtime }))
const suspect = (more: Partial<Suspect>): Suspect => ({
  architecture: 'x86_64',
  number: 101,
  args: [0n, 0n, 0n, 0n, 0n, 0n],
  result: -1,
  pid: 7,
  comm: 'a',
  count: 1,
  ...more,
})
const [ptrace, socket, read, clone3, unknown] = [101, 41, 0, 435, 900]
const names = (found: readonly RefusedCall[]): readonly (string | number | undefined)[] =>
  found.map(({ syscall, number }) => syscall ?? number)

t.test('what the filter refused is told from what the kernel refused', async (t) => {
  const meaning = meaningOf({
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: [
      { names: ['read', 'faccessat2'], action: 'SCMP_ACT_ALLOW' },
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
      { names: ['kill'], action: 'SCMP_ACT_TRAP' },
      { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
    ],
  })
  const rows: readonly (readonly [string, Partial<Suspect>, readonly (string | number)[]])[] = [
    ['refused by default', { number: ptrace }, ['ptrace']],
    ['an errno that is not the filter’s', { number: ptrace, result: -3 }, []],
    ['allowed, and EPERM of the kernel’s own', { number: read }, []],
    ['refused for its arguments', { number: socket, args: [2n, 0n, 0n, 0n, 0n, 0n] }, ['socket']],
    ['allowed for its arguments', { number: socket, args: [1n, 0n, 0n, 0n, 0n, 0n] }, []],
    ['arguments not told', { number: socket, args: undefined }, ['socket']],
    ['trapped', { number: 62, result: 'trapped' }, ['kill']],
    ['killed by something else', { number: 62, result: 'ended' }, []],
    ['ended by its architecture', { architecture: 'x86', number: 11, result: 'ended' }, ['execve']],
    ['ended, by what is not told', { number: undefined, result: 'ended' }, [undefined as never]],
    ['a number that no table has', { number: unknown }, [900]],
  ]
  for (const [what, seen, expected] of rows)
    t.strictSame(names(refusalsOf(meaning, [suspect(seen)])), expected, what)
  const [withheld] = refusalsOf(meaning, [suspect({ number: clone3, result: -38 })])
  t.equal(withheld?.withheld, true, 'ENOSYS by a rule of its own is meant')
  const folded = refusalsOf(meaning, [
    suspect({ count: 2 }),
    suspect({ pid: 8, comm: 'b', args: [9n, 0n, 0n, 0n, 0n, 0n] }),
  ])
  t.match(
    folded,
    [{ count: 3, processes: [{ pid: 7, count: 2 }, { pid: 8 }] }],
    'arguments that do not matter',
  )
})

t.test('what is watched is what could be refused', async (t) => {
  const watch = watchFor(makeMeaning(builtin('docker').profile, contextOf()))
  const entry = (number: number) =>
    watch.calls.find((each) => each.architecture === 'x86_64' && each.number === number)?.arguments
  t.strictSame([entry(read), entry(56), entry(clone3)], [[], [0], undefined])
  t.strictSame([...watch.results].sort(), [-1, -38])
  const runc = watchFor(
    meaningOf(
      { defaultAction: 'SCMP_ACT_KILL', syscalls: [{ names: ['close'], action: 'SCMP_ACT_ALLOW' }] },
      'runc',
    ),
  )
  t.strictSame(runc.results, [-38], 'runc answers ENOSYS beyond the largest number')
})

t.test('the filter for audit lets through and logs what the profile refuses', async (t) => {
  const filterOf = (profile: object) => JSON.parse(auditedText(parsed(profile), contextOf())) as OciProfile
  const parsed = (profile: object) => parseProfile(JSON.stringify(profile), { name: 'p' })
  const allow = (...names: string[]) => ({ names, action: 'SCMP_ACT_ALLOW' })
  const clone3 = { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 }
  t.match(
    filterOf({
      defaultAction: 'SCMP_ACT_KILL',
      syscalls: [allow('read', 'execve'), clone3, { names: ['kill'], action: 'SCMP_ACT_TRAP' }],
    }),
    {
      defaultAction: 'SCMP_ACT_LOG',
      syscalls: [
        allow('read'),
        { names: ['execve'], action: 'SCMP_ACT_LOG' },
        clone3,
        { names: ['kill'], action: 'SCMP_ACT_LOG' },
      ],
    },
  )
  t.match(filterOf({ defaultAction: 'SCMP_ACT_LOG' }), {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['execve', 'execveat'], action: 'SCMP_ACT_LOG' }],
  })
  t.throws(
    () =>
      filterOf({
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: [
          { ...allow('socket'), args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
          { names: ['socket'], action: 'SCMP_ACT_KILL' },
        ],
      }),
    /p: rules with different answers to socket \(x86_64\) overlap/,
  )
  t.strictSame(
    names(
      refusalsOf(meaningOf({ defaultAction: 'SCMP_ACT_ERRNO' }), [
        suspect({ args: undefined, result: 'logged' }),
      ]),
    ),
    ['ptrace'],
  )
})

t.test('the ceiling gives its own conditions', async (t) => {
  const ceiling = ceilingOf(builtin('docker').profile, contextOf())
  const refusal = (number: number, syscall: string, first = 0n): RefusedCall => ({
    architecture: 'x86_64',
    syscall,
    number,
    args: [first, 0n, 0n, 0n, 0n, 0n],
    answer: { action: 'SCMP_ACT_ERRNO', errno: 1 },
    count: 1,
    processes: [],
    withheld: false,
  })
  t.strictSame(ceiling.casesFor(refusal(read, 'read'), ['x86_64']), [[]])
  t.equal(ceiling.casesFor(refusal(165, 'mount'), ['x86_64']), undefined)
  t.equal(ceiling.casesFor(refusal(56, 'clone', 0x10000000n), ['x86_64']), undefined, 'a new user namespace')
  t.match(ceiling.casesFor(refusal(56, 'clone', 17n), ['x86_64']), [[{ index: 0, op: 'SCMP_CMP_MASKED_EQ' }]])
  t.strictSame(ceilingOf(undefined, contextOf()).casesFor(refusal(165, 'mount'), []), [[]], 'no ceiling')
})

const layouts: Readonly<Record<string, string>> = {
  canonical:
    '{\n  "defaultAction": "SCMP_ACT_ERRNO",\n  "syscalls": [\n    {\n      "names": [\n        "close",\n        "write"\n      ],\n      "action": "SCMP_ACT_ALLOW"\n    }\n  ]\n}\n',
  'in one line':
    '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["close","write"],"action":"SCMP_ACT_ALLOW"}]}',
  'one name': '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["close"],"action":"SCMP_ACT_ALLOW"}]}',
  unsorted:
    '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":[ "write", "close" ],"action":"SCMP_ACT_ALLOW"}]}\r\n',
  'without rules': '{"defaultAction": "SCMP_ACT_ERRNO"}',
  'refused by a rule':
    '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read","kill"],"action":"SCMP_ACT_ERRNO","errnoRet":2},{"names":["read"],"action":"SCMP_ACT_KILL"}]}',
  'refused by the last name of a rule, in one line':
    '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["kill","read"],"action":"SCMP_ACT_ERRNO","errnoRet":2},{"names":["kill","read"],"action":"SCMP_ACT_KILL"}]}',
  'a config.json':
    '{"ociVersion":"1.0.2","linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["write"],"action":"SCMP_ACT_ALLOW"}]}},"process":{"cwd":"/"}}',
  'a ConfigMap in JSON':
    '{"apiVersion":"v1","kind":"ConfigMap","data":{"a.json":"{\\"defaultAction\\":\\"SCMP_ACT_ERRNO\\"}"}}',
  'a SeccompProfile': `# of the shop
apiVersion: security-profiles-operator.x-k8s.io/v1
kind: SeccompProfile
metadata: {name: shop}
spec:
  defaultAction: SCMP_ACT_ERRNO   # nothing else

  syscalls:
    # a run of last week
    - action: SCMP_ACT_ALLOW
      names:
        - "close"   # always
        # for the log
        - "write"
    - names: [kill]   # never
      action: SCMP_ACT_ERRNO
# the end
`,
  'a SeccompProfile as kubectl prints it':
    'apiVersion: security-profiles-operator.x-k8s.io/v1\nkind: SeccompProfile\nspec:\n  defaultAction: SCMP_ACT_ERRNO\n  syscalls:\n  - action: SCMP_ACT_ALLOW\n    names:\n    - write\n    - close',
  'a SeccompProfile of flows, behind a pod':
    'kind: Pod\napiVersion: v1\nspec: {containers: []}\n---\nkind: SeccompProfile\napiVersion: v1\nspec:\n  defaultAction: SCMP_ACT_ERRNO\n  architectures: [SCMP_ARCH_X86_64]\n  syscalls:\n  - {names: [close, write], action: SCMP_ACT_ALLOW}\n  - names: [read, kill, reboot]\n    action: SCMP_ACT_KILL\n',
  'a SeccompProfile of nothing but flows, and rules that refuse':
    'kind: SeccompProfile\napiVersion: v1\nspec: {defaultAction: SCMP_ACT_ERRNO, syscalls: [{names: [read], action: SCMP_ACT_ERRNO}, {names: [read, kill, reboot], action: SCMP_ACT_KILL}]}\n',
  'a SeccompProfile whose rules are flows, and none yet':
    'kind: SeccompProfile\napiVersion: v1\nspec:\n  defaultAction: SCMP_ACT_ERRNO\n  syscalls: []\n',
  'a SeccompProfile with a rule that refuses, in a block':
    'kind: SeccompProfile\napiVersion: v1\nspec:\n  defaultAction: SCMP_ACT_ERRNO\n  syscalls:\n  - names:\n    - read\n    action: SCMP_ACT_KILL\n  - names:\n    - kill\n    - read\n    action: SCMP_ACT_KILL\n',
  'a SeccompProfile without rules':
    'kind: SeccompProfile\napiVersion: v1\nspec:\n  defaultAction: SCMP_ACT_ERRNO\n',
  'a ConfigMap': `apiVersion: v1
kind: ConfigMap
data:
  # the kubelet's
  shop.json: |-
    {
      "defaultAction": "SCMP_ACT_ERRNO",

      "syscalls": [{ "names": ["close"], "action": "SCMP_ACT_ALLOW" }]
    }
  other: x # kept
`,
}

t.test('a call is added where it stands best, and the rest stays as it is', async (t) => {
  const allowedIn = (text: string, number: number, first = 0n): boolean =>
    permissiveness(makeMeaning(parseProfile(text), contextOf()).answer('x86_64', number, [first])) === 2
  for (const [what, text] of Object.entries(layouts)) {
    const plain = { architecture: 'x86_64', syscall: 'read', cases: [[]] } as const
    const edited = withCall(text, 'p', plain, (text) => allowedIn(text, read)) ?? ''
    t.ok(allowedIn(edited, read), what)
    const conditions = [
      { index: 0, value: 0xffffffffffffffffn, valueTwo: 1n, op: 'SCMP_CMP_MASKED_EQ' },
    ] as const
    const wide =
      withCall(text, 'p', { architecture: 'x86_64', syscall: 'socket', cases: [conditions] }, (text) =>
        allowedIn(text, socket, 1n),
      ) ?? ''
    t.ok(allowedIn(wide, socket, 1n) && !allowedIn(wide, socket, 2n), `${what}, under a condition`)
    t.match(wide, '18446744073709551615', 'no digit is lost')
  }
  const at = (name: string): string =>
    withCall(
      layouts[name] ?? '',
      'p',
      { architecture: 'x86_64', syscall: 'read', cases: [[]] },
      () => true,
    ) ?? ''
  t.equal(at('canonical'), (layouts['canonical'] ?? '').replace('"close",\n', '"close",\n        "read",\n'))
  t.equal(at('in one line'), (layouts['in one line'] ?? '').replace('"close",', '"close","read",'))
  const removed = withCall(
    layouts['refused by the last name of a rule, in one line'] ?? '',
    'p',
    { architecture: 'x86_64', syscall: 'read', cases: [[]] },
    (text) => !text.includes('"read"') || !text.includes('errnoRet'),
  )
  t.equal(
    removed,
    (layouts['refused by the last name of a rule, in one line'] ?? '').replaceAll(',"read"', ''),
  )
  t.equal(at('unsorted'), (layouts['unsorted'] ?? '').replace('"close" ', '"close", "read" '))
  const lines = (name: string): string =>
    at(name)
      .split('\n')
      .filter((line) => !(layouts[name] ?? '').split('\n').includes(line))
      .join('\n')
  t.equal(lines('a SeccompProfile'), '        - "read"')
  t.match(at('a SeccompProfile'), /"close" {3}# always\n {8}- "read"\n {8}# for the log/)
  t.equal(lines('a SeccompProfile as kubectl prints it'), '    - read')
  t.equal(
    lines('a SeccompProfile of flows, behind a pod'),
    '  - {names: [close, read, write], action: SCMP_ACT_ALLOW}',
  )
  t.equal(
    lines('a ConfigMap'),
    '      "syscalls": [{ "names": ["close", "read"], "action": "SCMP_ACT_ALLOW" }]',
  )
  const x86 = withCall(
    layouts['canonical'] ?? '',
    'p',
    { architecture: 'x86', syscall: 'execve', cases: [[]] },
    () => true,
  )
  t.match(parseProfile(x86 ?? '').profile, { architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'] })
})

t.test('where no edit makes the filter allow a call, none is made', async (t) => {
  const mapped = (...subArchitectures: string[]): string =>
    JSON.stringify({
      defaultAction: 'SCMP_ACT_ERRNO',
      archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures }],
    })
  const execve = { architecture: 'x86', syscall: 'execve', cases: [[]] } as const
  const added = (text: string): string | undefined =>
    withCall(
      text,
      'p',
      execve,
      (text) => permissiveness(makeMeaning(parseProfile(text), contextOf()).answer('x86', 11, [])) === 2,
    )
  t.type(added(mapped('SCMP_ARCH_X86')), 'string')
  t.equal(added(mapped('SCMP_ARCH_X32')), undefined, 'archMap gives this machine no such architecture')
  const alias = `kind: SeccompProfile
apiVersion: v1
spec:
  defaultAction: SCMP_ACT_KILL
  architectures: [SCMP_ARCH_X86_64, SCMP_ARCH_X86]
  syscalls:
  - names: &names [execve, kill]
    action: SCMP_ACT_LOG
    args: [{index: 0, value: 1, op: SCMP_CMP_EQ}]
  - names: *names
    action: SCMP_ACT_ERRNO
`
  t.equal(added(alias), undefined, 'what an alias says is said elsewhere too')
})

t.test('the diff is what patch(1) takes', async (t) => {
  if (execaSync('patch', ['--version'], { reject: false }).failed)
    return void t.comment('patch is not installed')
  const directory = mkdtempSync('/tmp/sg-patch-')
  const line = fc.constantFrom('a\n', 'b\n', 'c\n', 'd\n')
  const text = fc
    .tuple(fc.array(line, { maxLength: 12 }), fc.constantFrom('', 'end'))
    .map(([lines, end]) => lines.join('') + end)
  fc.assert(
    fc.property(text, text, (before, after) => {
      writeFileSync(join(directory, 'f'), before)
      const diff = `# a comment\n${unifiedDiff(before, after, ['a/f', 'b/f'])}`
      if (before !== after) execaSync('patch', ['-s', '-p1'], { cwd: directory, input: diff })
      const file = join(directory, 'f')
      // patch deletes a file that becomes empty.
      return (after === '' && before !== '') || readFileSync(file, 'utf8') === after
    }),
    { numRuns: 60 },
  )
  rmSync(directory, { recursive: true })
})

const hostile = 'e\u001b[31mvil`|\n::error::x'
const verified: Verified = {
  profile: `p${hostile}.json`,
  within: 'docker',
  target: 'docker with runc',
  seenBy: 'ebpf',
  ending: { kind: 'exited', status: 0 },
  started: true,
  runs: 1,
  rounds: 2,
  refusals: [
    {
      architecture: 'x86_64',
      syscall: 'ptrace',
      number: ptrace,
      args: [16n, 1n, 2n, 3n, 4n, 2n ** 64n - 1n],
      answer: { action: 'SCMP_ACT_ERRNO', errno: 1 },
      count: 2,
      processes: [{ pid: 9, comm: hostile, count: 2 }],
      withheld: false,
      default: { action: 'SCMP_ACT_ERRNO', errno: 1 },
    },
  ],
  withheld: [],
  decidedByOwn: [],
  lost: 0,
  interrupted: false,
  repair: { before: 'a\n', text: `a${hostile}\n`, added: [], bounded: false },
}

t.test('every report holds the same, escaped', async (t) => {
  for (const format of ['text', 'json', 'markdown'] as const) {
    const report = printReport('verification', verified, format)
    t.notMatch(report, '\u001b', format)
    t.notMatch(report, /^::error/m, format)
    t.match(report, 'ptrace', format)
  }
  const validate = new Ajv2020({ strict: true }).compile(
    JSON.parse(
      readFileSync(new URL('../schemas/verification.schema.json', import.meta.url), 'utf8'),
    ) as object,
  )
  const document = JSON.parse(printReport('verification', verified, 'json')) as Record<string, unknown>
  t.ok(validate(document), JSON.stringify(validate.errors))
  t.match(document, {
    verdict: 'refused',
    refused: [{ errno: 'EPERM', args: ['16', '1', '2', '3', '4', '18446744073709551615'] }],
  })
  const [refusal] = verified.refusals as readonly [Judged]
  const answer = (action: Answer['action']): Answer => ({ action, errno: undefined })
  const allow = answer('SCMP_ACT_ALLOW')
  const repaired = (more: Partial<Repaired>): Partial<Verified> => ({
    repair: {
      before: 'a\n',
      text: 'b\n',
      added: [{ refusal, round: 1, conditional: true, within: true, ...more }],
      bounded: true,
    },
  })
  const rows: readonly (readonly [Partial<Verified>, RegExp])[] = [
    [{ started: false }, /^FAILS: the program did not start: the runtime needs ptrace before it/],
    [{ started: false, refusals: [] }, /the reason is something else/],
    [{ interrupted: true, refusals: [] }, /^FAILS: nothing was refused up to then.*\na signal ended the run/],
    [{ refusals: [] }, /^passes: p\.json suffices|^passes: .* suffices: nothing was refused/],
    [
      { refusals: [], ending: { kind: 'exited', status: 3 } },
      /^FAILS: nothing was refused .*; the command ended with status 3/s,
    ],
    [
      { refusals: [], ending: { kind: 'killed', signal: 'SIGTERM', byUs: true } },
      /^passes: .* its time was up/s,
    ],
    [{ lost: 2 }, /2 refused calls found no room/],
    [{ lost: 2, seenBy: 'audit' }, /2 audit records of this machine found no room/],
    [{ ending: { kind: 'killed', signal: 'SIGSYS' } }, /the command was ended by SIGSYS/],
    [{ ending: { kind: 'exited', status: 3 } }, /the command ended with status 3/],
    [{ ending: { kind: 'released' } }, /refuses 1 call that the program made: ptrace [^;]*\n/],
    [{ refusals: [{ ...refusal, answer: answer('SCMP_ACT_NOTIFY') }] }, /ENOSYS/],
    [{ refusals: [{ ...refusal, answer: answer('SCMP_ACT_KILL_PROCESS') }] }, /KILL_PROCESS/],
    [repaired({}), /# ptrace .* in round 1, by .*; docker allows it under these conditions/],
    [repaired({ within: false }), /; beyond docker, as --widen asks/],
    [{ ...repaired({}), within: undefined }, /; no ceiling was given/],
    [repaired({}), /# not added: ptrace .* docker refuses it too, and only --widen goes beyond/],
    [{ ...repaired({}), refusals: [{ ...refusal, default: allow }] }, /the last of 2 rounds came before/],
    [{ refusals: [{ ...refusal, default: allow }] }, /own rules contradict it: edit them by hand/],
  ]
  for (const [more, sentence] of rows)
    t.match(printReport('verification', { ...verified, ...more }, 'text'), sentence)
  const killed = { kind: 'killed', signal: 'SIGSYS' } as const
  const json = JSON.parse(
    printReport('verification', { ...verified, ...repaired({}), ending: killed }, 'json'),
  ) as Record<string, unknown>
  t.ok(validate(json), JSON.stringify(validate.errors))
  t.match(json, { ending: { signal: 'SIGSYS' } })
})

t.test('a report on a security context follows the schema', async (t) => {
  const schema = new URL('../schemas/verification.schema.json', import.meta.url)
  const validate = new Ajv2020({ strict: true }).compile(JSON.parse(readFileSync(schema, 'utf8')) as object)
  const seen = { program: `a${hostile}`, uid: 33, count: 2 }
  const finding: ContextFinding = {
    layer: 'capability',
    what: 'CAP_CHOWN',
    tried: 'chown',
    functions: ['capable_wrt_inode_uidgid'],
    paths: ['/run/a'],
    ...seen,
  }
  const findings: readonly ContextFinding[] = [
    finding,
    { layer: 'path', what: '/run/a', tried: 'open (openat)', answered: 'EROFS', ...seen },
    { layer: 'execution', what: '/bin/a', tried: 'execve', answered: 'EACCES', ...seen },
    { layer: 'port', what: '80', tried: 'bind (inet)', answered: 'EACCES', ...seen },
  ]
  const context = {
    container: 'web',
    findings,
    unseen: ['not seen: checks for capabilities, in ebpf'],
    withoutContext: 1,
    rounds: 2,
    added: [finding],
    document: { version: 1, containers: [] } as const,
    trials: [{ without: 'CAP_KILL', refused: [finding], ended: true }],
  }
  // Nothing was refused, so refusals without the context were not asked for.
  const { withoutContext: _, ...asked } = context
  const clean: ContextOutcome = { ...asked, findings: [], added: [], trials: [] }
  for (const each of [context, clean]) {
    const json = JSON.parse(printReport('verification', { ...verified, context: each }, 'json')) as {
      readonly context: { readonly refused: readonly unknown[] }
    }
    t.ok(validate(json), JSON.stringify(validate.errors))
    t.equal(json.context.refused.length, each.findings.length)
    const text = printReport('verification', { ...verified, context: each }, 'text')
    t.match(text, /the recording does not show all: not seen: checks for capabilities, in ebpf/)
    t.notOk(validate({ ...json, context: { ...json.context, other: 1 } }), 'and nothing else')
  }
})

t.test('what cannot be verified is one line', async (t) => {
  const directory = t.testdir({
    'empty.json': '{}',
    'broken.json': '{"defaultAction":',
    'good.json': '{"defaultAction":"SCMP_ACT_ALLOW"}',
    'docker.json':
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_SYS_ADMIN"]}}]}',
  })
  const rows: readonly (readonly [readonly string[], number, RegExp, string?])[] = [
    [['good.json'], 125, /give a command after --/],
    [['missing.json', '--', 'true'], 125, /missing\.json: no such file/],
    [['broken.json', '--', 'true'], 125, /broken\.json:1/],
    [['empty.json', '--', 'true'], 125, /empty\.json:1:1: .*no-default-action/],
    [['--runs', '3', 'good.json', '--', 'no-such-program'], 127, /not found in PATH/],
    [['good.json', '--', '/etc/passwd'], 126, /not an executable file/],
    [['--widen', 'good.json', '--', 'true'], 125, /give both/],
    [['--runs', '0', 'good.json', '--', 'true'], 125, /Give a number/],
  ]
  const bare = /a plain command is verified in bubblewrap, or for root in runc or crun: /
  for (const [words, status, message, PATH = '/usr/bin:/bin'] of [
    ...rows,
    [['good.json', '--', '/bin/true'], 125, bare, '/nonexistent'] as const,
  ]) {
    const result = await transcript(['verify', ...words], directory, undefined, { PATH })
    t.equal(result.status, status, words.join(' '))
    t.match(result.stderr, message, words.join(' '))
    t.equal(result.stderr.trim().split('\n').length, 1, 'one line')
    t.equal(result.stdout, '')
  }
})

t.test(
  'what cannot be verified, or would be read otherwise than it says, is refused before anything runs',
  async (t) => {
    const path = t.testdir()
    for (const name of ['docker', 'nerdctl', 'runc', 'kubectl', 'docker-compose'])
      writeFileSync(join(path, name), '#!/bin/sh\nexit 9\n', { mode: 0o755 })
    const target = (...command: [string, ...string[]]) =>
      findLoader({ command, env: { PATH: path } }, { noNewPrivileges: true }, 'docker')
    const refusal = { name: 'UserError', status: 125 }
    await t.rejects(target('docker', 'run', '--runtime', 'kata-qemu', 'x'), {
      ...refusal,
      message: 'kata-qemu does not run containers on this kernel: its refusals cannot be seen from here',
    })
    await t.rejects(target('docker', 'start', 'NAME'), {
      ...refusal,
      message: /the profile would apply to docker itself, not to its container/,
    })
    const plain = {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }],
    }
    const parsed = (value: object) => parseProfile(JSON.stringify(value), { name: 'p.json' })
    const conditional = {
      ...plain,
      syscalls: [{ ...plain.syscalls[0], includes: { caps: ['CAP_SYS_ADMIN'] } }],
    }
    for (const program of ['runc', 'nerdctl']) {
      const { read } = await target(program, 'run', 'x')
      t.throws(() => read(parsed(conditional)), {
        ...refusal,
        message:
          /^p\.json:1:\d+: (?:runc|nerdctl) reads plain OCI and ignores includes, so a different filter would run/,
      })
      t.equal(read(parsed(plain)).profile.syscalls.length, 1)
    }
    const based = `apiVersion: security-profiles-operator.x-k8s.io/v1beta1
kind: SeccompProfile
metadata: {name: p}
spec: {baseProfileName: other, defaultAction: SCMP_ACT_ERRNO, syscalls: []}
`
    const { read } = await target('runc', 'run', 'x')
    const command = ['docker', 'run', '--runtime', 'runc', 'x'] as const
    const profile = JSON.stringify(plain)
    await t.rejects(verify({ command, profile, recorder: 'strace', env: { PATH: path } }), {
      ...refusal,
      message:
        'refusals cannot be seen here: strace: a container that docker starts is not a child of the command, and only ebpf can follow it',
    })
    t.throws(() => read(parseProfile(based, { name: 'p.yaml' })), {
      ...refusal,
      message:
        'p.yaml: builds on other, which is not available here: print both as one profile with seccomp-gen generate',
    })
  },
)
