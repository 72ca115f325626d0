// Arranges the changes between two profiles for a reviewer: the verdict, then what was opened with the gravest risk
// first, then what is narrower, then what is answered differently. Architectures that change alike share one item.
import { architectureNames } from '../abi/architectures.ts'
import { argumentText } from '../abi/constant-names.ts'
import type { Risk } from '../abi/risks.ts'
import { severities, type RatedChange } from '../explain/change-risks.ts'
import { answerText, type Direction } from '../meaning/answer.ts'
import type { Compared } from './changes.ts'
import { plural } from './account.ts'

/** Changes with the same text. */
export interface ReviewItem {
  readonly direction: Direction
  /** The first of these changes. */
  readonly change: RatedChange
  readonly architectures: readonly string[]
  readonly calls: readonly string[]
  /** The gravest risk of the opened calls, if it is at least low. */
  readonly risk: Risk | undefined
}

export const directions: readonly Direction[] = ['wider', 'narrower', 'sideways']

/** The items in the order of reading. */
export function reviewItems(changes: readonly RatedChange[]): readonly ReviewItem[] {
  const alike = [...grouped(changes, sameCall).values()].map((group) => {
    const [change] = group
    const names = new Set<string>(group.map(({ architecture }) => architecture))
    const risk = change.risks.find(({ severity }) => severities.indexOf(severity) <= lowest)
    return { change, risk, architectures: architectureNames.filter((each) => names.has(each)) }
  })
  const items = [...grouped(alike, sameAnswer).values()].map((group): ReviewItem => {
    const [{ change, risk, architectures }] = group
    const calls = group.map(({ change }) => callName(change))
    return { direction: change.direction, change, risk, architectures, calls }
  })
  return items.sort((one, other) => rank(one) - rank(other))
}

function rank({ direction, risk, change }: ReviewItem): number {
  const severity = risk === undefined ? 50 : severities.indexOf(risk.severity) * 10
  return directions.indexOf(direction) * 100 + severity + (change.conditional ? 1 : 0)
}

/** The lowest severity that counts as a risk. */
const lowest = severities.indexOf('low')

type Alike = Pick<ReviewItem, 'change' | 'risk' | 'architectures'>

function sameCall(change: RatedChange): string {
  const { direction, id, before, after, contexts = [] } = change
  return [direction, id, callName(change), answerText(before), answerText(after), ...contexts].join(' ')
}

/**
 * The key of items that share a line. A call with conditions has a line of its own, for its example. Other calls share
 * one if their risk class is the same.
 */
function sameAnswer({ change, risk, architectures }: Alike): string {
  const { direction, id, before, after, conditional, contexts = [] } = change
  const alone = conditional ? callName(change) : (risk?.class ?? '')
  return [direction, id, answerText(before), answerText(after), alone, ...architectures, ...contexts].join(
    ' ',
  )
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): ReadonlyMap<string, readonly [T, ...T[]]> {
  const found = new Map<string, [T, ...T[]]>()
  for (const each of all) {
    const key = keyOf(each)
    const group = found.get(key)
    if (group === undefined) found.set(key, [each])
    else group.push(each)
  }
  return found
}

/** The name of a call. All numbers that are in no table share one name. */
function callName({ syscall }: Pick<RatedChange, 'syscall'>): string {
  return /^\d+$/.test(syscall) ? unnamed : syscall
}
const unnamed = 'every number without a name'

/** Such as `read write`. Calls without a name come last. */
export function callList(names: readonly string[]): string {
  const known = names.filter((each) => each !== unnamed).join(' ')
  const parts = [...(known === '' ? [] : [known]), ...(names.includes(unnamed) ? [unnamed] : [])]
  return parts.join(' and ')
}

/** `clone(CLONE_NEWUSER)`: the arguments of the risk class if they are opened, else those of the witness. */
export function exampleText({ change, risk }: Pick<ReviewItem, 'change' | 'risk'>): string {
  const { architecture, syscall } = change
  const args = risk?.args ?? change.args
  const last = args.findLastIndex((each) => each !== 0n)
  const words = args
    .slice(0, Math.max(last, 0) + 1)
    .map((each, index) => argumentText(architecture, syscall, index, each))
  return `${syscall}(${words.join(', ')})`
}

/** The number of calls and of values. A name counts once over all architectures. */
export interface ChangeTally {
  readonly calls: number
  readonly values: number
}

export function tallyOf(changes: readonly RatedChange[], direction: Direction): ChangeTally {
  const of = (conditional: boolean): ReadonlySet<string> =>
    new Set(
      changes
        .filter((each) => each.direction === direction && each.conditional === conditional)
        .map(callName),
    )
  const calls = of(false)
  const values = [...of(true)].filter((each) => !calls.has(each))
  return { calls: calls.size, values: values.length }
}

/** The verdict in one line: the direction, the counts, the risks. */
export function headline({ verdict, changes, outcome }: Compared): string {
  const word = outcome === undefined ? '' : outcome === 'fails' ? 'FAILS: ' : 'passes: '
  switch (verdict) {
    case 'identical':
      return `${word}identical: the same rules`
    case 'equivalent':
      return `${word}equivalent: the text differs, and every call is answered the same`
    case 'wider':
      return `${word}wider. ${openedText(changes)}`
    case 'narrower':
      return `${word}narrower. ${tallyText(tallyOf(changes, 'narrower'), 'closed')}; nothing new is allowed`
    case 'mixed':
      return `${word}mixed. ${mixedText(changes)}`
  }
}

function mixedText(changes: readonly RatedChange[]): string {
  const total = (direction: Direction): number => {
    const { calls, values } = tallyOf(changes, direction)
    return calls + values
  }
  const rest = [
    ...(total('narrower') === 0 ? [] : [`${total('narrower')} narrower`]),
    ...(total('sideways') === 0 ? [] : [`${total('sideways')} answered otherwise`]),
  ]
  return total('wider') === 0
    ? [...rest, 'none wider'].join(', ')
    : [openedText(changes), ...(rest.length === 0 ? [] : [rest.join(', ')])].join('; ')
}

function openedText(changes: readonly RatedChange[]): string {
  const risks = riskText(changes)
  return `${tallyText(tallyOf(changes, 'wider'), 'opened')}${risks === '' ? '' : `; ${risks}`}`
}

/** Such as `3 calls opened, 1 value`. */
export function tallyText({ calls, values }: ChangeTally, done: string): string {
  if (calls === 0) return `${plural(values, 'value')} ${done}`
  return `${plural(calls, 'call')} ${done}${values === 0 ? '' : `, ${plural(values, 'value')}`}`
}

/** The most names of one severity in the headline. */
const listed = 6

/** Such as `1 high risk (bpf), 2 medium risk (mount ptrace)`; empty if nothing opened has a risk. */
export function riskText(changes: readonly RatedChange[]): string {
  const bySeverity = severities.slice(0, lowest + 1).flatMap((severity) => {
    const names = [
      ...new Set(
        changes
          .filter(({ risks }) => risks[0]?.severity === severity)
          .map((change) =>
            change.conditional ? exampleText({ change, risk: change.risks[0] }) : change.syscall,
          ),
      ),
    ]
    const more = names.length > listed ? ' …' : ''
    return names.length === 0
      ? []
      : [`${names.length} ${severity} risk (${names.slice(0, listed).join(' ')}${more})`]
  })
  return bySeverity.join(', ')
}

/** The gravest severity among the changes. */
export function gravestOf(changes: readonly RatedChange[]): Risk['severity'] | undefined {
  return severities.find((each) => changes.some(({ risks }) => risks[0]?.severity === each))
}
