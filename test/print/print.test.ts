import { readFileSync } from 'node:fs'
import t from 'tap'
import { architectures, hostNames, type Architecture } from '../../src/abi/architectures.ts'
import type { Policy } from '../../src/policy/policy.ts'
import type { DockerProfile, DockerRule } from '../../src/profile/dialects.ts'
import { isValid, profileProblems } from '../../src/check/index.ts'
import { buildDockerProfile, buildProfile, printPolicyAs, printProfile } from '../../src/print/index.ts'
import { parseProfile } from '../../src/profile/index.ts'
import { actions, documentArchitectures, flags, operators } from '../../src/profile/words.ts'
import { anyPolicy, small } from './policies.ts'
import { fc } from '../seed.ts'

const because = small.rules[0]?.because as Policy['rules'][number]['because']

t.test('one small policy in the four dialects', (t) => {
  for (const [dialect, file] of [
    ['oci', 'small.oci.json'],
    ['docker', 'small.docker.json'],
    ['spo', 'small.spo.yaml'],
    ['kubernetes', 'small.kubernetes.yaml'],
  ] as const) {
    const golden = new URL(`fixtures/${file}`, import.meta.url)
    const text = printPolicyAs(small, dialect)
    t.equal(text, readFileSync(golden, 'utf8'), file)
    const parsed = parseProfile(text, { name: file })
    t.strictSame(
      profileProblems(parsed).filter(({ severity }) => severity !== 'note'),
      [],
      'and there is nothing to say against it',
    )
  }
  t.end()
})

const uint64 = fc.bigInt(0n, 2n ** 64n - 1n)
const optional: { requiredKeys: [] } = { requiredKeys: [] }
const filter = fc.record(
  {
    caps: fc.array(fc.constantFrom('CAP_SYS_ADMIN', 'CAP_BPF')),
    arches: fc.array(fc.constantFrom('amd64', 'arm64')),
    minKernel: fc.constantFrom('4.8', '5.0'),
  },
  optional,
)
const rule: fc.Arbitrary<DockerRule> = fc.record(
  {
    names: fc.array(fc.string({ unit: 'binary', minLength: 1 }), { minLength: 1 }),
    action: fc.constantFrom(...actions),
    errnoRet: fc.nat(4094),
    errno: fc.constantFrom('EPERM', 'ENOSYS'),
    args: fc.array(
      fc.record(
        { index: fc.nat(5), value: uint64, valueTwo: uint64, op: fc.constantFrom(...operators) },
        { requiredKeys: ['index', 'value', 'op'] },
      ),
    ),
    comment: fc.string({ unit: 'binary' }),
    includes: filter,
    excludes: filter,
  },
  { requiredKeys: ['names', 'action'] },
)
const anyProfile: fc.Arbitrary<DockerProfile> = fc.record(
  {
    defaultAction: fc.constantFrom(...actions),
    defaultErrnoRet: fc.nat(4094),
    defaultErrno: fc.constantFrom('EPERM', 'ENOSYS'),
    architectures: fc.array(fc.constantFrom(...documentArchitectures)),
    archMap: fc.array(
      fc.record({
        architecture: fc.constantFrom(...documentArchitectures),
        subArchitectures: fc.array(fc.constantFrom(...documentArchitectures)),
      }),
    ),
    flags: fc.array(fc.constantFrom(...flags)),
    listenerPath: fc.string({ unit: 'binary' }),
    listenerMetadata: fc.string({ unit: 'binary' }),
    syscalls: fc.array(rule, { maxLength: 5 }),
  },
  { requiredKeys: ['defaultAction', 'syscalls'] },
)

t.test('reading what was printed gives the same profile, and printing that the same bytes', (t) => {
  fc.assert(
    fc.property(anyProfile, (profile) => {
      const text = printProfile(profile)
      const { profile: read, flaws } = parseProfile(text)
      if (read.defaultAction === undefined || !isValid(flaws)) return false
      return printProfile({ ...read, defaultAction: read.defaultAction }) === text
    }),
  )
  t.end()
})

/** Our rules never repeat, contradict or undo one another. */
const undoing: ReadonlySet<string> = new Set([
  'duplicate-rule',
  'rules-clash',
  'first-rule-wins',
  'condition-without-effect',
  'rule-equals-default',
  'repeated-name',
  'repeated-index',
  'never-matches',
  'narrow-argument',
  'schema',
])

function isMixed({ architectures: names }: Policy): boolean {
  return new Set(names.map((each) => architectures[each].byteOrder)).size > 1
}

