// strace's lines inside other logs: whatever surrounds them, the calls are those of the plain log. The logger's own
// text is no call, and a log without strace's lines keeps its own reader.
import t from 'tap'
import { observe } from '../../src/observe/index.ts'
import { latin1 } from '../../src/read/byte-text.ts'
import { likenessOf } from '../../src/read/likeness.ts'
import { afresh, bytesOf, WrappedLines } from '../../src/read/wrapped-lines.ts'
import { Unwrapping } from '../../src/read/unwrapping.ts'
import { wrappingOf } from '../../src/read/wrapping.ts'
import type { Wrapping } from '../../src/read/wrappings.ts'

const calls = [
  '812   execve("/bin/app", ["app"], 0x7ffd /* 10 vars */) = 0',
  '812   brk(NULL)                         = 0x55e',
  '812   openat(AT_FDCWD, "/etc/{x}, \\"[y]\\"", O_RDONLY|O_CLOEXEC) = 3',
  '812   read(3, "a: b\\n", 4096)          = 5',
  '812   exit_group(0)                     = ?',
  '812   +++ exited with 0 +++',
] as const

const json = (value: unknown): string => JSON.stringify(value)
const second = (index: number): string => String(10 + index)

const logs: Readonly<Record<string, (line: string, index: number) => string>> = {
  'journal, short': (line, i) => `May 17 21:36:${second(i)} host strace[1499]: ${line}`,
  'journal, short-precise': (line, i) => `May  7 21:36:${second(i)}.123456 host strace[1499]: ${line}`,
  'journal, short-iso': (line, i) => `2026-06-16T21:36:${second(i)}+0000 host strace[1499]: ${line}`,
  'journal, short-iso-precise': (line, i) =>
    `2026-06-16T21:36:${second(i)}.123456+02:00 host strace[1499]: ${line}`,
  'journal, short-full': (line, i) => `Wed 2017-05-17 21:36:${second(i)} UTC host strace[1499]: ${line}`,
  'journal, short-unix': (line, i) => `1495049802.1234${second(i)} host strace[1499]: ${line}`,
  'journal, short-monotonic': (line, i) => `[   12.3456${second(i)}] host strace[1499]: ${line}`,
  'journal, with-unit': (line, i) => `Wed 2017-05-17 21:36:${second(i)} UTC host app.service[1499]: ${line}`,
  'journal, json': (line, i) =>
    json({
      __REALTIME_TIMESTAMP: `14950498020000${second(i)}`,
      _TRANSPORT: 'stdout',
      SYSLOG_IDENTIFIER: 'strace',
      _PID: '1499',
      MESSAGE: line,
    }),
  'syslog of docker': (line, i) => `Nov 28 10:00:${second(i)} host 3f2a1b0c9d8e[812]: ${line}`,
  'syslog with priority': (line, i) => `<30>Nov 28 10:00:${second(i)} host app: ${line}`,
  'gh run view --log': (line) => `build\tRun tests\t2026-06-16T10:11:12.1234567Z ${line}`,
  buildkit: (line, i) => `#12 0.3${second(i)} ${line}`,
  'buildkit with the step': (line, i) => `#12 [2/3] 0.3${second(i)} ${line}`,
  'pasted with four blanks': (line) => `    ${line}`,
  'pasted with a tab': (line) => `\t${line}`,
  'docker, json-file': (line) => json({ log: `${line}\n`, stream: 'stderr', time: '2026-06-16T10:11:12Z' }),
  'docker, other order': (line) => json({ time: '2026-06-16T10:11:12Z', stream: 'stderr', log: `${line}\n` }),
  'docker, line ends cut off': (line) => json({ log: line, stream: 'stderr', time: '2026-06-16T10:11:12Z' }),
  'docker, other order, line ends cut off': (line) =>
    json({ time: '2026-06-16T10:11:12Z', stream: 'stderr', log: line }),
  'docker’s text alone': (line) => json({ log: line }),
  'json with blanks': (line) =>
    `{"log": ${json(`${line}\n`)}, "stream": "stderr", "time": "2026-06-16T10:11:12Z"}`,
  'fluent bit': (line) => json({ date: 1718532672.1, log: line, kubernetes: { pod_name: 'p' } }),
  loki: (line) => json({ labels: { app: 'x' }, line, timestamp: '2026-06-16T10:11:12Z' }),
  cloudwatch: (line) => json({ timestamp: 1718532672123, message: line, ingestionTime: 1 }),
  elasticsearch: (line) => json({ _index: 'logs', _id: 'a', _source: { '@timestamp': 'x', message: line } }),
  splunk: (line) => json({ preview: false, offset: 0, result: { _raw: line, host: 'h' } }),
  zap: (line) => json({ level: 'info', msg: line }),
  'an exporter of docker’s': (line) =>
    json({ message: json({ log: `${line}\n`, stream: 'stderr', time: 'x' }) }),
  'an exporter of the journal': (line, i) =>
    json({ message: `May 17 21:36:${second(i)} host strace[1499]: ${line}` }),
}

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

