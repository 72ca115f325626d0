// A source's content decides what it is: recognised, refused as mixed, or refused as something else. Also tests the
// account of a source.
import { execFileSync } from 'node:child_process'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { observe } from '../../src/observe/index.ts'
import { parseProfile } from '../../src/profile/index.ts'
import { detectFormat } from '../../src/read/detect.ts'
import { formatTable, formats } from '../../src/read/formats.ts'
import { transcript } from '../commands/world.ts'
import { calls, codes, observeText } from './logs.ts'

const audit =
  'type=SECCOMP msg=audit(1613596317.899:6461): auid=1 pid=42 comm="a" exe="/a" sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f code=0x7ffc0000'
const perf = '     3.054 ( 0.299 ms): sh/160 arch_prctl(rqtp: 0x7f)                         = 0'
const strace = '10 openat(AT_FDCWD, "/a", O_RDONLY) = 3'
const hook =
  '{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[],"comment":"","includes":{},"excludes":{}}]}'
const profile = JSON.stringify(JSON.parse(hook), null, 1)

t.test('lines of two formats are refused with both places, unless the user says which', async (t) => {
  const mixed = `${audit}\n${perf}\n`
  await t.rejects(observeText(mixed), {
    message:
      'log: holds lines of audit (line 1) and of perf (line 2): give them as two files, or say --format audit or --format perf',
  })
  t.same(calls(await observeText(mixed, { format: 'audit' })), ['x86_64 socket'])
  t.same(calls(await observeText(mixed, { format: 'perf' })), ['x86_64 arch_prctl'])
  await t.rejects(observeText(`${audit}\n${audit}\n${strace}\n`), {
    message: /audit \(line 1\) and of strace \(line 3\)/,
  })
})

t.test('records of logins and services in the journal are no second format', async (t) => {
  const login =
    "Sep 01 17:31:12 seccomp audit[32794]: USER_ACCT pid=32794 uid=0 auid=1000 ses=3 msg='op=PAM:accounting res=success'"
  const hooked =
    'Sep 01 17:31:13 seccomp oci-seccomp-bpf-hook[32870]: time="2020" level=info msg="Started OCI seccomp hook version 1"'
  for (const text of [`${login}\n${hooked}\n`, `${hooked}\n${login}\n`])
    t.equal(detectFormat('log', Buffer.from(text)), 'hook')
  const refused = `Sep 01 17:31:14 seccomp kernel: ${audit}`
  t.equal(detectFormat('log', Buffer.from(`${login}\n${refused}\n`)), 'audit')
  t.equal(detectFormat('log', Buffer.from(`${login}\n`)), 'audit')
  t.throws(() => detectFormat('log', Buffer.from(`${hooked}\n${refused}\n${login}\n`)), {
    message: /hook \(line 1\) and of audit \(line 2\)/,
  })
})

t.test('what a traced program prints in a trace is its own', async (t) => {
  const observations = await observeText(
    `10 execve("/a", ["a"], 0x7 /* 1 vars */) = 0\n${strace}\n${audit}\n10 exit_group(0) = ?\n`,
  )
  t.same(calls(observations), ['x86_64 execve', 'x86_64 exit_group', 'x86_64 openat'])
  t.ok(codes(observations).includes('tracee-output'))
})

t.test('a format that the content denies is refused with what it is', async (t) => {
  const rows = [
    [audit, 'perf', 'log: looks like audit, not perf: leave --format out to have it recognised'],
    [strace, 'audit', 'log: looks like strace, not audit: leave --format out to have it recognised'],
    [perf, 'strace', 'log: looks like perf, not strace: leave --format out to have it recognised'],
    [profile, 'audit', 'log: is a seccomp profile, not audit: leave --format out to have it recognised'],
    [audit, 'observations', 'log: is not an observations file of seccomp-gen observe'],
    [
      '{"version":1,"architectures":{}}',
      'strace',
      'log: is an observations file, not strace: leave --format out to have it recognised',
    ],
  ] as const
  for (const [text, format, message] of rows)
    await t.rejects(observeText(`${text}\n`, { format }), { message }, message)
})

