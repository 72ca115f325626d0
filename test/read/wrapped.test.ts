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

t.test('a source is read the same whatever was read before', async (t) => {
  // Several layouts of one wrapping are learnt from the first log. The lines of the second begin like one of them.
  const first = calls.flatMap((line, i) => [`2026-06-16T10:11:12.${i}Z ${line}`, `2026-06-16T10:11:12.12345${i}Z ${line}`, `2026-06-16T10:11:12.1234567${i}Z ${line}`]) // prettier-ignore
  const second = calls.map((line, i) => `2026-06-16T10:11:12.1234567${i}Z a=b ${line}`)
  const alone = await countsOf(`${second.join('\n')}\n`)
  t.match(alone, { unparsed: 0 })
  await countsOf(`${first.join('\n')}\n`.repeat(9))
  t.strictSame(await countsOf(`${second.join('\n')}\n`), alone)
})

/** The text in pieces of a few lengths, which end anywhere. */
function* pieces(text: string): Generator<string, undefined> {
  for (let at = 0, length = 1; at < text.length; at += length, length = (length * 7 + 3) % 90)
    yield text.slice(at, at + length)
}

t.test('events with pieces of the output are the trace', async (t) => {
  const text = `${calls.join('\n')}\n`
  const plain = await countsOf(text)
  const base64 = (piece: string): string => Buffer.from(piece).toString('base64')
  const log = (piece: string, vertex = 'sha256:a', stream = 2): object => ({ vertex, stream, data: base64(piece), timestamp: 'x' }) // prettier-ignore
  const status = (logs: readonly object[]): string => json({ logs })
  const started = json({ vertexes: [{ digest: 'sha256:a', name: '[2/3] RUN strace', started: 'x' }] })
  const done = json({ vertexes: [{ digest: 'sha256:a' }], statuses: [{ id: 'x', current: 1 }] })
  const head = json({ version: 2, width: 80, height: 24, timestamp: 1 })
  const terminal = text.replaceAll('\n', '\r\n')
  const rows: Readonly<Record<string, readonly string[]>> = {
    'BuildKit, a line each': [started, ...calls.map((line) => status([log(`${line}\n`)])), done],
    'BuildKit, pieces': [started, ...Array.from(pieces(text), (piece) => status([log(piece)])), done],
    'BuildKit, two steps at once': [started, ...Array.from(pieces(text), (piece) => status([log('cc -c ', 'sha256:b'), log(piece)])), done],
    'BuildKit, one event': [started, status([log(text)]), done],
    'asciinema 2': [head, ...calls.map((line, i) => json([i / 10, 'o', `${line}\r\n`]))],
    'asciinema 2, pieces': [head, ...Array.from(pieces(terminal), (piece) => json([0.5, 'o', piece]))],
    'asciinema 3, input and marks': [json({ version: 3, term: { cols: 80, rows: 24 } }), ...Array.from(pieces(terminal)).flatMap((piece) => [json([0.5, 'o', piece]), json([0.1, 'i', 'open("x") = 3\r\n']), json([0, 'm', ''])])],
  } // prettier-ignore
  for (const [name, lines] of Object.entries(rows))
    t.match(await countsOf(`${lines.join('\n')}\n`), { ...plain, unparsed: name.includes('two steps') ? 1 : 0 }, name)
}) // prettier-ignore

t.test('other objects between the entries of an answer or a bulk request are no lines', async (t) => {
  const plain = await countsOf(`${calls.join('\n')}\n`)
  const results = calls.map((_raw) => ({ _raw, host: 'h' }))
  const rows: Readonly<Record<string, string>> = {
    'Elasticsearch’s bulk': calls.map((message) => `${json({ index: { _index: 'a' } })}\n${json({ message })}\n`).join(''),
    'Splunk’s results': json({ preview: false, messages: [], fields: [{ name: '_raw' }], results }),
    'Azure’s container': calls.map((Log) => `${json({ TimeStamp: '2026-06-16T10:11:12', Log })}\n`).join(''),
    'CloudWatch as text': calls.map((line) => `EVENTS\t1718532672123\t${line}\t1718532672123\n`).join(''),
  } // prettier-ignore
  for (const [name, log] of Object.entries(rows)) t.strictSame(await countsOf(log), plain, name)
})

