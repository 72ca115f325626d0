// The table of the wrappings that loggers put around a program's lines, each with the function that removes it:
// container logs as JSON or CRI lines, the journal's fields and JSON, dmesg's JSON, compose's names, mail, logfmt, CSV.
// Prefixes are rows of log-prefixes.ts. Authority: the json-file driver of Docker, the CRI logging format of Kubernetes
// (cri-api, kubelet logs.go), systemd.journal-fields(7), dmesg(1) of util-linux, RFC 2045 6.7 for quoted-printable.
import { csvValue, type CsvColumn } from './csv-lines.ts'
import { ofGitlab } from './gitlab-lines.ts'
import { ofHtml } from './html-lines.ts'
import {
  journalEntry,
  nothing,
  ofDmesg,
  ofExportedJournal,
  ofPrettyJournal,
  ofVerboseJournal,
  type Unwrap,
} from './journal-entries.ts'
import { jsonObject } from './json-line.ts'
import { loggedText, withDockersEnd } from './json-logs.ts'
import type { EntryLevel } from './json-values.ts'
import { prefixRows, withoutPrefix, type LogPrefix } from './log-prefixes.ts'
import { ofAsciicast, ofBuildkitJson } from './output-pieces.ts'
import { ofLogfmt, ofValue } from './quoted-lines.ts'
import { holdsResult } from './strace/completion.ts'

export interface Wrapping {
  readonly name: string
  /** For JSON that is not one object a line: where its entries are. */
  readonly level?: EntryLevel
  /** For CSV: where the line is. */
  readonly column?: CsvColumn
  /** The stream of strace's lines, if the log names streams: other lines are the program's. */
  readonly stream?: string
  /** Who wrote strace's lines, if the prefix names the writer of a line. */
  readonly writers?: ReadonlySet<string>
  /** The wrapping around the lines inside. */
  readonly inner?: Wrapping
}

// A pattern matches the prefix only: matching the rest of the line would visit each of its characters.
const ofCri = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) (stdout|stderr) ([FP])(?::\w+)* /
// oxlint-disable-next-line no-control-regex -- compose colours the names
const ofCompose = /^(?:\x1b\[[0-9;]*m)*([A-Za-z0-9][\w.-]*) +\|(?:\x1b\[0?m)? (?:\x1b\[0?m)?/

const byLine: Readonly<Record<string, Unwrap>> = {
  'json-file': (line) => {
    if (!line.startsWith('{"log":"')) return undefined
    try {
      const { log, stream } = JSON.parse(line) as { log?: unknown; stream?: unknown }
      return typeof log === 'string' ? { stream: String(stream), text: withDockersEnd(log) } : undefined
    } catch {
      return undefined
    }
  },
  // Other objects stand between the entries: the actions of Elasticsearch's bulk, the fields of Splunk's results.
  'json-log': (line) =>
    loggedText(line) ?? (jsonObject(line) === undefined || holdsResult(line) ? undefined : nothing),
  'journal-json': journalEntry,
  cri: (line) => {
    const [prefix, stream = '', tag] = ofCri.exec(line) ?? []
    if (prefix === undefined) return undefined
    return { stream, text: `${line.slice(prefix.length)}${tag === 'F' ? '\n' : ''}` }
  },
  compose: (line) => {
    const [prefix, stream = ''] = ofCompose.exec(line) ?? []
    return prefix === undefined ? undefined : { stream, text: `${line.slice(prefix.length)}\n` }
  },
  mail: (line) => (line.startsWith('> ') ? { stream: '', text: `${line.slice(2)}\n` } : undefined),
  html: ofHtml,
  logfmt: ofLogfmt,
  value: ofValue,
  'quoted-printable': (line) => {
    if (!/=3D|=$/.test(line)) return { stream: '', text: `${line}\n` }
    const plain = line.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    return { stream: '', text: plain.endsWith('=') ? plain.slice(0, -1) : `${plain}\n` }
  },
}

/** The wrappings whose lines depend on those before them. */
const overLines: Readonly<Record<string, () => Unwrap>> = {
  'journal-export': ofExportedJournal,
  'journal-verbose': ofVerboseJournal,
  'journal-pretty': ofPrettyJournal,
  'dmesg-json': ofDmesg,
  gitlab: ofGitlab,
  'buildkit-json': ofBuildkitJson,
  asciicast: ofAsciicast,
}

export function unwrapperOf({ name, column }: Wrapping): Unwrap {
  if (column !== undefined) return (line) => csvValue(line, column)
  return overLines[name]?.() ?? byLine[name] ?? ((line) => withoutPrefix(name as LogPrefix, line))
}

/** Whether each line can be unwrapped without the lines before it. */
export function isByLine({ name, inner }: Wrapping): boolean {
  const isOwn = Object.hasOwn(byLine, name) || Object.hasOwn(prefixRows, name) || name === 'csv'
  return isOwn && (inner === undefined || isByLine(inner))
}