t.test('observations are told in any order of keys, whatever unknown calls are named', async (t) => {
  const of = (call: string): object => ({
    version: 1,
    architectures: { x86_64: { read: { count: 1, first: 'a:1' } } },
    unknown: { x86_64: { [call]: { count: 1, first: 'a:2' } } },
    sources: [],
    diagnostics: [],
  })
  for (const call of ['defaultAction', 'ociVersion', 'syscalls', 'kind', 'spec'])
    for (const order of ['version', 'architectures', 'unknown', 'sources', 'diagnostics'])
      for (const space of [0, 2]) {
        const given = Object.entries(of(call))
        const sorted = [...given.filter(([key]) => key === order), ...given.filter(([key]) => key !== order)]
        const text = JSON.stringify(Object.fromEntries(sorted), null, space)
        t.same(calls(await observeText(text)), [`x86_64 ?${call}`, 'x86_64 read'], text)
      }
})

t.test('what scan prints is told by its form', async (t) => {
  const scan = { version: 1, bound: true, architectures: { x86_64: {} }, unresolved: [], modules: [] }
  for (const text of [JSON.stringify(scan), JSON.stringify(scan, null, 2)]) {
    for (const format of ['auto', 'strace', 'observations'] as const)
      await t.rejects(observeText(text, { format }), { code: 'scan-not-trace' })
    t.throws(() => parseProfile(text, { name: 'f' }), {
      message: /^f:1:1: holds what code can call, not a profile/,
    })
  }
})

t.test('an object in a config.json may look like a line of bpftrace', async (t) => {
  const seccomp = { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] }
  const namespaces = [{ type: 'pid' }, { type: 'time' }]
  const config = JSON.stringify({ ociVersion: '1.0.0', linux: { namespaces, seccomp } }, null, 4)
  await t.rejects(observeText(config), { code: 'profile-not-trace' })
})

t.test('a security context is no trace', async (t) => {
  const context = { version: 1, containers: [{ name: 'web' }] }
  for (const text of [JSON.stringify(context), JSON.stringify(context, null, 2)])
    await t.rejects(observeText(text), { code: 'context-not-trace' })
})

t.test('a profile is evidence where it says so, by its form or by the user', async (t) => {
  t.same(codes(await observeText(hook)), [], 'what the hook wrote was seen')
  await t.rejects(observeText(profile), {
    message: /is a seccomp profile, not a trace: .* give --format profile to use the calls that it allows/,
  })
  for (const format of ['profile', 'hook'] as const)
    t.same(calls(await observeText(profile, { format })), ['x86_64 read'], format)
  t.same(codes(await observeText(profile, { format: 'profile' })), ['profile-wanted'])
  await t.rejects(observeText('{"defaultAction":"SCMP_ACT_LOG"}', { format: 'profile' }), {
    message: /allows by default/,
  })
})

t.test('a log in a container log, and one that was packed', async (t) => {
  const docker = `${JSON.stringify({ log: `${audit}\n`, stream: 'stdout', time: '2026-11-24T00:00:00Z' })}\n`
  t.same(calls(await observeText(docker)), ['x86_64 socket'])
  const kubelet = `2026-11-24T00:00:00.000000000Z stdout F ${audit}\n`
  t.same(calls(await observeText(kubelet)), ['x86_64 socket'])
})

t.test('a byte order mark hides no first line', async (t) => {
  const lines = [
    [audit, ['x86_64 socket']],
    [perf, ['x86_64 arch_prctl']],
    ['10 arch_prctl(ARCH_SET_FS, 0x7) = 0', ['x86_64 arch_prctl']],
    [hook, ['x86_64 read']],
  ] as const
  for (const [line, wanted] of lines) {
    const observations = await observeText(`\ufeff${line}\n`)
    t.same(calls(observations), wanted, line)
    t.equal(observations.sources[0]?.unparsed, 0, line)
    const wrapped = await observeText(`2026-11-24T01:07:57.1Z stderr F \ufeff${line}\n`)
    if (line !== hook) t.same(calls(wrapped), wanted, `${line}, in a container's log`)
  }
})

