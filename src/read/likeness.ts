// Finds out which lines of a wrapped log differ from a given one only in the text inside, so that compiled code can
// take their text without reading the wrapping again. This file knows no wrapping: a likeness holds if the careful
// reader (unwrapping.ts) takes the text out of every changed line that is tried.

/** A line without its wrapping, with its line end, or anything else if the line is wrapped otherwise. */
export type UnwrapLine = (line: string) => string

/** What may stand instead of a character; assembly/wrapped.ts has a number for each. */
export type Class = 'exactly' | 'digit' | 'positiveDigit' | 'hexDigit'

export interface Part {
  readonly text: string
  /** By character. */
  readonly classes: readonly Class[]
}

export interface Likeness {
  readonly head: Part
  readonly tail: Part
  /** Whether the text is in a JSON string, whether it may end with `\n`, and whether it may end without. */
  readonly inJson: boolean
  readonly withEnd: boolean
  readonly withoutEnd: boolean
  /** Whether the text must be a call of strace: the wrapping of other texts stays. */
  readonly asCall: boolean
  /** Equal for two likenesses of the same lines. */
  readonly key: string
}

/** The longest part, and the most runs of digits, that are tried: no line costs more than it saves. */
export const partLimit = 1008
const runLimit = 64

const calls = [
  '812 probe(3) = 0',
  'a(b: c',
  '_1(UTC a: b',
  '1 <... a resumed>b: c',
  '1 a2("b\\c/{"log":"d"}',
] as const
/** Texts that the pattern of another wrapping could take for a part of the wrapping. */
const texts = [...calls, 'a: b', 'AB c: d', 'UTC a: b', '[1]: a: b', '1 2: a', '[2/3] 0.1 a', '<7>a', '- a: b', '2026-01-01T00:00:00Z a: b', 'x | y', 'stdout F a', '+++ a +++', '_a'] as const // prettier-ignore

/** Without a line end, Docker's text of this length is a piece of a line, and a shorter one is a whole line. */
const long = `1 a("${'b'.repeat(16_384)}")`

/** The likeness of this line, which ends with "\n"; undefined if none is certain. */
export function likenessOf(line: string, unwrap: UnwrapLine): Likeness | undefined {
  const inside = unwrap(line.slice(0, -1))
  const text = inside.slice(0, -1)
  if (text === '' || !inside.endsWith('\n') || text.includes('\n')) return undefined
  if (!line.startsWith('{')) {
    if (!line.endsWith(inside) || line.length === inside.length) return undefined
    return certain(line.slice(0, -inside.length), '', false, unwrap)
  }
  for (const { index, 0: written } of line.matchAll(/"(?:[^"\\]|\\.)*"/g)) {
    const before = written.length < text.length + 2 ? undefined : beforeText(written, text)
    if (before === undefined) continue
    const head = line.slice(0, index + 1 + before)
    const found = certain(head, line.slice(index + written.length - 1), true, unwrap)
    if (found !== undefined) return found
  }
  return undefined
}

/** How many characters stand before `text` in a JSON string that ends with it; undefined for any other string. */
function beforeText(written: string, text: string): number | undefined {
  try {
    const value = (JSON.parse(written) as string).replace(/\n$/, '')
    const before = value.slice(0, value.length - text.length)
    return value === before + text && written.startsWith(`"${before}`) ? before.length : undefined
  } catch {
    return undefined
  }
}

