// Lines of strace as loggers wrap them, and what the compiled code promises of them: of lines that are like one before it
// gives what the careful reader gives, however they are damaged. scripts/mutants.ts checks the promises on changed code.
import { latin1 } from '../../src/read/byte-text.ts'
import { likenessOf } from '../../src/read/likeness.ts'
import { Unwrapping } from '../../src/read/unwrapping.ts'
import { afresh, bytesOf, WrappedLines } from '../../src/read/wrapped-lines.ts'
import { wrappingOf } from '../../src/read/wrapping.ts'
import type { Wrapping } from '../../src/read/wrappings.ts'
import { brokenOf } from './promises.ts'

export const calls = [
  '812   execve("/bin/app", ["app"], 0x7ffd /* 10 vars */) = 0',
  '812   brk(NULL)                         = 0x55e',
  '812   openat(AT_FDCWD, "/etc/{x}, \\"[y]\\"", O_RDONLY|O_CLOEXEC) = 3',
  '812   read(3, "a: b\\n", 4096)          = 5',
  '812   exit_group(0)                     = ?',
  '812   +++ exited with 0 +++',
] as const

export const json = (value: unknown): string => JSON.stringify(value)
const second = (index: number): string => String(10 + index)

export const logs: Readonly<Record<string, (line: string, index: number) => string>> = {
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

const byLogger: typeof logs = { ...logs, 'kubectl logs --timestamps': (line, i) => `2026-06-16T21:36:${second(i % 50)}.${i}Z ${line}`, 'go’s json': (line, i) => json({ log: `${line}\n`, stream: 'stderr', time: `2026-06-16T10:11:12.${i}Z` }).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e') } // prettier-ignore

/** Starts that could belong to a prefix. */
const starts = ['\ufeff', ' ', '\t', '[1] ', '- ', '> ', '| ', '{', '"', '(', 'host strace[1499]: ', '7 ']
const call = '812   read(3, "", 1) = 1'
const texts = [
  ...calls,
  '<... read resumed>"", 1) = 0',
  '812   read(3, "\\t\\"<>&\\\\", 1) = 1',
  'a: b',
  'é',
  '',
  ...starts.map((start) => start + call),
  // Docker cuts a long text into pieces, of which only the last has an end.
  `812   write(1, "${'b'.repeat(5000)}", 5000) = 5000`,
  `${call}\n812   close(3) = 0`,
  `${call}\r`,
]

/** Lines that are like a usual one, but for the text inside, a digit, or what stands behind the text. */
function nearby(wrap: (line: string, index: number) => string): readonly string[] {
  const usual = wrap(call, 7)
  const digits = [...usual.matchAll(/[0-9a-f]/g)].map(({ index }) => index)
  return [
    ...texts.map((text) => wrap(text, 7)),
    ...digits.flatMap((at) => ['0', 'g', ''].map((put) => usual.slice(0, at) + put + usual.slice(at + 1))),
    ...texts.flatMap((text) => [
      wrap(text, 7).replace('\\n"', '"'),
      wrap(text, 7).replace(/"(?=[,}])/, '\\n"'),
    ]),
    `${usual}x`,
    `${usual}\r`,
    usual.slice(0, -1),
  ]
}

/** What both readers make of the lines: two texts. */
function read(wrapping: Wrapping, lines: readonly string[]): readonly [careful: string, quick: string] {
  const bytes = Buffer.from(`${lines.join('\n')}\n`)
  const careful = new Unwrapping(wrapping)
  const wanted = latin1(bytes).slice(0, -1).split('\n').map((line) => careful.line(line)) // prettier-ignore
  let given = ''
  const unwrapping = new Unwrapping(wrapping)
  const quick = new WrappedLines(wrapping, unwrapping, (inside) => (given += latin1(inside)))
  const cut = bytes.indexOf(0x0a, bytes.length >> 1) + 1
  quick.take(bytes, 0, cut)
  quick.take(bytes, cut, bytes.length)
  return [latin1(bytesOf(wanted.join(''))) + careful.end(), given + unwrapping.end()]
}

function* broken(): Generator<string> {
  for (const [name, wrap] of Object.entries(byLogger)) {
    const wrapping = wrappingOf(latin1(Buffer.from(`${calls.map(wrap).join('\n')}\n`))) as Wrapping
    if (new Unwrapping(wrapping).takesPieces) continue
    // The line inside is itself JSON in a JSON string: its escapes are twice escaped, and no likeness is looked for.
    const isTwice = name === 'an exporter of docker’s'
    if ((likenessOf(`${wrap(calls[2], 7)}\n`, afresh(wrapping)) === undefined) !== isTwice)
      yield `${name}: whether other lines are like the first`
    const numbers = random(name.length)
    const below = (limit: number): number => (numbers.next().value >>> 8) % limit
    const some = Array.from({ length: 1000 }, (_, i) => {
      const line = wrap(texts[below(texts.length)] as string, i % 89)
      return below(2) === 0 ? damaged(line, numbers) : line
    })
    // So many usual lines stand before each other line that the compiled code comes to it.
    const usual = Array.from({ length: 16 }, (_, i) => wrap(call, i))
    for (const lines of [some, nearby(wrap).flatMap((line) => [...usual, line])]) {
      const [careful, quick] = read(wrapping, lines)
      if (careful !== quick) yield `${name}: the readers give other lines`
    }
  }
}

export function faults(most?: number): readonly string[] {
  return brokenOf([broken], most)
}
