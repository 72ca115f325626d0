// The table of all formats that are read. A new format is a folder, a row here and a test file. The order is that of
// `--format`'s help.
import { audit } from './audit/grammar.ts'
import { bcc } from './bcc/grammar.ts'
import { bpftrace } from './bpftrace/grammar.ts'
import { EitherReader } from './either.ts'
import type { Grammar } from './grammar.ts'
import { gvisor } from './gvisor/grammar.ts'
import { hook } from './hook/grammar.ts'
import { inspektorGadget } from './inspektor-gadget/grammar.ts'
import { LineReader } from './line-reader.ts'
import { ObservationsReader } from './observations/reader.ts'
import { perf } from './perf/grammar.ts'
import { ProfileReader } from './profile/reader.ts'
import { qemu } from './qemu/grammar.ts'
import type { Reader, ReaderOptions } from './reader.ts'
import { spo } from './spo/grammar.ts'
import { StraceReader } from './strace/reader.ts'
import { sysdig } from './sysdig/grammar.ts'
import { tracee } from './tracee/grammar.ts'
import { watch } from './watch/grammar.ts'

/** The formats of traces and logs that are read. docs/inputs.md names the program that writes each. */
export type Format =
  | 'strace'
  | 'strace-summary'
  | 'qemu'
  | 'hook'
  | 'audit'
  | 'watch'
  | 'spo'
  | 'perf'
  | 'bpftrace'
  | 'bcc'
  | 'sysdig'
  | 'gvisor'
  | 'tracee'
  | 'inspektor-gadget'
  | 'profile'
  | 'observations'

interface FormatRow {
  readonly open: (options: ReaderOptions) => Reader
  /** Recognises the format by single lines; absent for formats of whole documents, and for strace. */
  readonly grammar?: Grammar
}

const lines = (grammar: Grammar): FormatRow => ({
  grammar,
  open: (options) => new LineReader(grammar, options),
})

/** The row of a recorder that writes profiles as well as a log. */
const either = (grammar: Grammar, recorded: boolean): FormatRow => ({
  grammar,
  open: (options) =>
    new EitherReader(
      grammar.format,
      new ProfileReader(grammar.format, recorded, options),
      new LineReader(grammar, options),
    ),
})

export const formatTable: Readonly<Record<Format, FormatRow>> = {
  strace: { open: (options) => new StraceReader(options) },
  'strace-summary': { open: (options) => new StraceReader(options) },
  qemu: lines(qemu),
  hook: either(hook, true),
  audit: lines(audit),
  watch: lines(watch),
  spo: either(spo, false),
  perf: lines(perf),
  bpftrace: lines(bpftrace),
  bcc: lines(bcc),
  sysdig: lines(sysdig),
  gvisor: lines(gvisor),
  tracee: lines(tracee),
  'inspektor-gadget': either(inspektorGadget, true),
  profile: { open: (options) => new ProfileReader('profile', false, options) },
  observations: { open: () => new ObservationsReader() },
}

/** The values of `--format`, except `auto`. */
export const formats = Object.keys(formatTable) as readonly Format[]

/** The first format whose grammar recognises the line; strace's lines are recognised by strace/known-call.ts. */
export function formatOfLine(line: string): Format | undefined {
  return formats.find((each) => formatTable[each].grammar?.recognises(line) === true)
}
