// Applies a change of one text to another layout of it by a three-way merge: only changed lines take the layout of the
// changed text. Authority: diff3(1) of GNU diffutils.
import { stepsBetween } from '../../line-steps.ts'

/** `text` and `before` have the same content in two layouts; `after` is `before` with the change. */
export function withChanges(text: string, before: string, after: string): string {
  if (before === after) return text
  const regions = regionsOf(lines(text), lines(before))
  const changes = changesOf(lines(before), lines(after))
  return regions
    .map(({ mine, base, from }) => {
      // Lines added where a region begins come before the region.
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

/** Corresponding pieces of two texts. A line common to both is a region of its own; an empty region ends the list. */
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

/** Which lines of `before` are removed, and which text is added before each. */
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

/** The lines with their ends. A last line without an end gets one, so that added lines do not join it. */
function lines(text: string): readonly string[] {
  return text.split(/(?<=\n)/).map((line) => (line.endsWith('\n') ? line : `${line}\n`))
}
