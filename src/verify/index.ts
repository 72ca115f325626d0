// Whether a profile suffices, found out by running the workload under it: what the filter refused is told call by call,
// and on request added to the profile, round after round, until nothing is refused. Decided from what the kernel was
// seen to refuse and from the profile's meaning; a refusal may hide the next, so every profile is run before it is given.
import { firstAttempt, nextAttempt, roundLimit, type Attempt } from './repair.ts'
import { runUnder, type Round } from './round.ts'
import { prepare, type VerifySubject } from './subject.ts'
import type { Verification, VerifySettings } from './verification.ts'

export { withProcess, type RefusedProcess, type RefusedCall } from './refusals.ts'
export type { ContextFinding } from './context/finding.ts'
export { addCalls, roundLimit } from './repair.ts'
export { ceilingOf } from './ceiling.ts'
export { recordUnder, type RecordingUnder, type RecordUnderSettings } from './under.ts'
export type {
  ContextOutcome,
  Judged,
  Repair,
  Repaired,
  SeenBy,
  Trial,
  Verification,
  VerifyNotice,
  VerifySettings,
} from './verification.ts'

/**
 * Runs a command under a profile in a real runtime and tells what was refused.
 *
 * @throws UserError with status 127 or 126 where the command is not found or cannot be run; 125 where it cannot be
 * verified: no runtime, no way to see refusals, a profile that the runtime would read otherwise; 2 for a profile with
 * mistakes.
 */
export async function verify(settings: VerifySettings): Promise<Verification> {
  const subject = await prepare(settings)
  for (let attempt = firstAttempt(subject); ;) {
    const round = await runUnder(subject, attempt.parsed)
    const next = nextAttempt(subject, attempt, round)
    if (next === undefined) return verificationOf(subject, attempt, round)
    attempt = next
  }
}

function verificationOf(subject: VerifySubject, attempt: Attempt, round: Round): Verification {
  const { loader, seenBy, settings } = subject
  const { missing, withheld, ending, started, runs, lost, interrupted, endless, contexts } = round
  const { text, added } = attempt
  const bounded = missing.length > 0 && attempt.round === roundLimit
  return {
    target: loader.name,
    seenBy,
    ending,
    started,
    runs,
    rounds: attempt.round,
    refusals: missing,
    withheld,
    lost,
    interrupted,
    ...(endless && { endless }),
    ...(contexts.length > 0 && { contexts }),
    ...(settings.repair === true && { repair: { before: subject.text, text, added, bounded } }),
  }
}
