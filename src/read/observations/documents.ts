// Finds the observations in a text: one document, several in a row (`kubectl logs` of several pods, `jq -c`), an array
// of them, or ConfigMaps of a cluster, alone or in a List, whose values are observations.
// Authority: RFC 8259 for the end of a value; the Kubernetes API (v1 ConfigMap, List).
import { parseYaml } from '../../profile/yaml.ts'
import { member, type TreeNode } from '../../profile/tree.ts'
import { latin1 } from '../byte-text.ts'

export interface ObservationsText {
  /** The line in the whole text at which the document begins, from 0. */
  readonly line: number
  readonly text: string
}

/** The start of our lines on stderr, which a container's log mixes with the lines of stdout. */
const own = 'seccomp-gen: '
export const withoutOwn = (text: string): string => text.replace(/^(?:seccomp-gen: .*\r?\n)+/, '')

/** The start of observations, as `observe` prints them and as `jq -S` sorts them. */
const written = /^\s*\{\s*"(?:version"\s*:\s*\d+\s*[,}]|architectures"\s*:\s*\{)/

/** The start of a bare document exactly as we print it. No other format begins like this. */
const printed = /^\{\s*"version"\s*:\s*1\s*,\s*(?:"runs"\s*:\s*\d+\s*,\s*)?"architectures"\s*:\s*\{/

/** Recognises observations by their start, so that reading shards tries no other format. */
export function startsAsObservations(bytes: Uint8Array | undefined): boolean {
  return bytes !== undefined && printed.test(latin1(bytes.subarray(0, 256)))
}

/** Whether a document begins as a Kubernetes object that contains observations. */
export function carriesObservations(start: string): boolean {
  if (!/^\s*\{/.test(start))
    return /^(?:---.*\n|#.*\n)*(?:apiVersion|kind|metadata|data|items):/.test(start) && inYaml.test(start)
  return /"kind"\s*:\s*"(?:ConfigMap|ConfigMapList|List)"/.test(start) && inString.test(start)
}

/** A JSON string that contains observations, with escaped quotes. */
const inString = /"\s*:\s*"(?:\s|\\n)*\{(?:\s|\\n)*\\"(?:version\\"\s*:\s*\d|architectures\\"\s*:\s*\{)/
const inYaml =
  /^ +[^\s:]+: *(?:[|>][-+\d]*\n\s+|['"]?)\{\s*\\?"(?:version\\?"\s*:\s*\d|architectures\\?"\s*:\s*\{)/m

/** All observations in a text. If there are none, returns the whole text, so that its reader reports the fault. */
export function observationsIn(text: string): readonly ObservationsText[] {
  // If no bracket opens after a closing one, and no line is from our stderr, the text is one document.
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

/** The observations among the values of Kubernetes objects. */
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

/** The JSON values of a text in order; the last one may be unfinished. Undefined if other text is between them. */
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

/** The offset after the bracket that closes the one at `start`, or the end of the text. */
function endOfValue(text: string, start: number): number {
  // A string, or a bracket outside strings.
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
