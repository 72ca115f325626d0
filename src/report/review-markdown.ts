// A review as Markdown of GitHub and GitLab: the verdict, a table of what was opened, long lists folded (<details>).
import { becomesText, contextsText, summaryLine, type Compared } from './changes.ts'
import { escapeMarkdown } from './escape.ts'
import { callList, exampleText, headline, reviewItems, riskText, type ReviewItem } from './review.ts'
import { nameOf, noticesOf, reviewHeadline, type Reviewed, type ReviewedProfile } from './reviewed.ts'
import { plural } from './account.ts'

/** Longer lists of calls are folded. */
const shown = 20

/** One comparison: the verdict, the tables, the counts. */
export function comparedMarkdown(compared: Compared): string {
  return `**${escapeMarkdown(headline(compared))}**\n\n${tables(compared)}${escapeMarkdown(summaryLine(compared))}\n`
}

/** Several comparisons: the verdict on all, one row a profile, then each comparison. */
export function reviewMarkdown(reviewed: Reviewed): string {
  // In the order of annotations: the riskiest first, profiles without changes last.
  const profiles = [
    ...new Set([...noticesOf(reviewed.profiles).map(({ profile }) => profile), ...reviewed.profiles]),
  ]
  const head = `### seccomp: ${escapeMarkdown(reviewHeadline(reviewed))}\n`
  const rows = profiles.map((profile) => row([nameOf(profile), ...overview(profile)]))
  const titles = ['Profile', 'Verdict', 'Risk of what is opened']
  const overall = profiles.length < 2 ? '' : `\n${table(titles, rows)}`
  const parts = profiles.map((profile) => {
    const { compared, event } = profile
    const title = `\n#### ${escapeMarkdown(nameOf(profile))}\n\n`
    const happened = event === undefined ? '' : `${escapeMarkdown(event)}\n\n`
    return compared === undefined
      ? `${title}${happened}${escapeMarkdown(profile.problem)}\n`
      : `${title}${happened}${comparedMarkdown(withoutOutcome(compared))}`
  })
  return `${head}${overall}${parts.join('')}`
}

/** Omits the outcome, which is printed once above. */
function withoutOutcome(compared: Compared): Compared {
  const { outcome: _, ...rest } = compared
  return rest
}

function overview({ compared }: ReviewedProfile): readonly string[] {
  if (compared === undefined) return ['cannot be compared', '']
  const [verdict = ''] = headline(withoutOutcome(compared)).split('; ')
  return [verdict, riskText(compared.changes) || 'none known']
}

function tables(compared: Compared): string {
  const items = reviewItems(compared.changes)
  const opened = items.filter(({ direction }) => direction === 'wider')
  const rest = items.filter(({ direction }) => direction !== 'wider')
  const openedTable =
    opened.length === 0
      ? ''
      : `${table(
          ['Risk', 'Opened', 'On', 'Answer', 'Exposes'],
          opened.map((item) =>
            row([item.risk?.severity ?? '-', ...cells(item, compared), item.risk?.exposes ?? '-']),
          ),
        )}\n`
  return `${openedTable}${otherTable(rest, compared)}`
}

function otherTable(items: readonly ReviewItem[], compared: Compared): string {
  if (items.length === 0) return ''
  const text = table(
    ['Direction', 'Calls', 'On', 'Answer'],
    items.map((item) => row([item.direction, ...cells(item, compared)])),
  )
  const calls = new Set(items.flatMap(({ calls }) => calls)).size
  if (calls <= shown) return `${text}\n`
  return `<details><summary>${plural(calls, 'call')} narrower or answered otherwise</summary>\n\n${text}\n</details>\n\n`
}

function cells(item: ReviewItem, compared: Compared): readonly string[] {
  const { change, architectures, calls } = item
  return [
    change.conditional ? exampleText(item) : callList(calls),
    `${architectures.join(', ')}${contextsText(change, compared)}`,
    becomesText(item, '→'),
  ]
}

function row(words: readonly string[]): string {
  return `| ${words.map(escapeMarkdown).join(' | ')} |\n`
}

function table(titles: readonly string[], rows: readonly string[]): string {
  return `| ${titles.join(' | ')} |\n|${'---|'.repeat(titles.length)}\n${rows.join('')}`
}
