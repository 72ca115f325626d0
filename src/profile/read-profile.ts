// Reads a profile from a document tree: every key of every dialect, typed and with its place. Nothing is lost silently:
// unreadable values and unknown keys become flaws. Authority: runtime-spec config-linux.md, moby/profiles seccomp.go
// and containers/common pkg/seccomp/types.go for their own keys.
import type { ArchMapEntry, BeyondOci, PlacedRule, ReadProfile, RuleFilter } from './dialects.ts'
import type { OciArgument } from './document.ts'
import { flaw, type Flaw, type Standing } from './flaws.ts'
import { readMembers, type Key } from './read-members.ts'
import {
  readAction,
  readComparand,
  readErrno,
  readIndex,
  readItems,
  readOperator,
  readString,
  readStrings,
} from './read-values.ts'
import type { TreeNode } from './tree.ts'

const required: Key = { required: true }
const optional: Key = {}

export const profileKeys = {
  defaultAction: optional, // a missing one is reported as a flaw of its own
  defaultErrnoRet: optional,
  defaultErrno: optional,
  architectures: optional,
  archMap: optional,
  flags: optional,
  listenerPath: optional,
  listenerMetadata: optional,
  syscalls: optional,
} as const
/** The additional keys in the spec of a SeccompProfile. */
export const operatorKeys = { state: optional, baseProfileName: optional } as const
const ruleKeys = {
  names: optional, // or `name`
  name: optional,
  action: required,
  errnoRet: optional,
  errno: optional,
  args: optional,
  comment: optional,
  includes: optional,
  excludes: optional,
} as const
const argumentKeys = { index: required, value: required, valueTwo: optional, op: required } as const
const archMapKeys: Readonly<Record<'architecture' | 'subArchitectures', Key>> = {
  architecture: required,
  subArchitectures: { nullable: true },
}
const filterKeys = { caps: optional, arches: optional, minKernel: optional } as const

export interface Reading {
  readonly profile: ReadProfile
  readonly flaws: readonly Flaw[]
  readonly beyondOci: readonly BeyondOci[]
}

interface Remarks {
  readonly flaws: Flaw[]
  readonly beyondOci: BeyondOci[]
}

/** Reads the profile's own object. `extra`: keys that the envelope allows beside the profile's. */
export function readProfile(node: TreeNode, extra: Readonly<Record<string, Key>> = {}): Reading {
  const remarks: Remarks = { flaws: [], beyondOci: [] }
  const { flaws } = remarks
  const here: Standing = { at: node.at, pointer: node.pointer }
  const members = readMembers<string>(node, 'profile', { ...profileKeys, ...extra }, flaws)
  if (members === undefined) return { profile: { ...here, syscalls: [] }, ...remarks }

  const defaultAction = readAction(members.get('defaultAction'), flaws)
  if (!members.has('defaultAction')) {
    const empty = node.kind === 'object' && node.members.length === 0
    flaws.push(flaw('no-default-action', node, { empty: String(empty) }))
  }
  beyond('defaultErrno', members.get('defaultErrno'), remarks)
  beyond('archMap', members.get('archMap'), remarks)
  const profile: ReadProfile = {
    ...here,
    ...defined('defaultAction', defaultAction),
    ...defined('defaultErrnoRet', readErrno(members.get('defaultErrnoRet'), flaws)),
    ...defined('defaultErrno', readString(members.get('defaultErrno'), flaws)),
    ...defined('architectures', textsOf(members.get('architectures'), flaws)),
    ...defined('archMap', readArchMap(members.get('archMap'), remarks)),
    ...defined('flags', textsOf(members.get('flags'), flaws)),
    ...defined('listenerPath', readString(members.get('listenerPath'), flaws)),
    ...defined('listenerMetadata', readString(members.get('listenerMetadata'), flaws)),
    syscalls: (readItems(members.get('syscalls'), flaws) ?? []).flatMap((item) => readRule(item, remarks)),
  }
  return { profile, ...remarks }
}

function readRule(node: TreeNode, remarks: Remarks): readonly PlacedRule[] {
  const { flaws } = remarks
  const before = flaws.length
  const members = readMembers(node, 'rule', ruleKeys, flaws)
  if (members === undefined) return []
  for (const key of ['errno', 'includes', 'excludes'] as const) beyond(key, members.get(key), remarks)

  const names = readNames(node, members, remarks)
  const action = readAction(members.get('action'), flaws)
  const errnoRet = readErrno(members.get('errnoRet'), flaws)
  const errno = readString(members.get('errno'), flaws)
  const comment = readString(members.get('comment'), flaws)
  const argNodes = readItems(members.get('args'), flaws)
  const read = argNodes?.flatMap((item) => readArgument(item, flaws))
  const includes = readFilter(members.get('includes'), remarks)
  const excludes = readFilter(members.get('excludes'), remarks)
  if (action === undefined) return []
  return [
    {
      at: node.at,
      pointer: node.pointer,
      whole: !flaws.slice(before).some(({ severity }) => severity === 'error'),
      names: names.map(({ text }) => text),
      namesAt: names,
      action,
      ...defined('errnoRet', errnoRet),
      ...defined('errno', errno),
      ...defined(
        'args',
        read?.map(({ argument }) => argument),
      ),
      argsAt: read ?? [],
      ...defined('comment', comment),
      ...defined('includes', includes),
      ...defined('excludes', excludes),
    },
  ]
}

