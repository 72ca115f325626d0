// Applies a change of one text to another layout of it by a three-way merge: only changed lines are taken from the
// changed text, and they get the columns of the lines beside them. Authority: diff3(1) of GNU diffutils.
import { longestMiddle, stepsBetween } from '../../line-steps.ts'
import { Columns } from './columns.ts'

/**
 * `text` and `before` have the same content in two layouts; `after` is `before` with the change. Both are given
 * document by document.
 */
export function withChanges(text: string, before: readonly string[], after: readonly string[]): string {
  const [mine, base] = [lines(text), before.flatMap(lines)]
  const changes = changesOf(before, after)
  const columns = new Columns()
  let done = -1
  const result = regionsOf(mine, base).flatMap((region) => {
    // Lines added where regions begin come once, before the first: a region of `text` alone begins where the next does.
    const added = region.from === done ? [] : columns.shifted(changes.come(region.from))
    done = region.from
    const lost = region.base.map((_, index) => changes.goes(region.from + index))
    const isTouched = lost.some(
      (goes, index) => goes || (index > 0 && changes.come(region.from + index).length > 0),
    )
    if (!isTouched) {
      columns.stay(region.base, region.mine)
      return [...added, ...region.mine]
    }
    columns.go(region.base, region.mine)
    return [
      ...added,
      ...region.base.flatMap((line, index) => {
        const come = index > 0 ? changes.come(region.from + index) : []
        return columns.shifted(lost[index] ? come : [...come, line])
      }),
    ]
  })
  const whole = result.join('')
  return text.endsWith('\n') ? whole : whole.replace(/\n$/, '')
}

interface Region {
  readonly mine: readonly string[]
  readonly base: readonly string[]
  /** The place of the region in the base. */
  readonly from: number
}

/**
 * Corresponding pieces of two layouts. A line that differs only in blanks is a region of its own. Other lines share a
 * region up to the next two such lines. The last region is empty.
 */
function regionsOf(mine: readonly string[], base: readonly string[]): readonly Region[] {
  const bare = (all: readonly string[]): readonly string[] => all.map((line) => line.replace(/\s+/g, ''))
  const [ours, theirs] = [bare(mine), bare(base)]
  const isSame = (i: number, j: number): boolean =>
    i < mine.length && j < base.length && ours[i] === theirs[j]
  const isEnd = (i: number, j: number): boolean => i === mine.length && j === base.length
  const meets = (i: number, j: number): boolean =>
    isEnd(i, j) || (isSame(i, j) && (isSame(i + 1, j + 1) || isEnd(i + 1, j + 1)))
  const regions: Region[] = []
  let [i, j] = [0, 0]
  while (!isEnd(i, j)) {
    let [toMine, toBase] = [i + 1, j + 1]
    if (!isSame(i, j)) [toMine, toBase] = nearest(i, j, meets) ?? [mine.length, base.length]
    let last: { readonly mine: string[]; readonly base: string[]; readonly from: number } | undefined
    for (const { mark } of stepsBetween(ours.slice(i, toMine), theirs.slice(j, toBase))) {
      if (last === undefined || mark === ' ') regions.push((last = { mine: [], base: [], from: j }))
      if (mark !== '+') last.mine.push(mine[i++] as string)
      if (mark !== '-') last.base.push(base[j++] as string)
      if (mark === ' ') last = undefined
    }
  }
  return [...regions, { mine: [], base: [], from: j }]
}

/**
 * The nearest pair of places after `i` and `j` where the texts meet again, their ends included. Undefined if it is too
 * far: the time grows with the square of the distance.
 */
function nearest(
  i: number,
  j: number,
  meets: (i: number, j: number) => boolean,
): readonly [number, number] | undefined {
  for (let distance = 1; distance <= longestMiddle; distance++)
    for (let more = 0; more <= distance; more++)
      if (meets(i + distance - more, j + more)) return [i + distance - more, j + more]
  return undefined
}

/** Which lines of `before` are removed, and which lines are added before each. */
function changesOf(
  before: readonly string[],
  after: readonly string[],
): { readonly goes: (at: number) => boolean; readonly come: (at: number) => readonly string[] } {
  const gone = new Set<number>()
  const come = new Map<number, string[]>()
  let at = 0
  for (const [index, document] of before.entries())
    for (const { mark, line } of stepsBetween(lines(document), lines(after[index] as string))) {
      if (mark === '+') {
        const added = come.get(at)
        if (added === undefined) come.set(at, [line])
        else added.push(line)
      } else {
        if (mark === '-') gone.add(at)
        at++
      }
    }
  return { goes: (each) => gone.has(each), come: (each) => come.get(each) ?? [] }
}

/** The lines with their ends. A last line without an end gets one, so that added lines do not join it. */
function lines(text: string): readonly string[] {
  if (text === '') return []
  return text.split(/(?<=\n)(?!$)/).map((line) => (line.endsWith('\n') ? line : `${line}\n`))
}
