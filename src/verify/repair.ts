// The next profile of a repair. It adds what was refused, within the ceiling. Once nothing is refused, it removes calls
// that a program had tried only because another call was refused.
import { ENOSYS } from '../abi/errnos.ts'
import { UserError } from '../errors.ts'
import { makeMeaning, permissiveness, type Answer } from '../meaning/index.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { parseProfile } from '../profile/index.ts'
import { always } from './ceiling.ts'
import { withCall, type AddedAnswer } from './edit.ts'
import { callKey, type Round } from './round.ts'
import type { VerifySubject } from './subject.ts'
import type { JudgedRefusal, Repaired } from './verification.ts'

/**
 * The most rounds of a repair. Each round adds a call, so there is an end anyway; the bound is for workloads that start
 * slowly.
 */
export const roundLimit = 100

/** A profile to run, and how it was made. */
export interface Attempt {
  readonly round: number
  readonly text: string
  readonly parsed: ParsedProfile
  readonly added: readonly Repaired[]
  /**
   * Calls that were removed again. Each is removed once: a call that not every run makes would otherwise come and go.
   */
  readonly dropped: readonly Repaired[]
}

export function firstAttempt({ text, parsed }: VerifySubject): Attempt {
  return { round: 1, text, parsed, added: [], dropped: [] }
}

/** The next attempt; undefined if this one is the last. */
export function nextAttempt(subject: VerifySubject, attempt: Attempt, round: Round): Attempt | undefined {
  if (subject.settings.repair !== true || round.interrupted || attempt.round >= roundLimit) return undefined
  return widened(subject, attempt, round) ?? withoutIdle(subject, attempt, round)
}

/** The attempt with the refused calls added. */
function widened(subject: VerifySubject, attempt: Attempt, { missing }: Round): Attempt | undefined {
  const { name, settings } = subject
  const { text, added } = addCalls(subject, attempt.text, missing, attempt.round)
  if (added.length === 0) return undefined
  settings.notice?.({
    code: 'round',
    round: attempt.round,
    refused: missing.length,
    added: added.map(nameOf),
  })
  return {
    ...attempt,
    round: attempt.round + 1,
    text,
    parsed: parseProfile(text, { name }),
    added: [...attempt.added, ...added],
  }
}

/** The attempt without added calls that the program no longer makes. */
function withoutIdle(
  subject: VerifySubject,
  attempt: Attempt,
  { missing, made }: Round,
): Attempt | undefined {
  if (missing.length > 0 || made === undefined || attempt.dropped.length > 0) return undefined
  const { name, settings } = subject
  const idle = attempt.added.filter(
    ({ refusal, withheld }) => withheld !== true && !made.has(callKey(refusal)),
  )
  if (idle.length === 0) return undefined
  const added = attempt.added.filter((each) => !idle.includes(each))
  const refusals = added.map(({ refusal }) => refusal)
  const { text } = addCalls(subject, subject.text, refusals, attempt.round)
  settings.notice?.({
    code: 'round',
    round: attempt.round,
    refused: 0,
    added: [],
    dropped: idle.map(nameOf),
  })
  return { round: attempt.round + 1, text, parsed: parseProfile(text, { name }), added, dropped: idle }
}

const noSuchCall: AddedAnswer = { action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS }

function isNoSuchCall(answer: Answer | undefined): boolean {
  return answer?.action === 'SCMP_ACT_ERRNO' && answer.errno === ENOSYS
}

function nameOf({ refusal, withheld }: Repaired): string {
  const name = refusal.syscall ?? ''
  return withheld === true ? `${name} (as one that is not there)` : name
}

/** What a repair needs: the profile's name, its loader, the ceiling and whether calls beyond it may be added. */
export interface RepairSubject extends Pick<VerifySubject, 'name' | 'ceiling'> {
  readonly loader: Pick<VerifySubject['loader'], 'read' | 'context'>
  readonly settings: { readonly widen?: boolean | undefined }
}

/** The text with every refused call that may be added. `round`: 0 if nothing was run. */
export function addCalls(
  { name, ceiling, loader, settings: { widen } }: RepairSubject,
  text: string,
  missing: readonly JudgedRefusal[],
  round = 0,
): { readonly text: string; readonly added: readonly Repaired[] } {
  const added: Repaired[] = []
  let edited = text
  const { architectures } = makeMeaning(loader.read(parseProfile(text, { name })), loader.context).resolved
  for (const refusal of missing) {
    const { architecture, syscall, number, args = [] } = refusal
    const inside = ceiling.casesFor(refusal, architectures)
    // After ENOSYS for clone3 libc calls clone; after another error it gives up.
    const isWithheld = inside === undefined && isNoSuchCall(refusal.default) && !isNoSuchCall(refusal.answer)
    const cases = inside ?? (isWithheld || widen ? always : undefined)
    if (cases === undefined || syscall === undefined || number === undefined) continue
    const answer = isWithheld ? noSuchCall : undefined
    const isLogged = refusal.answer.action === 'SCMP_ACT_LOG'
    const allowed = (text: string): boolean => {
      try {
        const meaning = makeMeaning(loader.read(parseProfile(text, { name })), loader.context)
        const answered = meaning.answer(architecture, number, args)
        if (isWithheld) return isNoSuchCall(answered)
        // A call that the filter only logs today will be refused when the roll-out ends.
        return isLogged ? answered.action === 'SCMP_ACT_ALLOW' : permissiveness(answered) === 2
      } catch (error) {
        // libseccomp refuses a rule that contradicts another one.
        if (!(error instanceof UserError)) throw error
        return false
      }
    }
    // An earlier addition can allow this call too, because a name holds on every architecture.
    const next = allowed(edited)
      ? edited
      : withCall(edited, name, { architecture, syscall, cases, ...(answer && { answer }) }, allowed)
    if (next === undefined) continue
    edited = next
    added.push({
      refusal,
      round,
      conditional: cases[0].length > 0,
      within: inside !== undefined || isWithheld,
      ...(isWithheld && { withheld: true }),
    })
  }
  return { text: edited, added }
}
