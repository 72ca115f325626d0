// Adds a call to the text of a profile by the smallest edit that makes the filter allow it. The rest keeps its layout.
// After each edit the profile's meaning proves that the filter allows the call.
import type { JSONPath } from 'jsonc-parser'
import { architectures, type Architecture } from '../abi/architectures.ts'
import type { ParsedProfile, PlacedRule } from '../profile/dialects.ts'
import type { Action, OciArgument } from '../profile/document.ts'
import { isJson, parseProfile } from '../profile/index.ts'
import { refuses } from '../profile/words.ts'
import type { RuleCases } from './ceiling.ts'
import { jsonEdits, jsonString } from './json-edits.ts'
import type { TextEdits } from './text-edits.ts'
import { yamlEdits, yamlString } from './yaml-edits.ts'

export interface Addition {
  readonly architecture: Architecture
  readonly syscall: string
  readonly cases: RuleCases
  /** Default: the call is allowed. */
  readonly answer?: AddedAnswer
}

/** The answer in the words of a rule. */
export interface AddedAnswer {
  readonly action: Action
  readonly errnoRet?: number
}

const allow: AddedAnswer = { action: 'SCMP_ACT_ALLOW' }

/**
 * The text with the call allowed, or answered as requested, once `allowed` confirms it. Undefined if no edit works:
 * then a rule of the profile contradicts the call, and a person must decide.
 */
export function withCall(
  text: string,
  name: string,
  addition: Addition,
  allowed: (text: string) => boolean,
): string | undefined {
  const carried = carriedIn(text, name)
  if (carried !== undefined) {
    const { profile, put } = carried
    const inner = withCall(profile, name, addition, (edited) => {
      const whole = put(edited)
      return whole !== undefined && allowed(whole)
    })
    return inner === undefined ? undefined : put(inner)
  }
  const start = withArchitecture(text, name, addition)
  const ways = [[withRules], [withoutRefusals], [withRules, withoutRefusals], [withoutRefusals, withRules]]
  for (const steps of ways) {
    const edited = steps.reduce<string | undefined>(
      (edited, step) => (edited === undefined ? undefined : step(edited, name, addition)),
      start,
    )
    if (edited !== undefined && allowed(edited)) return edited
  }
  return undefined
}

/** The profile's text in a ConfigMap; undefined for a file that is the profile itself. */
function carriedIn(
  text: string,
  name: string,
): { readonly profile: string; readonly put: (profile: string) => string | undefined } | undefined {
  const { envelope, title = '' } = parseProfile(text, { name })
  if (envelope !== 'config-map') return undefined
  const [edits, stringAt] = isJson(text) ? [jsonEdits, jsonString] : [yamlEdits, yamlString]
  const profile = stringAt(text, ['data', title])
  return profile === undefined
    ? undefined
    : { profile, put: (edited) => edits.set(text, ['data'], title, edited) }
}

function withRules(
  text: string,
  name: string,
  { syscall, cases, answer = allow }: Addition,
): string | undefined {
  return cases.reduce<string | undefined>(
    (edited, each) => (edited === undefined ? undefined : withRule(edited, name, syscall, each, answer)),
    text,
  )
}

function withRule(
  text: string,
  name: string,
  syscall: string,
  conditions: readonly OciArgument[],
  { action, errnoRet }: AddedAnswer,
): string | undefined {
  const parsed = parseProfile(text, { name })
  const { syscalls } = parsed.profile
  const like = syscalls.findIndex(
    (rule) =>
      rule.action === action &&
      rule.errnoRet === errnoRet &&
      rule.includes === undefined &&
      rule.excludes === undefined &&
      rule.names.length > 0 &&
      rule.namesAt.length === rule.names.length &&
      said(rule.args ?? []) === said(conditions),
  )
  const path = pathOf(parsed)
  const [rule, edits] = [syscalls[like], editsOf(text)]
  if (rule?.names.includes(syscall) === true) return text
  if (rule !== undefined)
    return edits.insert(text, [...path, 'syscalls', like, 'names'], placeIn(rule, syscall), syscall)
  const made = {
    names: [syscall],
    action,
    ...(errnoRet === undefined ? {} : { errnoRet }),
    ...(conditions.length === 0 ? {} : { args: conditions.map((each) => ({ ...each })) }),
  }
  return syscalls.length === 0
    ? edits.set(text, path, 'syscalls', [made])
    : edits.insert(text, [...path, 'syscalls'], syscalls.length, made)
}

/** The place for a name in a rule: in order if the names are sorted, else last. */
function placeIn({ names }: PlacedRule, syscall: string): number {
  const sorted = names.every((each, index) => index === 0 || (names[index - 1] as string) <= each)
  const next = sorted ? names.findIndex((each) => each > syscall) : -1
  return next < 0 ? names.length : next
}

/** The text without the call in the rules that refuse it. */
function withoutRefusals(text: string, name: string, { syscall }: Addition): string | undefined {
  const edits = editsOf(text)
  let edited: string | undefined = text
  while (edited !== undefined) {
    const parsed = parseProfile(edited, { name })
    const { syscalls } = parsed.profile
    const index = syscalls.findIndex(({ action, names }) => refuses(action) && names.includes(syscall))
    const rule = syscalls[index]
    if (rule === undefined) return edited === text ? undefined : edited
    const path = [...pathOf(parsed), 'syscalls']
    edited =
      rule.names.length === 1
        ? edits.remove(edited, path, index)
        : edits.remove(edited, [...path, index, 'names'], rule.names.indexOf(syscall))
  }
  return undefined
}

/** The text with the call's architecture added: a filter kills calls of architectures that it does not name. */
function withArchitecture(text: string, name: string, { architecture }: Addition): string | undefined {
  const parsed = parseProfile(text, { name })
  const { architectures: named, archMap } = parsed.profile
  const { host, scmp } = architectures[architecture]
  if (architecture === host || named?.includes(scmp)) return text
  if (archMap !== undefined) {
    const mapped = archMap.some((each) => each.subArchitectures.includes(scmp))
    return mapped ? text : undefined
  }
  const [path, edits] = [pathOf(parsed), editsOf(text)]
  return named === undefined || named.length === 0
    ? edits.set(text, path, 'architectures', [architectures[host].scmp, scmp])
    : edits.insert(text, [...path, 'architectures'], named.length, scmp)
}

function editsOf(text: string): TextEdits {
  return isJson(text) ? jsonEdits : yamlEdits
}

function pathOf({ tree }: ParsedProfile): JSONPath {
  return tree.pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function said(args: readonly OciArgument[]): string {
  return args.map(({ index, op, value, valueTwo = 0n }) => `${index} ${op} ${value} ${valueTwo}`).join()
}
