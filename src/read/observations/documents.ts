// The observations in a text: one document, several one after the other (`kubectl logs` of several pods, `jq -c`), an
// array of them, or what a cluster hands out: ConfigMaps whose values they are, by themselves or in a List.
// Authority: RFC 8259 for where a value ends; the Kubernetes API (v1 ConfigMap, List).
import { parseYaml } from '../../profile/yaml.ts'
import { member, type TreeNode } from '../../profile/tree.ts'
import { latin1 } from '../text.ts'

export interface ObservationsText {
  /** In the whole text, from 0. */
  readonly line: number
  readonly text: string
}

/** What we say on stderr, which the logs of a container hold between the lines of its stdout. */
const own = 'seccomp-gen: '
export const withoutOwn = (text: string): string => text.replace(/^(?:seccomp-gen: .*\r?\n)+/, '')

/** The start of observations, as `observe` prints them and as `jq -S` sorts them. */
const written = /^\s*\{\s*"(?:version"\s*:\s*\d+\s*[,}]|architectures"\s*:\s*\{)/

/** The start of a document that nothing is around, exactly as we print it: no other format begins so. */
const printed = /^\{\s*"version"\s*:\s*1\s*,\s*(?:"runs"\s*:\s*\d+\s*,\s*)?"architectures"\s*:\s*\{/

/** Tells what shards are without trying all other formats. */
export function startsAsObservations(bytes: Uint8Array | undefined): boolean {
  return bytes !== undefined && printed.test(latin1(bytes.subarray(0, 256)))
}

/** Whether the start of a document is one of Kubernetes that carries observations. */
export function carriesObservations(start: string): boolean {
  if (!/^\s*\{/.test(start))
    return /^(?:---.*\n|#.*\n)*(?:apiVersion|kind|metadata|data|items):/.test(start) && inYaml.test(start)
  return /"kind"\s*:\s*"(?:ConfigMap|ConfigMapList|List)"/.test(start) && inString.test(start)
}

/** A JSON string that holds observations: its quotes are escaped. */
const inString = /"\s*:\s*"(?:\s|\\n)*\{(?:\s|\\n)*\\"(?:version\\"\s*:\s*\d|architectures\\"\s*:\s*\{)/
const inYaml =
  /^ +[^\s:]+: *(?:[|>][-+\d]*\n\s+|['"]?)\{\s*\\?"(?:version\\?"\s*:\s*\d|architectures\\?"\s*:\s*\{)/m

/** Each of them; the whole text where it is none of these, so that whoever reads it says what is wrong. */
export function observationsIn(text: string): readonly ObservationsText[] {
  // Where no bracket opens behind one that closes, and no line is ours, one document is all of it.
  if (printed.test(text) && !/[}\]]\s*[{[]/.test(text) && !text.includes(`\n${own}`))
    return [{ line: 0, text }]
  const values = /^\s*[{[]/.test(withoutOwn(text)) ? valuesOf(text) : undefined
  if (values === undefined) return carriesObservations(text) ? inObjects(text) : [{ line: 0, text }]
  return values.flatMap((each) => {
    if (each.text.startsWith('[')) {
      const items = valuesOf(each.text.slice(1, -1), ',')
      return items?.map((item) => ({ ...item, line: item.line + each.line })) ?? [each]
    }
    if (written.test(each.text) || !carriesObservations(each.text)) return [each]
    return inObjects(each.text).map((found) => ({ ...found, line: found.line + each.line }))
  })
}

/** The values of Kubernetes objects that are observations. */
function inObjects(text: string): readonly ObservationsText[] {
  const reading = parseYaml(text)
  if (!reading.ok) return [{ line: 0, text }]
  const found = reading.documents.flatMap(inObject)
  return found.length === 0 ? [{ line: 0, text }] : found
}

function inObject(node: TreeNode): readonly ObservationsText[] {
  const items = member(node, 'items')
  if (items?.kind === 'array') return items.items.flatMap(inObject)
  const data = member(node, 'data')
  return data?.kind !== 'object'
    ? []
    : data.members.flatMap(({ value }) =>
        value.kind === 'string' && written.test(value.value)
          ? [{ line: value.at.line - 1, text: value.value }]
          : [],
      )
}

/** JSON values one after the other, and what is left of a last one that does not end; undefined for other text between. */
function valuesOf(text: string, separator = ''): readonly ObservationsText[] | undefined {
  const found: ObservationsText[] = []
  let line = 0
  for (let at = 0; at < text.length;) {
    const gap = at
    while (at < text.length && (/\s/.test(text.charAt(at)) || text.charAt(at) === separator)) at++
    line += newlines(text.slice(gap, at))
    if (at === text.length) break
    if (text.startsWith(own, at)) {
      at = (text + '\n').indexOf('\n', at)
      continue
    }
    if (text.charAt(at) !== '{' && text.charAt(at) !== '[') return undefined
    const end = endOfValue(text, at)
    const value = text.slice(at, end)
    found.push({ line, text: value })
    line += newlines(value)
    at = end
  }
  return found
}

/** The place behind the bracket that closes the one at `start`. */
function endOfValue(text: string, start: number): number {
  // A string, or a bracket outside of all strings.
  const token = /"(?:[^"\\]|\\[^])*"|[{}[\]]/g
  token.lastIndex = start
  let depth = 0
  for (let met = token.exec(text); met !== null; met = token.exec(text)) {
    if (met[0] === '{' || met[0] === '[') depth++
    else if (met[0] === '}' || met[0] === ']') depth--
    if (depth === 0) return token.lastIndex
  }
  return text.length
}

function newlines(text: string): number {
  return text.split('\n').length - 1
}
