// Turns differences into the changes of a review: each gets an id, a fingerprint that survives moved rules and renamed
// files, and the line of the profile that causes it.
import { sha256 } from '../sha256.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { answerText, permissiveness } from './answer.ts'
import { differencesOf, type Difference } from './compare.ts'
import type { Meaning } from './meaning.ts'

/** `call-…`: neither side looks at the arguments. `arguments-…`: at least one side does. */
export type ChangeId = `${'call' | 'arguments'}-${'allowed' | 'refused' | 'answered-otherwise'}`

/** One difference in meaning, with a witness: a call that the two profiles answer differently. */
export interface Change extends Difference {
  readonly id: ChangeId
  /** Twelve hexadecimal digits. Neither the place of the rule nor the file's name changes them. */
  readonly fingerprint: string
  /** `file:line` of the first rule of the later profile that names the call; of the profile if none does. */
  readonly at: string
  /** The witness's bounding set, sorted. */
  readonly capabilities: readonly string[]
  /** If several contexts were compared: the names of those in which the change exists. */
  readonly contexts?: readonly string[]
}

/**
 * `identical`: the same rules. `equivalent`: other rules, the same meaning. `mixed`: some calls wider, others narrower
 * or answered otherwise.
 */
export type Verdict = 'identical' | 'equivalent' | 'narrower' | 'wider' | 'mixed'

/** What changes in meaning from one profile to another. */
export interface Comparison {
  readonly verdict: Verdict
  readonly changes: readonly Change[]
  /** The names of the contexts, if several were compared: see contextsFor in profiles.ts. */
  readonly contexts?: readonly string[]
}

/** The changes from one profile to another, in the context of both meanings. */
export function changesBetween(
  before: Meaning,
  after: Meaning,
  documents: { readonly before: ParsedProfile; readonly after: ParsedProfile },
): Comparison {
  const capabilities = [...after.context.capabilities].sort()
  const { name, profile } = documents.after
  const lines = linesOf(profile)
  const changes = differencesOf(before, after).map((each): Change => {
    const { direction, architecture, syscall, number, conditional, before, after, args } = each
    const at = `${name}:${lines.get(syscall) ?? profile.at.line}`
    // prettier-ignore
    return withFingerprint({
      direction, architecture, syscall, number, conditional, before, after, args, id: idOf(each), at, capabilities,
    })
  })
  return { verdict: verdictOf(changes, () => isIdentical(before, after)), changes }
}

function idOf({ conditional, direction }: Difference): ChangeId {
  return `${conditional ? 'arguments' : 'call'}-${outcomes[direction]}`
}
const outcomes = { wider: 'allowed', narrower: 'refused', sideways: 'answered-otherwise' } as const

/** Whether the answers differ only for upper halves that the kernel drops, so that the kernel sees no difference. */
export function isOfDroppedHalves({ direction, before, after }: Difference): boolean {
  return direction === 'sideways' && permissiveness(before) !== permissiveness(after)
}

/**
 * Computed on demand, because most reports do not show it. All changes share one getter: V8 makes an object with a
 * getter of its own ten times as slowly.
 */
const fingerprint: PropertyDescriptor & ThisType<Difference> = {
  enumerable: true,
  configurable: true,
  get() {
    return fingerprintOf(this)
  },
}

/** The same object, with its fingerprint. */
export function withFingerprint<D extends Difference>(difference: D): D & Pick<Change, 'fingerprint'> {
  return Object.defineProperty(difference, 'fingerprint', fingerprint) as D & Pick<Change, 'fingerprint'>
}

function fingerprintOf(difference: Difference): string {
  const { architecture, syscall, conditional, before, after } = difference
  const key = [architecture, syscall, conditional, answerText(before), answerText(after)].join(' ')
  // A change that a reviewer accepted as invisible to the kernel gets a new fingerprint once it becomes visible.
  return sha256(isOfDroppedHalves(difference) ? `${key} dropped` : key).slice(0, 12)
}

/** For each call, the line of the first rule that names it. */
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
  // A change in halves that the kernel drops counts only if there is no other change.
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
  /** Calls of the architecture that the default refuses for all arguments. */
  readonly denied: number
  /** How many of the denied calls the other profile allows for some arguments. */
  readonly opened: number
  /** Calls that the default allows for some arguments and the other profile for none. */
  readonly closed: number
  readonly calls: number
}

/** The counts of a summary, from the differences and the default profile alone. */
export function countsAgainst(
  changes: readonly Difference[],
  calls: readonly { readonly name: string; readonly allowed: boolean }[],
): Counts {
  const by = (test: (change: Difference) => boolean): ReadonlySet<string> =>
    new Set(changes.filter(test).map(({ syscall }) => syscall))
  const opened = by(({ before, after }) => permissiveness(before) < 2 && permissiveness(after) === 2)
  const closed = by(
    ({ before, after, conditional }) =>
      !conditional && permissiveness(before) === 2 && permissiveness(after) < 2,
  )
  const denied = calls.filter(({ allowed }) => !allowed)
  return {
    denied: denied.length,
    opened: denied.filter(({ name }) => opened.has(name)).length,
    closed: calls.filter(({ name, allowed }) => allowed && closed.has(name)).length,
    calls: calls.length,
  }
}
