// Finds the profile in a file: bare, in an OCI config.json, in a SeccompProfile of the security-profiles-operator, or
// in a ConfigMap that carries profile files. A document that only resembles a profile is refused with the reason: a
// guess would invent a profile that nobody wrote. Authority: runtime-spec config.md and features.md, SPO's API, kube
// API.
import type { DocumentFault, NotProfile } from '../errors/documents.ts'
import type { Envelope } from './dialects.ts'
import { parseJson } from './json.ts'
import { nearest } from './nearest.ts'
import { profileKeys } from './read-profile.ts'
import { recordedIn, type Recorded } from './recorded.ts'
import { member, type Place, type TreeNode } from './tree.ts'

export interface FoundProfile {
  readonly node: TreeNode
  readonly envelope: Envelope
  readonly title?: string
  readonly base?: string
  readonly recorded?: Recorded
  /** The profile is one of the objects of a list. */
  readonly isListed?: true
}

/** The profiles of a document, or why and where there is none. */
export type Finds =
  | { readonly ok: true; readonly found: readonly FoundProfile[] }
  | { readonly ok: false; readonly at: Place; readonly because: NotProfile }
  | { readonly ok: false; readonly at: Place; readonly value: string; readonly why: DocumentFault }

/** `text`: the whole file, from which a ConfigMap's values get their places. */
export function findProfiles(root: TreeNode, text: string): Finds {
  return findIn(root, writtenLines(text))
}

function findIn(root: TreeNode, written: WrittenLines): Finds {
  if (root.kind !== 'object') return no(root.at, 'no-object')
  const kind = textOf(member(root, 'kind'))
  if (kind !== undefined && member(root, 'apiVersion') !== undefined) return inObject(root, kind, written)
  // Objects cut out of a list and those of old tools lack a kind, so the content decides.
  if (kind === undefined && member(member(root, 'spec'), 'defaultAction') !== undefined)
    return inObject(root, 'SeccompProfile', written)

  const inConfig = member(member(root, 'linux'), 'seccomp')
  if (member(root, 'ociVersionMin') !== undefined) {
    return no(root.at, 'features')
  }
  if (inConfig !== undefined && inConfig.kind !== 'null') {
    return { ok: true, found: [{ node: inConfig, envelope: 'config' }] }
  }
  if (member(root, 'ociVersion') !== undefined) {
    return no(root.at, 'config-without-filter')
  }
  if (
    root.members.length === 0 ||
    root.members.some(({ name }) => nearest(name, Object.keys(profileKeys)) !== undefined)
  ) {
    // Observations and scans have `architectures` too, but as an object.
    if (member(root, 'bound') !== undefined) return no(root.at, 'scan')
    if (member(root, 'architectures')?.kind === 'object' && member(root, 'version') !== undefined) {
      return no(root.at, 'observations')
    }
    return { ok: true, found: [{ node: root, envelope: 'none' }] }
  }
  if (root.members.some(({ value }) => member(value, 'default_action') !== undefined)) {
    return no(root.at, 'seccompiler')
  }
  return no(root.at, 'no-key')
}

/** The profiles of a Kubernetes object. */
function inObject(root: TreeNode, kind: string, written: WrittenLines): Finds {
  const title = textOf(member(member(root, 'metadata'), 'name'))
  const named = title === undefined ? {} : { title }
  if (kind === 'SeccompProfile') {
    const spec = member(root, 'spec')
    if (spec === undefined) return no(root.at, 'without-spec')
    const base = textOf(member(spec, 'baseProfileName'))
    const recorded = recordedIn(root)
    const rest = { ...named, ...(base ? { base } : {}), ...(recorded && { recorded }) }
    return { ok: true, found: [{ node: spec, envelope: 'spo', ...rest }] }
  }
  const items = member(root, 'items')
  if (kind.endsWith('List') && items?.kind === 'array') return inList(items.items, written)
  if (kind !== 'ConfigMap') return { ok: true, found: [] }
  const found: FoundProfile[] = []
  const others: Finds[] = []
  const values = member(root, 'data')
  for (const { name, value } of values?.kind === 'object' ? values.members : []) {
    if (value.kind !== 'string' || !name.endsWith('.json')) continue
    const read = parseJson(value.value)
    const move = mover(value.at, written)
    if (!read.ok) return { ok: false, at: move(read.at), value: name, why: read.why }
    const inner = findIn(moved(read.root, move), written)
    if (!inner.ok) others.push(inner)
    else
      found.push(
        ...inner.found.map(({ node }): FoundProfile => ({ node, envelope: 'config-map', title: name })),
      )
  }
  // A ConfigMap may hold the application's settings beside a profile.
  const [other] = others
  return found.length === 0 && other !== undefined ? other : { ok: true, found }
}

