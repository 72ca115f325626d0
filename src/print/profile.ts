// A profile as text, canonical: the keys in one order, rules and names in the order given, one name a line, a newline
// at the end. The same profile, the same bytes. Reading the text again gives the same profile.
import type { DockerProfile, DockerRule, RuleFilter } from '../profile/dialects.ts'
import type { OciArgument, OciProfile } from '../profile/document.ts'
import { jsonText, type JsonValue } from './json-text.ts'

/**
 * The JSON text of a profile: plain OCI, or with the Docker format's keys where it has them. 64-bit values keep
 * every digit. Rules keep their order, because of two unconditional ones for a call libseccomp takes the first.
 */
export function printProfile(profile: OciProfile | DockerProfile): string {
  return `${jsonText(profileValue(profile))}\n`
}

/** The profile with its keys in canonical order and nothing else. */
export function profileValue(profile: DockerProfile): { readonly [key: string]: JsonValue | undefined } {
  return {
    defaultAction: profile.defaultAction,
    defaultErrnoRet: profile.defaultErrnoRet,
    defaultErrno: profile.defaultErrno,
    architectures: profile.architectures,
    archMap: profile.archMap?.map(({ architecture, subArchitectures }) => ({
      architecture,
      subArchitectures,
    })),
    flags: profile.flags,
    listenerPath: profile.listenerPath,
    listenerMetadata: profile.listenerMetadata,
    syscalls: profile.syscalls?.map(ruleValue),
  }
}

function ruleValue(rule: DockerRule): JsonValue {
  return {
    names: rule.names,
    action: rule.action,
    errnoRet: rule.errnoRet,
    errno: rule.errno,
    args: rule.args?.map(argumentValue),
    comment: rule.comment,
    includes: rule.includes && filterValue(rule.includes),
    excludes: rule.excludes && filterValue(rule.excludes),
  }
}

function argumentValue({ index, value, valueTwo, op }: OciArgument): JsonValue {
  return { index, value, valueTwo, op }
}

function filterValue({ caps, arches, minKernel }: RuleFilter): JsonValue {
  return { caps, arches, minKernel }
}
