// Several profiles as one: what is carried out under all of them (the kernel runs every filter that is installed), and
// what is carried out under any. Authority: seccomp(2) and kernel/seccomp.c (seccomp_run_filters): of all filters'
// answers the one of the highest precedence counts, KILL_PROCESS > KILL_THREAD > TRAP > ERRNO > USER_NOTIF > TRACE >
// LOG > ALLOW; of equal actions that of the filter installed last, whose errno the call returns.
import { architectureNames, architectures, type Architecture } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import type { OciProfile, OciRule } from '../profile/document.ts'
import { parseProfile } from '../profile/parse.ts'
import { takesErrno } from '../profile/words.ts'
import type { Answer } from './answer.ts'
import { changesBetween, type Comparison } from './changes.ts'
import { combined, type AnswerChoice } from './combine.ts'
import { contextOf, type ContextOptions } from './context.ts'
import { makeMeaning, type Meaning } from './meaning.ts'
import type { Resolved } from './resolve.ts'

/** A profile made of others, for one host, set of capabilities and kernel. */
export interface CombinedProfile {
  /** Plain OCI; `printProfile` prints it. */
  readonly document: OciProfile
  readonly profile: ParsedProfile
  /** From each of the given profiles to this one, in their order: what each lost, or won. */
  readonly changes: readonly Comparison[]
}

/** Highest first. */
const precedence: readonly Answer['action'][] = [
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_NOTIFY',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_LOG',
  'SCMP_ACT_ALLOW',
]
const rank = ({ action }: Answer): number => precedence.indexOf(action)

/** What the kernel answers where both filters are installed, the second after the first. */
export const stricterAnswer: AnswerChoice = (one, other) => (rank(one) < rank(other) ? one : other)

/** The answer that permits more; of equal actions the second's. */
export const freerAnswer: AnswerChoice = (one, other) => (rank(one) > rank(other) ? one : other)

/**
 * What is left of profiles whose filters are all installed, in the order given: a profile that answers every call as the
 * kernel then does, in the context of host, capabilities and kernel. A node that adds its baseline to a container's
 * profile leaves this of it.
 *
 * @throws UserError where no profile can state that: where the answer to a call differs between architectures in a way
 * that no rule can say, where both have listeners, or where conditions are too many.
 */
export function intersectProfiles(
  profiles: readonly ParsedProfile[],
  options: ContextOptions = {},
): CombinedProfile {
  return combinedProfile('intersection', profiles, options, stricterAnswer, (has) => has.every(Boolean))
}

/**
 * A profile that permits what any of the profiles permits: for every call the freest of their answers.
 *
 * @throws UserError as `intersectProfiles` does.
 */
export function mergeProfiles(
  profiles: readonly ParsedProfile[],
  options: ContextOptions = {},
): CombinedProfile {
  return combinedProfile('union', profiles, options, freerAnswer, (has) => has.some(Boolean))
}

function combinedProfile(
  name: string,
  profiles: readonly ParsedProfile[],
  options: ContextOptions,
  choose: AnswerChoice,
  belongs: (has: readonly boolean[]) => boolean,
): CombinedProfile {
  if (profiles.length === 0) throw new UserError('nothing-to-combine')
  const plain = ofHost(options)
  const context = contextOf({ ...plain, ...(options.engine && { engine: options.engine }) })
  const meanings = profiles.map((each) => makeMeaning(each, context))
  const on = architecturesOf(meanings, belongs)
  const resolved = combined(name, meanings, on, choose)
  const document = documentOf(resolved, profiles)
  const profile = parseProfile(textOf(document), { name })
  const whole = makeMeaning(profile, contextOf(plain))
  const changes = profiles.map((before, index) =>
    changesBetween(meanings[index] as Meaning, whole, { before, after: profile }),
  )
  return { document, profile, changes }
}

/** Without a runtime, whose ENOSYS stub belongs to each filter, and without an engine: the result is plain OCI. */
function ofHost({ architecture, capabilities, kernel, libseccomp }: ContextOptions): ContextOptions {
  return {
    ...(architecture && { architecture }),
    ...(capabilities && { capabilities }),
    ...(kernel !== undefined && { kernel }),
    ...(libseccomp !== undefined && { libseccomp }),
  }
}

/** The host's first, as a filter has it. */
function architecturesOf(
  meanings: readonly Meaning[],
  belongs: (has: readonly boolean[]) => boolean,
): readonly Architecture[] {
  const host = (meanings[0] as Meaning).context.host
  const all = [host, ...architectureNames.filter((each) => each !== host)]
  return all.filter((each) => belongs(meanings.map(({ filter }) => filter.architectures.has(each))))
}

function documentOf(
  { defaultAnswer, architectures: on, rules }: Resolved,
  profiles: readonly ParsedProfile[],
): OciProfile {
  const listening = profiles.filter(({ profile }) => profile.listenerPath !== undefined)
  if (listening.length > 1) {
    throw new UserError('two-listeners', { files: listening.map(({ name }) => name) })
  }
  const { listenerPath, listenerMetadata } = listening[0]?.profile ?? {}
  const flags = flagsOf(profiles)
  return {
    defaultAction: defaultAnswer.action,
    ...(takesErrno(defaultAnswer.action) && { defaultErrnoRet: defaultAnswer.errno ?? 1 }),
    architectures: on.map((each) => architectures[each].scmp),
    ...(flags !== undefined && { flags }),
    ...(listenerPath !== undefined && { listenerPath }),
    ...(listenerMetadata !== undefined && { listenerMetadata }),
    syscalls: rules.map(({ names, answer: { action, errno }, args }): OciRule => ({
      names,
      action,
      ...(takesErrno(action) && { errnoRet: errno ?? 1 }),
      ...(args.length > 0 && { args }),
    })),
  }
}

/** Without the key SPEC_ALLOW is set (runc, crun): it stays where every profile sets it. The others only add. */
function flagsOf(profiles: readonly ParsedProfile[]): readonly string[] | undefined {
  const given = profiles.map(({ profile }) => profile.flags)
  if (given.every((each) => each === undefined)) return undefined
  const isFree = given.every((each) => each === undefined || each.includes('SECCOMP_FILTER_FLAG_SPEC_ALLOW'))
  return [...new Set(given.flatMap((each) => each ?? []))]
    .filter((each) => each !== 'SECCOMP_FILTER_FLAG_SPEC_ALLOW')
    .concat(isFree ? ['SECCOMP_FILTER_FLAG_SPEC_ALLOW'] : [])
    .sort()
}

/** JSON with every digit of a 64-bit value. */
function textOf(value: unknown): string {
  if (typeof value === 'bigint' || typeof value === 'number') return String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`
  const members = Object.entries(value as object).filter(([, each]) => each !== undefined)
  return `{${members.map(([key, each]) => `${JSON.stringify(key)}:${textOf(each)}`).join(',')}}`
}
