// If every attempt at a call or value beyond the ceiling failed with EPERM, EACCES or ENOSYS, the policy keeps that
// answer. It is allowed if the kernel carried it out in any recording; calls within the ceiling always are.
import t from 'tap'
import { evaluate } from '../../src/meaning/index.ts'
import { answerText } from '../../src/meaning/answer.ts'
import { mergeObservations, observe, printObservations, type Observations } from '../../src/observe/index.ts'
import { derivePolicy, type PolicyOptions } from '../../src/policy/index.ts'
import { buildProfile, printProfile } from '../../src/print/index.ts'
import { parseProfile } from '../../src/profile/index.ts'
import { ceilingLines } from '../../src/report/ceiling.ts'

const start = ['execve("/bin/app", ["app"], 0x7ffd /* 1 var */) = 0', 'brk(NULL) = 0x55d0c2a5b000']
const end = ['exit_group(0) = ?', '+++ exited with 0 +++']

const denied = '-1 EPERM (Operation not permitted)'
const forbidden = '-1 EACCES (Permission denied)'
const missing = '-1 ENOSYS (Function not implemented)'

function seen(...calls: readonly string[]): Promise<Observations> {
  const text = [...start, ...calls, ...end].map((each) => `7 ${each}\n`).join('')
  return observe([{ name: 'app.strace', bytes: [Buffer.from(text)] }])
}

function answers(observations: Observations, call: string, options: PolicyOptions = {}): string {
  const [, name = '', value = '0'] = /^(\w+)(?:\((\w*)\))?$/.exec(call) ?? []
  const policy = derivePolicy(observations, options)
  const profile = parseProfile(printProfile(buildProfile(policy)), { name: 'app.json' })
  const asked = { architecture: 'x86_64', syscall: name, args: [BigInt(value)] } as const
  return answerText(evaluate(profile, asked)).replace('SCMP_ACT_', '')
}

