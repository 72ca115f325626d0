// The summary table of -c and -C: a header names the columns, and rows follow until a dashed footer. -U chooses the
// columns, so only titles count. Authority: call_summary_pers() in strace's count.c.
import { names } from './lines.ts'

export interface SummaryRow {
  readonly name: string
  readonly calls: number
}

/** The column that is blank in a row without errors. */
export const errorsColumn = 'errors'

/** Column titles. Only "% time" has two words. */
const titles = new Set([
  '%time', 'time', 'seconds', 'usecs/call', 'calls', errorsColumn, 'syscall', 'shortest', 'longest', 'average',
  'wall-total', 'wall-min', 'wall-max', 'wall-avg', 'total', 'stime', 'min', 'max', 'avg', 'name',
]) // prettier-ignore

/** `System call usage summary for 32 bit mode:` precedes the table of a mode that is not the default. */
export const summaryMode = /^System call usage summary for (64 bit|32 bit|x32) mode:/

/** The columns of a table if the line is its header; undefined for any other line. */
export function summaryColumns(line: string): readonly string[] | undefined {
  const words = line.trim().replace('% time', '%time').split(/\s+/)
  const known = words.every((word) => titles.has(word))
  return known && words.includes('syscall') ? words : undefined
}

/** Whether the line is the row of dashes under the header, or the footer. */
export function isRule(line: string): boolean {
  return /^\s*-+(?:\s+-+)*\s*$/.test(line)
}

/** Whether the line is the sum below the footer: numbers, and `total` in the column of names. */
export function isTotal(line: string): boolean {
  return /^\s*(?:[\d.]+\s+)*total(?:\s+[\d.]+)*\s*$/.test(line)
}

/** One row; undefined for `total` and for lines that are no row of this table. */
export function summaryRow(line: string, columns: readonly string[]): SummaryRow | undefined {
  const words = line.trim().split(/\s+/)
  const present =
    words.length === columns.length ? columns : columns.filter((column) => column !== errorsColumn)
  if (words.length !== present.length) return undefined
  const name = words[present.indexOf('syscall')] as string
  const position = present.indexOf('calls')
  const calls = position === -1 ? 1 : Number(words[position])
  if (name === 'total' || !names.counted.pattern.test(name)) return undefined
  return Number.isSafeInteger(calls) && calls > 0 ? { name, calls } : undefined
}
