// strace's lines inside other logs: whatever surrounds them, the calls are those of the plain log. The logger's own
// text is no call, and a log without strace's lines keeps its own reader.
import t from 'tap'
import { observe } from '../../src/observe/index.ts'
import { calls, faults, json, logs } from './wrapped-rows.ts'

async function countsOf(text: string): Promise<object> {
  const { architectures, sources } = await observe([{ name: 'log', bytes: [Buffer.from(text)] }])
  const counted = Object.entries(architectures).map(([architecture, its]) => [
    architecture,
    Object.entries(its).map(([name, { count }]) => `${name} ${count}`),
  ])
  return { counted, format: sources[0]?.format, unparsed: sources[0]?.unparsed }
}

t.test('what stands around the lines changes nothing', async (t) => {
  const plain = await countsOf(`${calls.join('\n')}\n`)
  t.match(plain, { format: 'strace', unparsed: 0 })
  for (const [name, wrap] of Object.entries(logs)) {
    const lines = calls.map(wrap)
    t.strictSame(await countsOf(`${lines.join('\n')}\n`), plain, name)
    t.strictSame(await countsOf(`${lines.join('\r\n')}\r\n`), plain, `${name}, CRLF`)
  }
})

t.test('lines that are like one before give what the careful reader gives', (t) => {
  t.same(faults(), [])
  t.end()
})

t.test('entries of docker inside CRI lines', async (t) => {
  const wrapped = calls.map((log) => `2026-06-16T10:11:12.1Z stderr F ${json({ log, stream: 'stderr' })}\n`)
  t.strictSame(await countsOf(wrapped.join('')), await countsOf(`${calls.join('\n')}\n`))
})

t.test('a line that docker cut into pieces of 16 KiB is one', async (t) => {
  // The pieces of a long line without an end: as short lines they would be no calls.
  const line = `812   write(1, "${'é< '.repeat(9000)}", 36000) = 36000`
  const bytes = Buffer.from(`${line}\n`)
  const pieces: string[] = []
  for (let at = 0; at < bytes.length; at += 16_384)
    pieces.push(bytes.subarray(at, at + 16_384).toString('utf8'))
  t.ok(pieces.length > 2)
  const entries = [`${calls[0]}\n`, ...pieces, ...calls.slice(1).map((each) => `${each}\n`)]
  const text = entries
    .map((log) => `${json({ log, stream: 'stderr', time: '2026-06-16T10:11:12Z' })}\n`)
    .join('')
  t.strictSame(await countsOf(text), await countsOf(`${[calls[0], line, ...calls.slice(1)].join('\n')}\n`))
})

t.test('objects over several lines and in arrays', async (t) => {
  const plain = await countsOf(`${calls.join('\n')}\n`)
  for (const name of [
    'fluent bit',
    'docker, other order',
    'docker, line ends cut off',
    'docker’s text alone',
    'cloudwatch',
    'journal, json',
    'elasticsearch',
  ]) {
    const objects = calls.map((line, index) => JSON.parse(logs[name]!(line, index)) as unknown)
    for (const [form, text] of [
      ['pretty', objects.map((each) => JSON.stringify(each, null, 2)).join('\n')],
      ['an array', JSON.stringify(objects)],
      ['a pretty array', JSON.stringify(objects, null, 4)],
      ['an array, an object a line', `[\n${objects.map(json).join(',\n')}\n]`],
    ] as const)
      t.strictSame(await countsOf(`${text}\n`), plain, `${name}, ${form}`)
  }
})

t.test('every format of an object a line is read over several lines and in arrays too', async (t) => {
  const events: Readonly<Record<string, readonly object[]>> = {
    tracee: [
      {
        timestamp: 1,
        processId: 4242,
        processName: 'app',
        eventId: '257',
        eventName: 'openat',
        argsNum: 4,
        returnValue: 3,
        args: [{ name: 'dirfd', type: 'int', value: -100 }],
      },
      {
        timestamp: 2,
        processId: 4242,
        processName: 'app',
        eventId: '0',
        eventName: 'read',
        argsNum: 3,
        returnValue: 3,
        args: [],
      },
    ],
    'inspektor-gadget': [
      {
        code: 'SECCOMP_RET_KILL_THREAD',
        proc: { comm: 'x', pid: 1 },
        syscall: 'SYS_CHROOT',
        timestamp_raw: 1,
      },
      {
        code: 'SECCOMP_RET_KILL_THREAD',
        proc: { comm: 'x}"{', pid: 1 },
        syscall: 'SYS_UNSHARE',
        timestamp_raw: 2,
      },
    ],
    gvisor: [{ msg: 'strace.go:600] [   1:   1] bash E openat(AT_FDCWD /, 0x1)', level: 'info' }],
  }
  for (const [format, objects] of Object.entries(events)) {
    const plain = await countsOf(`${objects.map(json).join('\n')}\n`)
    t.match(plain, { format, unparsed: 0 })
    for (const text of [
      objects.map((each) => JSON.stringify(each, null, 2)).join('\n'),
      JSON.stringify(objects),
      JSON.stringify(objects, null, 2),
    ])
      t.strictSame(await countsOf(`${text}\n`), plain, `${format}: ${text.slice(0, 12)}`)
  }
})