t.test('calls and values, by how they came back', async (t) => {
  const rows: readonly (readonly [calls: readonly string[], asked: string, answer: string])[] = [
    [[`io_uring_setup(8, {}) = ${denied}`], 'io_uring_setup', 'ERRNO(1)'],
    [[`io_uring_setup(8, {}) = ${forbidden}`], 'io_uring_setup', 'ERRNO(13)'],
    [[`io_uring_setup(8, {}) = -1 (errno 1)`], 'io_uring_setup', 'ERRNO(1)'],
    [[`io_uring_setup(8, {}) = ${denied} <0.000012>`], 'io_uring_setup', 'ERRNO(1)'],
    [[`io_uring_setup(8, {}) = ${denied}`, `io_uring_setup(8, {}) = 3`], 'io_uring_setup', 'ALLOW'],
    // An injected result says nothing about the kernel.
    [
      [`io_uring_setup(8, {}) = ${denied}`, 'io_uring_setup(8, {}) = 3 (INJECTED)'],
      'io_uring_setup',
      'ERRNO(1)',
    ],
    [
      ['io_uring_setup(8, {}) = 3 (INJECTED: args, retval)', `io_uring_setup(8, {}) = ${denied}`],
      'io_uring_setup',
      'ERRNO(1)',
    ],
    [
      [`io_uring_setup(8, {}) = ${denied}`, 'io_uring_setup(8, {}) = 3 (INJECTED: args)'],
      'io_uring_setup',
      'ALLOW',
    ],
    [[`io_uring_setup(8, {}) = ${denied} (INJECTED)`], 'io_uring_setup', 'ALLOW'],
    [
      [
        'io_uring_setup(8, {}) = -1 ENOSYS (Function not implemented)',
        'io_uring_setup(8, {}) = 3 (INJECTED)',
      ],
      'io_uring_setup',
      'ERRNO(38)',
    ],
    // Refused in two ways: it gets the answer after which programs go on.
    [[`keyctl(0, 1) = ${denied}`, `keyctl(0, 1) = ${forbidden}`], 'keyctl', 'ERRNO(1)'],
    [[`keyctl(0, 1) = ${denied}`, `keyctl(0, 1) = ${missing}`], 'keyctl', 'ERRNO(38)'],
    // An unfinished call has no known result, and strace itself caused an injected failure.
    [[`keyctl(0, 1) = ${denied}`, 'keyctl(0, 1 <unfinished ...>'], 'keyctl', 'ALLOW'],
    [[`keyctl(0, 1) = ${denied} (INJECTED)`], 'keyctl', 'ALLOW'],
    [[`keyctl(0, 1 <unfinished ...>`, `<... keyctl resumed>) = ${denied}`], 'keyctl', 'ERRNO(1)'],
    // Any other error is the call's own.
    [['keyctl(0, 1) = -1 EINVAL (Invalid argument)'], 'keyctl', 'ALLOW'],
    // Calls within the ceiling.
    [[`chown("/x", 0, 0) = ${denied}`], 'chown', 'ALLOW'],
    [[`socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) = ${denied}`], 'socket(2)', 'ALLOW'],
    // Values beyond the ceiling.
    [
      [`socket(AF_VSOCK, SOCK_STREAM, 0) = ${denied}`, 'socket(AF_VSOCK, SOCK_STREAM, 0) = 3 (INJECTED)'],
      'socket(40)',
      'ERRNO(1)',
    ],
    [['socket(AF_VSOCK, SOCK_STREAM, 0) = 3 (INJECTED)'], 'socket(40)', 'ALLOW'],
    [[`socket(AF_VSOCK, SOCK_STREAM, 0) = ${denied}`], 'socket(40)', 'ERRNO(1)'],
    [[`socket(AF_VSOCK, SOCK_STREAM, 0) = ${denied}`], 'socket(2)', 'ALLOW'],
    [['socket(AF_VSOCK, SOCK_STREAM, 0) = 3'], 'socket(40)', 'ALLOW'],
    [
      [`socket(AF_VSOCK, SOCK_STREAM, 0) = ${denied}`, 'socket(AF_VSOCK, SOCK_STREAM, 0) = 3'],
      'socket(40)',
      'ALLOW',
    ],
    [
      [`socket(AF_VSOCK, SOCK_STREAM, 0) = ${denied}`, 'socket(AF_ALG, SOCK_SEQPACKET, 0) = 3'],
      'socket(40)',
      'ERRNO(1)',
    ],
    [
      [`socket(AF_VSOCK, SOCK_STREAM, 0) = ${denied}`, 'socket(AF_ALG, SOCK_SEQPACKET, 0) = 3'],
      'socket(38)',
      'ALLOW',
    ],
    [
      ['socket(AF_VSOCK, SOCK_STREAM, 0 <unfinished ...>', `<... socket resumed>) = ${denied}`],
      'socket(40)',
      'ERRNO(1)',
    ],
    [[`clone(child_stack=NULL, flags=CLONE_NEWUSER|SIGCHLD) = ${denied}`], 'clone(0x10000011)', 'ERRNO(1)'],
    [[`clone(child_stack=NULL, flags=CLONE_NEWUSER|SIGCHLD) = ${denied}`], 'clone(0x11)', 'ALLOW'],
    [[`personality(ADDR_NO_RANDOMIZE) = ${denied}`], 'personality(0x40000)', 'ERRNO(1)'],
    // The ceiling never allows the call; the kernel carried out some of its values.
    [[`unshare(CLONE_NEWUSER) = ${denied}`, 'unshare(CLONE_FILES) = 0'], 'unshare(0x400)', 'ALLOW'],
    [[`unshare(CLONE_NEWUSER) = ${denied}`, 'unshare(CLONE_FILES) = 0'], 'unshare(0x10000000)', 'ERRNO(1)'],
    // clone3 is answered ENOSYS, and its refusal becomes clone's.
    [[`clone3({flags=CLONE_NEWUSER, exit_signal=SIGCHLD}, 88) = ${denied}`], 'clone3', 'ERRNO(38)'],
    [[`clone3({flags=CLONE_NEWUSER, exit_signal=SIGCHLD}, 88) = ${denied}`], 'clone(0x10000011)', 'ERRNO(1)'],
    [[`clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0}, 88) = ${denied}`], 'clone(0x10100)', 'ALLOW'],
  ]
  for (const [calls, asked, answer] of rows)
    t.equal(answers(await seen(...calls), asked), answer, `${calls.join('; ')}: ${asked}`)
})

