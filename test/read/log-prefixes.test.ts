// The prefixes of log-prefixes.ts, and logs that have several: whatever stands before strace's lines, the calls are
// those of the plain trace. A log whose form is not known is refused or reported; no call is made of prose.
import t from 'tap'
import { observe } from '../../src/observe/index.ts'
import { logPrefixes, prefixRows, withoutPrefix } from '../../src/read/log-prefixes.ts'
import { wrappingOf } from '../../src/read/wrapping.ts'
import { codes, counts, observeText } from './logs.ts'

// A loaded machine takes minutes.
t.setTimeout(300_000)

/** Threads whose calls are told apart by the pid only. `pid`: a blank more for every digit that is missing. */
const trace = (one: string, two: string): readonly string[] => [
  `${one} execve("/bin/app", ["app"], 0x7ffd /* 10 vars */) = 0`,
  `${one} openat(AT_FDCWD, "/etc/{x}, \\"[y]\\": z\\n", O_RDONLY|O_CLOEXEC) = 3`,
  `${one} clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD}, 88) = ${two.trim()}`,
  `${one} read(3,  <unfinished ...>`,
  `${two} read(4,  <unfinished ...>`,
  `${one} <... read resumed>"it's", 4)   = 4`,
  `${two} <... read resumed>"x", 1)      = 1`,
  `${two} exit(0)                         = ?`,
  `${two} +++ exited with 0 +++`,
  `${one} exit_group(0)                   = ?`,
  `${one} +++ exited with 0 +++`,
]
const traces = [trace('100  ', '101  '), trace('12345', '12346')] as const

/** The same on standard error: the first lines have no pid, and the rest of a cut call begins with a blank. */
const onError = (time: string): readonly string[] => [
  ...Array.from({ length: 9 }, () => `${time}brk(NULL) = 0x1`),
  `${time}clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD, child_tid=0x7f}strace: Process 101 attached`,
  ' => {parent_tid=[101]}, 88) = 101',
  `[pid   100] ${time}read(3,  <unfinished ...>`,
  `[pid   101] ${time}read(4,  <unfinished ...>`,
  `[pid   100] ${time}<... read resumed>"it's", 4) = 4`,
  `[pid   101] ${time}<... read resumed>"x", 1) = 1`,
  `[pid   101] ${time}exit(0) = ?`,
  '[pid   101] +++ exited with 0 +++',
  `${time}exit_group(0) = ?`,
  '+++ exited with 0 +++',
]
const errorTraces = ['', '10:11:12.123456 ', '10:11:12 '].map((time) => onError(time))

const json = (value: unknown): string => JSON.stringify(value)
const csv = (text: string): string => `"${text.replaceAll('"', '""')}"`
const single = (text: string): string => `'${text.replaceAll("'", "''")}'`
const time = (index: number): string => `2026-06-16T10:11:12.${String(100_000 + index)}Z`

const plainCounts = new Map<readonly string[], readonly string[]>()

async function check(text: string | Uint8Array, lines: readonly string[], name: string): Promise<void> {
  const plain = plainCounts.get(lines) ?? counts(await observeText(`${lines.join('\n')}\n`))
  plainCounts.set(lines, plain)
  t.same(counts(await observeText(text)), plain, name)
}

t.test('every prefix reads its examples, and not what looks like it', (t) => {
  for (const log of logPrefixes) {
    const { examples, never = [] } = prefixRows[log]
    const [lines] = traces
    for (const example of examples)
      for (const line of [lines[0], lines[5], lines[8]] as string[])
        t.equal(withoutPrefix(log, example + line)?.text, `${line}\n`, log + example)
    for (const other of never) t.equal(withoutPrefix(log, `${other}read(3)`), undefined, `${log}: ${other}`)
  }
  t.end()
})

t.test('a log of each prefix is the trace', async () => {
  for (const log of logPrefixes)
    for (const example of prefixRows[log].examples)
      await check(
        Buffer.from(traces[1].map((line) => `${example}${line}\n`).join(''), 'latin1'),
        traces[1],
        `${log}: ${example}`,
      )
})

t.test('a log of each prefix is what strace wrote to standard error', async () => {
  for (const log of logPrefixes)
    for (const example of prefixRows[log].examples)
      for (const [index, lines] of errorTraces.entries())
        await check(
          Buffer.from(lines.map((line) => `${example}${line}\n`).join(''), 'latin1'),
          lines,
          `${log}: ${example}, ${index}`,
        )
})

