// Carries lines of YAML from one layout to another. A member or list item gets the column of its siblings there. If it
// has none, it keeps its distance from its parent. Authority: YAML 1.2.2, chapter 8 (block sequences and mappings).

interface Level {
  /** Twice the column, and one more for the dash of an item: a list may stand in the column of its key. */
  readonly depth: number
  /** The column in the other layout. */
  readonly column: number
}

export class Columns {
  /** The levels that are open, from the outermost. */
  #levels: Level[] = []

  /** Unchanged lines, in both layouts. */
  stay(from: readonly string[], to: readonly string[]): void {
    for (const [depths, columns] of pairs(from, to)) this.#open(depths, columns)
  }

  /** Removed lines, in both layouts. Lines added after them may still belong to the deeper levels before them. */
  go(from: readonly string[], to: readonly string[]): void {
    for (const [depths, columns] of pairs(from, to)) {
      const deeper = this.#levels.filter(({ depth }) => depth > (depths.at(-1) as number))
      this.#open(depths, columns)
      this.#levels.push(...deeper)
    }
  }

  /** The lines, moved to their columns in the other layout. */
  shifted(lines: readonly string[]): readonly string[] {
    return lines.map((line) => {
      const here = startsOf(line)
      const blanks = /^ */.exec(line)?.[0].length ?? 0
      const column = this.#columnOf(here[0] ?? 2 * blanks)
      this.#open(
        here,
        here.map((depth) => (depth >> 1) - blanks + column),
      )
      return /^\s*$/.test(line) ? line : ' '.repeat(column) + line.slice(blanks)
    })
  }

  #columnOf(depth: number): number {
    const level = this.#levels.findLast((each) => each.depth <= depth)
    if (level === undefined) return depth >> 1
    return Math.max(0, level.column + (depth >> 1) - (level.depth >> 1))
  }

  #open(depths: readonly number[], columns: readonly number[]): void {
    const [outermost] = depths
    if (outermost === undefined) return
    this.#levels = [
      ...this.#levels.filter(({ depth }) => depth < outermost),
      ...depths.map((depth, index) => ({ depth, column: columns[index] as number })),
    ]
  }
}

/** Pairs lines of two layouts that begin with the same word: the depths of one line, the columns of the other. */
function* pairs(
  from: readonly string[],
  to: readonly string[],
): Generator<readonly [readonly number[], readonly number[]]> {
  /** By word: the lines of `to` that begin with it, last line first. */
  const waiting = new Map<string | undefined, number[]>()
  for (let index = to.length - 1; index >= 0; index--) {
    const word = wordOf(to[index] as string)
    const places = waiting.get(word)
    if (places === undefined) waiting.set(word, [index])
    else places.push(index)
  }
  let next = 0
  for (const line of from) {
    const places = waiting.get(wordOf(line)) ?? []
    while ((places.at(-1) ?? next) < next) places.pop()
    const same = places.pop()
    if (same === undefined) continue
    next = same + 1
    const [here, there] = [startsOf(line), startsOf(to[same] as string)]
    if (here.length > 0 && here.length === there.length) yield [here, there.map((depth) => depth >> 1)]
  }
}

function wordOf(line: string): string | undefined {
  return /^[\s-]*([^\s:]+)/.exec(line)?.[1]
}

/** The depths of a line's dashes and of what follows them. A blank line and a comment have none. */
function startsOf(line: string): readonly number[] {
  const [, blanks = '', dashes = '', rest = ''] = /^( *)((?:- +)*)(.*)/.exec(line) ?? []
  if (dashes === '' && /^(?:#|$)/.test(rest)) return []
  const starts = [...dashes.matchAll(/-/g)].map(({ index }) => 2 * (blanks.length + index) + 1)
  return [...starts, 2 * (blanks.length + dashes.length)]
}
