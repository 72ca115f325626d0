// A profile as its loader resolves it on one host: the rules that stand there, and the architectures of the filter.
// Authority: moby daemon/seccomp (setupSeccomp of moby/profiles), containers/common pkg/seccomp; plain OCI has nothing
// to resolve. All excludes go before all includes; sub-architectures never match; the order of the rules stays.
import { architectureNames, architectures, type Architecture } from '../abi/architectures.ts'
import type { OciArgument } from '../profile/document.ts'
import type { DockerRule, ParsedProfile, PlacedRule, RuleFilter } from '../profile/dialects.ts'
import { soundProfile } from '../profile/parse.ts'
import type { Place } from '../profile/tree.ts'
import { answerOf, type Answer } from './answer.ts'
import type { Context } from './context.ts'

export interface ResolvedRule {
  readonly names: readonly string[]
  readonly answer: Answer
  readonly args: readonly OciArgument[]
  readonly at: Place
}

export interface Resolved {
  readonly name: string
  readonly defaultAnswer: Answer
  /** Those of the filter that have a table here, the host's first. */
  readonly architectures: readonly Architecture[]
  readonly rules: readonly ResolvedRule[]
}

/** Which loader reads it: only these keys count. */
export type Loader = 'oci' | 'docker' | 'containers'

/** As its keys and its envelope say; what reads a config.json or a SeccompProfile reads plain OCI. */
export function loaderOf({ envelope, dialect }: ParsedProfile): Loader {
  return envelope === 'config' || envelope === 'spo' ? 'oci' : dialect
}

/** @throws UserError, `file:line:column: …`, for a profile with mistakes that a loader refuses. */
export function resolve(parsed: ParsedProfile, context: Context): Resolved {
  const loader = loaderOf(parsed)
  const profile = soundProfile(parsed)
  const { defaultAction, defaultErrnoRet, defaultErrno } = profile
  return {
    name: parsed.name,
    defaultAnswer: answerOf(
      defaultAction,
      defaultErrnoRet,
      loader === 'containers' ? defaultErrno : undefined,
    ),
    architectures: architecturesOf(profile, loader, context),
    rules: parsed.profile.syscalls
      .filter((rule) => loader === 'oci' || stands(rule, loader, context))
      .map((rule) => resolvedRule(rule, loader)),
  }
}

function resolvedRule(rule: PlacedRule, loader: Loader): ResolvedRule {
  return {
    names: rule.names,
    answer: answerOf(rule.action, rule.errnoRet, loader === 'containers' ? rule.errno : undefined),
    args: rule.args ?? [],
    at: rule.at,
  }
}

function architecturesOf(
  profile: Pick<ParsedProfile['profile'], 'architectures' | 'archMap'>,
  loader: Loader,
  { host }: Context,
): readonly Architecture[] {
  const entry =
    loader === 'oci' || !architectures[host].archMap[loader]
      ? undefined
      : profile.archMap?.find(({ architecture }) => architecture === architectures[host].scmp)
  const named = [
    ...(profile.architectures ?? []),
    ...(entry === undefined ? [] : [entry.architecture, ...entry.subArchitectures]),
  ]
  // The runtimes begin with a filter of the native architecture and add those of the profile, in their order.
  const known = named.flatMap((name) => architectureNames.filter((each) => architectures[each].scmp === name))
  return [...new Set([host, ...known])]
}

function stands({ includes, excludes }: DockerRule, loader: Loader, context: Context): boolean {
  if (excludes !== undefined && !isEmpty(excludes) && falls(excludes, loader, context)) return false
  return includes === undefined || holds(includes, loader, context)
}

function isEmpty({ caps, arches, minKernel }: RuleFilter): boolean {
  return (caps ?? []).length === 0 && (arches ?? []).length === 0 && minKernel === undefined
}

function falls({ caps = [], arches = [], minKernel }: RuleFilter, loader: Loader, context: Context): boolean {
  return (
    isNamed(arches, loader, context) ||
    caps.some((each) => context.capabilities.has(each)) ||
    (minKernel !== undefined && loader === 'docker' && isAtLeast(context.kernel, minKernel))
  )
}

function holds({ caps = [], arches = [], minKernel }: RuleFilter, loader: Loader, context: Context): boolean {
  return (
    (arches.length === 0 || isNamed(arches, loader, context)) &&
    caps.every((each) => context.capabilities.has(each)) &&
    (minKernel === undefined || loader !== 'docker' || isAtLeast(context.kernel, minKernel))
  )
}

/** Whether the host is among those named: each engine has names of its own. */
function isNamed(arches: readonly string[], loader: Loader, { host }: Context): boolean {
  const name = loader === 'oci' ? undefined : architectures[host].engines[loader]
  return name !== undefined && arches.includes(name)
}

function isAtLeast([major, minor]: Context['kernel'], minKernel: string): boolean {
  const [itsMajor = 0, itsMinor = 0] = minKernel.split('.').map(Number)
  return major > itsMajor || (major === itsMajor && minor >= itsMinor)
}