type PlacedName = Standing & { readonly text: string }

/** `names`, or the one `name` of Docker's first format. */
function readNames(
  rule: TreeNode,
  members: ReadonlyMap<keyof typeof ruleKeys, TreeNode>,
  remarks: Remarks,
): readonly PlacedName[] {
  const { flaws } = remarks
  const namesNode = members.get('names')
  const nameNode = members.get('name')
  const names = readStrings(namesNode, flaws) ?? []
  const name = readString(nameNode, flaws)
  if (nameNode !== undefined && name !== undefined && name !== '') {
    beyond('name', nameNode, remarks)
    if (names.length > 0) flaws.push(flaw('name-with-names', nameNode, { name }))
    else if (namesNode === undefined || namesNode.kind === 'array') {
      return [{ at: nameNode.at, pointer: nameNode.pointer, text: name }]
    }
  } else if (namesNode === undefined) flaws.push(flaw('missing-key', rule, { key: 'names', what: 'rule' }))
  else if (namesNode.kind === 'array' && namesNode.items.length === 0)
    flaws.push(flaw('empty-names', namesNode))
  return names.map(({ at, pointer, value }) => ({ at, pointer, text: value }))
}

function readArgument(
  node: TreeNode,
  flaws: Flaw[],
): readonly (Standing & { readonly argument: OciArgument })[] {
  const members = readMembers(node, 'argument', argumentKeys, flaws)
  if (members === undefined) return []
  const index = readIndex(members.get('index'), flaws)
  const value = readComparand(members.get('value'), flaws)
  const valueTwo = readComparand(members.get('valueTwo'), flaws)
  const op = readOperator(members.get('op'), flaws)
  if (index === undefined || value === undefined || op === undefined) return []
  return [
    { at: node.at, pointer: node.pointer, argument: { index, value, ...defined('valueTwo', valueTwo), op } },
  ]
}

function readArchMap(node: TreeNode | undefined, { flaws }: Remarks): readonly ArchMapEntry[] | undefined {
  return readItems(node, flaws)?.flatMap((item) => {
    const members = readMembers(item, 'archMap entry', archMapKeys, flaws)
    const architecture = readString(members?.get('architecture'), flaws)
    const subArchitectures = textsOf(members?.get('subArchitectures'), flaws) ?? []
    return architecture === undefined ? [] : [{ architecture, subArchitectures }]
  })
}

function readFilter(node: TreeNode | undefined, { flaws }: Remarks): RuleFilter | undefined {
  if (node === undefined) return undefined
  const members = readMembers(node, 'filter', filterKeys, flaws)
  if (members === undefined) return undefined
  const minKernelNode = members.get('minKernel')
  const minKernel = readString(minKernelNode, flaws)
  if (minKernelNode !== undefined && minKernel !== undefined && !isMinKernel(minKernel)) {
    flaws.push(flaw('min-kernel-form', minKernelNode, { text: minKernel }))
  }
  return {
    ...defined('caps', textsOf(members.get('caps'), flaws)),
    ...defined('arches', textsOf(members.get('arches'), flaws)),
    ...defined('minKernel', minKernel),
  }
}

/** moby's form of minKernel: two numbers up to 255, not both 0. */
function isMinKernel(text: string): boolean {
  const parts = /^(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (parts === null) return false
  const major = Number(parts[1])
  const minor = Number(parts[2])
  return major <= 255 && minor <= 255 && major + minor > 0
}

/** Notes a key that plain OCI lacks. An empty value is not noted, because ignoring it changes nothing. */
function beyond(key: BeyondOci['key'], node: TreeNode | undefined, { beyondOci }: Remarks): void {
  if (node === undefined) return
  const empty =
    (node.kind === 'object' && node.members.length === 0) ||
    (node.kind === 'array' && node.items.length === 0) ||
    (node.kind === 'string' && node.value === '')
  if (!empty) beyondOci.push({ key, at: node.at, pointer: node.pointer })
}

function textsOf(node: TreeNode | undefined, flaws: Flaw[]): readonly string[] | undefined {
  return readStrings(node, flaws)?.map(({ value }) => value)
}

/** Omits an optional property instead of setting it to undefined (exactOptionalPropertyTypes). */
function defined<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [N in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [N in Name]?: Value }
}
