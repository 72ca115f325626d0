// The content of the HTML page for each kind of result: the verdict, then tables, the most important one first.
import { architectureNames } from '../../abi/architectures.ts'
import { severities } from '../../explain/change-risks.ts'
import type { ExplainedCall } from '../../explain/index.ts'
import { estimateRuns } from '../../observe/runs.ts'
import type { Observations } from '../../observe/index.ts'
import { accountLine, accountRows, accountTitles, plural, runLines } from '../account.ts'
import { becomesText, subjectText, summaryLine, whereText, type Compared } from '../changes.ts'
import { diagnosticRows } from '../diagnostics.ts'
import { explanationRow, explanationTitles, riskLines } from '../explanation.ts'
import type { Explained } from '../explained.ts'
import { directions, headline, reviewItems } from '../review.ts'
import { nameOf, reviewHeadline, type Reviewed } from '../reviewed.ts'
import {
  escapedLines,
  patchOf,
  refusalRow,
  refusalTitles,
  repairLines,
  hasPassed,
  verificationSentences,
  type Verified,
} from '../verification.ts'
import type { HtmlPage, PageRow, Section } from './page.ts'

export function changesPage(compared: Compared): HtmlPage {
  return {
    title: `${compared.base} → ${compared.head}`,
    verdict: headline(compared),
    tone: toneOf(compared),
    sentences: [summaryLine(compared)],
    sections: changeSections(compared, ''),
  }
}

export function reviewPage(reviewed: Reviewed): HtmlPage {
  return {
    title: 'Review of seccomp profiles',
    verdict: reviewHeadline(reviewed),
    tone: reviewed.outcome === 'fails' ? 'bad' : 'good',
    sentences: [],
    sections: reviewed.profiles.flatMap((profile): readonly Section[] => {
      const { compared, event } = profile
      const name = nameOf(profile)
      if (compared === undefined)
        return [{ title: name, columns: ['What'], rows: [{ cells: [profile.problem], grade: 'error' }] }]
      const [first, ...rest] = changeSections(compared, `${name}: `)
      const note = event === undefined ? {} : { note: event }
      return first === undefined
        ? [{ title: `${name}: ${headline(compared)}`, ...note, columns: ['What'], rows: [] }]
        : [{ ...first, ...note }, ...rest]
    }),
  }
}

function toneOf({ verdict, outcome }: Compared): HtmlPage['tone'] {
  if (outcome !== undefined) return outcome === 'fails' ? 'bad' : 'good'
  return verdict === 'wider' ? 'bad' : verdict === 'mixed' ? 'mixed' : 'good'
}

const titles = {
  wider: 'Opened (wider)',
  narrower: 'Narrower',
  sideways: 'Answered otherwise (sideways)',
} as const

function changeSections(compared: Compared, before: string): readonly Section[] {
  const items = reviewItems(compared.changes)
  return directions.flatMap((direction): readonly Section[] => {
    const its = items.filter((each) => each.direction === direction)
    if (its.length === 0) return []
    const isWider = direction === 'wider'
    return [
      {
        title: `${before}${titles[direction]}`,
        columns: [
          ...(isWider ? ['Risk'] : []),
          'Calls',
          'On',
          'Answer',
          ...(isWider ? ['What it exposes'] : []),
        ],
        rows: its.map((item): PageRow => {
          const { risk } = item
          const cells = [subjectText(item), whereText(item, compared), becomesText(item, '→')]
          if (!isWider) return { cells }
          const grade = risk?.severity ?? 'no known risk'
          return {
            grade,
            cells: [grade, ...cells, risk === undefined ? '-' : `${risk.class}: ${risk.exposes}`],
          }
        }),
        folded: !isWider && its.length > 20,
      },
    ]
  })
}

/** Lists unexplained calls first, then seen calls, then the needs of runtimes, then refused calls. */
export function explanationPage({ profile, calls, observations }: Explained): HtmlPage {
  const groups = new Map<CallGroup, ExplainedCall[]>(order.map((group) => [group, []]))
  for (const call of calls) groups.get(groupOf(call))?.push(call)
  const exceeded = calls.filter((call) => call.default.exceeded)
  const unexplained = groups.get('unexplained') ?? []
  const verdict = [
    plural(calls.length, 'call'),
    ...(observations === undefined ? [] : [`${unexplained.length} that nothing explains`]),
    `${exceeded.length} beyond the default`,
  ].join(', ')
  return {
    title: profile,
    verdict,
    tone:
      exceeded.length > 0 ? 'bad' : unexplained.length > 0 && observations !== undefined ? 'mixed' : 'plain',
    sentences:
      observations === undefined ? ['No trace was given, so nothing says which calls were seen.'] : [],
    sections: [
      ...order.flatMap((group): readonly Section[] => {
        const its = groups.get(group) ?? []
        if (its.length === 0) return []
        const { title, note } = groupWords[group]
        return [
          {
            title,
            ...(note !== undefined && { note }),
            columns: explanationTitles,
            rows: [...its]
              .sort(bySeverity)
              .map((call) => ({ grade: gradeOf(call), cells: explanationRow(call) })),
            folded: group === 'floor' || group === 'refused',
          },
        ]
      }),
      ...listSection('What the risks expose', riskLines(calls)),
      ...(observations === undefined ? [] : completenessSections(observations)),
    ],
  }
}

