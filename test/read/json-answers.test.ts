// Lines in the JSON of exporters and of interfaces that return logs: whatever surrounds or splits them, the calls are
// the same.
import t from 'tap'
import { observe } from '../../src/observe/index.ts'
import { entryLevel, JsonValues } from '../../src/read/json-values.ts'
import { flat } from '../recordings.ts'

const lines = [
  '7 execve("/bin/a", ["a"], 0x7 /* 1 vars */) = 0',
  '7 brk(NULL)                               = 0x5565',
  '7 openat(AT_FDCWD, "/a\\n\\"b\\\\", O_RDONLY|O_CLOEXEC) = 3',
  '7 read(3, "{\\"message\\": [", 10)          = 12',
  '7 exit_group(0)                           = ?',
]

const each = (entry: (line: string, at: number) => unknown): unknown[] => lines.map(entry)
const perLine = (
  entry: (line: string, at: number) => unknown,
  around = (text: string): string => text,
): string => lines.map((line, at) => `${around(JSON.stringify(entry(line, at)))}\n`).join('')

const asRuby = (line: string): string => line.replaceAll('\\', '\\\\').replaceAll('"', '\\"')

const documents: Readonly<Record<string, unknown>> = {
  'CloudWatch events': { events: each((message) => ({ timestamp: 1, message, ingestionTime: 2 })), nextForwardToken: 'f/1' },
  'CloudWatch subscription': { messageType: 'DATA_MESSAGE', logEvents: each((message) => ({ id: '1', timestamp: 1, message })) },
  'CloudWatch Insights': { results: each((value) => [{ field: '@timestamp', value: 'x' }, { field: '@message', value }]), status: 'Complete' },
  'Elasticsearch hits': { took: 3, _shards: { total: 1 }, hits: { total: { value: 5 }, hits: each((message) => ({ _index: 'a', _score: null, _source: { '@timestamp': 'x', message } })) } },
  'Elasticsearch fields': { hits: { hits: each((message) => ({ _index: 'a', fields: { message: [message] } })) } },
  'Loki streams': { status: 'success', data: { resultType: 'streams', result: [{ stream: { app: 'x' }, values: each((line, at) => [`${17 + at}00000000000000000`, line]) }], stats: {} } },
  'Loki push': { streams: [{ stream: { app: 'x' }, values: each((line) => ['1', line]) }] },
  'Splunk results': { preview: false, results: each((_raw) => ({ _time: 'x', _raw })) },
  'Datadog': { data: each((message) => ({ id: '1', attributes: { message, tags: ['a'] } })) },
  'OpenTelemetry': { resourceLogs: [{ resource: {}, scopeLogs: [{ scope: {}, logRecords: each((stringValue) => ({ timeUnixNano: '1', body: { stringValue } })) }] }] },
  'an array of Fluent Bit': each((log, date) => ({ date, log, kubernetes: { labels: { message: 'hello' } } })),
  'Google': each((textPayload) => ({ insertId: '1', textPayload })),
  'Google, structured': each((message) => ({ insertId: '1', jsonPayload: { message } })),
  'Azure': each((LogEntry) => ({ TimeGenerated: 'x', LogEntry })),
} // prettier-ignore

