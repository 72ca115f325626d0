// Detects the format of a source by its start. A guess is a defect. A source with lines of two formats is refused,
// unless at least half of them are a tracer's: the error names both. A source recognised as something else is refused,
// and the error names it. A source that is not recognised goes to strace's reader, which may find calls in it.
import { UserError } from '../errors.ts'
import { isProfile } from './either.ts'
import { carriesObservations, withoutOwn } from './observations/documents.ts'
import { formatOfLine, formatTable, type Format } from './formats.ts'
import { isOtherDialect } from './profile/other-dialects.ts'
import { qemu } from './qemu/grammar.ts'
import { alike } from './qemu/lines.ts'
import { isKnownCall } from './strace/known-call.ts'
import { isLine } from './strace/parse-line.ts'
import { isContextStart, isScan } from './own-results.ts'
import { latin1 } from './byte-text.ts'
import { lineLimit, withoutColours } from './text.ts'
import { isUtf32, wideEncodingOf } from './wide-text.ts'

/** The format of a source by its first 256 KiB or all of it. Throws a UserError if the source is not a trace. */
export function detectFormat(name: string, head: Uint8Array, asked: Format | 'auto' = 'auto'): Format {
  if (head.length === 0) throw new UserError('empty-trace', { file: name })
  const encoding = wideEncodingOf(head)
  if (encoding !== undefined)
    throw new UserError(isUtf32(head) ? 'utf32-trace' : 'utf16-trace', { file: name, encoding })
  const text = latin1(head)
  if (isBinary(head)) throw new UserError('binary-trace', { file: name })
  if (hasCarriageReturns(text)) throw new UserError('carriage-returns', { file: name })
  if (isScan(text)) throw new UserError('scan-not-trace', { file: name })
  if (isContextStart(text)) throw new UserError('context-not-trace', { file: name })
  const document = kindOfDocument(text)
  if (/^\s*\[\s*\{/.test(text) && /"kind"\s*:\s*"SeccompProfile"/.test(text))
    throw new UserError('not-a-profile', { file: name, line: 1, column: 1, because: 'no-object' })
  if (document === 'profile' && isOtherList(text))
    throw new UserError('not-a-profile', { file: name, line: 1, column: 1, because: 'none-in-objects' })
  if (document !== undefined) return ofDocument(name, document, asked)
  const found = recognised(text, asked === 'auto' || asked === 'strace' || asked === 'strace-summary')
  if (asked !== 'auto') return ofLines(name, found, asked)
  if (found.size > 1) for (const [format, { isBeside }] of found) if (isBeside) found.delete(format)
  const [first, second] = [...found.keys()]
  if (first === undefined) return 'strace'
  if (second === undefined) return first
  const sum = [...found.values()].reduce((all, { count }) => all + count, 0)
  // A traced program may print anything, so lines of other formats in a trace are the program's.
  const tracer = (['strace', 'qemu'] as const).find((each) => (found.get(each)?.count ?? 0) * 2 >= sum)
  if (tracer !== undefined) return tracer
  const [one, other] = [...found].sort((a, b) => a[1].line - b[1].line) as [[Format, Met], [Format, Met]]
  throw new UserError('mixed-formats', {
    file: name,
    formats: [
      { format: one[0], line: one[1].line },
      { format: other[0], line: other[1].line },
    ],
  })
}

const wholeListLimit = 200_000

interface Met {
  count: number
  readonly line: number
  /** Whether none of the lines reports a call, and other formats' logs have such lines too. */
  isBeside: boolean
}

/**
 * The formats of recognised lines, each with their number and the first line. `untilStrace`: ends at the line after which
 * no other line can change that the source is strace's. Then at least half of all lines are, and not all of these lines
 * can be qemu's.
 */
function recognised(text: string, untilStrace: boolean): Map<Format, Met> {
  const found = new Map<Format, Met>()
  const lines = text.split('\n')
  let number = 0
  /** How many of strace's lines qemu may have written. */
  let ofBoth = 0
  for (const line of lines) {
    number++
    const cut = (line.endsWith('\r') ? line.slice(0, -1) : line).slice(0, lineLimit)
    const bare = cut.includes('\x1b') ? withoutColours(cut) : cut
    if (bare === '') continue
    const format = isKnownCall(bare) && !qemu.recognises(bare) ? 'strace' : formatOfLine(bare)
    if (format === undefined) continue
    if (format === 'strace' && alike.pattern.test(bare)) ofBoth++
    const isBeside = formatTable[format].grammar?.isBeside?.(bare) === true
    const met = found.get(format)
    if (met === undefined) found.set(format, { count: 1, line: number, isBeside })
    else {
      met.count++
      met.isBeside &&= isBeside
      if (untilStrace && format === 'strace' && met.count * 2 >= lines.length && met.count > ofBoth) break
    }
  }
  // If qemu may have written every line of strace's, the lines are qemu's.
  if (found.has('qemu') && found.get('strace')?.count === ofBoth) found.delete('strace')
  return found
}

function ofLines(name: string, found: ReadonlyMap<Format, Met>, asked: Format): Format {
  const [other] = found.keys()
  const isStrace = asked === 'strace' || asked === 'strace-summary'
  if (asked === 'observations') {
    throw new UserError('not-observations', { file: name })
  }
  if (other === undefined || found.has(asked) || (isStrace && found.has('strace'))) return asked
  throw new UserError('other-format', { file: name, format: other, asked })
}

type Document = 'observations' | 'hook' | 'spo' | 'inspektor-gadget' | 'profile'

function ofDocument(name: string, document: Document, asked: Format | 'auto'): Format {
  if (asked === document) return asked
  const isWritten = document !== 'observations'
  if (
    isWritten &&
    (asked === 'profile' || asked === 'hook' || asked === 'spo' || asked === 'inspektor-gadget')
  )
    return asked
  if (asked !== 'auto') {
    const format = document === 'observations' ? document : 'profile'
    throw new UserError('other-format', { file: name, format, asked })
  }
  if (document !== 'profile') return document
  throw new UserError('profile-not-trace', { file: name })
}

/** The kind of a document; undefined for other text. Only the start decides: the rest of a file is not read yet. */
function kindOfDocument(text: string): Document | undefined {
  const start = withoutOwn(text.trimStart())
  if (start.startsWith('{') || start.startsWith('[')) {
    if (/^\{\s*"version"\s*:\s*\d+\s*(?:[,}]\s*(?:"architectures"|$)|$)/.test(start)) return 'observations'
    if (carriesObservations(start)) return 'observations'
    // Keys come in any order. In a profile `architectures` is a list. Unknown calls may have names of a profile's keys.
    if (/"architectures"\s*:\s*\{/.test(start) && /"sources"\s*:\s*\[|"count"\s*:/.test(start))
      return 'observations'
    if (isHookResult(start)) return 'hook'
    if (/^\{[^]{0,20000}?"kind"\s*:\s*"SeccompProfile(?:List)?"/.test(start) && isProfile(start)) return 'spo'
    // One object a line is a log, even if an entry contains a profile.
    const isLog = /^\{.*\}\r?\n\{/.test(start)
    if (!isLog && isProfile(start)) return 'profile'
    return isOtherDialect(start) ? 'profile' : undefined
  }
  if (carriesObservations(start)) return 'observations'
  if (/^\/\/[^\n]*\n\s*\{/.test(start) && isProfile(start)) return 'inspektor-gadget'
  if (/^(?: *- )?\s*["']?kind["']?:\s*["']?SeccompProfile(?:List)?\b/m.test(start) && isProfile(start))
    return 'spo'
  // A Kubernetes object without its kind is recognised by its content.
  if (/^spec:[ \t]*\r?\n(?:[ -][^\n]*\n)*? +defaultAction:/m.test(start) && isProfile(start)) return 'spo'
  return isProfile(start) || isOtherDialect(start) ? 'profile' : undefined
}

/** Whether the text is a list of Kubernetes objects without a profile. Of a long list only the start is known. */
function isOtherList(text: string): boolean {
  return (
    text.length < wholeListLimit &&
    /["']?kind["']?\s*:\s*["']?List\b/.test(text) &&
    !/defaultAction|SeccompProfile/.test(text)
  )
}

/** Go's compact JSON of the hook's own types: one line, with keys that are written even if they are empty. */
function isHookResult(start: string): boolean {
  return (
    /^\{"defaultAction":"[A-Z_]+",/.test(start) &&
    start.trimEnd().indexOf('\n') === -1 &&
    start.includes('"comment":"","includes":{},"excludes":{}')
  )
}

/** Whether a carriage return alone ends each line: such a source would be read as one line with one call. */
function hasCarriageReturns(text: string): boolean {
  return !text.includes('\n') && text.split('\r').filter((line) => isLine(line)).length > 1
}

/** Text has few control characters. strace escapes all of them. The traced program may write some (find -print0). */
function isBinary(head: Uint8Array): boolean {
  let control = 0
  for (let at = 0; at < head.length; at++) {
    const byte = head[at] as number
    // GS separates the kernel's half of an audit record from auditd's.
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x1b && byte !== 0x1d)
      control++
  }
  return control * 12 > head.length
}
