// A call added to the text of a profile: the smallest edit that makes the filter allow it, the layout of the rest kept.
// Whether the filter then allows it is not taken for granted but asked of the profile's meaning.
import { applyEdits, modify, type JSONPath } from 'jsonc-parser'
import { architectures, type Architecture } from '../abi/architectures.ts'
import type { ParsedProfile, PlacedRule } from '../profile/dialects.ts'
import type { OciArgument } from '../profile/document.ts'
import { parseProfile } from '../profile/index.ts'
import { refuses } from '../profile/words.ts'

export interface Addition {
  readonly architecture: Architecture
  readonly syscall: string
  /** None: whatever the arguments. */
  readonly conditions: readonly OciArgument[]
}

/**
 * The text with the call allowed, if `allowed` says that it is; undefined where no edit known here does it: a rule of
 * the profile speaks against it in a way that is for people to decide.
 */
export function withCall(
  text: string,
  name: string,
  addition: Addition,
  allowed: (text: string) => boolean,
): string | undefined {
  const added = [withRule, withoutRefusals]
  let edited = withArchitecture(text, name, addition)
  for (const step of added) {
    if (edited === undefined) return undefined
    edited = step(edited, name, addition)
    if (edited !== undefined && allowed(edited)) return edited
  }
  return undefined
}

function withRule(text: string, name: string, { syscall, conditions }: Addition): string {
  const parsed = parseProfile(text, { name })
  const { syscalls } = parsed.profile
  const like = syscalls.find(
    (rule) =>
      rule.action === 'SCMP_ACT_ALLOW' &&
      rule.includes === undefined &&
      rule.excludes === undefined &&
      rule.names.length > 0 &&
      rule.namesAt.length === rule.names.length &&
      said(rule.args ?? []) === said(conditions),
  )
  if (like !== undefined) return withName(text, like, syscall)
  const rule = {
    names: [syscall],
    action: 'SCMP_ACT_ALLOW',
    ...(conditions.length === 0 ? {} : { args: conditions.map(argumentValue) }),
  }
  const path = [...pathOf(parsed), 'syscalls']
  return syscalls.length === 0
    ? change(text, path, [rule])
    : change(text, [...path, syscalls.length], rule, true)
}

/** Into the names of a rule: where they are sorted in order, else last; spaced as its neighbour is. */
function withName(text: string, { names, namesAt }: PlacedRule, syscall: string): string {
  const quoted = JSON.stringify(syscall)
  const sorted = names.every((each, index) => index === 0 || (names[index - 1] as string) <= each)
  const next = sorted ? names.findIndex((each) => each > syscall) : -1
  const offset = (index: number): number => namesAt[index]?.at.offset ?? 0
  if (next >= 0) {
    const gap = /\s*$/.exec(text.slice(0, offset(next)))?.[0] ?? ''
    const between = next === 0 && names.length > 1 ? gapBefore(text, offset(1)) : gap
    return `${text.slice(0, offset(next))}${quoted},${between}${text.slice(offset(next))}`
  }
  const last = offset(names.length - 1)
  const end = last + (/^"(?:[^"\\]|\\.)*"/.exec(text.slice(last))?.[0].length ?? 0)
  const gap = names.length > 1 || text[last - 1] !== '[' ? gapBefore(text, last) : ' '
  return `${text.slice(0, end)},${gap}${quoted}${text.slice(end)}`
}

function gapBefore(text: string, offset: number): string {
  return /\s*$/.exec(text.slice(0, offset))?.[0] ?? ''
}

/** The call taken out of the rules that refuse it. */
function withoutRefusals(text: string, name: string, { syscall }: Addition): string | undefined {
  let edited = text
  for (;;) {
    const parsed = parseProfile(edited, { name })
    const { syscalls } = parsed.profile
    const index = syscalls.findIndex(({ action, names }) => refuses(action) && names.includes(syscall))
    const rule = syscalls[index]
    if (rule === undefined) return edited === text ? undefined : edited
    const path = [...pathOf(parsed), 'syscalls', index]
    edited =
      rule.names.length === 1
        ? change(edited, path, undefined)
        : change(edited, [...path, 'names', rule.names.indexOf(syscall)], undefined)
  }
}

/** The filter ends every call of an architecture that it does not have. */
function withArchitecture(text: string, name: string, { architecture }: Addition): string | undefined {
  const parsed = parseProfile(text, { name })
  const { architectures: named, archMap } = parsed.profile
  const { host, scmp } = architectures[architecture]
  if (architecture === host || named?.includes(scmp)) return text
  if (archMap !== undefined) {
    const mapped = archMap.some((each) => each.subArchitectures.includes(scmp))
    return mapped ? text : undefined
  }
  const path = [...pathOf(parsed), 'architectures']
  return named === undefined || named.length === 0
    ? change(text, path, [architectures[host].scmp, scmp])
    : change(text, [...path, named.length], scmp, true)
}

function pathOf({ tree }: ParsedProfile): JSONPath {
  return tree.pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function change(text: string, path: JSONPath, value: unknown, isArrayInsertion = false): string {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  '
  const edits = modify(text, path, value, {
    isArrayInsertion,
    formattingOptions: {
      insertSpaces: !indent.startsWith('\t'),
      tabSize: indent.startsWith('\t') ? 1 : indent.length,
      eol: text.includes('\r\n') ? '\r\n' : '\n',
    },
  })
  const written = edits.map((edit) => ({
    ...edit,
    content: edit.content.replaceAll(/"exactly (\d+)"/g, '$1'),
  }))
  return applyEdits(text, written)
}

function argumentValue({ index, value, valueTwo, op }: OciArgument): object {
  // A JavaScript number would lose digits; `change` takes the quotes away.
  const whole = (number: bigint): string => `exactly ${number}`
  return { index, value: whole(value), ...(valueTwo === undefined ? {} : { valueTwo: whole(valueTwo) }), op }
}

function said(args: readonly OciArgument[]): string {
  return args.map(({ index, op, value, valueTwo = 0n }) => `${index} ${op} ${value} ${valueTwo}`).join()
}