t.test('every row of the table is a folder’s, and none takes another’s lines', (t) => {
  const lines: Readonly<Record<string, string>> = {
    audit,
    perf,
    hook: 'time="2020" level=info msg="Started OCI seccomp hook version v1"',
  }
  for (const format of formats) {
    const { grammar } = formatTable[format]
    if (grammar === undefined) continue
    t.equal(grammar.format, format)
    for (const [other, line] of Object.entries({ ...lines, strace }))
      t.equal(grammar.recognises(line), other === format, `${format} on ${other}`)
  }
  t.end()
})

t.test('the table on stderr, --strict, and the runs', async (t) => {
  const directory = t.testdir({
    'seccomp.log': `${audit}\n[ 1.5] kauditd_printk_skb: 311 callbacks suppressed\nnoise without form\n`,
    'one.strace': '10 execve("/a", ["a"], 0x7 /* 1 vars */) = 0\n10 brk(NULL) = 0x1\n10 exit_group(0) = ?\n',
    'two.strace':
      '10 execve("/a", ["a"], 0x7 /* 1 vars */) = 0\n10 brk(NULL) = 0x1\n10 uname(0x7) = 0\n10 exit_group(0) = ?\n',
    'hook.log':
      'time="2020" level=info msg="Started OCI seccomp hook version v1"\ntime="2020" level=error msg="error getting the name for syscall ID 9999"\ntime="2020" level=info msg="Writing seccomp profile to \\"/p.json\\""\n',
    'hook.json': hook,
  })
  const log = await transcript(['observe', 'seccomp.log', '--strict'], directory)
  t.equal(log.status, 1)
  t.equal(
    log.stderr,
    `seccomp-gen: seccomp.log:2: the recorder says that it lost records here: calls may be missing (audit: raise the rate and backlog limits, auditctl -r 0 -b 8192)
source       format  lines  calls  ignored  unparsed  lost  evidence
seccomp.log  audit       3      1        1         1   311  no arguments; only calls that a filter logged or refused
seccomp-gen: 1 call, 1 different (x86_64), from 1 source; 1 line not understood
`,
  )
  const runs = await transcript(['observe', 'one.strace', 'two.strace'], directory)
  t.equal(runs.status, 0)
  t.match(JSON.parse(runs.stdout), {
    runs: 2,
    architectures: { x86_64: { brk: { runs: 2 }, uname: { runs: 1 } } },
  })
  t.match(
    runs.stderr,
    'seccomp-gen: 2 runs: 3 of 4 calls in every run; 1 call was in one run only: about one run in 2 will probably show a new call\n',
  )
  const both = await transcript(['observe', 'hook.log', 'hook.json', '--strict'], directory)
  t.equal(both.status, 1)
  t.match(both.stderr, 'the hook had no name for call 9999: the profile that it wrote lacks this call')
  t.match(JSON.parse(both.stdout), {
    architectures: { x86_64: { read: { count: 1 } } },
    sources: [{ evidence: ['every-call', 'native-only', 'no-arguments'] }, { lost: 1 }],
  })
  const alone = await transcript(['observe', 'hook.log'], directory)
  t.equal(alone.status, 2)
  t.match(alone.stderr, "hook.log: the hook's log names no calls: give the profile that it wrote beside it")
  const chosen = await transcript(
    ['generate', 'seccomp.log', '--pid', '42', '--since', '2021-02-17T00:00:00Z'],
    directory,
  )
  t.equal(chosen.status, 0)
  t.match(chosen.stdout, '"socket"')
  const none = await transcript(['generate', 'seccomp.log', '--comm', 'b'], directory)
  t.equal(none.status, 2)
})

