// Reads strace's output, of every version and with every option, into calls. Compiled code counts the commonest lines
// (scan.ts). All other lines are parsed (lines.ts), become events (interleave.ts) and are counted by the ledger.
// The main rule: a call is counted once, at the line that starts with its name, whatever its result.
// Authority: the sources of strace 4.5.18 to 7.2; the recordings in traces/.
import { viewOf } from '../byte-text.ts'
import { DiagnosticLog } from '../diagnostics.ts'
import type { LinesAccount, Reader, ReaderOptions } from '../reader.ts'
import type { Sink } from '../seen.ts'
import { lineLimit, lineText } from '../text.ts'
import { compiledLines } from './compiled-lines.ts'
import { Interleave } from './interleave.ts'
import { linesIn } from './joined.ts'
import { Ledger } from './ledger.ts'
import { emitCalls } from './resolve-abi.ts'
import { Run } from './run.ts'
import { Scan } from './scan.ts'
import { Tables } from './tables.ts'

/** How many lines are searched for the machine before the compiled code counts without knowing it. */
const evidenceLines = 4096

export class StraceReader implements Reader {
  readonly format = 'strace'
  readonly #options: ReaderOptions
  readonly #diagnostics = new DiagnosticLog()
  readonly #run = new Run()
  readonly #ledger: Ledger
  readonly #tables: Tables
  readonly #interleave: Interleave
  readonly #scan: Scan
  #source = ''
  /** How many lines of this source stand behind others on one line. */
  #joined = 0