function certain(head: string, tail: string, inJson: boolean, unwrap: UnwrapLine): Likeness | undefined {
  if (Math.max(head.length, tail.length) > partLimit) return undefined
  const written = (text: string): string => (inJson ? JSON.stringify(text).slice(1, -1) : text)
  const isFound = (before: string, after: string, text: string, end: string): boolean =>
    unwrap(`${before}${written(text + end)}${after.replace(/\n$/, '')}`) === `${text}\n`
  const asCall = !texts.every((text) => isFound(head, tail, text, '') || isFound(head, tail, text, '\n'))
  /** Whether each text is found in a line of these parts. */
  const holds = (before: string, after: string, end: string): boolean =>
    (asCall ? calls : texts).every((text) => isFound(before, after, text, end))
  const withoutEnd = holds(head, tail, '') && isFound(head, tail, long, '')
  const withEnd = inJson && holds(head, tail, '\n')
  if (!withoutEnd && !withEnd) return undefined
  const end = withoutEnd ? '' : '\n'
  const runs = [...runsOf(head, 0), ...runsOf(tail, 1)]
  if (runs.length > runLimit) return undefined
  const holdsWithout = (changed: readonly DigitRun[]): boolean =>
    others.every((other) =>
      holds(otherwise(head, 0, changed, other), otherwise(tail, 1, changed, other), end),
    )
  const free = holdsWithout(runs) ? runs : runs.filter((run) => holdsWithout([run]))
  if (free.length < runs.length && !holdsWithout(free)) return undefined
  const part = (text: string, which: number): Part => ({ text, classes: classesOf(text, which, free) })
  const key = JSON.stringify([
    otherwise(head, 0, free, highest),
    otherwise(tail, 1, free, highest),
    free.map(({ part: which, at, text, isZeroed }) => [which, at, text.length, isZeroed]),
    [inJson, withEnd, withoutEnd, asCall],
  ])
  return { head: part(head, 0), tail: part(tail, 1), inJson, withEnd, withoutEnd, asCall, key }
}

const highest = (_: string, isHexadecimal: boolean): string => (isHexadecimal ? 'f' : '9')
/** The digits that are tried instead of a digit: others, and the highest, beyond any limit of a value. */
const others = [
  (digit: string): string => (digit > '9' ? (digit === 'a' ? 'f' : 'a') : String((Number(digit) % 9) + 1)),
  highest,
] as const

/** Digits that may be others. `isZeroed`: the first may be 0, as it may not in a number of JSON. */
interface DigitRun {
  readonly part: number
  readonly at: number
  readonly text: string
  readonly isZeroed: boolean
}

/** Digits after these belong to a fraction, a time or a date, never to a whole number of JSON. */
const inTime = /(?:\.|\d[-:]|T)$/

function runsOf(text: string, part: number): readonly DigitRun[] {
  const runs: DigitRun[] = []
  for (const { index, 0: found } of text.matchAll(/(?<=[="])[0-9a-f]+(?![0-9A-Za-z])|\d+/g)) {
    const isZeroed = inTime.test(text.slice(Math.max(0, index - 2), index)) || !/^\d+$/.test(found)
    if (!/\d/.test(found) || (found.startsWith('0') && !isZeroed)) continue
    runs.push({ part, at: index, text: found, isZeroed })
  }
  return runs
}

function isHexadecimal({ text }: DigitRun): boolean {
  return /[a-f]/.test(text)
}

/** The part with other digits in these runs. */
function otherwise(
  text: string,
  part: number,
  runs: readonly DigitRun[],
  other: (digit: string, isHexadecimal: boolean) => string,
): string {
  let changed = text
  for (const run of runs) {
    if (run.part !== part) continue
    const digits = [...run.text].map((each) => other(each, isHexadecimal(run))).join('')
    changed = changed.slice(0, run.at) + digits + changed.slice(run.at + digits.length)
  }
  return changed
}

function classesOf(text: string, part: number, runs: readonly DigitRun[]): readonly Class[] {
  const found: Class[] = Array.from<Class>({ length: text.length }).fill('exactly')
  for (const run of runs) {
    if (run.part !== part) continue
    for (let at = 0; at < run.text.length; at++)
      found[run.at + at] =
        isHexadecimal(run) ? 'hexDigit' : at === 0 && !run.isZeroed ? 'positiveDigit' : 'digit' // prettier-ignore
  }
  return found
}