/** Numbers that look random and are the same in every run. */
function* random(seed: number): Generator<number, never> {
  for (let state = seed; ;) yield (state = (Math.imul(state, 1664525) + 1013904223) >>> 0)
}

/** The text with a few characters changed, left out, doubled or put in. */
function damaged(text: string, numbers: Iterator<number, never>): string {
  let changed = text
  const next = (below: number): number => (numbers.next().value >>> 8) % below
  for (let count = next(3); count >= 0; count--) {
    const at = next(changed.length + 1)
    const put = ['', '0', '7', 'a', 'f', ' ', '"', '\\\\', '\\\\n', '\\u003c', '\\u00e9', ':', '{', '\r', '\x1b', changed[at] ?? '', changed.slice(at, at + 9)] // prettier-ignore
    changed = `${changed.slice(0, at)}${put[next(put.length)]}${changed.slice(at + next(3))}`
  }
  return changed.replaceAll('\n', '')
}

t.test('lines that are like one before give what the careful reader gives', async (t) => {
  const texts = [
    ...calls,
    '<... read resumed>"", 1) = 0',
    '812   read(3, "\\t\\"<>&\\\\", 1) = 1',
    'a: b',
    'é',
    '',
  ]
  const byLogger = { ...logs, 'kubectl logs --timestamps': (line: string, i: number) => `2026-06-16T21:36:${second(i % 50)}.${i}Z ${line}`, 'go’s json': (line: string, i: number) => json({ log: `${line}\n`, stream: 'stderr', time: `2026-06-16T10:11:12.${i}Z` }).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e') } // prettier-ignore
  for (const [name, wrap] of Object.entries(byLogger)) {
    const wrapping = wrappingOf(latin1(Buffer.from(`${calls.map(wrap).join('\n')}\n`))) as Wrapping
    if (new Unwrapping(wrapping).takesPieces) continue
    // The line inside is itself JSON in a JSON string: its escapes are twice escaped, and no likeness is looked for.
    const isTwice = name === 'an exporter of docker’s'
    t.equal(likenessOf(`${wrap(calls[2], 7)}\n`, afresh(wrapping)) !== undefined, !isTwice, name)
    const numbers = random(name.length)
    const lines = Array.from({ length: 1000 }, (_, i) => {
      const line = wrap(texts[numbers.next().value % texts.length] as string, i % 89)
      return numbers.next().value % 4 < 2 ? damaged(line, numbers) : line
    })
    const bytes = Buffer.from(`${lines.join('\n')}\n`)
    const careful = new Unwrapping(wrapping)
    const wanted = latin1(bytes).slice(0, -1).split('\n').map((line) => careful.line(line)) // prettier-ignore
    let given = ''
    const unwrapping = new Unwrapping(wrapping)
    const quick = new WrappedLines(wrapping, unwrapping, (inside) => (given += latin1(inside)))
    const cut = bytes.indexOf(0x0a, bytes.length >> 1) + 1
    quick.take(bytes, 0, cut)
    quick.take(bytes, cut, bytes.length)
    t.equal(given + unwrapping.end(), latin1(bytesOf(wanted.join(''))) + careful.end(), name)
  }
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
