// What the compiled reader of `journalctl -o json` promises: it makes the lines of entries that the careful reader makes,
// in any order of fields, and whatever a program writes into its message or its name. scripts/mutants.ts checks the
// promises on changed code.
import { latin1 } from '../../src/read/byte-text.ts'
import { Unwrapping } from '../../src/read/unwrapping.ts'
import { bytesOf, WrappedLines } from '../../src/read/wrapped-lines.ts'
import { brokenOf } from './promises.ts'

const wrapping = { name: 'journal-json' }
const json = (value: unknown): string => JSON.stringify(value)
const record =
  'SECCOMP auid=0 pid=605 comm="sh" exe="/usr/bin/dash" sig=0 arch=c000003e syscall=102 compat=0 ip=0x7f code=0x7ffc0000'
const usual = {
  __CURSOR: 's=cccf;i=4b9',
  __REALTIME_TIMESTAMP: '1795481440910772',
  _SOURCE_REALTIME_TIMESTAMP: '1795481440907000',
  SYSLOG_IDENTIFIER: 'audit',
  MESSAGE: record,
  _PID: '605',
  _SELINUX_CONTEXT: 'unconfined\n',
  _TRANSPORT: 'audit',
} as const
/** Behind the first line, which the careful reader reads. */
const first = json({ __CURSOR: 'a', MESSAGE: '' })

/** The lines that both readers make of the entries, and in how many pieces the quick one gives them. */
function read(lines: readonly string[]): { careful: string; quick: string; pieces: number } {
  const bytes = Buffer.from(`${[first, ...lines].join('\n')}\n`)
  const unwrapping = new Unwrapping(wrapping)
  const careful = [first, ...lines].map((line) => unwrapping.line(latin1(Buffer.from(line)))).join('')
  const given: string[] = []
  new WrappedLines(wrapping, new Unwrapping(wrapping), (inside) => given.push(latin1(inside))).take(
    bytes,
    0,
    bytes.length,
  )
  return { careful: latin1(bytesOf(careful)), quick: given.join(''), pieces: given.length }
}

/** Whether the compiled reader made all lines but the first: they come in one piece. */
const isTaken = (line: string): boolean => read(Array<string>(50).fill(line)).pieces === 2

const changed = (fields: object): string => json({ ...usual, ...fields })
const without = (...names: readonly string[]): string =>
  json(Object.fromEntries(Object.entries(usual).filter(([name]) => !names.includes(name))))
const raw = json(usual)

