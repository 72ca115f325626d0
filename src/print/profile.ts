// Prints a profile as canonical text: keys in a fixed order, rules and names in the given order, one name a line, a
// newline at the end. Equal profiles give equal bytes, and reading the text gives the same profile.
import { object, text } from '../options.ts'
import type { DockerProfile, DockerRule, RuleFilter } from '../profile/dialects.ts'
import type { OciArgument, OciProfile } from '../profile/document.ts'
import { jsonText, type JsonValue } from './json-text.ts'

/**
 * The JSON text of a profile, including the keys of Docker's format if it has them. 64-bit values keep every digit.
 * Rules keep their order, because the first of two unconditional rules for a call wins in libseccomp.
 *
 * @throws UserError for a value without a default action.
 */
export function printProfile(profile: OciProfile | DockerProfile): string {
  text(object(profile, 'printProfile: profile')['defaultAction'], 'printProfile: profile: defaultAction')
  return `${jsonText(profileValue(profile))}\n`
}

/** The profile with only its known keys, in canonical order. */
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