t.test('no line of 10 MB crashes or stalls a format of logs', async (t) => {
  const size = 10e6
  const units = [
    ' ',
    '1',
    'a',
    'a ',
    'PID COMM ',
    '( ',
    '", ',
    '=" ',
    ', 1',
    ']: 1',
    '{',
    '[',
    '\\"',
    'kind: ',
    '... ',
    '1 1.1: ',
  ]
  const starts = [
    '',
    '{"MESSAGE":"',
    '@[',
    '     1.0 (',
    'PID COMM ',
    '11:21:51:1  1000',
    'seccomp:',
    'time="" level=info msg="',
    'sh 1 ',
    'I0705 12:08:18.7 1 a.go:1] log-enricher "msg"="',
    'a: return x',
  ]
  for (const format of formats.filter(
    (each) => !['strace', 'strace-summary', 'profile', 'observations'].includes(each),
  )) {
    for (const start of starts) {
      // The reader keeps the head and tail of a line, so each kind gets one long line in turn.
      const text = units.map((unit) => start + unit.repeat(Math.ceil(200_000 / unit.length)) + 'x').join('\n')
      await observeText(`${text}\n`, { format }).catch((error: unknown) => {
        if (!(error as Error).constructor.name.startsWith('UserError')) throw error
      })
    }
    await observeText(`${'x '.repeat(size / 2)}\n`, { format })
    t.pass(format)
  }
})

t.test('lines that end in a carriage return alone are told, with what to do', async (t) => {
  await t.rejects(
    observe([{ name: 'log', bytes: [Buffer.from(`${strace}\r`.repeat(2).replaceAll('\n', ''))] }]),
    {
      code: 'carriage-returns',
      message: /mac2unix/,
    },
  )
})

t.test('UTF-16 with a byte order mark is read, in any pieces', async (t) => {
  const plain = (await observe([{ name: 'log', bytes: [Buffer.from(strace)] }])).architectures
  const little = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(strace, 'utf16le')])
  for (const bytes of [little, Buffer.from(little).swap16()])
    for (const size of [1, 3, bytes.length]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size)) // prettier-ignore
      t.same((await observe([{ name: 'log', bytes: pieces }])).architectures, plain, `pieces of ${size}`)
    }
})

t.test(
  'UTF-16 without a mark and UTF-32 are told, and the command of the message makes the trace of them',
  async (t) => {
    const rows = [
      ['UTF-16LE', 'utf16-trace', 'UTF-16LE'],
      ['UTF-16BE', 'utf16-trace', 'UTF-16BE'],
      // iconv writes a mark for a name without a byte order.
      ['UTF-32', 'utf32-trace', 'UTF-32'],
      ['UTF-32LE', 'utf32-trace', 'UTF-32LE'],
      ['UTF-32BE', 'utf32-trace', 'UTF-32BE'],
    ] as const
    for (const [written, code, told] of rows) {
      const bytes = execFileSync('iconv', ['-f', 'UTF-8', '-t', written], { input: strace })
      await t.rejects(observe([{ name: 'log', bytes: [bytes] }]), {
        code,
        message: `iconv -f ${told} -t UTF-8`,
      })
      t.equal(
        execFileSync('iconv', ['-f', told, '-t', 'UTF-8'], { input: bytes, encoding: 'utf8' }),
        strace,
        written,
      )
    }
    const marked = Buffer.from([0, 0, 0xfe, 0xff, 0, 0, 0, 0x37])
    await t.rejects(observe([{ name: 'log', bytes: [marked] }]), { code: 'utf32-trace', message: 'UTF-32:' })
    await t.rejects(
      observe([{ name: 'log', bytes: [gzipSync(Buffer.from(`\ufeff${strace}`, 'utf16le'))] }]),
      {
        code: 'utf16-trace',
        message: 'iconv -f UTF-16 -t UTF-8',
      },
    )
  },
)

t.test(
  'lines of other formats behind half a file of calls change nothing, unless their format is asked for',
  (t) => {
    const calls = '7 getpid() = 7\n'.repeat(60)
    const audit =
      'type=SYSCALL msg=audit(1700000000.001:7): arch=c000003e syscall=39 success=yes exit=7\n'.repeat(40)
    for (const text of [calls + audit, audit + calls]) {
      t.equal(detectFormat('a', Buffer.from(text)), 'strace')
      t.equal(detectFormat('a', Buffer.from(text), 'strace-summary'), 'strace-summary')
      t.equal(detectFormat('a', Buffer.from(text), 'audit'), 'audit')
      t.throws(() => detectFormat('a', Buffer.from(text), 'perf'), { code: 'other-format' })
    }
    t.end()
  },
)