/** What the loggers write, in several prefixes or around the line. */
const logs: Readonly<Record<string, (line: string, index: number) => string>> = {
  'kubectl logs --prefix --timestamps': (line, i) => `[pod/app-6b7c9d-x2x/app] ${time(i)} ${line}`,
  'kubectl logs --timestamps': (line, i) => `${time(i)} ${line}`,
  'docker service logs --timestamps': (line, i) => `svc.1.abcdefghij@node1    | ${time(i)} ${line}`,
  'docker compose logs, coloured': (line) => `\x1b[36mapp-1  | \x1b[0m${line}`,
  'docker-compose logs, coloured': (line) => `\x1b[36mapp_1  |\x1b[0m ${line}`,
  'docker compose logs in a GitHub job': (line, i) =>
    `build\tRun tests\t${time(i)} \x1b[36mapp-1  | \x1b[0m${line}`,
  'a GitHub job as it is downloaded': (line, i) => `${i === 0 ? '\ufeff' : ''}${time(i)} ${line}`,
  'a GitLab job': (line, i) => `${time(i)} 01O ${line}`,
  'a GitLab job, with docker compose': (line, i) => `${time(i)} 0aE app-1  | ${line}`,
  Buildkite: (line, i) => `\x1b_bk;t=${1_700_000_000_123 + i}\x07${line}`,
  CircleCI: (line) => `[00:00:01] ${line}`,
  TeamCity: (line) => `[10:11:12]W:\t [Step 1/2] ${line}`,
  Bamboo: (line) => `error\t17-May-2026 21:36:42\t${line}`,
  'Cloud Foundry': (line) => `   2026-01-01T00:00:00.00+0000 [APP/PROC/WEB/0] OUT ${line}`,
  Heroku: (line) => `2026-01-01T00:00:00.000000+00:00 app[web.1]: ${line}`,
  Fly: (line) => `2026-01-01T00:00:00Z app[e7f6d6fe] fra [info]${line}`,
  foreman: (line) => `10:11:12 web.1   | ${line}`,
  logcli: (line) => `2026-06-16T10:11:12+02:00 {app="x", pod="y-1"}  ${line}`,
  'logcli, coloured': (line) => `\x1b[34m2026-06-16T10:11:12Z\x1b[0m \x1b[32m{app="x"}\x1b[0m ${line}`,
  promtail: (line) => `2026-01-01T00:00:00.123+0000\t{app="x", stream="stderr"}\t${line}`,
  'aws logs tail': (line) => `2026-01-01T00:00:00.000000+00:00 2026/01/01/[$LATEST]0123abcd ${line}`,
  'aws logs tail --format short': (line) => `2026-01-01T00:00:00 ${line}`,
  stern: (line) => `app-6b7 app ${line}`,
  'stern, coloured': (line) => `\x1b[32mapp-6b7\x1b[0m \x1b[33mapp\x1b[0m ${line}`,
  'stern, several pods': (line, i) => `app-6b${i % 2} app ${line}`,
  'stern --timestamps': (line, i) => `app-6b7 app ${time(i)} ${line}`,
  'stern --timestamps=short': (line) => `app-6b7 app 06-16 10:11:12 ${line}`,
  'a line number of grep, coloured': (line, i) =>
    `\x1b[35mtrace.log\x1b[0m\x1b[36m:\x1b[0m\x1b[32m${i + 1}\x1b[0m\x1b[36m:\x1b[0m${line}`,
  nl: (line, i) => `${String(i + 1).padStart(6)}\t${line}`,
  'less -N': (line, i) => `${String(i + 1).padStart(7)} ${line}`,
  'the kernel’s log': (line) => `<6>[   12.345678] app[12]: ${line}`,
  'Python’s logging': (line) => `2026-01-01 00:00:00,123 - app - INFO - ${line}`,
  'Rust’s tracing': (line) => `2026-01-01T00:00:00.123456Z  INFO app: ${line}`,
  logfmt: (line) => `time=2026-01-01T00:00:00Z level=info msg=${json(line)} container=app`,
  'logfmt in docker compose': (line) => `app-1  | msg=${json(line)} level=info`,
  Datadog: (line) => json({ id: 'x', type: 'log', attributes: { service: 's', message: line } }),
  Graylog: (line) => json({ message: { message: line, source: 'h' }, index: 'x' }),
  Drone: (line, pos) => json({ pos, out: `${line}\n`, time: 1 }),
  CSV: (line, i) => `${time(i)},"the host, one",${csv(line)},info`,
  'CSV of a spreadsheet': (line, i) => `${time(i)};app;${csv(line)}`,
  'the journal in CSV': (line) => `x,${csv(`May 17 21:36:42 host strace[1]: ${line}`)}`,
  'a list of YAML': (line) => `  - ${single(line)}`,
  'a list of YAML, double quotes': (line) => `- ${json(line)}`,
  'gcloud logging read': (line) => `---\ninsertId: abc\ntextPayload: ${single(line)}\ntimestamp: '2026'`,
}