type CallGroup = 'unexplained' | 'explained' | 'floor' | 'refused'
const order: readonly CallGroup[] = ['unexplained', 'explained', 'floor', 'refused']
const groupWords: Readonly<Record<CallGroup, { readonly title: string; readonly note?: string }>> = {
  unexplained: {
    title: 'Allowed, and nothing here says why',
    note: 'No trace given shows these calls, and no runtime needs them.',
  },
  explained: { title: 'Allowed, with a reason' },
  floor: {
    title: 'Allowed for the container runtime alone',
    note: 'The runtime makes these calls between loading the filter and starting the program.',
  },
  refused: { title: 'Refused' },
}

function groupOf({ answers, because }: ExplainedCall): CallGroup {
  if (!answers.some(({ action }) => action === 'SCMP_ACT_ALLOW' || action === 'SCMP_ACT_LOG'))
    return 'refused'
  if (because.length === 0) return 'unexplained'
  return because.every(({ kind }) => kind === 'floor') ? 'floor' : 'explained'
}

function gradeOf({ risks }: ExplainedCall): string {
  return risks[0]?.severity ?? 'no known risk'
}

function bySeverity(one: ExplainedCall, other: ExplainedCall): number {
  const rank = ({ risks }: ExplainedCall): number =>
    risks[0] === undefined ? severities.length : severities.indexOf(risks[0].severity)
  return rank(one) - rank(other)
}

export function verificationPage(verified: Verified): HtmlPage {
  const [verdict = '', ...sentences] = verificationSentences(verified)
  const patch = patchOf(verified)
  return {
    title: verified.profile,
    verdict,
    tone: hasPassed(verified) ? 'good' : 'bad',
    sentences,
    sections: [
      ...(verified.refusals.length === 0
        ? []
        : [
            {
              title: 'Refused',
              columns: refusalTitles,
              rows: verified.refusals.map((each) => ({ cells: refusalRow(each, verified.within) })),
            },
          ]),
      ...listSection(
        'Repair',
        repairLines(verified).map((line) => line.replace(/^# /, '')),
      ),
      ...(patch === ''
        ? []
        : [{ title: 'Patch', columns: [], rows: [], text: escapedLines(patch.trimEnd()) }]),
    ],
  }
}

export function observationsPage(observations: Observations): HtmlPage {
  const estimate = estimateRuns(observations)
  const runs = observations.runs ?? 1
  const rows = architectureNames.flatMap((architecture) =>
    Object.entries(observations.architectures[architecture] ?? {}).map(([name, call]): PageRow => {
      const failed = (['enosys', 'eperm', 'eacces'] as const).flatMap((errno) =>
        call[errno] === undefined ? [] : [`${call[errno]} ${errno.toUpperCase()}`],
      )
      const values = Object.entries(call.args ?? {}).map(
        ([index, seen]) => `argument ${index}: ${seen === null ? 'not known' : seen.join(', ')}`,
      )
      return {
        cells: [
          name,
          architecture,
          String(call.count),
          `${call.runs ?? runs} of ${runs}`,
          call.first,
          failed.join(', '),
          values.join('; '),
        ],
      }
    }),
  )
  const strange = architectureNames.flatMap((architecture) =>
    Object.entries(observations.unknown[architecture] ?? {}).map(([name, { count, first }]): PageRow => ({
      cells: [name, architecture, String(count), first],
    })),
  )
  return {
    title: 'Observations',
    verdict: accountLine(observations),
    tone: 'plain',
    sentences: estimate === undefined ? [] : runLines(observations),
    sections: [
      { title: 'Calls', columns: ['call', 'arch', 'times', 'runs', 'first seen', 'failed', 'values'], rows },
      ...(strange.length === 0
        ? []
        : [
            {
              title: 'Names and numbers that no table knows',
              columns: ['call', 'arch', 'times', 'first seen'],
              rows: strange,
            },
          ]),
      ...completenessSections(observations),
    ],
  }
}

/** The sections about what was read and what may be missing. */
function completenessSections(observations: Observations): readonly Section[] {
  const said = diagnosticRows(observations)
  return [
    {
      title: 'What was read',
      columns: accountTitles,
      rows: accountRows(observations).map((cells) => ({ cells })),
    },
    ...(said.length === 0
      ? []
      : [
          {
            title: 'What may be missing',
            columns: ['place', 'what'],
            rows: said.map(({ cells, isLoss }) => ({ cells, grade: isLoss ? 'warning' : 'note' })),
          },
        ]),
  ]
}

function listSection(title: string, lines: readonly string[]): readonly Section[] {
  return lines.length === 0
    ? []
    : [{ title, columns: ['what'], rows: lines.map((line) => ({ cells: [line] })) }]
}