  constructor(options: ReaderOptions) {
    this.#options = options
    const ledger = new Ledger(options, this.#diagnostics, this.#run)
    this.#ledger = ledger
    this.#tables = new Tables(ledger.names, ledger.counts.sources, options.arguments)
    this.#interleave = new Interleave({
      run: this.#run,
      names: ledger.names,
      isAlive: () => ledger.threads.any,
      emit: (event) => ledger.on(event),
      say: (code, line, facts) => this.#diagnostics.add(code, this.#source, line, facts),
      startsTable: (text) => this.#tables.starts(text),
    })
    this.#scan = new Scan(ledger, this.#interleave, this.#run)
  }

  startSource(name: string, pid?: number): void {
    this.#source = name
    this.#joined = 0
    this.#run.calls += this.#ledger.calls
    this.#ledger.startSource(name, pid)
    this.#interleave.startSource()
    // In another file, lines without a pid belong to another thread.
    this.#scan.forget()
  }

  /** Whole lines: bytes[start, end) ends with "\n". */
  takeLines(given: Uint8Array, start: number, end: number): void {
    const bytes = viewOf(given)
    for (let at = start; at < end;) {
      const code = this.#isQuick() ? compiledLines() : undefined
      if (code !== undefined) {
        const next = this.#scan.take(code, bytes, at, end)
        if (next > at) this.#interleave.passed()
        at = next
        // An object of JSON over several lines becomes one line and empty ones, which count.
        for (; bytes[at] === 0x0a && at < end; at++) this.#ledger.lines++
        if (at > next) continue
        if (at >= end) return
      }
      const rows = this.#rows(bytes, at, end)
      if (rows > 0) {
        at = this.#tables.next
        continue
      }
      const stop = bytes.indexOf(0x0a, at)
      const number = ++this.#ledger.lines
      if (stop - at > lineLimit) this.#diagnostics.add('overlong-line', this.#source, number)
      this.#scan.forget()
      this.#line(withBlanks(lineText(bytes, at, stop)), number)
      at = stop + 1
    }
  }

  /** Takes rows of a summary table, and returns how many. */
  #rows(bytes: Uint8Array, at: number, end: number): number {
    const ledger = this.#ledger
    if (!this.#tables.open || !this.#hasEvidence) return 0
    const rows = this.#tables.takesRows(bytes, at, end, ledger.counts.source, ledger.lines)
    if (rows === 0) return 0
    ledger.lines += rows
    this.#scan.forget()
    this.#interleave.passed()
    return rows
  }

  /** Whether the machine is certain, or no more lines are searched for it. */
  get #hasEvidence(): boolean {
    const { machine, lines } = this.#ledger
    return machine.certain !== undefined || lines > evidenceLines
  }

  #isQuick(): boolean {
    return (
      !this.#interleave.isUnsure &&
      !this.#tables.open &&
      this.#options.record === undefined &&
      this.#options.returned === undefined &&
      this.#options.context !== true &&
      this.#hasEvidence
    )
  }

  #line(text: string, number: number): void {
    const ledger = this.#ledger
    if (ledger.machine.certain === undefined && number <= evidenceLines) ledger.machine.line(text)
    if (this.#tables.open && this.#tables.takes(text, ledger.counts.source, number))
      return this.#interleave.passed()
    const lines = linesIn(text, ledger.names)
    if (lines === undefined) this.#diagnostics.add('glued-call', this.#source, number)
    for (const line of lines ?? [text]) this.#interleave.line(line, number)
    this.#joined += (lines?.length ?? 1) - 1
  }

  endSource(cut: boolean): LinesAccount {
    const isCut = this.#interleave.endSource(cut)
    this.#tables.end()
    const { lines, calls } = this.#ledger
    if (isCut) this.#diagnostics.add('truncated', this.#source, lines)
    this.#ledger.endSource()
    const { unparsed } = this.#interleave
    return { lines, calls, unparsed, ignored: lines + this.#joined - calls - unparsed }
  }

  end(sink: Sink): void {
    const ledger = this.#ledger
    ledger.threads.end()
    ledger.placeOrphans()
    ledger.executed?.end()
    this.#leaveOut()
    const { foreign } = ledger.machine
    if (foreign !== undefined && this.#options.architecture === undefined) {
      this.#note('foreign-machine', { machine: foreign })
      for (const diagnostic of this.#diagnostics.all()) sink.diagnostic(diagnostic)
      return
    }
    const machine = emitCalls(
      {
        names: ledger.names,
        counts: ledger.counts,
        // A table shows no order of calls.
        tables: ledger.afterFilter === undefined ? this.#tables.sums : new Map(),
        mentions: ledger.mentions,
        wanted: ledger.wanted,
        architecture: this.#options.architecture,
        machine: ledger.machine,
        announced: ledger.announced || this.#tables.announced,
        onlyFailures: this.#run.onlyFailures((name) => ledger.counts.saw(name)),
      },
      sink,
      this.#diagnostics,
    )
    if (ledger.counts.mixed) this.#note('architecture-ambiguous')
    if (machine?.assumed === true) this.#note('architecture-assumed', { architecture: machine.native })
    this.#completeness()
    const { context } = ledger
    if (context !== undefined)
      sink.context(context.context(new Set([...this.#diagnostics.all()].map(({ code }) => code))))
    for (const diagnostic of this.#diagnostics.all()) sink.diagnostic(diagnostic)
  }

  /** With afterFilter: resolves the calls that were kept apart, and reports what remains uncertain. */
  #leaveOut(): void {
    const { afterFilter, results, counts } = this.#ledger
    if (afterFilter === undefined) return
    counts.closeAll()
    const { installed, doubtful, unordered } = afterFilter.resolveOrphans()
    if (results !== undefined) this.#options.returned?.tell(results.of(counts.told))
    if (!installed) this.#note('no-filter')
    if (doubtful) this.#note('parent-unknown')
    if (unordered) this.#note('filter-unordered')
  }

  #note(code: Parameters<DiagnosticLog['add']>[0], facts?: Record<string, string>): void {
    this.#diagnostics.add(code, this.#source, undefined, facts)
  }

  #completeness(): void {
    const { calls, counts, threads } = this.#ledger
    if (this.#run.calls + calls === 0) return this.#tables.rows > 0 ? this.#note('counts-only') : undefined
    if (threads.unseenChildren) this.#note('children-not-followed')
    for (const code of this.#run.missing((name) => counts.saw(name), threads.unannounced)) this.#note(code)
  }
}

/** strace writes no tab. Editors and unexpand(1) put tabs in place of the blanks before a result. */
function withBlanks(text: string): string {
  return text.includes('\t') ? text.replaceAll('\t', ' ') : text
}
