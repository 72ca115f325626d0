// The meaning of a profile for a version of a runtime, an engine or libseccomp. Each expected answer is the real
// program's, from the reports and sources named in src/meaning/versions.
import t from 'tap'
import { syscallTable } from '../../src/abi/tables.ts'
import { profileProblems } from '../../src/check/index.ts'
import {
  answerText,
  contextOf,
  makeMeaning,
  refusalsOf,
  type ContextOptions,
} from '../../src/meaning/index.ts'
import { generator } from './random.ts'
import { parseProfile } from '../../src/profile/index.ts'

const allow = 'SCMP_ACT_ALLOW'
const refused = 'SCMP_ACT_ERRNO(1)'
const unknown = 'SCMP_ACT_ERRNO(38)'
const equal = (index: number, value: number): object => ({ index, value, op: 'SCMP_CMP_EQ' })
const least = (index: number): object => ({ index, value: 16, op: 'SCMP_CMP_GE' })
const refusing = { defaultAction: 'SCMP_ACT_ERRNO', architectures: ['SCMP_ARCH_X86_64'] }
const denying = { defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X86_64'] }
const seven = { names: ['socket'], args: [21, 22, 23, 24, 25, 26, 16].map((each) => equal(0, each)) }
const together = { names: ['socket'], args: [0, 1, 2, 3, 4, 5].map(least).concat(equal(0, 2)) }

const rows: readonly {
  readonly what: string
  readonly profile: object
  readonly call: readonly [string, ...number[]]
  readonly answers: readonly (readonly [ContextOptions, string])[]
}[] = [
  {
    what: 'the seventh alternative of an allow rule',
    profile: { ...refusing, syscalls: [{ ...seven, action: allow }] },
    call: ['socket', 16],
    answers: [
      [{}, allow],
      [{ runtime: 'runc@1.1.5' }, allow],
      [{ runtime: 'crun@1.8.1' }, refused],
      [{ runtime: 'crun' }, refused],
      [{ runtime: 'crun@1.30' }, allow],
    ],
  },
  {
    what: 'a seventh condition that makes alternatives of all',
    profile: { ...denying, syscalls: [{ ...together, action: 'SCMP_ACT_ERRNO', errnoRet: 77 }] },
    call: ['socket', 2],
    answers: [
      [{ runtime: 'runc' }, 'SCMP_ACT_ERRNO(77)'],
      [{ runtime: 'crun@1.28' }, allow],
      [{ runtime: 'crun@1.30' }, 'SCMP_ACT_ERRNO(77)'],
    ],
  },
  {
    what: 'a call that a newer libseccomp knows, allowed',
    profile: { ...refusing, syscalls: [{ names: ['write', 'mseal'], action: allow }] },
    call: ['mseal'],
    answers: [
      [{}, allow],
      [{ libseccomp: '2.5.4' }, refused],
      [{ libseccomp: '2.5.4', runtime: 'runc' }, unknown],
      [{ libseccomp: '2.5.6', runtime: 'runc' }, allow],
      [{ libseccomp: '2.6', runtime: 'crun' }, allow],
    ],
  },
  {
    what: 'and refused',
    profile: { ...denying, syscalls: [{ names: ['mseal'], action: 'SCMP_ACT_ERRNO' }] },
    call: ['mseal'],
    answers: [
      [{ libseccomp: '2.5.4', runtime: 'runc' }, allow],
      [{ libseccomp: '2.6.0', runtime: 'runc' }, refused],
    ],
  },
  {
    what: 'runc without the native architecture in the list',
    profile: { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['write'], action: allow }] },
    call: ['openat2'],
    answers: [
      [{ runtime: 'runc@1.1.5' }, refused],
      [{ runtime: 'runc@1.1.15' }, unknown],
      [{ runtime: 'crun' }, refused],
    ],
  },
  {
    what: 'defaultErrnoRet',
    profile: { ...refusing, defaultErrnoRet: 38, syscalls: [] },
    call: ['keyctl'],
    answers: [
      [{}, unknown],
      [{ engine: 'docker@20.10' }, refused],
      [{ engine: 'docker@20.10.24' }, refused],
      [{ engine: 'docker@23.0' }, unknown],
      [{ engine: 'podman' }, unknown],
      [{ engine: 'podman@2.2.1' }, refused],
      [{ engine: 'podman@3.2' }, refused],
      [{ engine: 'podman@3.3' }, unknown],
      [{ engine: 'podman@3' }, unknown],
      [{ engine: 'cri-o@1.21.7' }, refused],
      [{ engine: 'cri-o@1.22' }, unknown],
      [{ runtime: 'runc@1.0.0-rc92' }, refused],
      [{ runtime: 'runc@1.0.0-rc93' }, unknown],
      [{ runtime: 'crun@0.17' }, refused],
      [{ runtime: 'crun@0.19' }, unknown],
    ],
  },
  {
    what: 'an errno by name, which Podman and CRI-O take before the number',
    profile: {
      ...refusing,
      syscalls: [{ names: ['keyctl'], action: 'SCMP_ACT_ERRNO', errnoRet: 5, errno: 'ENOSYS' }],
    },
    call: ['keyctl'],
    answers: [
      [{ engine: 'docker' }, 'SCMP_ACT_ERRNO(5)'],
      [{ engine: 'podman' }, unknown],
      [{ engine: 'podman@4.0.0' }, unknown],
      [{ engine: 'podman@3.4' }, 'SCMP_ACT_ERRNO(5)'],
      [{ engine: 'podman@1.9.3' }, refused],
      [{ engine: 'cri-o@1.24' }, 'SCMP_ACT_ERRNO(5)'],
      [{ engine: 'cri-o@1.25' }, unknown],
    ],
  },
  {
    what: 'minKernel',
    profile: {
      ...refusing,
      syscalls: [{ names: ['keyctl'], action: allow, includes: { minKernel: '9.9' } }],
    },
    call: ['keyctl'],
    answers: [
      [{}, refused],
      [{ engine: 'docker' }, refused],
      [{ engine: 'podman' }, allow],
      [{ engine: 'cri-o' }, allow],
      [{ engine: 'containerd' }, allow],
    ],
  },
  {
    what: 'more than 32 names are sorted by number by runc 1.2 and later',
    profile: {
      ...denying,
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X32'],
      syscalls: [
        { names: ['socket'], action: 'SCMP_ACT_ERRNO', args: [equal(0, 40)] },
        {
          names: ['spu_run', ...Array.from({ length: 40 }, (_, at) => `none${at}`)],
          action: 'SCMP_ACT_ERRNO',
        },
      ],
    },
    call: ['socket', 40],
    answers: [
      [{ runtime: 'runc@1.1.5' }, allow],
      [{ runtime: 'crun' }, allow],
      [{ runtime: 'runc@1.2.0' }, refused],
      [{ runtime: 'runc' }, refused],
    ],
  },
]