t.test('logs with several prefixes, and with quotes around the line', async () => {
  for (const [name, wrap] of Object.entries(logs))
    for (const lines of [traces[1], ...errorTraces])
      await check(`${lines.map(wrap).join('\n')}\n`, lines, name)
})

t.test('whole logs, in which the trace is one part', async () => {
  for (const lines of traces) {
    const indented = lines.map((line) => `    ${line}`)
    const rows: Readonly<Record<string, readonly string[]>> = {
      'a GitLab job': [
        'Running with gitlab-runner 17.0.0 (abc)',
        'section_start:1560896352:step\r\x1b[0K\x1b[36;1mExecuting\x1b[0;m',
        '$ strace -f app',
        ...lines,
        'section_end:1560896353:step\r\x1b[0K\x1b[32;1mJob succeeded\x1b[0;m',
      ].map((line, i) => `${time(i)} 00O ${line}`),
      'a Jenkins job': [
        'Started by user admin',
        '[Pipeline] Start of Pipeline',
        '[Pipeline] node',
        'Running on host in /w',
        '[Pipeline] sh',
        ...['+ strace -f app', ...lines].map((line, i) => `[${time(i)}] ${line}`),
        '[Pipeline] End of Pipeline',
      ],
      'an Azure job': [
        '##[section]Starting: Run',
        '=====',
        'Task : Command line',
        '##[command]strace',
        'x',
        ...lines,
        '##[section]Finishing: Run',
      ].map((line, i) => `${time(i)} ${line}`),
      'a GitHub job': [
        ...['version', '##[group]OS', 'x', 'y', 'z'].map(
          (line, i) => `build\tSet up job\t${time(i)} ${line}`,
        ),
        ...lines.map((line, i) => `build\tRun tests\t${time(i)} ${line}`),
      ],
      'docker compose up': [
        'Attaching to app-1, db-1',
        'db-1   | starting',
        'db-1   | ready',
        ...lines.map((line) => `app-1  | ${line}`),
        'app-1 exited with code 0',
      ],
      'a ConfigMap': ['apiVersion: v1', 'kind: ConfigMap', 'data:', '  trace.log: |', ...indented],
      'a text of YAML': ['log: |-', ...indented, 'rc: 0'],
      'a list of YAML': ['stderr_lines:', ...lines.map((line) => `- ${single(line)}`), 'rc: 0'],
      'CSV with names': ['Date,Host,Content', ...lines.map((line, i) => `${time(i)},h,${csv(line)}`)],
      'CSV of one column': ['_raw', ...lines.map(csv)],
      'strings of JSON': [json(lines)],
      'strings of JSON, with times': [json(lines.map((line, i) => `${time(i)} ${line}`))],
      'strings of JSON in an answer': [
        JSON.stringify({ results: [{ rc: 0, stderr_lines: lines }] }, null, 2),
      ],
      'one string of JSON': [json([{ message: `${lines.join('\r\n')}\r\n`, type: 'out' }])],
      'Ansible’s result': [
        JSON.stringify(
          { cmd: ['strace'], stderr: lines.join('\n'), stderr_lines: lines, stdout: 'hi' },
          null,
          4,
        ),
      ],
    }
    for (const [name, log] of Object.entries(rows)) await check(`${log.join('\n')}\n`, lines, name)
  }
})

t.test('a line that GitLab wrote in pieces is one', async () => {
  const [lines] = traces
  const log = lines.map((line, i) => {
    const at = i === 1 ? 9 : line.length
    const rest = at === line.length ? '' : `${time(i)} 01O+${line.slice(at)}\n`
    return `${time(i)} 01O ${line.slice(0, at)}\n${rest}`
  })
  await check(log.join(''), lines, 'pieces')
})

