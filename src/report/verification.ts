// The result of `verify` in words, the same for every format. Names of processes come from the workload; the format
// escapes them.
import { hasFailed } from '../ending.ts'
import { endingText } from './ending.ts'
import { errnoText } from '../abi/errnos.ts'
import { answerText, permissiveness, type Answer } from '../meaning/answer.ts'
import type { Judged, Repaired, SeenBy, Verification } from '../verify/index.ts'
import { plural } from './account.ts'
import { contextSentences } from './context-verification.ts'
import { escapeTerminal } from './escape.ts'
import { unifiedDiff } from './unified.ts'

/** Stands for a profile's name if all calls were allowed. */
export const noProfile = ''

export interface Verified extends Verification {
  /** The profile's name. */
  readonly profile: string
  /** The file with the repaired profile. */
  readonly written?: string
  /** The security context's name. */
  readonly contextName?: string
  /** The default's name; undefined without a default. */
  readonly within: string | undefined
}

/**
 * `not-started`: the container ended before its program began. `interrupted`: a signal ended the run. `not-exercised`:
 * nothing was refused, and the load did not run.
 */
export type VerificationVerdict = 'suffices' | 'refused' | 'not-started' | 'interrupted' | 'not-exercised'

export function verdictOf({
  refusals,
  started,
  interrupted,
  ending,
  context,
}: Verification): VerificationVerdict {
  if (!started) return 'not-started'
  if (refusals.length > 0 || (context?.findings.length ?? 0) > 0) return 'refused'
  if (interrupted) return 'interrupted'
  const load = ending.kind === 'released' ? undefined : ending.load
  return load === undefined || load.kind === 'ended' ? 'suffices' : 'not-exercised'
}

/** Whether nothing was refused and the run succeeded, so that a CI step passes. */
export function hasPassed(verified: Verification): boolean {
  return verdictOf(verified) === 'suffices' && !hasFailed(verified.ending)
}

export const refusalTitles = ['call', 'arch', 'answered', 'times', 'by', 'default', 'arguments']

export function refusalValue(refusal: Judged): object {
  const { architecture, syscall, number, args, answer, count, processes } = refusal
  const returned = errnoOf(answer)
  return {
    arch: architecture,
    ...(syscall === undefined ? {} : { syscall }),
    ...(number === undefined ? {} : { number }),
    ...(args === undefined ? {} : { args: args.map(String) }),
    answer: answerText(answer),
    ...(returned === undefined ? {} : { errno: returned }),
    count,
    processes,
    ...(refusal.default === undefined ? {} : { default: answerText(refusal.default) }),
  }
}

/** The errno that the program got. */
export function errnoOf({ action, errno }: Answer): string | undefined {
  switch (action) {
    case 'SCMP_ACT_ERRNO':
      return errno === 0 ? '0' : errnoText(errno ?? 0)
    case 'SCMP_ACT_TRACE':
    case 'SCMP_ACT_NOTIFY':
      return 'ENOSYS'
    case 'SCMP_ACT_ALLOW':
    case 'SCMP_ACT_LOG':
    case 'SCMP_ACT_TRAP':
    case 'SCMP_ACT_KILL_THREAD':
    case 'SCMP_ACT_KILL_PROCESS':
      return undefined
  }
}

export function refusalRow(refusal: Judged, within: string | undefined): readonly string[] {
  const { architecture, args, answer, count, processes } = refusal
  return [
    nameOf(refusal),
    architecture,
    errnoOf(answer) ?? answerText(answer).replace('SCMP_ACT_', ''),
    String(count),
    processesText(processes),
    within === undefined ? '-' : defaultText(refusal.default),
    args === undefined ? 'not told' : args.map((each) => `0x${each.toString(16)}`).join(' '),
  ]
}

export function nameOf({ syscall, number }: Pick<Judged, 'syscall' | 'number'>): string {
  return syscall ?? (number === undefined ? 'not told' : String(number))
}

export function processesText([first, ...others]: Judged['processes']): string {
  if (first === undefined) return 'not told'
  return `${first.comm} (${first.pid})${others.length === 0 ? '' : ` and ${others.length} more`}`
}

function defaultText(answer: Answer | undefined): string {
  return answer === undefined ? 'not told' : permissiveness(answer) === 2 ? 'allows' : 'refuses'
}

const seen: Readonly<Record<SeenBy, string>> = {
  ebpf: 'ebpf at sys_exit',
  strace: 'strace',
  audit: 'audit records',
}

/** The sentence about what a filter refused during a recording under it; empty if it refused nothing. */
export function refusedUnder(
  refused: readonly Pick<Judged, 'syscall' | 'number' | 'architecture' | 'answer' | 'count'>[],
  filter: string,
): readonly string[] {
  if (refused.length === 0) return []
  const calls = refused.map((each) => {
    const { architecture, answer, count } = each
    const said = errnoOf(answer) ?? answerText(answer).replace('SCMP_ACT_', '')
    return `${nameOf(each)} (${architecture}, ${said}${count === 1 ? '' : `, ${count} times`})`
  })
  return [`refused by ${filter}, and so not in the recording: ${[...new Set(calls)].join(', ')}`]
}

