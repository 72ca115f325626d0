// One round of a verification: runs the command under one profile and collects what was refused.
import type { Architecture } from '../abi/architectures.ts'
import { callName } from '../abi/tables.ts'
import { hasFailed, type Ending } from '../ending.ts'
import { makeMeaning, type Meaning } from '../meaning/index.ts'
import type { ObservedContext } from '../observe/index.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import type { EnforcedProfile, Suspect } from '../record/index.ts'
import { auditedText } from './audited.ts'
import { refusalsOf, watchFor, type RefusedCall } from './refusals.ts'
import type { VerifySubject } from './subject.ts'
import type { JudgedRefusal } from './verification.ts'

/** The result of one round. */
export interface Round {
  /** The refused calls that the profile lacks. */
  readonly missing: readonly JudgedRefusal[]
  /** The calls to which the profile answers ENOSYS on purpose. */
  readonly withheld: readonly JudgedRefusal[]
  /** The calls that the program's own filter refuses too. */
  readonly decidedByOwn: readonly JudgedRefusal[]
  readonly ending: Ending
  readonly started: boolean
  readonly runs: number
  readonly lost: number
  /** The program set a filter itself, and the recorder does not tell whose refusals it saw. */
  readonly ownUnknown: boolean
  readonly interrupted: boolean
  /** The call that was refused again and again, so that the round was ended. */
  readonly endless: RefusedCall | undefined
  /**
   * Calls that the program made and the filter allowed, as callKey writes them. Undefined for audit: its filter refuses
   * nothing, so programs try no other call instead.
   */
  readonly made: ReadonlySet<string> | undefined
  /** What the recorder saw of the containers' security contexts, run by run. */
  readonly contexts: readonly ObservedContext[]
}

export function callKey({ architecture, syscall }: Pick<RefusedCall, 'architecture' | 'syscall'>): string {
  return `${architecture} ${syscall}`
}

/** The profile as its loader reads it, and the filter under which the command runs. */
export function enforced(
  { loader, seenBy }: VerifySubject,
  parsed: ParsedProfile,
): { readonly meaning: Meaning; readonly under: EnforcedProfile } {
  const meaning = makeMeaning(loader.read(parsed), loader.context)
  const profile =
    seenBy === 'audit' ? auditedText(loader.read(parsed), loader.context) : loader.textOf(parsed)
  return { meaning, under: { profile, watch: watchFor(meaning) } }
}

/** Runs the command under a profile, as often as requested. */
export async function runUnder(subject: VerifySubject, parsed: ParsedProfile): Promise<Round> {
  const { settings, loader, seenBy, options, interruption, ceiling } = subject
  const { runs = 1 } = settings
  const { meaning, under } = enforced(subject, parsed)
  const suspects: Suspect[] = []
  const endings: Ending[] = []
  const made = new Set<string>()
  const contexts: ObservedContext[] = []
  let started = true
  let endless: Suspect | undefined
  let lost = 0
  let ownUnknown = false
  while (endings.length < runs && endless === undefined && !interruption.aborted) {
    const {
      ending,
      refusals,
      observations,
      started: one,
      endless: spinning,
    } = await loader.run(options, under, seenBy)
    for (const [architecture, calls] of Object.entries(observations.architectures))
      for (const syscall of Object.keys(calls))
        made.add(callKey({ architecture: architecture as Architecture, syscall }))
    // Once the profile allows a call, only the program's own filter can keep it from the kernel.
    for (const { architecture, number } of refusals?.unentered ?? [])
      if (number !== undefined) made.add(callKey({ architecture, syscall: callName(architecture, number) }))
    contexts.push(...(observations.context ?? []))
    endings.push(ending)
    suspects.push(...(refusals?.suspects ?? []))
    started &&= one === true
    endless ??= spinning
    lost += refusals?.lost ?? 0
    ownUnknown ||= refusals?.ownUnknown === true
  }
  const failed = endings.find(hasFailed)
  const ending = failed ?? endings.at(-1) ?? { kind: 'released' }
  const judged = refusalsOf(meaning, suspects).map((each): JudgedRefusal => ({
    ...each,
    default: ceiling.answerTo(each),
  }))
  return {
    missing: judged.filter(({ withheld, decidedByOwn }) => !withheld && decidedByOwn !== true),
    withheld: judged.filter(({ withheld, decidedByOwn }) => withheld && decidedByOwn !== true),
    decidedByOwn: judged.filter(({ decidedByOwn }) => decidedByOwn === true),
    ending,
    started,
    runs: endings.length,
    lost,
    ownUnknown,
    interrupted: interruption.aborted,
    endless: refusalsOf(meaning, endless === undefined ? [] : [endless])[0],
    made: seenBy === 'audit' ? undefined : made,
    contexts,
  }
}
