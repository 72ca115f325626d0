// The logs of operators and tracers: each is recognised and gives its calls; messages tell what its lines cannot show.
import t from 'tap'
import type { Architecture } from '../../src/abi/architectures.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import type { Evidence } from '../../src/read/account.ts'
import type { CallerChoice } from '../../src/read/subject.ts'
import { calls, codes, counts, filesOf, observeFile, observeText, text } from './logs.ts'

/** Adds up the counts of each `number` or `name`, by a separate reading of the text. */
function tally(found: Iterable<readonly [call: string, count: number]>): string[] {
  const sum = new Map<string, number>()
  for (const [call, count] of found) {
    const number = Number(call) >>> 0
    const isX32 = number >= 0x40000000 && number < 0x80000000
    const architecture = isX32 ? 'x32' : 'x86_64'
    const aliases: Record<string, string> = {
      newstat: 'stat',
      newfstat: 'fstat',
      newlstat: 'lstat',
      newuname: 'uname',
      sendfile64: 'sendfile',
      umount: 'umount2',
    }
    const name = /^-?\d+$/.test(call)
      ? (syscallTable(architecture).byNumber(number)?.name ?? `?${number}`)
      : (aliases[call] ?? call)
    const key = `${architecture} ${name}`
    sum.set(key, (sum.get(key) ?? 0) + count)
  }
  return [...sum].map(([key, count]) => `${key} ${count}`).sort()
}

const matches = (file: string, pattern: RegExp): string[][] =>
  [...text(file).matchAll(pattern)].map((found) => [...found])

t.test('recordings of perf and bpftrace give what stands in them', async (t) => {
  const rows: readonly (readonly [
    fits: RegExp,
    format: string,
    pattern: RegExp,
    count: number | undefined,
  ])[] = [
    [/\.perf-script(?:-F)?\.txt$/, 'perf', /sys_enter: NR (-?\d+) /g, undefined],
    [/\.perf-trace-s\.txt$/, 'perf', /^ {3}([a-z_]\w*) +(\d+) +\d+ /gm, 2],
    [/\.bt-(?:comm-)?id-count\.txt$/, 'bpftrace', /(-?\d+)\]: (\d+)$/gm, 2],
    [/\.bt-probe-count\.txt$/, 'bpftrace', /sys_enter_(\w+)\]: (\d+)$/gm, 2],
    [/\.bt-json\.json$/, 'bpftrace', /,(-?\d+)": (\d+)/g, 2],
    [/\.bt-printf\.txt$/, 'bpftrace', /^\d+ .*? (-?\d+)$/gm, undefined],
  ]
  for (const [fits, format, pattern, count] of rows) {
    const files = filesOf('recorded/other', fits)
    t.ok(files.length >= 2, `${files.length} of ${fits}`)
    for (const file of files) {
      const observations = await observeFile(file)
      const found = matches(file, pattern).map(
        (match) => [match[1] as string, count === undefined ? 1 : Number(match[count])] as const,
      )
      t.same(counts(observations), tally(found), file)
      t.equal(observations.sources[0]?.format, format)
      t.equal(observations.sources[0]?.unparsed, 0, file)
    }
  }
})

