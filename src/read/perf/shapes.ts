// The shapes of perf's lines that tell the same as one that grammar.ts has read: times, processes, values and results
// differ. Authority: the patterns of grammar.ts. Each shape here is narrower than they are.
import type { LoggedCall } from '../grammar.ts'
import { allBut, type LineShape, type ShapePart } from '../line-shapes.ts'

const digits = '0123456789'
const upTo = (most: number): ShapePart => ({ some: digits, least: 1, most })
const decimals: ShapePart = { some: `${digits}.`, least: 1, most: 20 }
const spaces: ShapePart = { some: ' ', least: 0, most: 39 }
const someSpaces: ShapePart = { some: ' ', least: 1, most: 40 }
const anything: ShapePart = { some: allBut(''), least: 0 }

const script =
  /^( {0,40}[^ ].{0,15}? ) {0,39}\d{1,10}(\/\d{1,10})? {1,40}(\[\d{1,10}\] {1,40})?\d{1,20}\.\d{1,20}: {1,40}(raw_syscalls:sys_enter: NR -?\d+ \((?=[^)]*\)$)|syscalls:sys_enter_\w+: |(?:raw_)?syscalls:sys_exit)/

/** The line tells its call by the event alone. The task's name is too short to contain the name of an event. */
export function shapeOfScript(text: string, call: LoggedCall | undefined): LineShape | undefined {
  const [, comm, thread, cpu, event = ''] = script.exec(text) ?? []
  if (comm === undefined) return undefined
  const isExit = event.endsWith('exit')
  // A line of another kind might begin with the name of a task.
  if (isExit === (call !== undefined) || (isExit && !/^[ \w]*$/.test(comm))) return undefined
  return [
    comm,
    { same: 'pid' },
    spaces,
    upTo(10),
    ...(thread === undefined ? [] : ['/', upTo(10)]),
    ' ',
    spaces,
    ...(cpu === undefined ? [] : ['[', upTo(10), '] ', spaces]),
    upTo(20),
    '.',
    upTo(20),
    ': ',
    { same: 'event' },
    spaces,
    event,
    ...(call === undefined ? [] : [{ call }]),
    ...(event.startsWith('raw_syscalls:sys_enter')
      ? [{ same: 'values' }, { until: ')', but: '', late: '' }]
      : [{ same: 'rest' }, anything]),
  ]
}

const trace =
  /^( {0,40})(?:(\?)|[\d.]{5,40}) \([ \d.]{7,40}(ms)?\): (?:(.{1,15}\/)\d{1,10} )?([a-z_]\w*\()(?:(?! = ).)*? = (?:(0x)[0-9a-f]{1,16}|(\d)\d{0,18}|([-?].*))( .*)?$/s

/**
 * The line of a call that has returned. A task's name has at most 15 bytes, but it may contain a slash, a number and
 * another name with a parenthesis. So among the first values no slash may stand before a digit. The time is so long
 * that no line of `perf script` begins with it.
 */
export function shapeOfTrace(
  text: string,
  call: LoggedCall | undefined,
  hasPaths: boolean,
): LineShape | undefined {
  if (!text.includes(' = ')) return undefined
  const [, blanks, unknown, took = '', comm, name = '', hex, digit, other, rest = ''] = trace.exec(text) ?? []
  if (blanks === undefined || call === undefined || `${call.call}(` !== name) return undefined
  const result: LineShape =
    hex !== undefined
      ? ['0x', { some: `${digits}abcdef`, least: 1, most: 16 }, rest]
      : digit !== undefined
        ? [digit, { some: digits, least: 0, most: 18 }, rest]
        : [`${other}${rest}`]
  return [
    ...(unknown === undefined ? [blanks, { some: `${digits}.`, least: 5, most: 40 }] : [`${blanks}?`]),
    ' (',
    { same: 'took' },
    { some: ` ${digits}.`, least: 7, most: 40 },
    `${took}): `,
    { same: 'task' },
    ...(comm === undefined ? [] : [comm, { same: 'pid' }, upTo(10), ' ', { same: 'name' }]),
    name,
    { call },
    { same: 'values' },
    { until: ' = ', but: hasPaths ? '' : '<"', late: '/' },
    ...result,
  ]
}

const row = /^( {3}[a-z_]\w*) +(?=[1-9])\d{1,15} +[\d.]{1,20} +[\d.]{1,20} [ \d.%]*$/
const task = /^( .{1,15} \()\d{1,10}\), \d{1,15} events, [\d.]{1,20}%(, [\d.]{1,20} msec)?$/

/** A row of the summary, its titles, or the line of a task above it. */
export function shapeOfSummary(text: string, call: LoggedCall | undefined): LineShape | undefined {
  const [, name] = row.exec(text) ?? []
  if (name !== undefined) {
    const count: ShapePart = call === undefined ? upTo(15) : { count: call }
    return [name, someSpaces, count, ' ', { same: 'row' }, spaces, decimals, someSpaces, decimals, ' ', { some: ` ${digits}.%`, least: 0 }] // prettier-ignore
  }
  if (call !== undefined) return undefined
  const [, comm, time] = task.exec(text) ?? []
  if (comm !== undefined)
    return [comm, upTo(10), '), ', upTo(15), ' events, ', decimals, '%', ...(time === undefined ? [] : [', ', decimals, ' msec'])] // prettier-ignore
  return /\d/.test(text) ? undefined : [text]
}