/** A list as `kubectl get … -o json` prints it. Objects without a profile are skipped. */
function inList(items: readonly TreeNode[], written: WrittenLines): Finds {
  const found: FoundProfile[] = []
  for (const item of items) {
    if (item.kind !== 'object' || (member(item, 'kind') === undefined && member(item, 'spec') === undefined))
      continue
    const inside = findIn(item, written)
    if (!inside.ok) return inside
    found.push(...inside.found.map((each): FoundProfile => ({ ...each, isListed: true })))
  }
  return { ok: true, found }
}

/** The lines of a file and their offsets. They are computed once, on first use: a ConfigMap can have many values. */
type WrittenLines = () => { readonly lines: readonly string[]; readonly offsets: readonly number[] }

function writtenLines(text: string): WrittenLines {
  let made: ReturnType<WrittenLines> | undefined
  return () => {
    if (made !== undefined) return made
    const lines = text.split('\n')
    const offsets = [0]
    for (const line of lines) offsets.push((offsets.at(-1) as number) + line.length + 1)
    return (made = { lines, offsets })
  }
}

/**
 * Maps places in a string's value to places in the file. Lines of a literal block (`|`) correspond, shifted by the
 * indentation. In any other string every place maps to the start of the string.
 */
function mover(start: Place, written: WrittenLines): (place: Place) => Place {
  const { lines, offsets } = written()
  if (!/^\|[-+\d]*[ \t]*(?:#.*)?\r?$/.test((lines[start.line - 1] as string).slice(start.column - 1)))
    return () => start
  let at = start.line
  while (at < lines.length && (lines[at] as string).trim() === '') at++
  const first = lines[at] ?? ''
  const indent = first.length - first.trimStart().length
  return ({ line, column }) => {
    const moved = { line: start.line + line, column: indent + column }
    const offset = offsets[moved.line - 1] ?? (offsets.at(-1) as number) - 1
    return { ...moved, offset: offset + moved.column - 1 }
  }
}

function moved(node: TreeNode, move: (place: Place) => Place): TreeNode {
  const at = move(node.at)
  switch (node.kind) {
    case 'object': {
      const members = node.members.map(({ name, nameAt, value }) => ({
        name,
        nameAt: move(nameAt),
        value: moved(value, move),
      }))
      return { ...node, at, members }
    }
    case 'array':
      return { ...node, at, items: node.items.map((item) => moved(item, move)) }
    default:
      return { ...node, at }
  }
}

function textOf(node: TreeNode | undefined): string | undefined {
  return node?.kind === 'string' ? node.value : undefined
}

function no(at: Place, because: NotProfile): Finds {
  return { ok: false, at, because }
}

/** Why a text that is neither JSON nor a Kubernetes object is not a profile, judged by its first lines. */
export function foreignText(text: string): NotProfile {
  if (text.trim() === '') return 'empty'
  if (/^(?:\[pid +\d+\] |\d+ +)?(?:[\d:.]+ )?[a-z_0-9]+\(.*\) += /m.test(text.slice(0, 4096))) {
    return 'trace'
  }
  return 'no-document'
}