const rows: readonly (readonly [what: string, line: string, isTaken: boolean])[] = [
  ['an audit record', raw, true],
  ['the fields in the other order', json(Object.fromEntries(Object.entries(usual).toReversed())), true],
  ['the kernel’s', changed({ _TRANSPORT: 'kernel', MESSAGE: 'audit: type=1326 audit(1.1:1): a=1' }), true],
  ['a program’s', changed({ _TRANSPORT: 'stdout', SYSLOG_IDENTIFIER: 'app', MESSAGE: 'SECCOMP a=1' }), true],
  ['a program that calls itself audit', changed({ _TRANSPORT: 'syslog' }), true],
  ['a program that calls itself kernel', changed({ _TRANSPORT: 'syslog', SYSLOG_IDENTIFIER: 'kernel-x' }), true],
  ['a program that calls itself audit[7]', changed({ _TRANSPORT: 'syslog', SYSLOG_IDENTIFIER: 'audit[7]' }), true],
  ['a name with a blank', changed({ _TRANSPORT: 'syslog', SYSLOG_IDENTIFIER: 'a audit[7]: SECCOMP' }), false],
  ['a name with a line end', changed({ _TRANSPORT: 'syslog', SYSLOG_IDENTIFIER: 'a\nb' }), false],
  ['a name beyond ASCII', changed({ _TRANSPORT: 'syslog', SYSLOG_IDENTIFIER: 'ä\u00a0b' }), false],
  ['no name', without('SYSLOG_IDENTIFIER', '_TRANSPORT'), true],
  ['an empty name', changed({ _TRANSPORT: 'syslog', SYSLOG_IDENTIFIER: '' }), true],
  ['no pid', without('_PID'), true],
  ['a pid with a zero before', changed({ _PID: '0605' }), false],
  ['a pid of eight digits', changed({ _PID: '12345678' }), false],
  ['a pid that is a word', changed({ _PID: '0x7' }), false],
  ['an empty pid', changed({ _PID: '' }), false],
  ['a pid that is a number', changed({ _PID: 605 }), false],
  ['no time of the source', without('_SOURCE_REALTIME_TIMESTAMP'), true],
  ['no time of the journal', without('__REALTIME_TIMESTAMP'), false],
  ['a time of 15 digits', changed({ _SOURCE_REALTIME_TIMESTAMP: '179548144090700' }), false],
  ['a time of 17 digits', changed({ _SOURCE_REALTIME_TIMESTAMP: '17954814409070001' }), false],
  ['a time above 2⁵³', changed({ _SOURCE_REALTIME_TIMESTAMP: '9999999999999999' }), false],
  ['a time with a sign', changed({ _SOURCE_REALTIME_TIMESTAMP: '+795481440907000' }), false],
  ['the last time', changed({ _SOURCE_REALTIME_TIMESTAMP: '8999999999999999' }), true],
  ['the first time', changed({ _SOURCE_REALTIME_TIMESTAMP: '1000000000000000' }), true],
  ...['2000-02-29', '2024-02-29', '2024-03-01', '2023-12-31', '2024-12-31', '2100-02-28', '2100-03-01', '2026-01-01'].map(
    (day) => [day, changed({ _SOURCE_REALTIME_TIMESTAMP: `${Date.parse(`${day}T23:59:59.999Z`)}999`.padStart(16, '0') }), day > '2001-09-09'] as const,
  ),
  ['no message', without('MESSAGE'), false],
  ['a message that is null', changed({ MESSAGE: null }), false],
  ['a message of bytes', changed({ MESSAGE: [65, 255] }), false],
  ['an empty message', changed({ MESSAGE: '' }), true],
  ['a message with line ends', changed({ MESSAGE: 'a\nNov 24 01:07:50 h audit[7]: SECCOMP a=1\n' }), true],
  ['a message with a tab, a quote, a slash', changed({ MESSAGE: 'a\t"/\\"' }), true],
  ['a message with an escape sequence', changed({ MESSAGE: 'a\x1b[0m' }), false],
  ['a message with a CR', changed({ MESSAGE: 'a\r' }), false],
  ['a message beyond ASCII', changed({ MESSAGE: 'é€' }), true],
  ['a message beyond ASCII, escaped', raw.replace('SECCOMP', '\\u00e9'), false],
  ['a message with an escaped letter', raw.replace('SECCOMP', '\\u0053ECCOMP'), true],
  ['a message of 4,000 characters', changed({ MESSAGE: 'a'.repeat(4000) }), true],
  ['a longer line', changed({ MESSAGE: 'a'.repeat(70_000) }), false],
  ['another message before', raw.replace('{', '{"MESSAGE":"SECCOMP a=1",'), false],
  ['another transport behind', raw.replace(/\}$/, ',"_TRANSPORT":"stdout"}'), false],
  ['an escaped name of a field', raw.replace(/\}$/, ',"_TRANS\\u0050ORT":"stdout"}'), false],
  ['a field inside a message', changed({ MESSAGE: '","_TRANSPORT":"kernel","a":"' }), true],
  ['an object', changed({ X: { _TRANSPORT: 'kernel' } }), false],
  ['a list', changed({ X: ['a'] }), false],
  ['a field that is null', changed({ X: null }), true],
  ['a number', changed({ X: 1 }), false],
  ['an empty object', '{}', false],
  ['blanks', raw.replace(',', ', '), false],
  ['no end', raw.slice(0, -1), false],
  ['more behind', `${raw}x`, false],
  ['a CR behind', `${raw}\r`, false],
  ['a control character', raw.replace('SECCOMP', 'SEC\x01COMP'), false],
  ['an escape that JSON does not know', raw.replace('cccf', '\\x41'), false],
  ['half an escape', raw.replace('cccf', '\\u00g1'), false],
  ['server-sent events', `data: ${raw}`, false],
  ['another log', 'Nov 24 01:07:50 h audit[7]: SECCOMP a=1', false],
] // prettier-ignore

function* broken(): Generator<string> {
  for (const [what, line, taken] of rows) {
    const { careful, quick } = read([raw, line, raw, line, line, raw])
    if (quick !== careful) yield `the readers make other lines of ${what}`
    if (isTaken(line) !== taken) yield `${what} is ${taken ? 'left to the careful reader' : 'taken'}`
  }
  const wanted = `\n2026-11-24T00:50:40.907Z - audit[605]: ${record}\n`
  if (!read([raw]).quick.includes(wanted)) yield `no line is ${wanted}`
  const lines = rows
    .map(([, line]) => line)
    .filter(({ length }) => length < 2000)
    .flatMap(damaged)
  const { careful, quick } = read(lines)
  if (quick !== careful) yield `the readers make other lines of ${lines.length} damaged entries`
}

/** The line with something put in or over it, at every third place. */
function damaged(line: string): readonly string[] {
  const places = Array.from({ length: Math.ceil(line.length / 3) }, (_, index) => 3 * index)
  return places.flatMap((at) =>
    ['', '"', '\\', '0', '\\n'].map((put) => line.slice(0, at) + put + line.slice(at + (at % 2))),
  )
}

export function faults(most?: number): readonly string[] {
  return brokenOf([broken], most)
}
