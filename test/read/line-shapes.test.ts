// The compiled reader of tracers' lines says of each line what the careful reader says, whatever a task has as its name,
// and it reads the usual lines of every form.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fc } from '../seed.ts'
import { traces } from '../recordings.ts'
import { differ } from './both-readers.ts'
import { filesOf } from './logs.ts'
import { faults } from './shape-rows.ts'
import { scalarsReadAlways } from '../../src/abi/scalars.ts'
import { bpftrace } from '../../src/read/bpftrace/grammar.ts'
import type { LineGrammar } from '../../src/read/grammar.ts'
import { LineReader } from '../../src/read/line-reader.ts'
import { perf } from '../../src/read/perf/grammar.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const formatOf = (file: string): 'perf' | 'bpftrace' => (file.includes('.perf-') ? 'perf' : 'bpftrace')
const forms = filesOf('recorded/other', /\.(?:perf|bt)-/)

t.test('both readers say the same of every recording, three times over', (t) => {
  t.ok(forms.length > 50, `${forms.length} recordings`)
  for (const file of forms) {
    const once = readFileSync(join(traces, file))
    t.notOk(differ(Buffer.concat([once, once, once]), formatOf(file)), file)
  }
  t.end()
})

t.test('and of recordings with bytes changed, left out and put in', (t) => {
  const piece = fc.constantFrom(
    '\n', '\r\n', '\r', '\x1b[0m', '\x1b', '\xe9', '\0', ' ', '  ', '0', '7', '99999999999', '-', '/', '/1 read(', ' = ', ' = 0', ' = -1 EPERM (x)', ' = -1 ENOSYS (x)', ' = 0x', '?', '"', '<', '>', '(', ')', '): ', ']', ']: ', ']: 5', '@[1]: 3',
    '@calls[read]: 2', '@[a, 1]: 2', '@[a]: 2', '@[1]: 0', '@x[1]: 9007199254740993', '@[kprobe:vfs_read]: 4', '\n@[12]: 5\n', '1 a 2\n', ' ... [continued]: read()', ' ...\n', '[000] ', '7.5: ', '/7 ', ' ms): ',
    'raw_syscalls:sys_enter: NR 3 (', 'raw_syscalls:sys_exit: NR 3 = 0', 'syscalls:sys_enter_read: ', ' read ', 'LOST 3 events!\n', 'Lost 3 events\n', ' a (7), 3 events, 1.0%\n', '   read  3  0  1.0  1.0  1.0\n', '{', '}', '"@a": {', '\\u0061', ', ', ': 1',
  ) // prettier-ignore
  const names = ['bash.bt-comm-id-count.txt', 'curl.bt-probe-count.txt', 'thr.bt-printf.txt', 'thr.bt-json.json', 'hello32.bt-id-count.txt', 'thr.perf-script.txt', 'curl.perf-script-F.txt', 'thr.perf-trace.txt', 'bash.perf-trace-errors.txt', 'thr.perf-trace-S.txt', 'bash.perf-trace-s.txt'] // prettier-ignore
  const numRuns = 60
  for (const name of names) {
    const whole = readFileSync(join(traces, 'recorded/other', name))
    const given = whole.subarray(0, whole.lastIndexOf(0x0a, 6000) + 1 || whole.length)
    const edit = fc.tuple(
      fc.nat({ max: 3 * given.length }),
      fc.nat({ max: 5 }),
      fc.oneof(piece, fc.constant('')),
    )
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 12 }), (edits) => {
        let text: Uint8Array = Buffer.concat([given, given, given])
        for (const [at, left, put] of edits)
          text = Buffer.concat([text.subarray(0, at), bytes(put), text.subarray(at + left)])
        return !differ(text, formatOf(name))
      }),
      { numRuns },
    )
  }
  t.pass(`${names.length * numRuns} changed recordings`)
  t.end()
})

/** A name that a task may have: any text of at most 15 bytes. */
const comm = fc.oneof(
  fc.constantFrom('sh', 'wrk 4', 'a> b) = 0', 'x 5 [000] 1.1:', '1 (): a', 'a/1 b', 'kworker/0:1', 'ab/1 cd(x', ' = -1 EPERM ', 'read', '@[1]: 3', ']: 4', 'a, 1', '1', 'sh,3', '"', '\\', '{', '7 8'),
  fc.string({ unit: fc.constantFrom('a', '1', ' ', '/', '(', ')', '=', ':', ',', ']', '[', '.', '"', '<'), minLength: 1, maxLength: 15 }),
) // prettier-ignore
const number = fc.oneof(
  fc.nat({ max: 450 }).map(String),
  fc.constantFrom('-1', '1073741863', '4294967295', '99999999999', '007', '0', '1'),
)
const count = fc.oneof(
  fc.nat({ max: 99 }).map(String),
  fc.constantFrom('999999999999999', '1000000000000000', '9007199254740992', '99999999999999999999', '0012', '-3', ''),
) // prettier-ignore
const name = fc.constantFrom(
  'read',
  'write',
  'openat',
  'clone',
  'socket',
  'nope',
  'umount',
  'newfstat',
  'kill',
)
const values = fc.oneof(
  fc.constantFrom('', 'fd: 3', 'fd: 3</tmp/a>', 'x/2 write(y', 'a: "b = 5 c"', '/1 read(1) = 3', 'a = -1 ENOSYS (x)', ')', 'fd: 5, buf: 0x7f, count: 1', 'x 5 1.2: raw_syscalls:sys_enter: NR 3 ('),
  fc.string({ unit: fc.constantFrom('a', '1', ' ', '/', '(', ')', '=', '<', '"', '-'), maxLength: 24 }),
) // prettier-ignore
const result = fc.constantFrom(' = 0', '      = 3', ' = 0x7f12', ' = -1 ENOENT (No such file or directory)', ' = -1 EPERM (Operation not permitted)', ' = -1 ENOSYS (x)', ' = ?', ' ...', ' = 17 (sh)', ' =', ' = a', ' = 0x', ` = ${'9'.repeat(25)}`, ' = -1', ' = 5 = -1 EACCES (a)') // prettier-ignore
const stamp = fc.constantFrom('     0.034 ( 0.016 ms): ', '         ? (         ): ', '5201195.835 ( 0.025 ms): ', '1 (): ', '1 (       ): ', '  77.1 (12.504 ms): ', `${'1'.repeat(45)} ( 0.016 ms): `) // prettier-ignore

