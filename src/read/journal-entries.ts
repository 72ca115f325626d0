// Turns entries of the journal and of dmesg's JSON into lines as `journalctl -o short-iso` prints them, with the
// sender. The lines are then read like any other log. Authority: systemd.journal-fields(7), journalctl(1) --output,
// dmesg(1) of util-linux.
import { ExportedFields, VerboseFields, type JournalFields } from './journal-fields.ts'
import { journalText, jsonObject } from './json-line.ts'

/** Removes the wrapping of one line. The text has no line end if more of the line follows. */
export interface Unwrap {
  (line: string): { readonly stream: string; readonly text: string } | undefined
  /** The unfinished entry over several lines. */
  readonly begun?: () => string | undefined
}

/** A line of the wrapping itself becomes an empty line, which keeps the places of the others right. */
export const nothing = { stream: '', text: '\n' } as const

/** journalctl's JSON has null for a text over 4096 bytes, unless with --all. Its short forms print this in its place. */
const unprinted = '[4.1K blob data]'

/** An entry as a line. Only entries of the kernel and auditd get their names: any program may call itself "audit". */
function ofJournal(entry: Readonly<Record<string, unknown>>): {
  readonly stream: string
  readonly text: string
} {
  const written = entry['MESSAGE']
  if (written === undefined) return nothing
  const message = journalText(written) ?? unprinted
  const transport = entry['_TRANSPORT']
  const given = journalText(entry['SYSLOG_IDENTIFIER']) ?? '-'
  const own =
    transport === 'audit'
      ? `audit[${numberOf(entry['_PID'] ?? 0)}]`
      : transport === 'kernel'
        ? 'kernel'
        : undefined
  const identifier = own ?? (/^(?:kernel|aud)/.test(given) ? `-${given}` : given)
  const stamp = numberOf(entry['_SOURCE_REALTIME_TIMESTAMP'] ?? entry['__REALTIME_TIMESTAMP'])
  // Without a time before it, "strace: " and the text would look like a message of strace's.
  const isTimed = stamp > 0 && stamp < 8.64e18
  const time = isTimed || own === undefined ? `${timeOf(isTimed ? Math.floor(stamp / 1000) : 0)} - ` : ''
  return {
    stream: '',
    text: `${time}${oneWord(identifier)}: ${message.includes('\n') ? message.replaceAll('\n', ' ') : message}\n`,
  }
}

function oneWord(text: string): string {
  return /\s/.test(text) ? text.replaceAll(/\s/g, '_') : text
}

/** The latest second and its text, kept because most entries of a log are in the second of the one before. */
let second = Number.NaN
let secondText = ''

/** As Date.toISOString(). */
function timeOf(milliseconds: number): string {
  const of = Math.floor(milliseconds / 1000)
  if (of !== second) {
    second = of
    secondText = new Date(of * 1000).toISOString().slice(0, -4)
  }
  return `${secondText}${String(milliseconds - of * 1000).padStart(3, '0')}Z`
}

/** `journalctl -o json`. */
export const journalEntry: Unwrap = (line) => {
  // json-sse and json-seq put this before an entry.
  // oxlint-disable-next-line no-control-regex -- RS
  const bare = line.startsWith('{') ? line : line.replace(/^(?:data: |\x1e)/, '')
  if (
    !bare.startsWith('{"') ||
    !bare.includes('"MESSAGE"') ||
    !/"_?_(?:CURSOR|REALTIME_TIMESTAMP|TRANSPORT)"/.test(bare)
  )
    return undefined
  const entry = jsonObject(bare)
  return entry === undefined ? undefined : ofJournal(entry)
}

/** The longest entry over several lines that is read. */
const entryLimit = 1 << 20

/** `journalctl -o json-pretty`: the last line of an entry yields the entry. */
export function ofPrettyJournal(): Unwrap {
  let entry: string | undefined
  const unwrap = (line: string): ReturnType<Unwrap> => {
    if (line === '{') {
      entry = line
      return nothing
    }
    if (entry === undefined || (entry === '{' && !/^\s+"[A-Z_][A-Z0-9_]*" : /.test(line))) {
      entry = undefined
      return undefined
    }
    if (entry.length < entryLimit) entry += line.trim()
    if (line !== '}') return nothing
    const whole = entry
    entry = undefined
    return journalEntry(whole) ?? { stream: '', text: `${whole}\n` }
  }
  return Object.assign(unwrap, { begun: () => entry })
}

/**
 * `dmesg --json`: each field of a message has a line, and the facility comes before the text. As a number, it is all
 * but the lowest three bits. The kernel's facility is 0. A message that a process wrote to /dev/kmsg has another.
 */
export function ofDmesg(): Unwrap {
  let isKernels = true
  return (line) => {
    const [, message] = /^\s+"msg": (".*"),?$/.exec(line) ?? []
    if (message === undefined) {
      if (/^\s*\},?\{?|\{$/.test(line)) isKernels = true
      const [, facility, priority = '0'] = /^\s+"(?:fac": "(\w+)"|pri": (\d{1,9}))/.exec(line) ?? []
      if (facility !== undefined ? facility !== 'kern' : Number(priority) > 7) isKernels = false
      const isFrame = /^\s*(?:[{}\]],?\{?|"dmesg": \[|"(?:pri|fac|time|caller)": .{1,99})$/.test(line)
      return isFrame ? nothing : undefined
    }
    try {
      const text = String(JSON.parse(message)).replaceAll('\n', ' ')
      return { stream: '', text: `${isKernels ? 'kernel' : '-'}: ${text}\n` }
    } catch {
      return undefined
    }
  }
}

/** `journalctl -o export` and `-o verbose`: the line that ends an entry yields the entry. */
function unwrapFields(fields: JournalFields): Unwrap {
  const unwrap = (line: string): ReturnType<Unwrap> => {
    const found = fields.line(line)
    return found === 'more' ? nothing : found && ofJournal(found)
  }
  return Object.assign(unwrap, {
    begun: () => {
      const last = fields.end()
      return last && ofJournal(last).text
    },
  })
}

export function ofExportedJournal(): Unwrap {
  return unwrapFields(new ExportedFields())
}

export function ofVerboseJournal(): Unwrap {
  return unwrapFields(new VerboseFields())
}

/** Number(), but not of objects: it would call the object's valueOf, and throw if that is not a function. */
function numberOf(value: unknown): number {
  return typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
}