t.test('a policy is printed the same whatever the order of its rules, and soundly in every dialect', (t) => {
  const shuffled = anyPolicy.chain((policy) =>
    fc.tuple(
      fc.constant(policy),
      fc
        .shuffledSubarray([...policy.rules], { minLength: policy.rules.length })
        .map((rules) => ({ ...policy, rules })),
    ),
  )
  fc.assert(
    fc.property(shuffled, ([policy, other]) => {
      for (const dialect of ['oci', 'docker', 'kubernetes'] as const) {
        if (dialect !== 'docker' && isMixed(policy)) {
          t.throws(() => printPolicyAs(policy, dialect), { code: 'byte-orders-mixed' })
          continue
        }
        const text = printPolicyAs(policy, dialect)
        if (text !== printPolicyAs(other, dialect)) return false
        // Two findings are expected: random policies may lack a runtime's calls, which leaves a call of another
        // architecture alone; and a policy for two byte orders needs two files.
        const findings = profileProblems(text).filter(
          ({ code }) => !/^(?:rules-lost|architectures-mixed)$/.test(code),
        )
        if (!isValid(findings)) return false
        if (findings.some(({ code }) => undoing.has(code))) return false
      }
      return true
    }),
  )
  t.end()
})

t.test('Docker: on each host exactly the calls that a rule for it allows; OCI: the union of them', (t) => {
  const allowedBy = (policy: Policy, on: (architecture: Architecture) => boolean): readonly string[] => [
    ...new Set(
      policy.rules
        .filter(({ action, architectures }) => action.type === 'allow' && architectures.some(on))
        .map(({ syscall }) => syscall),
    ),
  ]
  const allowedIn = ({ syscalls = [] }: DockerProfile, engine: string): readonly string[] => [
    ...new Set(
      syscalls
        .filter(
          ({ action, includes }) =>
            action === 'SCMP_ACT_ALLOW' && (includes?.arches?.includes(engine) ?? true),
        )
        .flatMap(({ names }) => names),
    ),
  ]
  fc.assert(
    fc.property(anyPolicy, (policy) => {
      const docker = buildDockerProfile(policy)
      for (const host of hostNames) {
        if (!policy.architectures.some((each) => architectures[each].host === host)) continue
        const expected = allowedBy(policy, (each) => architectures[each].host === host)
        if (
          allowedIn(docker, architectures[host].engines.docker as string)
            .toSorted()
            .join() !== expected.toSorted().join()
        )
          return false
      }
      if (isMixed(policy)) return true
      const everywhere = allowedBy(policy, () => true)
      return allowedIn(buildProfile(policy), '').toSorted().join() === everywhere.toSorted().join()
    }),
  )
  t.end()
})

function withRules(...rules: readonly Omit<Policy['rules'][number], 'because'>[]): Policy {
  return { ...small, rules: rules.map((rule) => ({ ...rule, because })) }
}

t.test('conditions: two masks of one argument are one comparison, and mask 0 is none', (t) => {
  const rule = { syscall: 'socket', architectures: ['x86_64'], action: { type: 'allow' } } as const
  const args = (...conditions: Policy['rules'][number]['conditions']) =>
    buildProfile(withRules({ ...rule, conditions })).syscalls?.[0]?.args
  t.strictSame(args({ index: 0, mask: 0xf0n, value: 0x10n }, { index: 0, mask: 0x1fn, value: 0x11n }), [
    { index: 0, value: 0xffn, valueTwo: 0x11n, op: 'SCMP_CMP_MASKED_EQ' },
  ])
  t.equal(args({ index: 0, mask: 0n, value: 0n }), undefined)
  t.throws(() => args({ index: 0, mask: 1n, value: 2n }), /can never hold/)
  t.throws(() => args({ index: 0, mask: 1n, value: 1n }, { index: 0, mask: 1n, value: 0n }), /can never hold/)
  t.end()
})

t.test('default actions, and what the operator cannot say', (t) => {
  t.match(buildProfile({ ...small, defaultAction: { type: 'kill-process' } }), {
    defaultAction: 'SCMP_ACT_KILL_PROCESS',
  })
  t.match(buildProfile({ ...small, defaultAction: { type: 'log' } }), { defaultAction: 'SCMP_ACT_LOG' })
  t.match(
    buildProfile({ ...small, defaultAction: { type: 'errno', errno: 38 } }).syscalls?.some(
      ({ action }) => action === 'SCMP_ACT_ERRNO',
    ),
    false,
    'a rule that says what the default says is left out',
  )
  t.throws(
    () => buildProfile({ ...small, defaultAction: { type: 'errno', errno: 4095 } }),
    /not an errno that libseccomp takes/,
  )
  t.throws(() => printPolicyAs({ ...small, defaultAction: { type: 'errno', errno: 38 } }, 'spo'), {
    name: 'UserError',
    message: /no defaultErrnoRet/,
  })
  const wide = [{ index: 1, mask: 2n ** 64n - 2n, value: 2n }]
  const policy = withRules({
    syscall: 'mmap',
    architectures: ['x86_64'],
    action: { type: 'allow' },
    conditions: wide,
  })
  t.throws(() => printPolicyAs(policy, 'spo'), {
    name: 'UserError',
    message: /mmap is compared with 18446744073709551614/,
  })
  for (const name of ['', 'App', '-a', 'a_b', 'a..b', 'a\nb', 'a'.repeat(201)]) {
    t.throws(() => printPolicyAs(small, 'kubernetes', { name }), { name: 'UserError' }, JSON.stringify(name))
  }
  t.match(
    printPolicyAs(small, 'spo', { name: 'on' }),
    /name: "on"/,
    'a name that YAML 1.1 takes for a boolean is quoted',
  )
  t.end()
})
