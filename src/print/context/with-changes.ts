// A change made to one text carried over to another layout of it: three-way merging, where only lines that the change
// touches take the layout of the changed text. Authority: diff3(1) of GNU diffutils.
import { stepsBetween } from '../../line-steps.ts'

/** `text` and `before` say the same in two layouts; `after` is `before` changed. */
export function withChanges(text: string, before: string, after: string): string {
  if (before === after) return text
  const regions = regionsOf(lines(text), lines(before))
  const changes = changesOf(lines(before), lines(after))
  return regions
    .map(({ mine, base, from }) => {
      // Lines that come where a region begins come before it.
      const head = changes.come(from)
      const inside = base.map((line, at) => ({ line, at: from + at }))
      const isTouched = inside.some(
        ({ at }, index) => changes.goes(at) || (index > 0 && changes.come(at) !== ''),
      )
      if (!isTouched) return head + mine.join('')
      return (
        head +
        inside
          .map(({ line, at }, index) => (index > 0 ? changes.come(at) : '') + (changes.goes(at) ? '' : line))
          .join('')
      )
    })
    .join('')
}

interface Region {
  readonly mine: readonly string[]
  readonly base: readonly string[]
  /** The place of the region in the base. */
  readonly from: number
}

/** Pieces that correspond: a line that both have is one of its own; an empty one closes the list. */
function regionsOf(mine: readonly string[], base: readonly string[]): readonly Region[] {
  const regions: { mine: string[]; base: string[]; from: number; isSame: boolean }[] = []
  let from = 0
  for (const { mark, line } of stepsBetween(mine, base)) {
    const last = regions.at(-1)
    const isSame = mark === ' '
    const region = last === undefined || isSame || last.isSame ? { mine: [], base: [], from, isSame } : last
    if (region !== last) regions.push(region)
    if (mark !== '+') region.mine.push(line)
    if (mark !== '-') {
      region.base.push(line)
      from++
    }
  }
  return [...regions, { mine: [], base: [], from }]
}

/** Which lines of a text go, and what comes before each. */
function changesOf(
  before: readonly string[],
  after: readonly string[],
): { readonly goes: (at: number) => boolean; readonly come: (at: number) => string } {
  const gone = new Set<number>()
  const come = new Map<number, string>()
  let at = 0
  for (const { mark, line } of stepsBetween(before, after)) {
    if (mark === '+') come.set(at, (come.get(at) ?? '') + line)
    else {
      if (mark === '-') gone.add(at)
      at++
    }
  }
  return { goes: (each) => gone.has(each), come: (each) => come.get(each) ?? '' }
}

/** With their ends; a last line without one is given it, so that what comes behind it stands on a line of its own. */
function lines(text: string): readonly string[] {
  return text.split(/(?<=\n)/).map((line) => (line.endsWith('\n') ? line : `${line}\n`))
}
