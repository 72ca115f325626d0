// A review as lines for a terminal: the verdict, a section for each direction, and how much the base denies.
import type { Direction } from '../meaning/answer.ts'
import { becomesText, itemSentence, summaryLine, whereText, type Compared } from './changes.ts'
import { escapeTerminal } from './escape.ts'
import { callList, directions, headline, reviewItems, type ReviewItem } from './review.ts'
import { nameOf, reviewHeadline, type Reviewed } from './reviewed.ts'
import { painted, wrapped, type Paint, type Screen } from './screen.ts'

const paints: Readonly<Record<Direction, Paint>> = { wider: 'red', narrower: 'green', sideways: 'yellow' }
const severityPaints: Readonly<Record<string, Paint>> = { high: 'red', medium: 'yellow' }
/** The width of the column of severities. */
const column = 8

export function reviewLines(compared: Compared, screen: Screen): readonly string[] {
  const items = reviewItems(compared.changes)
  const sections = directions.flatMap((direction) => {
    const its = items.filter((each) => each.direction === direction)
    if (its.length === 0) return []
    const lines = its.flatMap((item) =>
      direction === 'wider' ? openedLines(item, compared, screen) : otherLines(item, compared, screen),
    )
    return [painted(`${direction}:`, paints[direction], screen), ...lines]
  })
  return [...headLines(compared, screen), ...sections, ...summaryLines(compared, screen)]
}

/** Several comparisons: the verdict on all of them, then each one under its name. */
export function reviewedLines(reviewed: Reviewed, screen: Screen): readonly string[] {
  const { profiles, outcome, nothing } = reviewed
  const paint = outcome === 'fails' ? 'red' : nothing === undefined ? 'green' : 'yellow'
  const [first = '', ...rest] = wrapped(escapeTerminal(reviewHeadline(reviewed)), '  ', screen)
  const parts = profiles.flatMap((profile) => {
    const { compared, event } = profile
    const title = painted(escapeTerminal(nameOf(profile)), 'bold', screen)
    const happened = event === undefined ? [] : wrapped(escapeTerminal(event), '  ', screen)
    if (compared === undefined)
      return ['', title, ...happened, ...wrapped(escapeTerminal(profile.problem), '  ', screen)]
    const { outcome: _, ...plain } = compared
    return ['', title, ...happened, ...reviewLines(plain, screen)]
  })
  return [painted(first, paint, screen), ...rest, ...parts]
}

/** The verdict, and how much the base denies. */
export function statLines(compared: Compared, screen: Screen): readonly string[] {
  return [...headLines(compared, screen), ...summaryLines(compared, screen)]
}

function headLines(compared: Compared, screen: Screen): readonly string[] {
  const { verdict, outcome } = compared
  const isOpened = verdict === 'wider' || verdict === 'mixed'
  const paint = outcome === 'fails' || (isOpened && outcome === undefined) ? 'red' : 'green'
  const [first = '', ...rest] = wrapped(escapeTerminal(headline(compared)), '  ', screen)
  return [painted(first, paint, screen), ...rest]
}

function summaryLines(compared: Compared, screen: Screen): readonly string[] {
  return wrapped(escapeTerminal(summaryLine(compared)), '  ', screen)
}

function openedLines(item: ReviewItem, compared: Compared, screen: Screen): readonly string[] {
  const { risk, change } = item
  const indent = ' '.repeat(column + 2)
  const mark = (risk?.severity ?? '-').padEnd(column)
  const what =
    risk === undefined && !change.conditional ? answersFirst(item, compared) : itemSentence(item, compared)
  const [first = '', ...rest] = wrapped(`  ${mark}${escapeTerminal(what)}`, indent, screen)
  const coloured = `  ${painted(mark, severityPaints[risk?.severity ?? ''], screen)}${first.slice(column + 2)}`
  const why =
    risk === undefined
      ? []
      : wrapped(`${indent}${escapeTerminal(`${risk.class}: ${risk.exposes}`)}`, indent, screen)
  return [coloured, ...rest, ...why]
}

function otherLines(item: ReviewItem, compared: Compared, screen: Screen): readonly string[] {
  const what = item.change.conditional ? itemSentence(item, compared) : answersFirst(item, compared)
  return wrapped(`  ${escapeTerminal(what)}`, '      ', screen)
}

/** The list of calls comes last, because it can be long. */
function answersFirst(item: ReviewItem, compared: Compared): string {
  return `${becomesText(item)} on ${whereText(item, compared)}: ${callList(item.calls)}`
}
