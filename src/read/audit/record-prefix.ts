// Finds out which other prefixes of an audit record (time, host, pid, stamp) mean the same as a given one, so that
// compiled code can tell records behind them without the patterns of header.ts. This file knows no log: other digits
// are possible if header.ts finds the same record behind each prefix that is tried.
import { headerOf, type Header } from './header.ts'
import { snappyRecord } from './snappy.ts'

/** A character that must stand, or the most digits that may stand instead. */
export type PrefixItem = string | number

/** The longest prefix that is tried. */
export const prefixLimit = 240
/** The most runs of digits that are tried, and the most digits of one. */
const runLimit = 24
const lengthLimit = 32

/** A number may have up to so many digits more than here. */
const moreDigits = 3

/** Fields that the patterns of a prefix or of snappy-debug could take for a part of theirs. */
const fields = ['a=1 ] ;kernel: audit: x', 'a= snap host snap.snappy-debug[1]: Log: auid=1', 'a=1'] as const

/** What may stand before the fields of such a record; undefined if no other prefix is certain. */
export function recordPrefix(line: string, { kind, at }: Header): readonly PrefixItem[] | undefined {
  const prefix = line.slice(0, at)
  // oxlint-disable-next-line no-control-regex -- all but printable ASCII
  if (at > prefixLimit || !prefix.endsWith(' ') || /[^\x20-\x7e]/.test(prefix)) return undefined
  const holds = (other: string): boolean =>
    fields.every((rest) => {
      const found = headerOf(other + rest)
      return found?.kind === kind && found.at === other.length && snappyRecord(other + rest) === undefined
    })
  // The number of the record's type means another record if it differs.
  const runs = [...prefix.matchAll(/(?<!\d|type=|UNKNOWN\[)\d+/g)].map(({ index, 0: text }) => ({
    index,
    text,
  }))
  if (runs.length > runLimit || runs.some(({ text }) => text.length > lengthLimit) || !holds(prefix))
    return undefined
  const otherwise = (changed: readonly PrefixNumber[], other: (text: string) => string): string =>
    changed.reduceRight((text, run) => text.slice(0, run.index) + other(run.text) + text.slice(run.index + run.text.length), prefix) // prettier-ignore
  const free = runs.filter((run) => others.every((other) => holds(otherwise([run], other))))
  const wide = free.filter((run) =>
    Array.from({ length: mostDigits(run) }, (_, index) => '7'.repeat(index + 1)).every((digits) =>
      holds(otherwise([run], () => digits)),
    ),
  )
  const isCertain =
    others.every((other) => holds(otherwise(free, other))) &&
    holds(otherwise(wide, () => '7')) &&
    holds(otherwise(wide, (text) => text + '7'.repeat(moreDigits)))
  return isCertain ? itemsOf(prefix, free, wide) : undefined
}

interface PrefixNumber {
  readonly index: number
  readonly text: string
}

function mostDigits({ text }: PrefixNumber): number {
  return text.length + moreDigits
}

/** The digits that are tried instead: others, the lowest, and the highest, beyond any limit of a value. */
const others = [
  (text: string): string => text.replaceAll(/\d/g, (digit) => String((Number(digit) + 3) % 10)),
  (text: string): string => '0'.repeat(text.length),
  (text: string): string => '9'.repeat(text.length),
] as const

function itemsOf(
  prefix: string,
  free: readonly PrefixNumber[],
  wide: readonly PrefixNumber[],
): readonly PrefixItem[] {
  const items: PrefixItem[] = []
  for (let at = 0; at < prefix.length;) {
    const run = free.find(({ index }) => index === at)
    if (run === undefined) items.push(prefix[at++] as string)
    else {
      items.push(...(wide.includes(run) ? [mostDigits(run)] : Array.from(run.text, () => 1)))
      at += run.text.length
    }
  }
  return items
}