t.test('where nothing is a ceiling, and where the default answer is another', async (t) => {
  const io = await seen(`io_uring_setup(8, {}) = ${denied}`)
  t.equal(answers(io, 'io_uring_setup', { within: 'none' }), 'ALLOW')
  t.equal(answers(io, 'io_uring_setup', { defaultAction: 'kill-process' }), 'ERRNO(1)')
  const sockets = await seen(
    `socket(AF_VSOCK, SOCK_STREAM, 0) = ${denied}`,
    `socket(AF_ALG, SOCK_SEQPACKET, 0) = ${forbidden}`,
    'socket(AF_INET, SOCK_STREAM, 0) = 3',
  )
  for (const conditions of ['within', 'observed'] as const) {
    const options = { conditions, defaultAction: 'kill-process' } as const
    t.equal(answers(sockets, 'socket(40)', options), 'ERRNO(1)')
    t.equal(answers(sockets, 'socket(38)', options), 'ERRNO(13)')
    t.equal(answers(sockets, 'socket(38)', { conditions }), 'ERRNO(13)')
    t.equal(answers(sockets, 'socket(2)', options), 'ALLOW')
  }
  const policy = derivePolicy(io)
  t.match(
    policy.rules.find(({ syscall }) => syscall === 'io_uring_setup'),
    {
      action: { type: 'errno', errno: 1 },
      because: [
        { kind: 'refused', what: 'call', ceiling: 'docker', errno: 1, count: 1, first: 'app.strace:3' },
      ],
    },
  )
  t.notMatch(printProfile(buildProfile(policy)), /io_uring_setup/, 'the default action says it')
  t.match(ceilingLines(policy), [/^beyond docker, .*: io_uring_setup \(EPERM\)$/])
})

t.test('merged, in any order: carried out once is carried out', async (t) => {
  const shards = await Promise.all([
    seen(`socket(AF_VSOCK, SOCK_STREAM, 0) = ${denied}`, `keyctl(0, 1) = ${denied}`),
    seen('socket(AF_VSOCK, SOCK_STREAM, 0) = 3'),
    seen(`socket(AF_ALG, SOCK_SEQPACKET, 0) = ${forbidden}`, 'keyctl(0, 1) = 5'),
    seen(`socket(AF_ALG, SOCK_SEQPACKET, 0) = ${denied}`),
  ])
  const [a, b, c, d] = shards as [Observations, Observations, Observations, Observations]
  const one = mergeObservations(a, b, c, d)
  for (const other of [
    mergeObservations(d, mergeObservations(c, mergeObservations(b, a))),
    mergeObservations(mergeObservations(b, d), c, a),
  ])
    t.equal(printObservations(other), printObservations(one))
  t.same(one.architectures.x86_64?.['socket']?.refused, { 0: { 38: 'EPERM' } })
  t.equal(answers(one, 'socket(40)'), 'ALLOW')
  t.equal(answers(one, 'socket(38)'), 'ERRNO(1)')
  t.equal(answers(one, 'keyctl'), 'ALLOW')
  t.equal(answers(mergeObservations(a, d), 'keyctl'), 'ERRNO(1)')
  const read = await observe([{ name: 'o.json', bytes: [Buffer.from(printObservations(one))] }])
  t.same(read.architectures, one.architectures, 'and read from a file again')
})

t.test('a trace of failures alone proves no refusal', async (t) => {
  const failed = await observe([
    { name: 'z.strace', bytes: [Buffer.from(`7 keyctl(0, 1) = ${denied}\n7 bpf(0, {}, 1) = ${denied}\n`)] },
  ])
  t.equal(answers(failed, 'keyctl'), 'ALLOW')
})

t.test(
  '--beyond never: nothing that the ceiling refuses is opened, and what is missing is told',
  async (t) => {
    const all = await seen(
      'keyctl(0, 1) = 5',
      `bpf(BPF_PROG_LOAD, {}, 144) = ${denied}`,
      'socket(AF_VSOCK, SOCK_STREAM, 0) = 3',
      'socket(AF_UNIX, SOCK_STREAM, 0) = 4',
      'clone3({flags=CLONE_NEWNET, exit_signal=SIGCHLD}, 88) = 9',
    )
    for (const options of [{}, { allowClone3: true }, { conditions: 'observed' }] as const) {
      const policy = derivePolicy(all, { ...options, beyond: 'never' })
      t.same(
        policy.rules.filter(({ because }) => because.some(({ kind }) => kind === 'beyond')),
        [],
      )
      t.match(
        policy.left.filter(({ why }) => why === 'not-within'),
        [
          { syscall: 'clone', argument: 0, value: '1073741841' },
          { syscall: 'keyctl', ceiling: 'docker' },
          { syscall: 'socket', argument: 0, value: '40' },
        ],
      )
      t.match(
        ceilingLines(policy).join('\n'),
        /left out.*clone with argument 0 = 1073741841, keyctl, socket with/,
      )
      t.match(
        ceilingLines(policy).join('\n'),
        /refused every time it was tried, so kept refused: bpf \(EPERM\)/,
      )
    }
    t.equal(answers(all, 'socket(40)', { beyond: 'never' }), 'ERRNO(1)')
    t.equal(answers(all, 'socket(1)', { beyond: 'never' }), 'ALLOW')
    t.equal(answers(all, 'keyctl'), 'ALLOW')
    t.throws(() => derivePolicy(all, { beyond: 'never', conditions: 'none' }), /choose one/)
    t.throws(() => derivePolicy(all, { beyond: 'never', within: 'none' }), { code: 'beyond-without-ceiling' })
  },
)

