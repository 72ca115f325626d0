// Resolves a profile for one host as its loader does: the rules that apply, and the architectures of the filter. All
// excludes are checked before all includes, sub-architectures never match, and the rules keep their order. Plain OCI
// has nothing to resolve.
// Authority: moby daemon/seccomp (setupSeccomp of moby/profiles), containers/common pkg/seccomp.
import { architectureNames, architectures, type Architecture } from '../abi/architectures.ts'
import type { OciArgument } from '../profile/document.ts'
import type { DockerRule, ParsedProfile, PlacedRule, RuleFilter } from '../profile/dialects.ts'
import { standingOf, type Standing } from '../profile/flaws.ts'
import { soundProfile } from '../profile/parse.ts'
import { answerOf, type Answer } from './answer.ts'
import type { Context } from './context.ts'
import { engineLoaders, readEngineVersion, readsKey, type EngineVersion } from './versions/engines.ts'
import { has } from './versions/runtimes.ts'

export interface ResolvedRule {
  readonly names: readonly string[]
  readonly answer: Answer
  readonly args: readonly OciArgument[]
  readonly at: Standing['at']
  readonly pointer: string
  /** The place of each of `names` in the file. */
  readonly namesAt: readonly Standing[]
}

/** A word of the profile and its place in the file. */
export interface Word extends Standing {
  readonly word: string
}

export interface Resolved {
  readonly name: string
  readonly defaultAnswer: Answer
  /** The architectures of the filter that have a table in this project, the host's first. */
  readonly architectures: readonly Architecture[]
  /** Every architecture that the engine passes to the runtime, in this order. */
  readonly named: readonly Word[]
  readonly flags: readonly Word[]
  readonly rules: readonly ResolvedRule[]
}

/** Whose loader reads the profile. Each loader knows its own keys only. */
export type ProfileLoader = 'oci' | 'docker' | 'containers'

/**
 * The loader is the engine's if one is named, else the keys decide. A config.json and a SeccompProfile are always plain
 * OCI.
 */
export function loaderOf({ envelope, dialect }: ParsedProfile, engine?: EngineVersion): ProfileLoader {
  if (envelope === 'config' || envelope === 'spo') return 'oci'
  const named = engine === undefined ? undefined : readEngineVersion(engine)?.engine
  return named === undefined ? dialect : engineLoaders[named]
}

/** @throws UserError, `file:line:column: …`, for a profile with mistakes that its loader refuses. */
export function resolve(parsed: ParsedProfile, context: Context): Resolved {
  const { engine, runtime } = context
  const loader = loaderOf(parsed, engine)
  const profile = soundProfile(parsed)
  const reads = (key: string): boolean => engine === undefined || readsKey(engine, key)
  const honours = (key: 'defaultErrnoRet' | 'errnoRet'): boolean =>
    reads(key) && (runtime === undefined || has(runtime, key))
  const named = wordsOf(parsed, loader, context)
  return {
    name: parsed.name,
    defaultAnswer: answerOf(
      profile.defaultAction,
      honours('defaultErrnoRet') ? profile.defaultErrnoRet : undefined,
      loader === 'containers' && reads('defaultErrno') ? profile.defaultErrno : undefined,
    ),
    named,
    architectures: architecturesOf(named, context),
    flags: reads('flags')
      ? (profile.flags ?? []).map((word, index) => placed(parsed, profile, `flags/${index}`, word))
      : [],
    rules: parsed.profile.syscalls
      .filter((rule) => loader === 'oci' || stands(rule, loader, context))
      .map((rule) => resolvedRule(rule, honours('errnoRet'), loader === 'containers' && reads('errno'))),
  }
}

function resolvedRule(rule: PlacedRule, honoursErrnoRet: boolean, honoursErrno: boolean): ResolvedRule {
  return {
    names: rule.names,
    answer: answerOf(
      rule.action,
      honoursErrnoRet ? rule.errnoRet : undefined,
      honoursErrno ? rule.errno : undefined,
    ),
    args: rule.args ?? [],
    at: rule.at,
    pointer: rule.pointer,
    namesAt: rule.namesAt,
  }
}

function placed({ tree }: ParsedProfile, whole: Standing, key: string, word: string): Word {
  return { word, ...standingOf(tree, whole, key) }
}

function wordsOf(parsed: ParsedProfile, loader: ProfileLoader, { host }: Context): readonly Word[] {
  const { profile } = parsed
  const entries = loader === 'oci' || !architectures[host].archMap[loader] ? [] : (profile.archMap ?? [])
  const at = entries.findIndex(({ architecture }) => architecture === architectures[host].scmp)
  const entry = entries[at]
  return [
    ...(profile.architectures ?? []).map((word, index) =>
      placed(parsed, profile, `architectures/${index}`, word),
    ),
    ...(entry === undefined
      ? []
      : [
          placed(parsed, profile, `archMap/${at}/architecture`, entry.architecture),
          ...entry.subArchitectures.map((word, index) =>
            placed(parsed, profile, `archMap/${at}/subArchitectures/${index}`, word),
          ),
        ]),
  ]
}

/** Runtimes create the filter for the native architecture and add the profile's architectures in their order. */
function architecturesOf(named: readonly Word[], { host }: Context): readonly Architecture[] {
  const known = named.flatMap(({ word }) =>
    architectureNames.filter((each) => architectures[each].scmp === word),
  )
  return [...new Set([host, ...known])]
}

function stands({ includes, excludes }: DockerRule, loader: ProfileLoader, context: Context): boolean {
  if (excludes !== undefined && !isEmpty(excludes) && falls(excludes, loader, context)) return false
  return includes === undefined || holds(includes, loader, context)
}

function isEmpty({ caps, arches, minKernel }: RuleFilter): boolean {
  return (caps ?? []).length === 0 && (arches ?? []).length === 0 && minKernel === undefined
}

function falls(
  { caps = [], arches = [], minKernel }: RuleFilter,
  loader: ProfileLoader,
  context: Context,
): boolean {
  return (
    isNamed(arches, loader, context) ||
    caps.some((each) => context.capabilities.has(each)) ||
    (minKernel !== undefined && readsKernel(loader, context) && isAtLeast(context.kernel, minKernel))
  )
}

function holds(
  { caps = [], arches = [], minKernel }: RuleFilter,
  loader: ProfileLoader,
  context: Context,
): boolean {
  return (
    (arches.length === 0 || isNamed(arches, loader, context)) &&
    caps.every((each) => context.capabilities.has(each)) &&
    (minKernel === undefined || !readsKernel(loader, context) || isAtLeast(context.kernel, minKernel))
  )
}

function readsKernel(loader: ProfileLoader, { engine }: Context): boolean {
  return loader === 'docker' && (engine === undefined || readsKey(engine, 'minKernel'))
}

/** Whether the host is among the named architectures. Each engine has its own names. */
function isNamed(arches: readonly string[], loader: ProfileLoader, { host }: Context): boolean {
  const name = loader === 'oci' ? undefined : architectures[host].engines[loader]
  return name !== undefined && arches.includes(name)
}

function isAtLeast([major, minor]: Context['kernel'], minKernel: string): boolean {
  const [itsMajor = 0, itsMinor = 0] = minKernel.split('.').map(Number)
  return major > itsMajor || (major === itsMajor && minor >= itsMinor)
}