/** The sentences, the verdict first. */
export function verificationSentences(verified: Verified): readonly string[] {
  const {
    refusals,
    withheld,
    decidedByOwn,
    lost,
    target,
    seenBy,
    started,
    runs,
    interrupted,
    ending,
    endless,
  } = verified
  const profile = ranUnder(verified)
  const how = `seen by ${seen[seenBy]}, in ${target}${runs === 1 ? '' : `, ${runs} runs`}`
  const names = [...new Set(withheld.map(nameOf))]
  const end = endless === undefined ? endingText(ending) : ''
  const verdict = !started
    ? refusals.length > 0
      ? `the program did not start: the runtime needs ${listed(refusals)} before it, and ${profile} refuses that (${how})`
      : `the program did not start, and nothing was refused before it: the reason is something else (${how})`
    : refusals.length > 0
      ? `${profile} refuses ${plural(refusals.length, 'call')} that the program made: ${listed(refusals)} (${how})${end}`
      : interrupted
        ? `nothing was refused up to then (${how})${end}`
        : verdictOf(verified) === 'not-exercised'
          ? `nothing was refused without the load (${how})${end}`
          : `${hasFailed(ending) ? '' : `${profile} suffices: `}nothing was refused (${how})${end}`
  const word = hasPassed(verified) ? 'passes' : 'FAILS'
  const { context, contextName = 'the context' } = verified
  const [first = verdict, ...more] =
    context === undefined ? [] : contextSentences(context, contextName, started)
  return [
    `${word}: ${first}`,
    ...(context === undefined || verified.profile === noProfile ? [] : [verdict]),
    ...more,
    ...(names.length === 0
      ? []
      : [`answered with ENOSYS as the profile says, so that programs use another call: ${names.join(', ')}`]),
    ...(decidedByOwn.length === 0
      ? []
      : [
          `refused by a filter that the program set itself, whatever the profile answers: ${[...new Set(decidedByOwn.map(nameOf))].join(', ')}`,
        ]),
    ...(verified.ownUnknown === true && (refusals.length > 0 || (verified.repair?.added.length ?? 0) > 0)
      ? [
          `the program set a seccomp filter itself, and ${seenBy} does not tell its refusals from those of ${profile}: a call that it refuses too needs no change of the profile (--recorder ebpf tells them apart)`,
        ]
      : []),
    ...(lost === 0
      ? []
      : seenBy === 'audit'
        ? [
            `${plural(lost, 'audit record')} of this machine found no room: refused calls may be missing above`,
          ]
        : [`${plural(lost, 'refused call')} found no room and may be missing above`]),
    ...(seenBy === 'audit' && refusals.length > 0
      ? ['audit: refused calls were let through and recorded, so the run went on as without the profile']
      : []),
    ...(endless === undefined
      ? []
      : [
          `${nameOf(endless)} was refused again and again, ${endless.count} times until the command was ended: what would have followed is unknown${nameOf(endless).startsWith('exit') ? '; a thread whose exit is refused repeats it for ever' : ''}`,
        ]),
    ...(interrupted ? ['a signal ended the run: what would have followed is unknown'] : []),
  ]
}

/** The name of the profile in the last round. */
function ranUnder({ profile, repair, written }: Verified): string {
  if (repair === undefined || repair.added.length === 0) return profile
  return written ?? `${profile} with the patch below`
}

function listed(refusals: readonly Judged[]): string {
  return [...new Set(refusals.map(nameOf))].join(', ')
}

/** Comments above the patch: patch(1) skips everything before `---`. */
export function repairLines({
  repair,
  refusals,
  within,
  rounds,
}: Pick<Verified, 'repair' | 'refusals' | 'within' | 'rounds'>): readonly string[] {
  if (repair === undefined) return []
  const left = refusals.map(
    (each) =>
      `# not added: ${nameOf(each)} (${each.architecture}): ${
        each.default === undefined || permissiveness(each.default) < 2
          ? `${within ?? 'the ceiling'} refuses it too, and only --widen goes beyond`
          : repair.bounded
            ? `the last of ${rounds} rounds came before`
            : 'the profile’s own rules contradict it: edit them by hand'
      }`,
  )
  return [...repair.added.map((each) => addedLine(each, within)), ...left]
}

function addedLine(
  { refusal, round, conditional, within, withheld }: Repaired,
  ceiling: string | undefined,
): string {
  const { architecture, count, processes, answer } = refusal
  if (withheld === true)
    return `# ${nameOf(refusal)} (${architecture}): answered with ENOSYS from now on, as ${ceiling ?? 'the ceiling'} does, so that programs use another call; it was refused${roundText(round)}, by ${processesText(processes)}`
  const said = errnoOf(answer) ?? answerText(answer).replace('SCMP_ACT_', '')
  const allowed =
    ceiling === undefined
      ? 'no ceiling was given'
      : within
        ? `${ceiling} allows it${conditional ? ' under these conditions' : ''}`
        : `beyond ${ceiling}, as --widen asks`
  return `# ${nameOf(refusal)} (${architecture}): ${said} ${count === 1 ? 'once' : `${count} times`}${roundText(round)}, by ${processesText(processes)}; ${allowed}`
}

/** Empty for watched refusals, which have no rounds. */
const roundText = (round: number): string => (round === 0 ? '' : ` in round ${round}`)

export function patchOf({ repair, profile }: Pick<Verified, 'repair' | 'profile'>): string {
  if (repair === undefined) return ''
  const file = escapeTerminal(profile).replace(/^\//, '')
  return unifiedDiff(repair.before, repair.text, [`a/${file}`, `b/${file}`])
}

/** Escapes each line by itself and keeps tabs, which indent profiles. */
export function escapedLines(text: string): string {
  return text
    .split('\n')
    .map((line) => escapeTerminal(line.replaceAll('\\', '\u0001').replaceAll('\t', '\u0002')))
    .join('\n')
    .replaceAll('\\x01', '\\')
    .replaceAll('\\x02', '\t')
}
