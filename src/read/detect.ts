// Which format a source is in, told from how it starts. A guess is a defect: a source with lines of two formats is
// refused with both, what is recognised as something else is refused by its name, and what is not recognised at all
// is left for strace's reader to find calls in, or none.
import { existsOnlyOn } from '../abi/spellings.ts'
import { UserError } from '../errors.ts'
import { isProfile } from './either.ts'
import { carriesObservations, withoutOwn } from './observations/documents.ts'
import { formats, formatTable, type Format } from './formats.ts'
import { isOtherDialect } from './profile/other-dialects.ts'
import { qemu } from './qemu/grammar.ts'
import { alike } from './qemu/lines.ts'
import { completionOf } from './strace/completion.ts'
import { parseLine } from './strace/parse-line.ts'
import { isContextStart, isScan } from './own-results.ts'
import { latin1, lineLimit, withoutColours } from './text.ts'

export { formats, type Format } from './formats.ts'

/** What can be told of a source from its first bytes (256 KiB or all of it). Throws a UserError for what is no trace. */
export function detectFormat(name: string, head: Uint8Array, asked: Format | 'auto' = 'auto'): Format {
  if (head.length === 0) throw new UserError('empty-trace', { file: name })
  if (isUtf16(head)) throw new UserError('utf16-trace', { file: name })
  const text = latin1(head)
  if (isBinary(head)) {
    throw new UserError('binary-trace', { file: name })
  }
  if (isScan(text)) throw new UserError('scan-not-trace', { file: name })
  if (isContextStart(text)) throw new UserError('context-not-trace', { file: name })
  const document = kindOfDocument(text)
  if (document !== undefined) return ofDocument(name, document, asked)
  const found = recognised(text)
  if (asked !== 'auto') return ofLines(name, found, asked)
  const [first, second] = [...found.keys()]
  if (first === undefined) return 'strace'
  if (second === undefined) return first
  const sum = [...found.values()].reduce((all, { count }) => all + count, 0)
  // A traced program may print anything: in a trace, lines of other formats are its own.
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

interface Met {
  count: number
  readonly line: number
}

/** Formats whose lines were met, with how many and where first. */
function recognised(text: string): Map<Format, Met> {
  const found = new Map<Format, Met>()
  let number = 0
  /** Lines of strace that qemu writes alike. */
  let ofBoth = 0
  for (const line of text.split('\n')) {
    number++
    const cut = (line.endsWith('\r') ? line.slice(0, -1) : line).slice(0, lineLimit)
    const bare = cut.includes('\x1b') ? withoutColours(cut) : cut
    if (bare === '') continue
    const format =
      isStraceLine(bare) && !qemu.recognises(bare)
        ? 'strace'
        : formats.find((each) => formatTable[each].grammar?.recognises(bare) === true)
    if (format === undefined) continue
    if (format === 'strace' && alike.pattern.test(bare)) ofBoth++
    const met = found.get(format)
    if (met === undefined) found.set(format, { count: 1, line: number })
    else met.count++
  }
  // What both write is the one's of which there is more.
  if (found.has('qemu') && found.get('strace')?.count === ofBoth) found.delete('strace')
  return found
}

/** A call of a known name that came back, or whose rest follows. */
function isStraceLine(line: string): boolean {
  const { shape } = parseLine(line)
  if (shape.kind !== 'call' || existsOnlyOn(shape.name).length === 0) return false
  const { kind } = completionOf(line, shape.open)
  return kind === 'returned' || kind === 'unfinished'
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

/** Told by the whole of it: looks at the start only, because the rest of a large file is not here. */
function kindOfDocument(text: string): Document | undefined {
  const start = withoutOwn(text.trimStart())
  if (start.startsWith('{') || start.startsWith('[')) {
    if (/^\{\s*"version"\s*:\s*\d+\s*(?:[,}]\s*(?:"architectures"|$)|$)/.test(start)) return 'observations'
    if (carriesObservations(start)) return 'observations'
    // In any order of keys; a profile has a list there. Unknown calls may be named like a profile's keys.
    if (/"architectures"\s*:\s*\{/.test(start) && /"sources"\s*:\s*\[|"count"\s*:/.test(start))
      return 'observations'
    if (isHookResult(start)) return 'hook'
    if (/^\{[^]{0,20000}?"kind"\s*:\s*"SeccompProfile(?:List)?"/.test(start) && isProfile(start)) return 'spo'
    // An object per line is a log; what it tells of may be a profile.
    const isLog = /^\{.*\}\r?\n\{/.test(start)
    if (!isLog && isProfile(start)) return 'profile'
    return isOtherDialect(start) ? 'profile' : undefined
  }
  if (carriesObservations(start)) return 'observations'
  if (/^\/\/.*\n\s*\{/.test(start) && isProfile(start)) return 'inspektor-gadget'
  if (/^(?: *- )?\s*["']?kind["']?:\s*["']?SeccompProfile(?:List)?\b/m.test(start) && isProfile(start))
    return 'spo'
  // An object without its kind: what it holds says what it is.
  if (/^spec:[ \t]*\r?\n(?:[ -].*\n)*? +defaultAction:/m.test(start) && isProfile(start)) return 'spo'
  return isProfile(start) || isOtherDialect(start) ? 'profile' : undefined
}

/** Go's compact JSON of the hook's own types: keys that it writes even where they are empty, on one line. */
function isHookResult(start: string): boolean {
  return (
    /^\{"defaultAction":"[A-Z_]+",/.test(start) &&
    start.trimEnd().indexOf('\n') === -1 &&
    start.includes('"comment":"","includes":{},"excludes":{}')
  )
}

/** By its mark, or by ASCII of which every other byte is zero. */
function isUtf16(head: Uint8Array): boolean {
  const [first = 0, second = 0, third = 0, fourth = 0] = head
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true
  const isLittle = first > 0 && second === 0 && third > 0 && fourth === 0
  const isBig = first === 0 && second > 0 && third === 0 && fourth > 0
  return head.length >= 4 && (isLittle || isBig)
}

/** Text has few control characters: strace escapes them all, and a program beside it may write some (find -print0). */
function isBinary(head: Uint8Array): boolean {
  let control = 0
  for (let at = 0; at < head.length; at++) {
    const byte = head[at] as number
    // GS stands between the kernel's and auditd's half of an audit record.
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x1b && byte !== 0x1d)
      control++
  }
  return control * 12 > head.length
}
