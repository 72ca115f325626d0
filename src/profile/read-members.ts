// Matches the members of an object to their keys as the loaders do. Go's encoding/json (runc, moby, containers/common,
// containerd) ignores unknown keys, matches known keys regardless of case and takes the last of repeated members.
// crun's parser matches exactly. Everything on which the loaders disagree becomes a flaw.
import { flaw, type Flaw, type Standing } from './flaws.ts'
import { nearest } from './nearest.ts'
import type { TreeNode } from './tree.ts'

/** A key of an object. */
export interface Key {
  /** The specification and crun refuse an object without the key. */
  readonly required?: true
  /** The value may be null, as in moby's own profiles. */
  readonly nullable?: true
}

/** The non-null members with a known key. All others become flaws. Undefined if `node` is not an object. */
export function readMembers<Name extends string>(
  node: TreeNode,
  what: string,
  keys: Readonly<Record<Name, Key>>,
  flaws: Flaw[],
): ReadonlyMap<Name, TreeNode> | undefined {
  if (node.kind !== 'object') {
    flaws.push(wrongType(node, 'an object'))
    return undefined
  }
  const names = Object.keys(keys) as Name[]
  const members = new Map<Name, TreeNode>()
  const met = new Set<string>()
  for (const { name, nameAt, value } of node.members) {
    const where: Standing = { at: nameAt, pointer: value.pointer }
    const key =
      names.find((each) => each === name) ?? names.find((each) => each.toLowerCase() === name.toLowerCase())
    if (key === undefined) {
      const meant = name === '$schema' ? undefined : nearest(name, names)
      if (met.has(name)) flaws.push(flaw('duplicate-key', where, { key: name }, 'note'))
      else if (meant !== undefined)
        flaws.push(flaw('unknown-key', where, { key: name, what, meant }, 'warning'))
      else if (name !== '$schema') flaws.push(flaw('unknown-key', where, { key: name, what }))
      met.add(name)
      continue
    }
    if (key !== name) {
      const severity = keys[key].required === true ? 'error' : 'warning'
      flaws.push(flaw('key-case', where, { key: name, meant: key }, severity))
    }
    if (met.has(key)) flaws.push(flaw('duplicate-key', where, { key }))
    met.add(key)
    if (value.kind === 'null') {
      members.delete(key)
      if (keys[key].required !== true && keys[key].nullable !== true) {
        flaws.push(flaw('null-value', value, { key }))
      }
    } else members.set(key, value)
  }
  for (const key of names) {
    if (keys[key].required === true && !members.has(key)) flaws.push(flaw('missing-key', node, { key, what }))
  }
  return members
}

export function wrongType(node: TreeNode, expected: string): Flaw {
  return flaw('wrong-type', node, { expected, found: kindWords[node.kind] })
}

const kindWords: Readonly<Record<TreeNode['kind'], string>> = {
  object: 'an object',
  array: 'an array',
  string: 'a string',
  number: 'a number',
  boolean: 'a boolean',
  null: 'null',
}