t.test('values without end are not known, and the profile is made all the same', async (t) => {
  const rows = [
    ['socket', (index: number) => `socket(${index + 64}, SOCK_STREAM, 0) = 3`, 'socket(1)', 'socket(70)'],
    [
      'personality',
      (index: number) => `personality(${index * 16 + 64}) = 0`,
      'personality(8)',
      'personality(80)',
    ],
    [
      'unshare',
      (index: number) => `unshare(${index + 64}) = ${index === 0 ? 0 : denied}`,
      'unshare(64)',
      'unshare(70)',
    ],
  ] as const
  for (const [name, call, allowed, refused] of rows) {
    for (const count of [65, 500, 4000, 5000]) {
      const counted = await seen(...Array.from({ length: count }, (_, index) => call(index)))
      t.equal(answers(counted, allowed), 'ALLOW', `${name} with ${count} values: ${allowed}`)
      if (count < 5000 || name !== 'unshare')
        t.equal(answers(counted, refused), 'ERRNO(1)', `${name} with ${count} values: ${refused}`)
      const lines = ceilingLines(derivePolicy(counted)).join('\n')
      t.match(lines, new RegExp(`${name}`), 'and told')
      t.ok(lines.length < 3000)
    }
  }
})

t.test('what only a filter can have refused is told, and that the program was killed', async (t) => {
  const told = async (...lines: readonly string[]): Promise<readonly string[]> => {
    const { diagnostics } = await seen(...lines)
    return diagnostics.flatMap(({ code, at, facts = {} }) =>
      code === 'refused-by-filter' || code === 'killed' ? [`${at} ${code} ${Object.values(facts)}`] : [],
    )
  }
  const threads = 'CLONE_VM|CLONE_THREAD'
  const rows: readonly (readonly [line: string, told: string | undefined])[] = [
    [`rseq(0x7f, 0x20, 0, 0x53053053) = ${denied}`, 'refused-by-filter rseq'],
    [`statx(AT_FDCWD, "/x", 0, STATX_ALL, 0x7ffd) = ${denied}`, 'refused-by-filter statx'],
    [`clone3({flags=${threads}, exit_signal=0}, 88) = ${denied}`, 'refused-by-filter clone3'],
    [`clone3({flags=CLONE_NEWUSER, exit_signal=SIGCHLD}, 88) = ${denied}`, undefined],
    [`statx(AT_FDCWD, "/x", 0, STATX_ALL, 0x7ffd) = ${forbidden}`, undefined],
    [`statx(AT_FDCWD, "/x", 0, STATX_ALL, 0x7ffd) = ${denied} (INJECTED)`, undefined],
    [`mount("none", "/mnt", "tmpfs", 0, NULL) = ${denied}`, undefined],
    ['+++ killed by SIGABRT (core dumped) +++', 'killed SIGABRT'],
    ['+++ killed by SIGSYS +++', 'killed SIGSYS'],
    ['+++ killed by SIGTERM +++', undefined],
    ['+++ exited with 134 +++', undefined],
  ]
  for (const [line, expected] of rows)
    t.strictSame(await told(line), expected === undefined ? [] : [`app.strace:3 ${expected}`], line)
  const many = Array.from({ length: 6000 }, () => 'read(3, "", 1) = 1')
  t.strictSame(await told(...many, '+++ killed by SIGSEGV +++'), ['app.strace:6003 killed SIGSEGV'])
})