t.test(
  'the second of two containers counts too, and a call of another who may write to the log is reported',
  async (t) => {
    const [lines] = traces
    const late = [
      '[pod/b/proxy] GET / 200',
      '[pod/b/app] 7     getpid() = 7',
      '[pod/c/proxy] got read(3) = 3',
    ]
    const pods = [...lines.map((line) => `[pod/a/app] ${line}`), ...late]
    const plain = await observeText(`${[...lines, '7     getpid() = 7'].join('\n')}\n`)
    t.same(counts(await observeText(`${pods.join('\n')}\n`)), counts(plain))
    const journal = [
      ...lines.map((line) => `May 17 21:36:42 host strace[1499]: ${line}`),
      'May 17 21:36:43 host other[7]: 7     getpid() = 7',
    ]
    const told = await observeText(`${journal.join('\n')}\n`)
    t.same(counts(told), counts(await observeText(`${lines.join('\n')}\n`)))
    t.ok(codes(told).includes('glued-call'))
  },
)

t.test('lines that the journal lost are reported as lost', async (t) => {
  const own = traces[1].map((line) => `May 17 21:36:42 host strace[1499]: ${line}`)
  for (const lost of [
    'May 17 21:36:43 host systemd-journald[300]: Suppressed 311 messages from app.service',
    'May 17 21:36:43 host strace[1499]: [2.1K blob data]',
    'May 17 21:36:43 host strace[1499]: [47B blob data]',
  ])
    t.ok(codes(await observeText(`${[...own, lost].join('\n')}\n`)).includes('records-lost'), lost)
  // Without --all, JSON of the journal has null for a long text. A field that occurs twice is a list.
  const entry = (message: unknown): string =>
    `${JSON.stringify({ __REALTIME_TIMESTAMP: '1', SYSLOG_IDENTIFIER: 'strace', MESSAGE: message })}\n`
  const whole = traces[1].map(entry)
  for (const lost of [null, ['a', 'b'], {}]) {
    const seen = await observeText([...whole.slice(0, 3), entry(lost), ...whole.slice(3)].join(''))
    t.same([counts(seen), codes(seen).includes('records-lost')], [counts(await observeText(whole.join(''))), true])
  } // prettier-ignore
  const bytes = [entry([...Buffer.from(traces[1][0] as string)]), ...whole.slice(1)].join('')
  t.same(counts(await observeText(bytes)), counts(await observeText(whole.join(''))))
})

t.test('strace’s own fields are no prefix, and prose is no log', async (t) => {
  const call = 'openat(AT_FDCWD, "/x", O_RDONLY) = 3'
  for (const own of ['10:11:12 ', '10:11:12.123456 ', '1795477923.985055 ', '     0.000198 ', '     0 ', '     1 ', '[  12] ', '[00007fccf002cc47] ', '[unconfined_t] ', '[pid   812] ', '812   10:11:12 ', '812        0 ', '812<app> ', '10:11:12 (+     0.000248) '])
    t.equal(wrappingOf(`${`${own}${call}\n`.repeat(9)}`), undefined, own) // prettier-ignore
  const prose = ['Then the worker did read(3, "x", 1) = 1 again.', 'It was slow, and nobody knew why.']
  for (const text of [
    `${prose.join('\n')}\n`.repeat(9),
    'the worker did read(3, "x", 1) = 1\nand all of the rest\nis text of somebody\nwho looked at it\n',
    'DEBUG f(3) = 1\nDEBUG g(4) = 2\n',
  ])
    t.same(counts(await observeText(text)), [], text)
})

t.test('what another format wrote stays its own behind a prefix', async (t) => {
  const gvisor = 'I0616 10:11:12.123456       1 strace.go:600] [   1:   1] bash E openat(AT_FDCWD /, 0x1)\n'
  const perf = '     3.054 ( 0.299 ms): sh/160 arch_prctl(rqtp: 0x7f)                         = 0\n'
  for (const line of [gvisor, perf]) {
    t.equal(wrappingOf(line.repeat(9)), undefined)
    const { sources } = await observe([{ name: 'log', bytes: [Buffer.from(line)] }])
    t.not(sources[0]?.format, 'strace')
  }
})
