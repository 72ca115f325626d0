// Reports as annotations of GitHub Actions: workflow commands, one a line (docs.github.com, "Workflow commands for
// GitHub Actions"). GitHub shows ten errors, ten warnings and ten notices of a step and drops the rest, so no more than
// ten are printed, the most important first; the last one says how many are left out.
import type { Severity } from '../../profile/flaws.ts'
import { isBuiltinName } from '../../meaning/builtin-name.ts'
import { fileOf, itemSentence, lineIn, type Compared } from '../changes.ts'
import { escapeWorkflowData, escapeWorkflowProperty } from '../escape.ts'
import { findingHint } from '../findings.ts'
import type { ReportFormat } from '../format.ts'
import { eachFolded, foldedSentence } from '../problems.ts'
import { gravestOf, tallyOf, tallyText } from '../review.ts'
import { noticesOf, type Notice, type Reviewed } from '../reviewed.ts'

const most = 10
/** The most items of one annotation. */
const itemsShown = 8

export const github: ReportFormat = {
  changes: (compared) =>
    annotations({
      profiles: [{ file: fileOf(compared), compared }],
      outcome: compared.outcome ?? 'passes',
    }),

  review: (reviewed) =>
    reviewed.nothing === undefined
      ? annotations(reviewed)
      : `::warning title=seccomp profiles::${escapeWorkflowData(reviewed.nothing)}\n`,

  findings: (checked) =>
    eachFolded(checked, (file, said) => {
      const { finding } = said
      const command = commands[finding.severity]
      const properties = [
        `file=${escapeWorkflowProperty(file)}`,
        `line=${finding.line}`,
        `col=${finding.column}`,
        `title=${escapeWorkflowProperty(finding.code)}`,
      ].join(',')
      const message = `${foldedSentence(said)}: ${findingHint(finding)}`
      return `::${command} ${properties}::${escapeWorkflowData(message)}\n`
    }),
}

const commands: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', note: 'notice' }

function annotations({ profiles }: Pick<Reviewed, 'profiles' | 'outcome'>): string {
  const notices = noticesOf(profiles)
  const shown = notices.length > most ? notices.slice(0, most - 1) : notices
  const rest = notices.length - shown.length
  return [
    ...shown.map(annotation),
    ...(rest === 0
      ? []
      : [`::notice title=seccomp profiles::${rest} more: the summary of the job lists all\n`]),
  ].join('')
}

function annotation({ profile, direction, items, fails }: Notice): string {
  const [first] = items
  const command = fails ? 'error' : direction === 'narrower' ? 'notice' : 'warning'
  const line =
    profile.compared === undefined
      ? (profile.line ?? 1)
      : first === undefined || profile.event !== undefined
        ? 1
        : lineIn(profile.file, first.change)
  // Two built-in profiles were compared: the annotation is of the step, not of a file.
  const place = isBuiltinName(profile.file)
    ? ''
    : `file=${escapeWorkflowProperty(profile.file)},line=${line},`
  if (profile.compared === undefined)
    return `::${command} ${place}title=not compared::${escapeWorkflowData(profile.problem)}\n`
  const { compared, event } = profile
  const lines = items.slice(0, itemsShown).map((item) => {
    const why =
      item.risk === undefined ? '' : ` (${item.risk.severity} risk: ${item.risk.class}: ${item.risk.exposes})`
    return `${itemSentence(item, compared)}${why}`
  })
  const more = items.length > itemsShown ? [`and ${items.length - itemsShown} more`] : []
  const title = direction === undefined ? 'seccomp profile' : titleOf(compared, direction)
  // Each line is escaped by itself, because the line ends between them are ours.
  const message = [...(event === undefined ? [] : [event]), ...lines, ...more]
    .map(escapeWorkflowData)
    .join('%0A')
  return `::${command} ${place}title=${escapeWorkflowProperty(title)}::${message}\n`
}

/** A short title: GitHub shows one line of it. */
function titleOf(compared: Compared, direction: NonNullable<Notice['direction']>): string {
  const changes = compared.changes.filter((each) => each.direction === direction)
  const severity = gravestOf(changes)
  const risk = severity === undefined ? '' : `, ${severity} risk`
  return `${tallyText(tallyOf(changes, direction), done[direction])}${risk}`
}

const done = { wider: 'opened', narrower: 'closed', sideways: 'answered otherwise' } as const