const logs: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(documents).flatMap(([name, document]) => [
      [name, JSON.stringify(document)],
      [`${name}, pretty`, JSON.stringify(document, null, 4)],
      [`${name}, CRLF`, JSON.stringify(document, null, 2).replaceAll('\n', '\r\n')],
    ]),
  ),
  'several pages': [lines.slice(0, 2), lines.slice(2)]
    .map((page) => JSON.stringify({ events: page.map((message) => ({ message })) }))
    .join('\n'),
  'Fluent Bit': perLine((log) => ({ date: 1.5, log: `${log}\n`, stream: 'stderr' })),
  'Fluent Bit, standard output': lines
    .map((line, at) => `[${at}] kube.var.log: [[1700000000.5, {}], {"stream"=>"stderr", "log"=>"${asRuby(line)}"}]\n`)
    .join(''),
  'Fluentd': perLine((log) => ({ log }), (text) => `2026-01-01 00:00:00.000000000 +0000 kube.var: ${text}`),
  'Fluentd, file': perLine((log) => ({ log }), (text) => `2026-01-01T00:00:00+00:00\tkube.var\t${text}`),
  'logcli': perLine((line) => ({ labels: { app: 'x' }, line, timestamp: 'x' })),
  'Splunk': perLine((_raw, offset) => ({ preview: false, offset, result: { _time: 'x', _raw } })),
  'Splunk, any order and spacing': perLine((_raw) => _raw, (text) => `{ "result" : { "host":"h" , "_raw" :\t${text} } , "lastrow":true }`),
  'Splunk collector': perLine((event) => ({ time: 1, host: 'h', event })),
  'OpenTelemetry records': perLine((stringValue) => ({ timeUnixNano: '1', body: { stringValue } })),
  'GELF': perLine((short_message) => ({ version: '1.1', host: 'h', short_message })),
} // prettier-ignore

const countsOf = async (text: string, size = text.length): Promise<unknown> => {
  const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
    Buffer.from(text.slice(at * size, (at + 1) * size)),
  )
  const observations = await observe([{ name: 'log', bytes: pieces }])
  return { calls: [...flat(observations)].sort(), format: observations.sources[0]?.format }
}

t.test('lines in the JSON of exporters and interfaces', async (t) => {
  const plain = await countsOf(`${lines.join('\n')}\n`)
  for (const [name, log] of Object.entries(logs)) {
    t.strictSame(await countsOf(log), plain, name)
    t.strictSame(await countsOf(log, 7), plain, `${name}, in pieces`)
  }
})

t.test('a document of one line may be longer than any line that is read', async (t) => {
  const many = Array.from({ length: 6000 }, () => ({ message: lines[3] }))
  for (const text of [JSON.stringify({ events: many }), JSON.stringify(many)]) {
    t.ok(text.length > 400_000)
    t.match(await countsOf(text), { calls: [['x86_64 read', 6000]] })
  }
})

t.test('events of other formats in an answer', async (t) => {
  const audit =
    'type=SECCOMP msg=audit(1613596317.899:6461): auid=1 uid=0 pid=42 comm="a" exe="/a" sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f code=0x7ffc0000'
  const event = { timestamp: 1, processId: 7, processName: 'a', eventId: '0', eventName: 'read', argsNum: 0, returnValue: 3, args: [] } // prettier-ignore
  t.match(await countsOf(JSON.stringify({ events: [{ message: audit }] }, null, 2)), { format: 'audit', calls: [['x86_64 socket', 1]] }) // prettier-ignore
  t.match(await countsOf(JSON.stringify({ hits: { hits: [{ _source: event }, { _source: event }] } })), { format: 'tracee', calls: [['x86_64 read', 2]] }) // prettier-ignore
})

t.test('what is no log is left as it is', async (t) => {
  for (const text of [
    '{"a": [{"b": [1, 2',
    '[[[[{"message": "hello"}]]]]',
    '{"events": [{"message": "open the door"}]}',
  ])
    t.match(await countsOf(text), { calls: { length: 0 } }, text)
})

t.test('entries, however the text is cut', (t) => {
  const text = '{"k": "[{\\"", "a": [ {"b": "}\\\\", "c": [1]}, {"b": {}}\n] }'
  const level = entryLevel(text, (each) => each.startsWith('{"b": "'))
  t.same(level, { depth: 2, bracket: '{' })
  for (let size = 1; size <= text.length; size++) {
    const found: string[] = []
    const values = new JsonValues({ depth: 2, bracket: '{' }, (entry) => found.push(entry))
    for (let at = 0; at < text.length; at += size) values.feed(text.slice(at, at + size))
    t.same(
      found.map((each) => JSON.parse(each) as unknown),
      [{ b: '}\\', c: [1] }, { b: {} }],
      `${size}`,
    )
    t.equal(values.begun, undefined)
  }
  t.end()
})