t.test('each version answers as it does', (t) => {
  for (const { what, profile, call, answers } of rows) {
    const parsed = parseProfile(JSON.stringify(profile))
    const [name, ...args] = call
    const number = syscallTable('x86_64').byName(name)?.number ?? -1
    for (const [options, expected] of answers) {
      const answer = makeMeaning(parsed, contextOf(options)).answer('x86_64', number, args.map(BigInt))
      t.equal(answerText(answer), expected, `${what}: ${JSON.stringify(options)}`)
    }
  }
  t.end()
})

t.test('an action that a runtime or its kernel does not know is refused', (t) => {
  const rows: readonly (readonly [action: string, options: ContextOptions, refused: boolean])[] = [
    ['SCMP_ACT_KILL_PROCESS', { runtime: 'runc@1.1.2' }, true],
    ['SCMP_ACT_KILL_PROCESS', { runtime: 'runc@1.1.3' }, false],
    ['SCMP_ACT_KILL_PROCESS', { runtime: 'crun@0.15' }, false],
    ['SCMP_ACT_KILL_PROCESS', { kernel: '4.13' }, true],
    ['SCMP_ACT_KILL_PROCESS', { kernel: '4.14' }, false],
    ['SCMP_ACT_KILL', { runtime: 'runc@1.1.2', kernel: '4.4' }, false],
    ['SCMP_ACT_LOG', { runtime: 'runc@1.0.0-rc8' }, true],
    ['SCMP_ACT_LOG', { runtime: 'runc@1.0.0-rc9' }, false],
    ['SCMP_ACT_LOG', { kernel: '4.13' }, true],
    ['SCMP_ACT_NOTIFY', { runtime: 'crun@0.18' }, true],
    ['SCMP_ACT_NOTIFY', { runtime: 'crun@0.19' }, false],
    ['SCMP_ACT_NOTIFY', { kernel: '4.20' }, true],
    ['SCMP_ACT_NOTIFY', { kernel: '5.0' }, false],
  ]
  for (const [action, options, isRefused] of rows) {
    const parsed = parseProfile(JSON.stringify({ ...denying, syscalls: [{ names: ['keyctl'], action }] }))
    const codes = refusalsOf(parsed, contextOf(options)).map(({ code }) => code)
    t.same(codes, isRefused ? ['action-not-known'] : [], `${action} ${JSON.stringify(options)}`)
  }
  const parsed = parseProfile(JSON.stringify({ ...refusing, defaultAction: 'SCMP_ACT_KILL_PROCESS' }))
  t.throws(() => makeMeaning(parsed, contextOf({ runtime: 'runc@1.1.2' })), { code: 'refused-profile' })
  t.match(
    profileProblems(parsed, { runtime: 'runc@1.1.2' }).find(({ code }) => code === 'action-not-known'),
    { severity: 'error', facts: { word: 'SCMP_ACT_KILL_PROCESS', by: 'runc 1.1.2' } },
    'validate says so',
  )
  t.end()
})

t.test('hostile profiles end in a bound that is said', (t) => {
  const random = generator(1)
  const rule = (): object => ({
    names: ['read'],
    action: allow,
    args: [0, 1, 2, 3, 4, 5]
      .filter(() => random() < 0.7)
      .map((index) => ({
        index,
        value: Math.floor(random() * 2 ** 32),
        op: ['SCMP_CMP_GT', 'SCMP_CMP_LT', 'SCMP_CMP_NE'][Math.floor(random() * 3)],
      })),
  })
  const many = (count: number): string =>
    JSON.stringify({ ...refusing, syscalls: Array.from({ length: count }, rule) })
  const before = process.cpuUsage()
  t.throws(() => makeMeaning(parseProfile(many(600)), contextOf()), {
    code: 'refused-profile',
  })
  const { user } = process.cpuUsage(before)
  t.ok(user < 10_000_000, `${user / 1000} ms`)
  t.end()
})
