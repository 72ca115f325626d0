// Prints the releases of one engine as one text: the newest profile whole, each older one as its difference from the
// one above it. src/meaning/builtin-history.ts reads the text.
//   version FIRST LAST DATE    the releases from FIRST to LAST, FIRST being of that day; `main` is released next
//   = COUNT                    so many lines as above
//   - COUNT                    so many lines of above are not there
//   ~ -CALL… CALL…             the next line of above without some calls, with others
//   + LINE                     a line that is not above

export interface Release {
  /** `main` if not yet released. */
  readonly version: string
  /** YYYY-MM-DD */
  readonly date: string
  readonly text: string
}

/** @param releases oldest first */
export function printHistory(project: string, releases: readonly Release[]): string {
  const spans: { first: Release; last: string }[] = []
  for (const release of releases) {
    const span = spans.at(-1)
    const same = span !== undefined && span.first.text === release.text && release.version !== 'main'
    if (same) span.last = release.version
    else spans.push({ first: release, last: release.version })
  }
  const lines = [`# Collected by scripts/collect-builtins.ts. Default profiles of ${project}.`]
  let above: readonly string[] = []
  for (const { first, last } of spans.toReversed()) {
    lines.push(`version ${first.version} ${last} ${first.date}`)
    const own = first.text.split('\n')
    lines.push(...difference(above, own))
    above = own
  }
  return `${lines.join('\n')}\n`
}

type Step = { readonly cost: number; readonly op: '=' | '~' | '-' | '+' | '' }

/** The shortest edit from one list of lines to another, by the length of its text. */
function difference(above: readonly string[], own: readonly string[]): readonly string[] {
  const table: Step[][] = Array.from({ length: above.length + 1 }, () => [])
  for (let i = above.length; i >= 0; i--) {
    for (let j = own.length; j >= 0; j--) {
      const ways: Step[] = []
      if (i === above.length && j === own.length) ways.push({ cost: 0, op: '' })
      const next = (a: number, b: number): number => (table[a] as Step[])[b]!.cost
      if (i < above.length) ways.push({ op: '-', cost: 3 + next(i + 1, j) })
      if (j < own.length) ways.push({ op: '+', cost: own[j]!.length + 2 + next(i, j + 1) })
      if (i < above.length && j < own.length) {
        const edit = edited(above[i]!, own[j]!)
        if (edit === '') ways.push({ op: '=', cost: 0.01 + next(i + 1, j + 1) })
        else if (edit !== undefined) ways.push({ op: '~', cost: edit.length + 2 + next(i + 1, j + 1) })
      }
      table[i]![j] = ways.reduce((best, way) => (way.cost < best.cost ? way : best))
    }
  }
  const lines: string[] = []
  let run: { op: string; count: number } | undefined
  const flush = (): void => {
    if (run !== undefined) lines.push(`${run.op} ${run.count}`)
    run = undefined
  }
  for (let i = 0, j = 0; i < above.length || j < own.length;) {
    const { op } = table[i]![j]!
    if (op !== run?.op) flush()
    if (op === '=' || op === '-') run = { op, count: (run?.count ?? 0) + 1 }
    if (op === '+') lines.push(`+ ${own[j]}`)
    if (op === '~') lines.push(`~ ${edited(above[i]!, own[j]!)}`)
    if (op !== '+') i++
    if (op !== '-') j++
  }
  flush()
  return lines
}

/** The calls removed and added, if the lines differ in calls only; empty if the lines are equal. */
function edited(before: string, after: string): string | undefined {
  const [headBefore, namesBefore] = before.split(' : ')
  const [headAfter, namesAfter] = after.split(' : ')
  if (before === after) return ''
  if (headBefore !== headAfter || namesBefore === undefined || namesAfter === undefined) return undefined
  const [old, own] = [namesBefore.split(' '), namesAfter.split(' ')]
  return [
    ...old.filter((each) => !own.includes(each)).map((each) => `-${each}`),
    ...own.filter((each) => !old.includes(each)),
  ].join(' ')
}