t.test('blanks and tabs that editors and terminals leave change nothing', async (t) => {
  const plain = await countsOf(`${calls.join('\n')}\n`)
  const rows: Readonly<Record<string, readonly string[]>> = {
    'tabs before results, as of unexpand': calls.map((line) => line.replace(/ +=/, '\t\t=')),
    'blanks at the end': calls.map((line) => `${line}  `),
    'CR CR LF': calls.map((line) => `${line}\r\r`),
    'a terminal after a command': calls.map((line, i) => (i === 0 ? `\x1b[?2004l\r${line}` : line)),
    'CR in front': calls.map((line) => `\r${line}`),
  }
  for (const [name, lines] of Object.entries(rows))
    t.strictSame(await countsOf(`${lines.join('\n')}\n`), plain, name)
})

t.test('repeated lines that syslog counts are reported as lost', async (t) => {
  const own = calls.map((line) => `Jun 16 10:11:12 host strace[7]: ${line}`)
  for (const told of ['strace[7]: message repeated 3 times: [ 812   brk(NULL) = 0x55e]', 'last message repeated 3 times']) {
    const log = own.toSpliced(2, 0, `Jun 16 10:11:12 host ${told}`).join('\n')
    const { diagnostics } = await observe([{ name: 'log', bytes: [Buffer.from(`${log}\n`)] }])
    t.same(diagnostics.filter(({ code }) => code === 'records-lost').map(({ at }) => at), ['log:3'], told)
    t.match(await countsOf(`${log}\n`), { ...(await countsOf(`${calls.join('\n')}\n`)), unparsed: 1 })
  }
}) // prettier-ignore

t.test('the end of a GitLab job is no cut line, and the journal names months in any language', async (t) => {
  const stamped = [...calls, 'Job succeeded'].map((line) => `2026-06-16T10:11:12.123456Z 01O ${line}\n`).join('')
  const { diagnostics } = await observe([{ name: 'log', bytes: [Buffer.from(stamped)] }])
  t.notOk(diagnostics.some(({ code }) => code === 'truncated'))
  const plain = await countsOf(`${calls.join('\n')}\n`)
  for (const month of ['févr.', 'juin', 'Mär', 'июн', '6月', ' 6月', 'haz'])
    for (const name of ['host strace[7]', 'host (my app.sh)[7]', 'strace[7]']) {
      const log = calls.map((line) => `${month} 16 10:11:12 ${name}: ${line}\n`).join('')
      const others = `${month} 16 10:11:12 ${name.startsWith('host') ? 'host ' : ''}cron[9]: open("/etc/passwd", O_RDONLY) = 3\n`
      t.strictSame(await countsOf(log + others), { ...plain, unparsed: 1 }, `${month} ${name}`)
    }
}) // prettier-ignore

t.test('a trace in the source of a page is decoded, and entities that a program wrote stay', async (t) => {
  const lines = [...calls.slice(0, 3), '812   read(3,  <unfinished ...>', '813   getpid() = 813', '812   <... read resumed>"a & b", 4096) = 5', ...calls.slice(4)]
  const plain = await countsOf(`${lines.join('\n')}\n`)
  const escaped = (line: string): string => line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const quoted = (line: string): string => escaped(line).replaceAll('"', '&quot;').replaceAll("'", '&#39;')
  const rows: Readonly<Record<string, readonly string[]>> = {
    'escaped text': lines.map(escaped),
    'escaped quotes too': lines.map(quoted),
    'lines with br': lines.map((line) => `${quoted(line)}<br>`),
    'a page': lines.map((line, i) => (i === 0 ? `<html><body><pre>${quoted(line)}` : quoted(line))),
    'quotes only': calls.map(quoted),
  }
  for (const [name, log] of Object.entries(rows))
    t.strictSame(await countsOf(`${log.join('\n')}\n`), name === 'quotes only' ? await countsOf(`${calls.join('\n')}\n`) : plain, name)
  const written = [...lines, '812   write(1, "&lt;... read resumed&gt; (&quot;", 30) = 30']
  t.match(await countsOf(`${written.join('\n')}\n`), { unparsed: 0 })
}) // prettier-ignore