t.test('perf trace: the names, once each, whichever options it had', async (t) => {
  for (const program of ['badcalls', 'bash', 'curl', 'ls', 'thr']) {
    for (const options of ['', '-S', '-T']) {
      const file = `recorded/other/${program}.perf-trace${options}.txt`
      const names = new Set(
        matches(file, /\/\d+ (?: ?\.\.\. \[continued\]: )?([a-z_]\w*)\(/g).map(
          ([, name]) => `x86_64 ${name}`,
        ),
      )
      const observations = await observeFile(file)
      t.same(calls(observations), [...names].sort(), file)
      t.equal(observations.sources[0]?.unparsed, 0, file)
    }
    const failures = await observeFile(`recorded/other/${program}.perf-trace-errors.txt`)
    t.ok(failures.sources[0]?.evidence?.includes('failures-only'))
  }
})

const strace = { badcalls: 'badcalls-n', bash: 'bash', curl: 'curl-http', ls: 'ls' } as const

/** Calls that a way of recording misses, and the word of the account that says so. */
const missing: Readonly<Record<string, { readonly because: Evidence; readonly calls: RegExp }>> = {
  'perf-script': { because: 'attached', calls: / execve$/ },
  'perf-trace-s': { because: 'exits-only', calls: / (?:exit_group|rt_sigreturn)$/ },
}

t.test('one program through strace, perf, bpftrace: one set, but for what the account says', async (t) => {
  // The kernel sees the lower 32 bits of a number that strace prints in full.
  const narrow = (names: string[]): string[] =>
    names
      .map((name) =>
        name.replace(/\?(\d+)$/, (_, number: string) => `?${BigInt.asUintN(32, BigInt(number))}`),
      )
      .sort()
  for (const [program, recording] of Object.entries(strace)) {
    const wanted = narrow(calls(await observeFile(`recorded/x86_64/${recording}.strace`)))
    for (const way of ['perf-script', 'perf-trace', 'perf-trace-s'] as const) {
      const observations = await observeFile(`recorded/other/${program}.${way}.txt`)
      const { evidence = [] } = observations.sources[0] ?? {}
      const seen = new Set(calls(observations))
      const known = missing[way]
      // perf trace prints no line for a number that its table lacks, nor for calls that this kernel lacks.
      const beyond = evidence.includes('named-only') && program === 'badcalls'
      const without = wanted.filter((call) => !seen.has(call))
      if (known !== undefined && without.some((call) => known.calls.test(call)))
        t.ok(evidence.includes(known.because), way)
      t.same(
        beyond ? [] : without.filter((call) => known?.calls.test(call) !== true),
        [],
        `${program} ${way}: nothing else is missing`,
      )
      t.same(
        [...seen].filter((call) => !wanted.includes(call)),
        [],
        `${program} ${way}: nothing is added`,
      )
    }
    // The map also holds the launching shell's calls, and an execve stands under the parent's name.
    if (program === 'bash') continue
    const map = await observeFile(`recorded/other/${program}.bt-comm-id-count.txt`, {
      choice: { comm: program },
    })
    t.same(
      calls(map),
      wanted.filter((call) => call !== 'x86_64 execve'),
      `${program} bpftrace`,
    )
  }
})

t.test(
  'the audit log of a filter that logs: the set that strace saw until the filter killed it',
  async (t) => {
    const audit = await observeFile('recorded/audit/badcalls-logall.audit.log')
    const lines = text('recorded/x86_64/badcalls-n.strace').split('\n')
    const killed = lines.findIndex((line) => /^\d+ +\[1073741863\]/.test(line))
    t.ok(killed > 0, 'the first call with bit 30')
    const before = await observeText(lines.slice(0, killed + 1).join('\n'))
    const narrow = (name: string): string =>
      name.replace(/\?(\d+)$/, (_, number: string) => `?${BigInt.asUintN(32, BigInt(number))}`)
    const wanted = new Set(calls(before).map(narrow))
    t.same(
      calls(audit).filter((call) => !wanted.has(call)),
      [],
    )
    t.ok(codes(audit).includes('refused-by-filter'), 'and that it did is said')
    t.same(audit.sources[0]?.evidence, ['no-arguments', 'refused-only'])
  },
)

const forms: readonly (readonly [format: string, what: string, text: string, expected: readonly string[]])[] =
  [
    [
      'spo',
      'log enricher',
      'I0705 12:08:18.729660 1843190 enricher.go:136] log-enricher "msg"="audit"  "container"="redis" "executable"="/usr/local/bin/redis-server" "namespace"="default" "node"="127.0.0.1" "pid"=1847839 "pod"="my-pod" "syscallID"=232 "syscallName"="epoll_wait" "timestamp"="1625486870.273:187492" "type"="seccomp"',
      ['x86_64 epoll_wait 1'],
    ],
    [
      'spo',
      'a value with pairs in it',
      'I0705 12:08:18.729660 1843190 enricher.go:136] log-enricher "msg"="audit" "executable"="/x\\" \\"syscallName\\"=\\"ptrace" "pid"=1 "syscallID"=232 "syscallName"="epoll_wait" "type"="seccomp"',
      ['x86_64 epoll_wait 1'],
    ],
    [
      'spo',
      'a value whose escapes are not those of JSON',
      'I0705 12:08:18.729660 1843190 enricher.go:136] log-enricher "msg"="audit" "executable"="/x\\x41 \\"syscallName\\"=\\"ptrace" "pid"=1 "syscallID"=232 "syscallName"="epoll_wait" "type"="seccomp"',
      ['x86_64 epoll_wait 1'],
    ],
    [
      'spo',
      'the machine of a record, where the enricher tells it',
      ['c000003e', '40000003', 'c0000008']
        .map(
          (arch) =>
            `I0705 12:08:18.729660 1843190 enricher.go:136] "audit" logger="log-enricher" timestamp="1.5:1" type="seccomp" executable="/a" pid=1 syscallID=3 syscallName="${arch === '40000003' ? 'socketcall' : 'close'}" arch="${arch}"`,
        )
        .join('\n'),
      ['x86 socketcall 1', 'x86_64 close 1'],
    ],
    [
      'spo',
      'JSON enricher',
      '{"auditID":"310bd7f4","cmdLine":"ls -l /tmp ","executable":"/bin/dash","gid":0,"node":{"name":"n"},"pid":16037,"resource":null,"syscalls":["execve","arch_prctl"],"timestamp":"2026-03-10T14:45:33.000Z","uid":0,"version":"spo/v1_alpha"}',
      ['x86_64 arch_prctl 1', 'x86_64 execve 1'],
    ],
    [
      'spo',
      'spoc',
      '10:08:25.615110 Got syscalls: read, close, arch_prctl\n10:08:25.615200 Adding base syscalls: ptrace, mount\n10:08:25.6 Wrote seccomp profile to: /tmp/p.yaml',
      ['x86_64 arch_prctl 1', 'x86_64 close 1', 'x86_64 read 1'],
    ],
    [
      'perf',
      'a comm with everything',
      '     3.054 ( 0.299 ms): a> b) = 0/16023 arch_prctl(rqtp: 0x7f)                         = 0',
      ['x86_64 arch_prctl 1'],
    ],
    [
      'perf',
      'a comm that looks like a call',
      '     3.054 ( 0.299 ms): x/1 ptrace(/160 arch_prctl(rqtp: 0x7f)                         = 0',
      ['x86_64 arch_prctl 1'],
    ],
    [
      'perf',
      'interrupted, and its rest',
      '     1.0 (         ): sh/1 wait4(upid: -1)                         ...\n     2.0 (         ): sh/1  ... [continued]: wait4())                          = 7\n     3.0 (         ): sh/2  ... [continued]: clone())     = 0\n     3.0 ( 0.1 ms): sh/2 arch_prctl()     = 0',
      ['x86_64 arch_prctl 1', 'x86_64 wait4 1'],
    ],
    [
      'perf',
      'tracepoints of perf script',
      '   ls 9 [000] 1.5: syscalls:sys_enter_newstat: filename: 0x7f\n   ls 9 [000] 1.6: syscalls:sys_exit_newstat: 0x0',
      ['x86_64 stat 1'],
    ],
    [
      'perf',
      'a table of all tasks, tables with faults and times, a header of perf script',
      [
        '# captured on    : Tue',
        '#',
        ' total, 200 events, 2 majfaults, 31 minfaults, 1.5 msec',
        '   arch_prctl             1      0     0.059     0.059     0.059     0.059      0.00%',
        ' ls (10), 200 events, 99.0%, 1 minfaults',
        '   openat                10      1     0.059     0.001     0.005     0.01       1.00%',
      ].join('\n'),
      ['x86_64 arch_prctl 1', 'x86_64 openat 10'],
    ],
    [
      'bpftrace',
      'what newer ones say first; a histogram and a number beside the calls',
      'Attached 1 probe\n@[257]: 4\n@[158]: 1\n\n@usecs: \n[0]                    3 |@@@@      |\n[1, 2)                 7 |@@@@@@@@  |\n@start: 12\n@took[ls]: \n(..., 0)               1 |@         |\n@all: count 2, average 3, total 6\n',
      ['x86_64 arch_prctl 1', 'x86_64 openat 4'],
    ],
    [
      'bpftrace',
      'JSON: lists have places and no keys, and no call happens less than never',
      '{"type": "attached_probes", "data": {"probes": 1}}\n{"type": "map", "data": {"@": [7, 8]}}\n{"type": "map", "data": {"@sys": {"257": 4, "158": 1, "59": -3, "101": 1.5, "41": "2"}}}',
      ['x86_64 arch_prctl 1', 'x86_64 openat 4'],
    ],
    [
      'bpftrace',
      'tracepoints',
      'Attaching 2 probes...\n@[tracepoint:syscalls:sys_enter_newstat]: 4\n@[tracepoint:syscalls:sys_enter_umount]: 1',
      ['x86_64 stat 4', 'x86_64 umount2 1'],
    ],
    [
      'gvisor',
      'a call that leaves and did not enter here, beside one that did both',
      'I1009 15:34:32.684395       1 strace.go:567] [  23:  23] cmake E openat(AT_FDCWD /tmp, 0x7f)\nI1009 15:34:32.684405       1 strace.go:605] [  23:  23] cmake X openat(AT_FDCWD /tmp, 0x7f) = 3 (0x3) (2us)\nI1009 15:34:32.684415       1 strace.go:605] [  23:  24] cmake X unlink(0x7f) = 0 (0x0) (667ns)',
      ['x86_64 openat 1', 'x86_64 unlink 1'],
    ],
    [
      'tracee',
      'a call of a 32-bit program',
      '{"timestamp":1,"processId":1,"eventId":"473","eventName":"socketcall","argsNum":2,"returnValue":3,"contextFlags":{"isCompat":true},"args":[]}\n{"timestamp":1,"processId":1,"eventId":"257","eventName":"openat","argsNum":2,"returnValue":3,"contextFlags":{"isCompat":false},"args":[]}',
      ['x86 socketcall 1', 'x86_64 openat 1'],
    ],
    [
      'audit',
      'snappy-debug',
      'INFO: Following /var/log/syslog\n= Seccomp =\nTime: 2026-05-17T19:0\nLog: auid=1000 uid=1000 gid=1000 ses=2 subj=snap.app.app pid=9794 comm="app" exe="/x" sig=0 arch=c000003e 330(pkey_alloc) compat=0 ip=0x7924dd90032b code=0x50000\nSyscall: pkey_alloc\n',
      ['x86_64 pkey_alloc 1'],
    ],
    [
      'audit',
      'snappy-debug in the journal',
      'May 17 19:00:01 host snap.snappy-debug.snappy-debug[812]: = Seccomp =\nMay 17 19:00:01 host snap.snappy-debug.snappy-debug[812]: Log: auid=1000 uid=1000 gid=1000 ses=2 subj=snap.app.app pid=9794 comm="app" exe="/x" sig=0 arch=c000003e 330(pkey_alloc) compat=0 ip=0x7924dd90032b code=0x50000\nMay 17 19:00:01 host snap.snappy-debug.snappy-debug[812]: Syscall: pkey_alloc\nMay 17 19:00:01 host app[9]: Log: auid=1000 uid=1000 gid=1000 ses=2 subj=snap.app.app pid=9794 comm="app" exe="/x" sig=0 arch=c000003e 59(execve) compat=0 ip=0x7924dd90032b code=0x50000',
      ['x86_64 pkey_alloc 1'],
    ],
    ['bpftrace', 'a named map', '@sys[41]: 3\n@sys[257]: 1', ['x86_64 openat 1', 'x86_64 socket 3']],
    [
      'bpftrace',
      'a map of names',
      '@syscallname[lstat]: 3\n@syscallname[openat]: 1',
      ['x86_64 lstat 3', 'x86_64 openat 1'],
    ],
    [
      'bpftrace',
      'the title of a list',
      'Attached 3 probes\nTop 10 syscalls names:\n@syscallname[read]: 3\n\nTop 10 processes:\n@process[rm]: 9',
      ['x86_64 read 3'],
    ],
    ['bpftrace', 'maps of something else', '@sys[257]: 1\n@bytes[16280]: 99', ['x86_64 openat 1']],
    [
      'sysdig',
      'both directions, and others',
      '34381 12:02:36.269784970 2 echo (7896) > mmap addr=0\n34382 12:02:36.269784971 2 echo (7896) < mmap res=7F\n34383 12:02:36.269784972 2 echo (7896) > switch next=0\n34384 12:02:36.269784973 2 echo (7896) < arch_prctl res=0\n34385 12:02:36.269784974 2 echo (7896) > syscall ID=217(getdents64) nativeID=0\n34386 12:02:36.269784975 2 echo (7896) > pread fd=3(<f>/a)',
      ['x86_64 arch_prctl 1', 'x86_64 getdents64 1', 'x86_64 mmap 1', 'x86_64 pread64 1'],
    ],
    [
      'sysdig',
      'a call without an event, whose first number is not the kernel’s',
      '1 12:02:36.269784970 2 echo (7) > syscall ID=9(?) nativeID=435\n2 12:02:36.269784971 2 echo (7) > arch_prctl',
      ['x86_64 arch_prctl 1', 'x86_64 clone3 1'],
    ],
    [
      'sysdig',
      'a fork is told by both, and counts once',
      '1 12:02:36.269784970 2 sh (7) > clone\n2 12:02:36.269784971 2 sh (8) < clone res=0 exe=sh\n3 12:02:36.269784972 2 sh (7) < clone res=8(sh) exe=sh\n4 12:02:36.269784973 2 sh (8) < arch_prctl res=0',
      ['x86_64 arch_prctl 1', 'x86_64 clone 1'],
    ],
    [
      'gvisor',
      'text',
      'I1009 15:34:32.684395       1 strace.go:572] [   1:   1] bash E openat(AT_FDCWD /, 0x7f /proc/cpuinfo, O_RDONLY|0x0, 0o0)\nI1009 15:34:32.684395       1 strace.go:596] [   1:   1] bash X openat(AT_FDCWD /, 0x7f /proc/cpuinfo, O_RDONLY|0x0, 0o0) = 3 (0x3) (34µs)\nI1009 15:34:32.684395       1 strace.go:572] [   1:   1] x E ptrace( E arch_prctl(0x1)',
      ['x86_64 arch_prctl 1', 'x86_64 openat 1'],
    ],
    [
      'gvisor',
      'JSON',
      '{"msg":"strace.go:572] [   1:   1] bash E sys_335(0x1)","level":"info"}\n{"msg":"strace.go:572] [   1:   1] bash E arch_prctl(0x1)","level":"info"}',
      ['x86_64 uretprobe 1', 'x86_64 arch_prctl 1'],
    ],
    [
      'gvisor',
      'u-root',
      '[pid 3850] E arch_prctl(0x3)\n[pid 3850] X arch_prctl(0x3) = 0x0 (19.78µs)',
      ['x86_64 arch_prctl 1'],
    ],
    [
      'tracee',
      'JSON',
      '{"timestamp":1657290245020855990,"processId":7,"processName":"a","eventId":"257","eventName":"openat","argsNum":4,"returnValue":3,"args":[{"name":"dirfd","type":"int","value":-100}]}\n{"timestamp":1,"eventId":"158","eventName":"arch_prctl","argsNum":0,"returnValue":0,"args":[]}\n{"timestamp":1,"eventId":"709","eventName":"security_file_open","argsNum":0,"returnValue":0,"args":[]}',
      ['x86_64 arch_prctl 1', 'x86_64 openat 1'],
    ],
    [
      'tracee',
      'raw entries, with the call by number and by name; the exit names the call again',
      '{"timestamp":1,"processId":1,"eventId":"700","eventName":"sys_enter","argsNum":1,"returnValue":0,"args":[{"name":"syscall","type":"int","value":257}]}\n{"timestamp":1,"processId":1,"eventId":"701","eventName":"sys_exit","argsNum":1,"returnValue":0,"args":[{"name":"syscall","type":"int","value":257}]}\n{"timestamp":1,"processId":1,"eventId":"700","eventName":"sys_enter","argsNum":1,"returnValue":0,"args":[{"name":"syscall","type":"string","value":"arch_prctl"}]}',
      ['x86_64 arch_prctl 1', 'x86_64 openat 1'],
    ],
    [
      'tracee',
      'raw entries of v1beta1',
      '{"timestamp":"2026-01-01T00:00:00.1Z","id":"700","name":"sys_enter","workload":{"process":{"pid":7}},"data":[{"name":"syscall","int32":257}]}\n{"timestamp":"2026-01-01T00:00:00.1Z","id":"700","name":"sys_enter","workload":{"process":{"pid":7}},"data":[{"name":"syscall","str":"arch_prctl"}]}',
      ['x86_64 arch_prctl 1', 'x86_64 openat 1'],
    ],
    [
      'tracee',
      'table',
      'TIME             UID    COMM             PID     TID     RET              EVENT                ARGS\n11:21:51:254199  1000   exa              1639459 1639459 3                openat               dirfd: -100\n11:21:51:254200  1000   exa              1639459 1639459 0                arch_prctl           option: 1',
      ['x86_64 arch_prctl 1', 'x86_64 openat 1'],
    ],
    [
      'inspektor-gadget',
      'traceloop',
      'CPU PID        COMM             NAME             PARAMS\n6   345196     ls               arch_prctl       option=1\n6   345196     ls               openat           dfd=-100',
      ['x86_64 arch_prctl 1', 'x86_64 openat 1'],
    ],
    [
      'inspektor-gadget',
      'audit_seccomp',
      '{"k8s":{"podName":"p","containerName":"c"},"pid":485855,"comm":"unshare","syscall":"SYS_UNSHARE","code":"SECCOMP_RET_KILL_THREAD"}\n{"pid":1,"comm":"a","syscall":"SYS_ARCH_PRCTL","code":"x"}',
      ['x86_64 arch_prctl 1', 'x86_64 unshare 1'],
    ],
    [
      'inspektor-gadget',
      'advise_seccomp',
      '// hello\n{\n  "defaultAction": "SCMP_ACT_ERRNO",\n  "architectures": ["SCMP_ARCH_X86_64"],\n  "syscalls": [{ "names": ["read", "write"], "action": "SCMP_ACT_ALLOW" }]\n}\n',
      ['x86_64 read 1', 'x86_64 write 1'],
    ],
  ]

t.test('Tracee tells arguments as numbers, or in words that are not known', async (t) => {
  const event = (value: unknown): string =>
    JSON.stringify({
      timestamp: 1,
      processId: 7,
      eventId: '41',
      eventName: 'socket',
      argsNum: 1,
      returnValue: 3,
      args: [{ name: 'domain', type: 'int', value }],
    })
  const args = async (...values: unknown[]): Promise<unknown> =>
    (await observeText(values.map((value) => `${event(value)}\n`).join(''), { format: 'tracee' }))
      .architectures.x86_64?.['socket']?.args
  t.same(await args(2, 1, -1), { 0: ['1', '2', '4294967295'] }, 'as 32 bits, which the kernel takes')
  t.same(await args(2, 'AF_UNIX'), { 0: null })
})

t.test('each format is recognised by itself and gives its calls', async (t) => {
  for (const [format, what, log, expected] of forms) {
    const observations = await observeText(`${log}\n`)
    t.same(counts(observations), [...expected].sort(), `${format}, ${what}`)
    t.match(observations.sources, [{ format, unparsed: 0 }], what)
    t.same(
      counts(await observeText(`${log}\n`, { format: format as 'spo' })),
      [...expected].sort(),
      `--format ${format}`,
    )
  }
})

t.test('a task whose name holds a line end forges no silent call', async (t) => {
  const forged = await observeText('Attaching 1 probe...\n@[sh, 257]: 1\n@[\n@[x, 101]: 1\n@[, 41]: 3\n')
  t.ok(codes(forged).includes('broken-record'))
  const short = await observeText('Attaching 1 probe...\n@[sh, 257]: 1\n@[a\n@[101]: 1, 41]: 3\n@[101]: 7\n')
  t.notOk(calls(short).includes('x86_64 ptrace'))
  t.ok(codes(short).includes('broken-record'))
})

t.test('a histogram is not told as a record that was cut', async (t) => {
  const observations = await observeText(
    'Attached 1 probe\n@[257]: 4\n@usecs: \n[0]                    3 |@@@@      |\n',
  )
  t.same(codes(observations), ['other-map'])
  const cut = await observeText('Attached 1 probe\n@sys[sh, 257]: 4\n@sys[a]: \n@[101]: 1, 41]: 1\n')
  t.ok(codes(cut).includes('broken-record'), 'what looks like a title in a map of calls is one')
})

t.test(
  'a generic event of sysdig without the kernel’s number is not understood, and no other call',
  async (t) => {
    const { architectures, sources } = await observeText(
      '1 12:02:36.269784970 2 echo (7) > syscall ID=9(?) nativeID=0\n2 12:02:36.269784971 2 echo (7) > arch_prctl\n',
    )
    t.same(Object.keys(architectures.x86_64 ?? {}), ['arch_prctl'])
    t.match(sources, [{ calls: 1, unparsed: 1 }])
  },
)

t.test('what the operator’s logs say is missing, and under which names 32-bit calls stand', async (t) => {
  const audit = (rest: string): string =>
    `I0705 12:08:18.729660 1 enricher.go:136] log-enricher "msg"="audit" "pid"=1 "syscallID"=232 "syscallName"="epoll_wait" "type"="seccomp"${rest}\n`
  const nameless =
    'I0705 12:08:18.7 1 enricher.go:1] "no syscall name found for ID" logger="log-enricher" syscallID=500 err="x"\n'
  const old = await observeText(audit('') + nameless)
  t.match(old.sources, [{ calls: 1, lost: 1, evidence: ['native-only', 'no-arguments', 'refused-only'] }])
  t.same(codes(old), ['records-lost'])
  const told = await observeText(audit(' "arch"="c000003e"'))
  t.same(told.sources[0]?.evidence, ['no-arguments', 'refused-only'])
  t.same(codes(await observeText(audit('') + audit(' "arch"="c0000008"'))), ['foreign-machine'])
  const recorded = await observeText('10:08:25.6 Got syscalls: read, 500, arch_prctl, \n')
  t.same(calls(recorded), ['x86_64 arch_prctl', 'x86_64 read'])
  t.equal(recorded.sources[0]?.lost, 1)
  const enriched = await observeText(
    '{"auditID":"3","pid":1,"resource":null,"syscalls":["arch_prctl",7,null,{"toString":1}],"version":"spo/v1_alpha"}\n',
  )
  t.same(calls(enriched), ['x86_64 arch_prctl'])
  t.equal(enriched.sources[0]?.lost, 2)
})

t.test('perf: the calls of a table without a task are nobody’s', async (t) => {
  const text =
    ' ls (10), 200 events, 99.0%\n   openat                10      1     0.059     0.001     0.005     0.01       1.00%\n' +
    ' sh (11), 9 events, 1.0%, 1 majfaults, 3 minfaults, 0.5 msec\n   arch_prctl             1      0     0.059     0.059     0.059     0.059      0.00%\n' +
    ' total, 9 events\n   read                   1      0     0.059     0.059     0.059     0.059      0.00%\n'
  t.same(calls(await observeText(text, { choice: { pid: 10 } })), ['x86_64 openat'])
  t.same(calls(await observeText(text, { choice: { comm: 'sh' } })), ['x86_64 arch_prctl'])
})

t.test('perf trace: a name of a file can pass for a call, and that is said', async (t) => {
  // perf 6.1 printed this about a program that made a file with this name.
  const named =
    '   115.095 ( 0.088 ms): python3/1916 openat(dfd: CWD, filename: 0xc85b0650, flags: RDONLY|CREAT, mode: IRWXUGO) = 4\n' +
    '   115.254 ( 0.010 ms): python3/1916 read(fd: 4</tmp/a) = 0\n     1.100 ( 0.001 ms): reboot(a: 1) = 1\nb>, buf: 0x7f2dc87c7050, count: 1) = 0\n'
  const told = async (text: string) =>
    (await observeText(text)).diagnostics.filter(({ code }) => code === 'forgeable')
  t.match(await told(named), [{ facts: { recorder: 'perf' } }])
  t.same(await told(`${named.split('\n')[0] ?? ''}\n`), [], 'no name, no word')
})

t.test('the architecture of numbers and names that do not tell it', async (t) => {
  const numbers = (...all: readonly number[]): string => all.map((number) => `@[${number}]: 1`).join('\n')
  t.same(
    calls(await observeText(numbers(0, 257, 318))),
    ['x86_64 getrandom', 'x86_64 openat', 'x86_64 read'],
    '257 is none of aarch64’s',
  )
  await t.rejects(observeText(numbers(56, 63, 64)), {
    message: /call numbers without an architecture: give observe --arch A/,
  })
  t.same(calls(await observeText(numbers(56, 63, 64), { architecture: 'aarch64' })), [
    'aarch64 openat',
    'aarch64 read',
    'aarch64 write',
  ])
  const names = await observeText('10:08:25.615110 Got syscalls: read, close\n')
  t.same(codes(names), ['architecture-assumed'])
  t.same(calls(names), ['x86_64 close', 'x86_64 read'])
})

t.test('whose calls: the container, the pod, the program', async (t) => {
  const line = (container: string, pod: string, name: string): string =>
    `I0705 12:08:18.729660 1 enricher.go:136] log-enricher "msg"="audit" "container"="${container}" "executable"="/a" "pid"=1 "pod"="${pod}" "syscallID"=1 "syscallName"="${name}" "timestamp"="1625486870.273:1" "type"="seccomp"`
  const log = [
    line('redis', 'one', 'arch_prctl'),
    line('redis', 'two', 'read'),
    line('web', 'two', 'write'),
  ].join('\n')
  t.same(calls(await observeText(log, { choice: { container: 'redis' } })), [
    'x86_64 arch_prctl',
    'x86_64 read',
  ])
  t.same(
    calls(await observeText(log, { choice: { container: 'redis', pod: 'two' }, architecture: 'x86_64' })),
    ['x86_64 read'],
  )
  t.same(calls(await observeText(log, { choice: { since: 1625486871 } })), [])
  const bodies: readonly (readonly [log: string, choice: CallerChoice])[] = [
    [
      `{"timestamp":1657290245020855990,"processId":7,"processName":"a","eventId":"257","eventName":"openat","args":[],
       "executable":{"path":"/bin/a"},"container":{"name":"web","id":"c1"},"kubernetes":{"podName":"p"}}`,
      { pid: 7, comm: 'a', exe: '/bin/a', container: 'web', pod: 'p', since: 1657290245, until: 1657290246 },
    ],
    [
      `{"timestamp":1,"processId":7,"eventId":"257","eventName":"openat","args":[],"containerId":"0123456789abcdef",
       "podName":"p"}`,
      { container: '0123456789ab', pod: 'p' },
    ],
    ['11:21:51:254199  1000   exa   163 163 3   openat   dirfd: -100', { pid: 163, comm: 'exa' }],
    [
      `{"k8s":{"podName":"p","containerName":"web"},"pid":48,"comm":"a","syscall":"SYS_OPENAT","code":"x"}`,
      { pid: 48, comm: 'a', container: 'web', pod: 'p' },
    ],
    [
      `{"proc":{"pid":48,"comm":"a"},"runtime":{"containerName":"web"},"pod":"p","syscall":"openat"}`,
      { pid: 48, comm: 'a', container: 'web', pod: 'p' },
    ],
    [
      `K8S.PODNAME K8S.CONTAINERNAME PID COMM SYSCALL    CODE\np           web               48  a    SYS_OPENAT x`,
      { pid: 48, comm: 'a', container: 'web', pod: 'p' },
    ],
    [
      `{"version":"spo/v1_alpha","auditID":"x","executable":"/bin/a","pid":9,"timestamp":"2025-01-01T00:00:00.000Z",
       "resource":{"pod":"p","container":"web"},"syscalls":["openat"]}`,
      { pid: 9, exe: '/bin/a', container: 'web', pod: 'p', since: 1735689600, until: 1735689600 },
    ],
    ['     0.000 ( 0.002 ms): cat/12 openat(dfd: CWD, filename: "x") = 3', { pid: 12, comm: 'cat' }],
    ['1 1700000000.123456789 0 a (7) > openat dirfd=3', { pid: 7, comm: 'a', since: 1700000000 }],
  ]
  for (const [body, choice] of bodies) {
    const line = body.replaceAll(/\n +/g, '')
    for (const [field, wanted] of Object.entries(choice)) {
      const other = typeof wanted === 'string' ? 'other' : field === 'until' ? wanted - 1e6 : wanted + 1e6
      t.same(
        calls(await observeText(line, { choice: { [field]: wanted } })),
        ['x86_64 openat'],
        `${field}: ${line}`,
      )
      t.same(calls(await observeText(line, { choice: { [field]: other } })), [], `another ${field}`)
    }
  }
  const trace =
    '10 execve("/a", ["a"], 0x7 /* 1 vars */) = 0\n11 arch_prctl(ARCH_SET_FS, 0x7) = 0\n10 exit_group(0) = ?\n'
  t.same(calls(await observeText(trace, { choice: { pid: 10 } })), ['x86_64 execve', 'x86_64 exit_group'])
  await t.rejects(observeText(trace, { choice: { pod: 'x' } }), {
    message: /strace does not hold what --pod selects by/,
  })
  await t.rejects(observeText('@[257]: 1\n', { choice: { comm: 'x' } }), {
    message: /do not hold what --comm selects by/,
  })
})

t.test('a row that does not stand below its header gives no call', async (t) => {
  const rows = 'PID COMM SYSCALL CODE\n1   abcdef SYS_OPENAT x\n1   a    SYS_BPF x\n'
  const { sources, architectures } = await observeText(rows, { architecture: 'x86_64' })
  t.same(Object.keys(architectures.x86_64 ?? {}), ['bpf'])
  t.match(sources, [{ calls: 1, unparsed: 1 }])
})

t.test('what was lost is told', async (t) => {
  const rows: readonly (readonly [log: string, lost: number | undefined])[] = [
    ['Attaching 1 probe...\n@[257]: 1\nLost 12 events\n', 12],
    [
      "Attaching 1 probe...\n@[257]: 1\nMap full; can't update element. Try increasing max_map_keys.\n",
      undefined,
    ],
    ['     0.000 ( 0.002 ms): cat/12 openat(dfd: CWD) = 3\nLOST 34 events!\n', 34],
  ]
  for (const [log, lost] of rows) {
    const observations = await observeText(log, { architecture: 'x86_64' })
    t.equal(observations.sources[0]?.lost, lost, log)
    t.ok(codes(observations).includes('records-lost'), log)
  }
})

t.test('events of Tracee in the form of its protocol', async (t) => {
  const event = (name: string, rest: object = {}, compat = false): object => ({
    timestamp: { seconds: '1732454400', nanos: 5 },
    id: name,
    name,
    policies: { matched: ['a'] },
    workload: { process: { pid: { value: 7 }, thread: { name: 'bash', syscall: name, compat } } },
    data: [],
    ...rest,
  })
  const log = (...events: object[]): string => events.map((each) => `${JSON.stringify(each)}\n`).join('')
  const socket = {
    data: [
      { name: 'domain', int32: 2 },
      { name: 'returnValue', int32: 3 },
    ],
  }
  const rows: readonly (readonly [log: string, wanted: readonly string[]])[] = [
    [log(event('socket', socket), event('sched_process_exec'), event('openat')), ['x86_64 openat 1', 'x86_64 socket 1']],
    [log({ ...event('read'), timestamp: '2026-01-01T00:00:00Z', id: 1 }), ['x86_64 read 1']],
    [JSON.stringify([event('read'), event('read')], null, 2), ['x86_64 read 2']],
    [log(event('arch_prctl'), event('chown16', {}, true), event('llseek', {}, true)), ['x86 _llseek 1', 'x86 chown 1', 'x86_64 arch_prctl 1']],
  ] // prettier-ignore
  for (const [text, wanted] of rows) {
    const observations = await observeText(text)
    t.same(counts(observations), wanted, text)
    t.match(observations.sources, [{ format: 'tracee', unparsed: 0 }])
  }
  const { architectures } = await observeText(log(event('socket', socket)))
  t.same(architectures.x86_64?.['socket']?.args?.['0'], ['2'])
  const refused = { data: [{ name: 'returnValue', int64: '-1' }] }
  const mixed = await observeText(log(event('mount', refused), event('read')))
  t.equal(mixed.architectures.x86_64?.['mount']?.eperm, 1)
  const choice: CallerChoice = { comm: 'bash', pid: 7 }
  t.same(counts(await observeText(log(event('read')), { choice })), ['x86_64 read 1'])
  t.notMatch((await observeText(`${JSON.stringify({ name: 'read', id: 1, timestamp: 1 })}\n`)).sources, [{ format: 'tracee' }]) // prettier-ignore
})

t.test('Tracee’s compat is the 32-bit side of its machine', async (t) => {
  const event = (eventName: string, isCompat: boolean): string =>
    `${JSON.stringify({ timestamp: 1, processId: 1, processName: 'a', eventId: '1', eventName, argsNum: 0, returnValue: 3, contextFlags: { isCompat }, args: [] })}\n` // prettier-ignore
  const rows: readonly (readonly [log: string, wanted: readonly string[], architecture?: Architecture])[] = [
    [event('open', true) + event('arch_prctl', false), ['x86 open', 'x86_64 arch_prctl']],
    [event('socketcall', true), ['x86 socketcall']],
    [event('open', true), ['arm open'], 'aarch64'],
    [event('open', true), ['x86 open'], 'x86_64'],
    [event('clock_gettime32', true) + event('read', false), ['arm clock_gettime', 'aarch64 read'], 'aarch64'],
  ]
  for (const [log, wanted, architecture] of rows)
    t.same(calls(await observeText(log, architecture && { architecture })), [...wanted].sort(), log)
  t.ok(codes(await observeText(event('open', true))).includes('architecture-assumed'), 'i386 and arm have it')
  t.notOk(codes(await observeText(event('socketcall', true))).includes('architecture-assumed'))
})

t.test('sysdig’s JSON, and the alerts of Falco', async (t) => {
  const event = (num: number, type: string, dir?: string, more: object = {}): object => ({
    'evt.num': num, 'evt.type': type, 'evt.outputtime': 1700000000000000000, 'proc.name': 'a', 'thread.tid': 7, 'evt.info': '', ...(dir && { 'evt.dir': dir }), ...more,
  }) // prettier-ignore
  const alert = (type: string): object => ({
    hostname: 'h', output: 'x', output_fields: { 'evt.type': type, 'proc.name': 'a', 'container.id': 'c' }, priority: 'Notice', rule: 'r', source: 'syscall', tags: [], time: '2026-01-01T00:00:00Z',
  }) // prettier-ignore
  const both = [
    event(1, 'read', '>'),
    event(2, 'read', '<'),
    event(3, 'switch', '>'),
    event(4, 'openat', '<'),
  ]
  const lines = (all: readonly object[]): string => all.map((each) => `${JSON.stringify(each)}\n`).join('')
  const rows: readonly (readonly [log: string, wanted: readonly string[], evidence: Evidence])[] = [
    [lines(both), ['x86_64 openat 1', 'x86_64 read 1'], 'every-call'],
    [`[${both.map((each) => JSON.stringify(each)).join(',\n')}\n]\n`, ['x86_64 openat 1', 'x86_64 read 1'], 'every-call'],
    [lines([event(1, 'read'), event(2, 'read')]), ['x86_64 read 2'], 'every-call'],
    [lines([event(1, 'syscall', '>', { 'evt.info': 'ID=217(getdents64) nativeID=0' })]), ['x86_64 getdents64 1'], 'every-call'],
    [lines([alert('execve'), alert('connect'), alert('execve')]), ['x86_64 connect 1', 'x86_64 execve 2'], 'rules-only'],
  ] // prettier-ignore
  for (const [text, wanted, evidence] of rows) {
    const observations = await observeText(text)
    t.same(counts(observations), wanted, text)
    t.match(observations.sources, [{ format: 'sysdig', unparsed: 0 }])
    t.ok(observations.sources[0]?.evidence?.includes(evidence), text)
  }
})

t.test('tables of bcc’s syscount', async (t) => {
  const table = (rows: number, top = 10): string =>
    `Tracing syscalls, printing top ${top}... Ctrl+C to quit.\n[09:39:04]\nSYSCALL                   COUNT\n${[
      'write', 'read', 'wait4', 'nanosleep', 'select', 'rt_sigprocmask', 'clock_gettime', 'rt_sigaction', 'futex', 'ioctl',
    ].slice(0, rows).map((name, at) => `${name.padEnd(22)} ${String(100 - at).padStart(8)}\n`).join('')}^C\nDetaching...\n` // prettier-ignore
  const few = await observeText(table(3))
  t.same(counts(few), ['x86_64 read 99', 'x86_64 wait4 98', 'x86_64 write 100'])
  t.match(few.sources, [
    { format: 'bcc', unparsed: 0, evidence: ['exits-only', 'native-only', 'no-arguments'] },
  ])
  t.notOk(codes(few).includes('most-frequent-only'), 'fewer than would be printed')
  t.ok(codes(await observeText(table(10))).includes('most-frequent-only'))
  t.notOk(codes(await observeText(table(10, 500))).includes('most-frequent-only'))
  const latency =
    'SYSCALL                   COUNT        TIME (us)\nselect                       16      3415860.022\n[unknown: 321]               32            4.965\n'
  t.same(counts(await observeText(latency, { architecture: 'x86_64' })), [
    'x86_64 bpf 32',
    'x86_64 select 16',
  ])
  const processes =
    'Tracing syscalls, printing top 10... Ctrl+C to quit.\n[09:41:32]\nPID    COMM               COUNT\n13820  vim               548\n'
  t.same(counts(await observeText(processes)), [])
  const failed =
    'Tracing failed syscalls, printing top 10... Ctrl+C to quit.\nSYSCALL                   COUNT\nopenat 3\n'
  t.ok((await observeText(failed)).sources[0]?.evidence?.includes('failures-only'))
})
