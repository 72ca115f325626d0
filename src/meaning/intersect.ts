// Several profiles as one: the intersection (what all of them allow, as with several installed filters) and the union
// (what any of them allows). Authority: seccomp(2) and seccomp_run_filters in kernel/seccomp.c. The kernel runs every
// filter and takes the answer with the highest precedence: KILL_PROCESS > KILL_THREAD > TRAP > ERRNO > USER_NOTIF >
// TRACE > LOG > ALLOW. If actions are equal, the filter that was installed last counts, and the call returns its errno.
import { architectureNames, architectures, type Architecture } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import { listOf, readOptions } from '../options.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import type { OciProfile, OciRule } from '../profile/document.ts'
import { parsedProfile, parseProfile } from '../profile/parse.ts'
import { takesErrno } from '../profile/words.ts'
import type { Answer } from './answer.ts'
import { changesBetween, type Comparison } from './changes.ts'
import { combined, type AnswerChoice } from './combine.ts'
import { contextTable } from './context-options.ts'
import { contextOf, type ContextOptions } from './context.ts'
import { makeMeaning, type Meaning } from './meaning.ts'
import type { Resolved } from './resolve.ts'

/** A profile combined from others, for one host, bounding set and kernel. */
export interface CombinedProfile {
  /** Plain OCI; `printProfile` prints it. */
  readonly document: OciProfile
  readonly profile: ParsedProfile
  /** The changes from each given profile to this one, in the order given. */
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

/** What the kernel answers if both filters are installed, the second one last. */
export const stricterAnswer: AnswerChoice = (one, other) => (rank(one) < rank(other) ? one : other)

/** The answer that permits more; the second one if the actions are equal. */
export const freerAnswer: AnswerChoice = (one, other) => (rank(one) > rank(other) ? one : other)

/**
 * The profile that answers every call as the kernel does if the filters of all given profiles are installed in this
 * order, for the host, bounding set and kernel of `options`. Example: what a container may still do under its profile
 * and the baseline of its node.
 *
 * @throws UserError if no profile can state the result: a call's answers differ between architectures in a way that no
 * rule can express, two profiles have listeners, or there are too many conditions; for an unknown option or a value
 * that it does not take.
 */
export function intersectProfiles(
  profiles: readonly ParsedProfile[],
  options: ContextOptions = {},
): CombinedProfile {
  return combinedProfile('intersectProfiles', 'intersection', profiles, options, stricterAnswer, (has) =>
    has.every(Boolean),
  )
}

/**
 * The profile that gives every call the most permissive answer that any given profile has for it.
 *
 * @throws UserError as `intersectProfiles` does.
 */
export function mergeProfiles(
  profiles: readonly ParsedProfile[],
  options: ContextOptions = {},
): CombinedProfile {
  return combinedProfile('mergeProfiles', 'union', profiles, options, freerAnswer, (has) => has.some(Boolean))
}

function combinedProfile(
  of: string,
  name: string,
  profiles: readonly ParsedProfile[],
  given: ContextOptions,
  choose: AnswerChoice,
  belongs: (has: readonly boolean[]) => boolean,
): CombinedProfile {
  listOf(parsedProfile)(profiles, `${of}: profiles`)
  const options = readOptions(of, contextTable, given)
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

/** Drops the runtime, because each filter has its own ENOSYS stub, and the engine, because the result is plain OCI. */
function ofHost({ architecture, capabilities, kernel, libseccomp }: ContextOptions): ContextOptions {
  return {
    ...(architecture && { architecture }),
    ...(capabilities && { capabilities }),
    ...(kernel !== undefined && { kernel }),
    ...(libseccomp !== undefined && { libseccomp }),
  }
}

/** The host's architecture comes first, as in a filter. */
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

/**
 * Without the key `flags` runc and crun set SPEC_ALLOW, so it stays only if every profile sets it. Other flags add up.
 */
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
