// `explain` and the library's export of meaning: a table of answers about single calls.
import t from 'tap'
import { isKnownAnywhere } from '../src/abi/tables.ts'
import { risks } from '../src/abi/data/risks.ts'
import { risksOf } from '../src/abi/risks.ts'
import {
  builtinProfile,
  compareProfiles,
  evaluate,
  explainProfile,
  observe,
  parseProfile,
} from '../src/index.ts'
import type { Reason } from '../src/policy/policy.ts'
import { reasonText } from '../src/report/explanation.ts'
import { transcript } from './commands/world.ts'

const hostile = 'a\n::error::x <b>\u001b[2J.strace'
const trace = 'socket(AF_INET, SOCK_STREAM, 0) = 3\nbpf(BPF_MAP_CREATE, NULL, 0) = 3\nexit_group(0) = ?\n'
const text = JSON.stringify({
  defaultAction: 'SCMP_ACT_ERRNO',
  architectures: ['SCMP_ARCH_X86_64'],
  syscalls: [
    { names: ['bpf', 'execve', 'exit_group', 'clone', 'uname'], action: 'SCMP_ACT_ALLOW' },
    { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
  ],
})
const directory = t.testdir({
  'app.json': text,
  'app.strace': trace,
  [hostile]: trace,
  'broken.json': '{"defaultAction":',
})
const on = (...argv: readonly string[]) => transcript(argv, directory)

t.test('each call with its reason, the default’s answer and what it exposes', async (t) => {
  const profile = parseProfile(text, { name: 'app.json' })
  const observations = await observe([{ name: 'app.strace', bytes: [Buffer.from(trace)] }])
  const explained = new Map(explainProfile(profile, { observations }).map((each) => [each.syscall, each]))
  t.strictSame([...explained.keys()], ['bpf', 'clone', 'execve', 'exit_group', 'socket', 'uname'])
  t.match(explained.get('bpf'), {
    answers: [{ action: 'SCMP_ACT_ALLOW' }],
    at: 'app.json:1',
    because: [{ kind: 'seen', count: 1, first: 'app.strace:2' }],
    default: {
      carriedOut: 'never',
      needs: { length: 0 },
      opensWith: ['CAP_BPF', 'CAP_SYS_ADMIN'],
      exceeded: true,
    },
    risks: [{ class: 'eBPF', severity: 'high' }],
  })
  t.match(explained.get('socket'), {
    answers: [{ action: 'SCMP_ACT_ALLOW' }, { action: 'SCMP_ACT_ERRNO', errno: 1 }],
    default: { carriedOut: 'for some arguments', exceeded: false },
  })
  t.strictSame(explained.get('socket')?.risks, [], 'the families that are a risk are not allowed')
  t.match(explained.get('clone'), {
    default: { carriedOut: 'for some arguments', opensWith: ['CAP_SYS_ADMIN'], exceeded: true },
    risks: [{ class: 'user namespaces' }],
  })
  t.match(explained.get('execve')?.because, [{ kind: 'floor' }, { kind: 'floor' }])
  t.strictSame(explained.get('uname')?.because, [], 'nothing says why')
  const [chroot] = explainProfile(profile, { calls: ['chroot'] })
  t.match(chroot, {
    at: undefined,
    default: { carriedOut: 'always', needs: ['CAP_SYS_CHROOT'] },
    risks: { length: 0 },
  })
})

t.test('on the command line', async (t) => {
  t.match(await on('explain', 'app.json', '--trace', 'app.strace'), {
    status: 0,
    stdout:
      /^call .*\nbpf +x86_64 +ALLOW +refuses, more with CAP_BPF or CAP_SYS_ADMIN \(exceeded\) +high: eBPF +seen once, first app\.strace:2\n/,
  })
  t.match(await on('explain', 'docker', 'io_uring_setup'), {
    status: 0,
    stdout: /ERRNO\(1\) {2}refuses {2}- {5}-\n/,
  })
  const refused: readonly (readonly [string, RegExp])[] = [
    ['explain app.json nosuchcall', /x86_64 has no call nosuchcall/],
    ['explain broken.json', /^seccomp-gen: broken\.json:1:18/],
    ['explain missing.json', /missing\.json: no such file/],
    ['explain app.json --trace missing.strace', /missing\.strace: no such file/],
    ['explain app.json --arch sparc', /Known: x86_64/],
    ['explain app.json --report sarif', /Allowed choices are text, json, markdown/],
  ]
  for (const [words, stderr] of refused) {
    const said = await on(...words.split(' '))
    t.match(said, { status: 2, stdout: '', stderr }, words)
    t.equal(said.stderr.split('\n').length, 2, `${words}: one line`)
  }
  for (const report of ['text', 'json', 'markdown']) {
    const { stdout } = await on('explain', 'app.json', '--trace', hostile, '--report', report)
    t.match(stdout, /bpf/)
    t.notMatch(stdout, /^::error|[^\n -~’]/m, `${report}: a hostile name does not get through`)
    if (report === 'markdown') t.notMatch(stdout, /<b>/)
    if (report === 'json') JSON.parse(stdout)
  }
})

t.test('every reason of a policy is a sentence', (t) => {
  const beyond = { kind: 'beyond', ceiling: 'docker', capabilities: [] } as const
  const rows: readonly (readonly [Reason, string])[] = [
    [{ kind: 'unimplemented', count: 2, first: 'a:1' }, 'only ever ENOSYS (2 times, first a:1)'],
    [{ kind: 'within', ceiling: 'docker', values: 'seen' }, 'under the conditions of docker'],
    [
      { kind: 'within', ceiling: 'docker', values: 'unknown' },
      'under the conditions of docker, with which values is not known',
    ],
    [{ kind: 'narrowed', argument: 0 }, 'argument 0 as it was seen'],
    [{ ...beyond, what: 'call' }, 'beyond docker, which refuses it'],
    [
      { ...beyond, what: 'value', argument: 1, value: '38', capabilities: ['CAP_BPF', 'CAP_SYS_ADMIN'] },
      'argument 1 = 38 beyond docker, which allows it only with CAP_BPF or CAP_SYS_ADMIN',
    ],
  ]
  for (const [reason, sentence] of rows) t.equal(reasonText(reason), sentence)
  t.end()
})

t.test('the library answers and compares', async (t) => {
  const { profile, source } = builtinProfile('docker')
  t.match(source, /^moby/)
  t.same(evaluate(profile, { syscall: 'bpf' }), { action: 'SCMP_ACT_ERRNO', errno: 1 })
  t.match(evaluate(profile, { syscall: 'bpf' }, { capabilities: ['CAP_BPF'] }), { action: 'SCMP_ACT_ALLOW' })
  t.match(evaluate(profile, { architecture: 'aarch64', syscall: 63 }), { action: 'SCMP_ACT_ALLOW' })
  for (const call of [
    { syscall: 'nosuchcall' },
    { syscall: -1 },
    { syscall: 0.5 },
    { syscall: 0, args: [-1n] },
    { syscall: 0, args: [1n << 64n] },
    { syscall: 0, args: [0n, 0n, 0n, 0n, 0n, 0n, 0n] },
  ]) {
    t.throws(() => evaluate(profile, call), { name: 'UserError' })
  }
  t.throws(() => builtinProfile('docker@1.9'), { name: 'UserError', message: /1\.10\.0 to 29/ })
  t.strictSame(compareProfiles(profile, profile).changes, [])
  t.equal(compareProfiles(profile, builtinProfile('unconfined').profile).verdict, 'wider')
  t.equal(compareProfiles(builtinProfile('unconfined').profile, profile).verdict, 'narrower')
})

t.test('classes of risk: every call is one, and every class says what it exposes', async (t) => {
  for (const line of risks.trim().split('\n')) {
    for (const word of line.replace(/^.* : /, '').split(' ')) {
      const call = word.replace(/\(.*/, '')
      t.ok(isKnownAnywhere(call), call)
      t.ok(risksOf(call).length > 0, call)
    }
  }
})