const lines = {
  'maps of bpftrace': fc.oneof(
    fc.tuple(comm, number, count).map(([a, b, c]) => `@[${a}, ${b}]: ${c}`),
    fc.tuple(number, count).map(([b, c]) => `@[${b}]: ${c}`),
    fc.tuple(comm, count).map(([a, c]) => `@[${a}]: ${c}`),
    fc.tuple(name, comm, count).map(([a, b, c]) => `@syscalls[${a}, ${b}]: ${c}`),
    fc.tuple(name, count).map(([a, c]) => `@[tracepoint:syscalls:sys_enter_${a}]: ${c}`),
    fc.constantFrom('', 'Attaching 3 probes...', '@: 5', '@x: 5', 'Lost 3 events'),
  ),
  'printed lines of bpftrace': fc.tuple(number, comm, number).map((parts) => parts.join(' ')),
  'JSON of bpftrace': fc
    .tuple(fc.constantFrom('@', '@syscalls', '@x'), fc.array(fc.tuple(comm, number, count), { maxLength: 4 }))
    .map(([map, entries]) => `{"type": "map", "data": {"${map}": {${entries.map(([a, b, c]) => `${JSON.stringify(`${a},${b}`)}: ${c}`).join(', ')}}}}`),
  'perf script': fc.oneof(
    fc
      .tuple(comm, number, fc.constantFrom('', '/7', ' [001]', '/8 [000]'), fc.constantFrom('raw_syscalls:sys_enter: NR', 'raw_syscalls:sys_exit: NR', 'syscalls:sys_enter_read:'), number, values)
      .map(([a, b, c, d, e, f]) => `${a.padStart(16)} ${b}${c}  5201.695194: ${d} ${e} (${f})`),
  ),
  'perf trace': fc.oneof(
    fc.tuple(stamp, comm, number, name, values, result).map(([a, b, c, d, e, f]) => `${a}${b}/${c} ${d}(${e})${f}`),
    fc.tuple(stamp, name, values, result).map(([a, d, e, f]) => `${a}${d}(${e})${f}`),
    fc.tuple(stamp, comm, number, name).map(([a, b, c, d]) => `${a}${b}/${c}  ... [continued]: ${d}())  = 0`),
    fc.tuple(name, count).map(([a, c]) => `   ${a}                 ${c}      0     0.021     0.021     0.021     0.021      0.00%`),
    fc.tuple(comm, number).map(([a, b]) => ` ${a} (${b}), 90 events, 57.7%`),
    fc.constantFrom('', ' Summary of events:', '   (msec)', 'LOST 3 events!'),
  ),
} // prettier-ignore

t.test('and of lines that no tracer wrote', (t) => {
  const numRuns = 600
  for (const [form, line] of Object.entries(lines)) {
    const format = form.startsWith('perf') ? 'perf' : 'bpftrace'
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), fc.array(fc.nat(), { maxLength: 40 }), (some, order) => {
        // Lines of few shapes come again and again, so that most are learned.
        const all = [...some, ...order.map((each) => some[each % some.length]), ...some]
        return !differ(bytes(`${all.join('\n')}\n`), format)
      }),
      { numRuns },
    ) // prettier-ignore
  }
  t.pass(`${Object.keys(lines).length * numRuns} logs`)
  t.end()
})

t.test('a learned line has one meaning, and its calls are counted exactly', (t) => {
  t.same(faults(), [])
  t.end()
})

/** How many lines come to the careful reader. */
function readCarefully(given: Uint8Array, format: 'perf' | 'bpftrace'): number {
  let lines = 0
  const grammar = { perf, bpftrace }[format]
  const open = (): LineGrammar => {
    const inner = grammar.open()
    return {
      line: (text, say) => {
        lines++
        return inner.line(text, say)
      },
      shape: (text, told) => inner.shape?.(text, told),
      get stage() {
        return inner.stage ?? 0
      },
    }
  }
  const reader = new LineReader({ ...grammar, open }, { arguments: scalarsReadAlways })
  reader.startSource('t')
  reader.takeLines(given, 0, given.length)
  reader.endSource(false)
  return lines
}

t.test('the usual lines of each form are read by the compiled code', (t) => {
  for (const file of forms) {
    const once = readFileSync(join(traces, file))
    const careful = readCarefully(Buffer.concat([once, once]), formatOf(file))
    const more = readCarefully(Buffer.concat([once, once, once]), formatOf(file)) - careful
    const lines = once.filter((byte) => byte === 0x0a).length
    t.ok(more <= lines * 0.35, `${file}: ${more} of ${lines} are not`)
  }
  t.end()
})
