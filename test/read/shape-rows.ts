// What the compiled reader of learned shapes promises: a line has one meaning, and its calls are counted exactly.
// scripts/mutants.ts checks the promises on changed code.
import { LineShapes, allBut, type LineShape } from '../../src/read/line-shapes.ts'
import { Automaton } from '../../src/read/shape-automaton.ts'
import { differ, fold } from './both-readers.ts'
import { brokenOf } from './promises.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')

/** Where the reading ends after these shapes were learned, and the calls of the lines before. */
function read(shapes: readonly LineShape[], text: string): readonly [stop: number, told: object] {
  const automaton = Automaton.made() as Automaton
  const all = new LineShapes(automaton)
  for (const shape of shapes) all.learn(shape)
  const stop = automaton.read(bytes(text), 0, text.length)
  const told: Record<string, number> = {}
  automaton.settle(({ call }, times) => (told[call] = times))
  automaton.giveBack()
  return [stop, told]
}

const [a, b] = [{ call: 'a' }, { call: 'b' }]
const digits = { some: '0123456789', least: 1, most: 3 }
const json: LineShape = ['{', { same: 'm' }, 'x:', { count: a }, ',', { same: 'm' }, 'y:', { count: b }, '}']
const long = `x${'z'.repeat(65_535)}\n`

interface ShapeRow {
  readonly says: string
  readonly shapes: readonly LineShape[]
  readonly text: string
  /** Where the reading ends. */
  readonly stop: number
  readonly told: object
}

const row = (says: string, shapes: readonly LineShape[], text: string, stop: number, told: object): ShapeRow => ({ says, shapes, text, stop, told }) // prettier-ignore

const rows: readonly ShapeRow[] = [
  row('a text is a call', [['x', { call: a }]], 'x\nx\ny\n', 4, { a: 2 }),
  row('a number, then a digit', [['x', digits, { call: a }], ['x1', { call: b }]], 'x1\nx12\nx1234\n', 7, { a: 2 }),
  row('a digit, then a number', [['x1', { call: b }], ['x', digits, { call: a }]], 'x1\nx2\n', 3, { b: 1 }),
  row('another call', [['x', { call: a }], ['x', { call: b }]], 'x\n', 2, { a: 1 }),
  row('no count of 0', [['x ', { count: a }]], 'x 7\nx 12\nx 0\n', 9, { a: 19 }),
  row('a count of 15 digits', [['x ', { count: a }]], 'x 999999999999999\nx 1000000000000000\n', 18, { a: 999_999_999_999_999 }),
  row('no key twice', [json], '{x:1,y:2}\n{y:3,x:4,y:5}\n{y:6}\n', 10, { a: 1, b: 2 }),
  row('nor one that the shape repeats', [json], '{x:1,x:2,y:3}\n', 0, {}),
  row('a comma stands behind the first key only', [json], '{y:3,x:4}\n{y:6}\n', 0, {}),
  row('no digit behind an early slash', [['x(', { until: ' = ', but: '<', late: '/' }, '0']], 'x( = 0\nx(a/b/ =! = 0\nx(a/1 = 0\n', 21, {}),
  row('all but a character', [['x', { some: allBut('y'), least: 0 }]], 'x\nxz\nxyz\n', 5, {}),
  row('a line as long as the limit', [['x', { some: 'z', least: 0 }]], long, long.length, {}),
  row('a longer line', [['x', { some: 'z', least: 0 }]], long.replace('\n', 'z\n'), 0, {}),
] // prettier-ignore

/** A shape that contradicts another is not learned. */
function* brokenRows(): Generator<string> {
  for (const { says, shapes, text, stop, told } of rows) {
    const found = JSON.stringify(read(shapes, text))
    if (found !== JSON.stringify([stop, told])) yield `${says}: ${found}`
  }
}

/** Counts add up exactly to the limit of a double, and there they stay. */
function* brokenCounts(): Generator<string> {
  const most = '999999999999999'
  for (const times of [1, 2, 9, 10, 11, 40]) {
    const { architectures } = fold([{ bytes: bytes(`@[0]: ${most}\n`.repeat(times)) }], true, 'bpftrace')
    const count = architectures.x86_64?.['read']?.count
    const wanted = Math.min(Number.MAX_SAFE_INTEGER, times * Number(most))
    if (count !== wanted) yield `${times} times ${most} are ${count}`
  }
  if (differ(bytes('@[0]: 9007199254740993\n@[0]: 9007199254740993\n@[0]: 12\n'), 'bpftrace'))
    yield 'the readers differ on a count beyond the limit'
}

/** A value that continues the name of a task makes another call of a learned line. */
function* brokenNames(): Generator<string> {
  const line = (values: string): string => `     0.034 ( 0.016 ms): sh/7 read(${values})      = 0\n`
  const usual = line('fd: 3').repeat(3)
  const countsOf = (text: string): string => {
    const { x86_64 = {} } = fold([{ bytes: bytes(text) }], true, 'perf').architectures
    return Object.entries(x86_64).map(([name, { count }]) => `${name} ${count}`).join() // prettier-ignore
  }
  // The longest text that may be the name of a task is `sh/7 read(x`, so the call is write.
  const other = countsOf(usual + line('x/2 write(y'))
  if (other !== 'read 3,write 1') yield `a name that goes on: ${other}`
  // Beyond 15 bytes no name goes on.
  const far = countsOf(usual + line('fd: 3, buf: 0x7f00/2 write(y'))
  if (far !== 'read 4') yield `a slash far behind: ${far}`
}

export function faults(most?: number): readonly string[] {
  return brokenOf([brokenRows, brokenCounts, brokenNames], most)
}
