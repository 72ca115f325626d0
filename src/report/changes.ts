// The changes of `diff` for people (text, Markdown), for programs (JSON, SARIF 2.1.0) and for GitHub Actions (workflow
// commands). Everything from a profile is escaped for the place it goes to.
import { answerText } from '../meaning/answer.ts'
import { isOfDroppedHalves, type Change, type Comparison, type Counts } from '../meaning/changes.ts'
import { jsonText, type JsonValue } from '../print/json-text.ts'
import { escapeMarkdown, escapeTerminal, escapeWorkflowData, escapeWorkflowProperty } from './escape.ts'
import type { ReportFormat } from './problems.ts'
import { sarifLocations, sarifLog, sarifRule } from './sarif.ts'

export interface Compared extends Comparison {
  readonly base: string
  readonly head: string
  readonly architecture: string
  readonly counts: Counts
  readonly kernel: string
}

/** The report, ending in a newline unless it is empty. */
export function changesReport(compared: Compared, format: ReportFormat): string {
  return reports[format](compared)
}

/** One sentence, from what was computed. */
export function summaryLine({ base, head, architecture, counts }: Compared): string {
  const { calls, denied, opened, closed } = counts
  return `on ${architecture}, with these capabilities, ${base} denies ${denied} of ${calls} calls; ${head} opens ${opened} of these and closes ${closed} more`
}

const verdicts: Readonly<Record<Comparison['verdict'], string>> = {
  identical: 'identical: the same rules',
  equivalent: 'equivalent: written otherwise, and every call is answered the same',
  narrower: 'narrower: nothing new is allowed',
  wider: 'wider: nothing is refused that was allowed',
  mixed: 'mixed: neither is contained in the other',
}

const reports: Readonly<Record<ReportFormat, (compared: Compared) => string>> = {
  text: (compared) => {
    const lines = groups(compared.changes).map(([change, names]) => {
      const where = contextsText(change, compared)
      const what = `${change.direction} (${change.id}) ${change.architecture}${where}: ${answerText(change.before)} -> ${answerText(change.after)}: ${callsText(names)}`
      const example = change.conditional ? `\n    for example ${callText(change)}${sameCallText(change)}` : ''
      return `${escapeTerminal(what)}${escapeTerminal(example).replace('\\x0a', '\n')}\n`
    })
    return `${lines.join('')}${escapeTerminal(verdicts[compared.verdict])}\n${escapeTerminal(summaryLine(compared))}\n`
  },

  github: (compared) =>
    compared.changes
      .map((change) => {
        const { file, line } = placeOf(change)
        const command = change.direction === 'narrower' ? 'notice' : 'warning'
        return `::${command} file=${escapeWorkflowProperty(file)},line=${line},title=${escapeWorkflowProperty(change.id)}::${escapeWorkflowData(sentence(change, compared))}\n`
      })
      .join(''),

  markdown: (compared) => {
    const rows = groups(compared.changes).map(([change, names]) => {
      const cells = [
        change.direction,
        `${change.architecture}${contextsText(change, compared)}`,
        callsText(names),
        answerText(change.before),
        answerText(change.after),
        change.conditional ? `${callText(change)}${sameCallText(change)}` : 'whatever the arguments',
      ]
      return `| ${cells.map(escapeMarkdown).join(' | ')} |\n`
    })
    const table =
      rows.length === 0
        ? ''
        : `| Direction | Architecture | Calls | Before | After | For example |\n|---|---|---|---|---|---|\n${rows.join('')}\n`
    return `${table}${escapeMarkdown(verdicts[compared.verdict])}\n\n${escapeMarkdown(summaryLine(compared))}\n`
  },

  json: (compared) =>
    document({
      verdict: compared.verdict,
      ...(compared.contexts === undefined ? {} : { contexts: compared.contexts }),
      changes: compared.changes.map((change) => ({
        id: change.id,
        direction: change.direction,
        arch: change.architecture,
        syscall: change.syscall,
        before: answerText(change.before),
        after: answerText(change.after),
        witness: {
          arch: change.architecture,
          syscall: change.syscall,
          number: change.number,
          args: change.args.map(String),
          caps: change.capabilities,
          kernel: compared.kernel,
        },
        ...(change.contexts === undefined ? {} : { contexts: change.contexts }),
        fingerprint: change.fingerprint,
        at: change.at,
      })),
    }),

  sarif: (compared) =>
    document(
      sarifLog(
        [...new Set(compared.changes.map(({ id }) => id))].map((id) => sarifRule(id)),
        compared.changes.map((change) => {
          const { file, line } = placeOf(change)
          return {
            ruleId: change.id,
            level: change.direction === 'narrower' ? 'note' : 'warning',
            message: { text: `${sentence(change, compared)}.` },
            partialFingerprints: { 'seccompGen/v1': change.fingerprint },
            locations: sarifLocations(file, { startLine: line }),
          }
        }),
      ),
    ),
}

function sentence(change: Change, compared: Compared): string {
  const where = change.conditional ? callText(change) : callsText([change.syscall])
  return `${change.direction}: ${where} on ${change.architecture}${contextsText(change, compared)}: ${answerText(change.before)} becomes ${answerText(change.after)}${sameCallText(change)}`
}

/** Why it is sideways, where the answers alone would say otherwise. */
function sameCallText(change: Change): string {
  return isOfDroppedHalves(change)
    ? ': the kernel drops upper halves of its arguments, and takes it for a call that both permit'
    : ''
}

/** Nothing where every context that was compared has the change; else the shorter list of those that have it, or not. */
function contextsText({ contexts }: Change, compared: Compared): string {
  if (contexts === undefined || compared.contexts === undefined) return ''
  const others = compared.contexts.filter((each) => !contexts.includes(each))
  if (others.length === 0) return ''
  const [word, names] = contexts.length > others.length ? ['not', others] : ['only', contexts]
  return `, ${word} with capabilities ${names.join(', ')}`
}

/** As one would write it in a program, without the zeros at the end. */
function callText({ syscall, args }: Change): string {
  const last = args.findLastIndex((each) => each !== 0n)
  return `${syscall}(${args
    .slice(0, Math.max(last, 0) + 1)
    .map((each) => `0x${each.toString(16)}`)
    .join(', ')})`
}

/** One number stands for all that have no name. */
function callsText(names: readonly string[]): string {
  const named = names.filter((each) => !/^\d+$/.test(each))
  const rest = named.length === names.length ? [] : ['every number without a name']
  return [named.join(' '), ...rest].filter((each) => each !== '').join(' and ')
}

/** Changes that differ in the call only; conditional ones stand alone, because each has its own example. */
function groups(changes: readonly Change[]): readonly (readonly [Change, readonly string[]])[] {
  const found = new Map<string, [Change, string[]]>()
  for (const change of changes) {
    const { direction, id, architecture, before, after, syscall, conditional } = change
    const key = [
      direction,
      id,
      architecture,
      answerText(before),
      answerText(after),
      conditional ? syscall : '',
      ...(change.contexts ?? []),
    ].join(' ')
    const group = found.get(key)
    if (group === undefined) found.set(key, [change, [syscall]])
    else group[1].push(syscall)
  }
  const rank = { wider: 0, sideways: 1, narrower: 2 }
  return [...found.values()].sort(([one], [other]) => rank[one.direction] - rank[other.direction])
}

function placeOf({ at }: Change): { readonly file: string; readonly line: number } {
  const colon = at.lastIndexOf(':')
  return { file: at.slice(0, colon), line: Number(at.slice(colon + 1)) }
}

function document(value: unknown): string {
  return `${jsonText(value as JsonValue)}\n`
}
