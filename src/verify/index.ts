// Verifies a profile by running the workload under it. It reports call by call what the filter refused; with `repair`
// it adds these calls and runs again until nothing is refused. The evidence is what the kernel was seen to refuse,
// judged by the profile's meaning. One refusal can hide the next, so no profile is returned without a run.
import { readOptions } from '../options.ts'
import { firstAttempt, nextAttempt, roundLimit, type Attempt } from './repair.ts'
import { runUnder, type Round } from './round.ts'
import { prepare, type VerifySubject } from './subject.ts'
import { verifyTable } from './settings.ts'
import type { Verification, VerifySettings } from './verification.ts'

export { withProcess, type RefusedProcess, type RefusedCall } from './refusals.ts'
export type { ContextFinding } from './context/finding.ts'
export { addCalls, roundLimit } from './repair.ts'
export { ceilingOf } from './ceiling.ts'
export { recordUnder, type RecordingUnder, type RecordUnderSettings } from './under.ts'
export type {
  ContextOutcome,
  JudgedRefusal as Judged,
  Repair,
  Repaired,
  SeenBy,
  Trial,
  Verification,
  VerifyNotice,
  VerifySettings,
} from './verification.ts'

/**
 * Runs a command under a profile in a real runtime and reports what was refused.
 *
 * @throws UserError with status 127 if the command is not found, 126 if it cannot be run, 2 if the profile has mistakes
 * or an option or its value is invalid, and 125 if nothing can be verified: there is no runtime, no recorder sees
 * refusals, or the runtime would read the profile differently.
 */
export async function verify(settings: VerifySettings): Promise<Verification> {
  return verified(readOptions('verify', verifyTable, settings, ['profile', 'command']))
}

/** Like verify(), with settings that were checked. */
export async function verified(settings: VerifySettings): Promise<Verification> {
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
  const {
    missing,
    withheld,
    decidedByOwn,
    ending,
    started,
    runs,
    lost,
    ownUnknown,
    interrupted,
    endless,
    contexts,
  } = round
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
    decidedByOwn,
    lost,
    interrupted,
    ...(ownUnknown && { ownUnknown }),
    ...(endless && { endless }),
    ...(contexts.length > 0 && { contexts }),
    ...(settings.repair === true && { repair: { before: subject.text, text, added, bounded } }),
  }
}