t.test('the export format of the journal, and its verbose one', async (t) => {
  const plain = await countsOf(`${calls.join('\n')}\n`)
  const fields = (message: string, identifier = 'strace'): [string, string][] => [
    ['__CURSOR', 's=a;i=1'],
    ['__REALTIME_TIMESTAMP', '1495049802123456'],
    ['_TRANSPORT', 'stdout'],
    ['SYSLOG_IDENTIFIER', identifier],
    ['MESSAGE', message],
    ['_PID', '7'],
  ]
  const exported = (entry: [string, string][], isBinary = false): string =>
    `${entry
      .map(([name, value]) => {
        if (!isBinary || name !== 'MESSAGE') return `${name}=${value}\n`
        const length = Buffer.alloc(8)
        length.writeBigUInt64LE(BigInt(value.length))
        return `${name}\n${length.toString('latin1')}${value}\n`
      })
      .join('')}\n`
  const verbose = (entry: [string, string][]): string =>
    `Wed 2017-05-17 21:36:42.123456 UTC [s=abc;i=1;b=2;m=3;t=4;x=5]\n${entry
      .filter(([name]) => !name.startsWith('__'))
      .map(
        ([name, value]) => `    ${name}=${value.replaceAll('\n', `\n    ${' '.repeat(name.length + 1)}`)}\n`,
      )
      .join('')}`
  const head = '-- Journal begins at Wed 2017-05-17 21:36:00 UTC, ends at Wed 2017-05-17 21:37:00 UTC. --\n'
  const others = fields('open("/etc/passwd", O_RDONLY) = 3', 'cron')
  const rows: readonly (readonly [name: string, log: string])[] = [
    ['export', calls.map((line) => exported(fields(line))).join('')],
    [
      'export, CRLF',
      calls
        .map((line) => exported(fields(line)))
        .join('')
        .replaceAll('\n', '\r\n'),
    ],
    ['export, with lengths', calls.map((line) => exported(fields(line), true)).join('')],
    [
      'export, cut',
      calls
        .map((line) => exported(fields(line)))
        .join('')
        .slice(0, -9),
    ],
    ['export, others', calls.map((line) => exported(fields(line)) + exported(others)).join('')],
    ['verbose', head + calls.map((line) => verbose(fields(line))).join('')],
    ['verbose, others', calls.map((line) => verbose(fields(line)) + verbose(others)).join('')],
  ]
  for (const [name, log] of rows)
    // The calls of others are reported and not counted.
    t.strictSame(
      await countsOf(log),
      name.endsWith('others') ? { ...plain, unparsed: calls.length } : plain,
      name,
    )
  const record = 'SECCOMP auid=1 uid=0 gid=0 ses=1 pid=7 comm="x" exe="/x" sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f code=0x7ffc0000' // prettier-ignore
  const audit = (transport: string): [string, string][] =>
    fields(record, 'audit').map(([name, value]) => [name, name === '_TRANSPORT' ? transport : value])
  for (const print of [exported, verbose]) {
    const log = print(audit('audit')) + print(audit('stdout')) + print(audit('audit'))
    t.match(
      await countsOf(log),
      { format: 'audit', counted: [['x86_64', ['socket 2']]] },
      'forged ones do not count',
    )
  }
})

t.test('others that write to the journal are not the traced program', async (t) => {
  const lines = [
    '-- Logs begin at Wed 2017-05-17 21:36:00 UTC, end at Wed 2017-05-17 21:37:00 UTC. --',
    'May 17 21:36:41 host systemd[1]: Started Network Time Synchronization.',
    ...calls.map((line) => `May 17 21:36:42 host strace[1499]: ${line}`),
    'May 17 21:36:43 host cron[9]: open("/etc/passwd", O_RDONLY) = 3',
  ]
  const log = `${lines.join('\n')}\n`
  t.strictSame(await countsOf(log), { ...(await countsOf(`${calls.join('\n')}\n`)), unparsed: 1 })
  const { diagnostics } = await observe([{ name: 'log', bytes: [Buffer.from(log)] }])
  t.match(
    diagnostics.find(({ code }) => code === 'glued-call'),
    { at: 'log:9' },
    'a call of another is reported',
  )
})

t.test('a log without strace’s lines keeps its reader', async (t) => {
  const audit =
    'Jul  8 10:31:23 host kernel: [  270.853767] audit: type=1326 audit(1594204283.123:4): auid=1 uid=0 gid=0 ses=1 pid=7 comm="x" exe="/x" sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f code=0x7ffc0000\n'
  t.match(await countsOf(audit.repeat(3)), { format: 'audit', counted: [['x86_64', ['socket 3']]] })
})
