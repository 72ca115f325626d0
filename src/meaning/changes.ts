// Differences as the changes of a review: an id, a fingerprint that does not depend on where anything stands, and the
// line of the profile that says so.
import { sha256 } from '../sha256.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { answerText, level } from './answer.ts'
import { differencesOf, type Difference } from './compare.ts'
import type { Meaning } from './meaning.ts'

/** `call-…`: whatever the arguments, on both sides. `arguments-…`: some arguments decide on one side at least. */
export type ChangeId = `${'call' | 'arguments'}-${'allowed' | 'refused' | 'answered-otherwise'}`

export interface Change extends Difference {
  readonly id: ChangeId
  /** Twelve hexadecimal digits, the same wherever the rule stands and whatever the file is called. */
  readonly fingerprint: string
  /** The rule's line in HEAD, or the default action's where no rule names the call; `file:line`. */
  readonly at: string
  /** The witness's bounding set, sorted. */
  readonly capabilities: readonly string[]
  /** In which of several contexts; see Comparison. */
  readonly contexts?: readonly string[]
}

export type Verdict = 'identical' | 'equivalent' | 'narrower' | 'wider' | 'mixed'

export interface Comparison {
  readonly verdict: Verdict
  readonly changes: readonly Change[]
  /** Where several were compared, their names: see contextsFor in profiles.ts. */
  readonly contexts?: readonly string[]
}

/** The changes from one profile to another in the context that both meanings share. */
export function changesBetween(
  before: Meaning,
  after: Meaning,
  documents: { readonly before: ParsedProfile; readonly after: ParsedProfile },
): Comparison {
  const capabilities = [...after.context.capabilities].sort()
  const { name, profile } = documents.after
  const lines = linesOf(profile)
  const changes = differencesOf(before, after).map((each): Change => ({
    ...each,
    id: idOf(each),
    // Most reports do not show it.
    get fingerprint() {
      return fingerprintOf(each)
    },
    at: `${name}:${lines.get(each.syscall) ?? profile.at.line}`,
    capabilities,
  }))
  return { verdict: verdictOf(changes, () => isIdentical(before, after)), changes }
}

function idOf({ conditional, direction }: Difference): ChangeId {
  return `${conditional ? 'arguments' : 'call'}-${outcomes[direction]}`
}
const outcomes = { wider: 'allowed', narrower: 'refused', sideways: 'answered-otherwise' } as const

/** Whether the answers permit more or less, and the kernel sees no call that is permitted on one side alone. */
export function isOfDroppedHalves({ direction, before, after }: Difference): boolean {
  return direction === 'sideways' && level(before) !== level(after)
}

function fingerprintOf(difference: Difference): string {
  const { architecture, syscall, conditional, before, after } = difference
  const key = [architecture, syscall, conditional, answerText(before), answerText(after)].join(' ')
  // Whoever has settled this one is told when the kernel begins to see it.
  return sha256(isOfDroppedHalves(difference) ? `${key} dropped` : key).slice(0, 12)
}

/** By call, of the first rule that names it. */
function linesOf({ syscalls }: ParsedProfile['profile']): ReadonlyMap<string, number> {
  const lines = new Map<string, number>()
  for (const rule of syscalls) {
    for (const [index, name] of rule.names.entries()) {
      if (!lines.has(name)) lines.set(name, (rule.namesAt[index] ?? rule).at.line)
    }
  }
  return lines
}

export function verdictOf(changes: readonly Difference[], isIdentical: () => boolean): Verdict {
  if (changes.length === 0) return isIdentical() ? 'identical' : 'equivalent'
  // Beside any other change, one in halves that the kernel drops decides nothing.
  const seen = changes.filter((change) => !isOfDroppedHalves(change))
  const directions = new Set((seen.length === 0 ? changes : seen).map(({ direction }) => direction))
  if (directions.size > 1 || directions.has('sideways')) return 'mixed'
  return directions.has('wider') ? 'wider' : 'narrower'
}

function isIdentical(one: Meaning, other: Meaning): boolean {
  const said = ({ resolved: { defaultAnswer, architectures, rules } }: Meaning): string =>
    JSON.stringify(
      {
        defaultAnswer,
        architectures,
        rules: rules.map(({ names, answer, args }) => ({ names, answer, args })),
      },
      (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value),
    )
  return said(one) === said(other)
}

export interface Counts {
  /** Calls of the architecture's table that the default refuses whatever the arguments. */
  readonly denied: number
  /** How many of these the other profile allows, for some arguments at least. */
  readonly opened: number
  /** Calls that the default allows for some arguments at least, and the other profile never. */
  readonly closed: number
  readonly calls: number
}

/** The numbers of a summary, computed from the differences and the default alone. */
export function countsAgainst(
  changes: readonly Difference[],
  calls: readonly { readonly name: string; readonly allowed: boolean }[],
): Counts {
  const by = (test: (change: Difference) => boolean): ReadonlySet<string> =>
    new Set(changes.filter(test).map(({ syscall }) => syscall))
  const opened = by(({ before, after }) => level(before) < 2 && level(after) === 2)
  const closed = by(
    ({ before, after, conditional }) => !conditional && level(before) === 2 && level(after) < 2,
  )
  const denied = calls.filter(({ allowed }) => !allowed)
  return {
    denied: denied.length,
    opened: denied.filter(({ name }) => opened.has(name)).length,
    closed: calls.filter(({ name, allowed }) => allowed && closed.has(name)).length,
    calls: calls.length,
  }
}
