// The Reader of every format with one record per line. It decodes lines, counts calls with their places, applies the
// user's choice, and gives the account. Calls get their architecture at the end.
import { assumedHost, type Architecture } from '../abi/architectures.ts'
import { architectureOfNumber } from '../abi/number-bit.ts'
import { resolvePrinted } from '../abi/spellings.ts'
import { indexOn, scalarOf } from '../abi/scalars.ts'
import { callName, syscallTable } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import type { Evidence } from './account.ts'
import { asPassedOn } from './as-passed.ts'
import { viewOf } from './byte-text.ts'
import { DiagnosticLog } from './diagnostics.ts'
import { noteFailure } from './failures.ts'
import type { LoggedCall, Grammar, LineGrammar, LineResult, LinesOfKinds, Reporter } from './grammar.ts'
import { LineShapes, type ShapePart } from './line-shapes.ts'
import { isKnown, MachineChoice } from './machine-choice.ts'
import { partsOf, placeOf } from './place.ts'
import type { LinesAccount, Reader, ReaderOptions } from './reader.ts'
import { Automaton } from './shape-automaton.ts'
import { addSeen, newSeen, noteAnswered, type Seen, type Sink } from './seen.ts'
import { sumOf } from './sum.ts'
import { choiceFields, isChosen, type CallerChoice, type ChoiceField } from './subject.ts'
import { eachLineText, lineLimit, lineText } from './text.ts'

interface CallEntry extends Seen {
  readonly architecture: Architecture | undefined
  readonly isNarrow: boolean
  readonly call: string | number
}

/** Unknown calls may be hostile input: more distinct ones than this count as one, and long names are cut. */
const entryLimit = 65536
const nameLimit = 64
const others = '?'

export class LineReader implements Reader {
  readonly format: string
  readonly #grammar: Grammar
  readonly #options: ReaderOptions
  readonly #diagnostics = new DiagnosticLog()
  /** The calls of all sources, by keyOf(). */
  readonly #entries = new Map<string, CallEntry>()
  /** The entries that calls as printed lead to, by the architecture that the record states. */
  readonly #near = new Map<Architecture | undefined, Map<string | number, CallEntry>>()
  /** The secondary calls of this source, and how many they are: see LoggedCall.secondary. Empty if the user chose. */
  #secondary = new Map<string, CallEntry>()
  #secondaryCalls = 0
  readonly #say: Reporter

  /** For this source, by kind (LinesOfKinds): what counts its lines, and the refusals that they report. */
  #kinds: ({ readonly entry: CallEntry; readonly refusal: { count: number } | undefined } | undefined)[] = []
  /** The refusal that the last line reported; undefined if it reported none. */
  #refusal: { count: number } | undefined
  /** The grammar's reader of this source; undefined before the first source. */
  #open: LineGrammar | undefined
  /** For this source, if its grammar gives shapes: those that hold since the grammar was at this stage. */
  #automaton: Automaton | undefined
  #shapes: LineShapes | undefined
  #stage: number | undefined
  /** Whether a line was reported, which must be said of each line of its shape. */
  #hasReported = false
  /** Of this source: its name, its lines up to the current one, and what became of them. */
  #source = ''
  #line = 0
  #calls = 0
  #ignored = 0
  #unparsed = 0
  /** Of this source: the records that reports of losses add up to, and the greatest total that one gave. */
  #lost = 0
  #lostInAll = 0
  #evidence = new Set<Evidence>()
  /** Some source shows failed calls only. */
  #onlyFailures = false
  /** Whose calls to count; undefined for all. */
  readonly #choosing: CallerChoice | undefined
  /** With a choice, of this source: calls whose caller is told, and by missing field, calls whose caller is not. */
  #chosen = 0
  #missing = new Map<ChoiceField, number>()

  constructor(grammar: Grammar, options: ReaderOptions) {
    const { choice } = options
    this.#choosing = choice !== undefined && choiceFields(choice).length > 0 ? choice : undefined
    this.format = grammar.format
    this.#grammar = grammar
    this.#options = options
    this.#say = {
      diagnostic: (code, facts) => {
        this.#hasReported = true
        this.#diagnostics.add(code, this.#source, this.#line, facts)
      },
      lost: (records) => {
        this.#hasReported = true
        this.#lost = sumOf(this.#lost, records ?? 0)
        this.#recordsLost()
      },
      lostInAll: (records) => {
        this.#hasReported = true
        this.#lostInAll = sumOf(0, Math.max(this.#lostInAll, records))
        if (records > 0) this.#recordsLost()
      },
      evidence: (kind) => this.#evidence.add(kind),
      refused: ({ call, architecture }) => {
        this.#hasReported = true
        const name = nameOf(
          { architecture, call: typeof call === 'number' ? call >>> 0 : call },
          grammar.logger,
        )
        this.#refusal = this.#diagnostics.add('refused-by-filter', this.#source, this.#line, { call: name })
      },
    }
  }

  #recordsLost(): void {
    const facts = this.format === 'audit' ? undefined : { format: this.format }
    this.#diagnostics.add('records-lost', this.#source, this.#line, facts)
  }

  startSource(name: string): void {
    this.#source = name
    this.#open = this.#grammar.open()
    this.#line =
      this.#calls =
      this.#ignored =
      this.#unparsed =
      this.#lost =
      this.#lostInAll =
      this.#chosen =
        0
    this.#evidence = new Set(this.#grammar.evidence)
    this.#missing = new Map()
    this.#secondary = new Map()
    this.#secondaryCalls = 0
    this.#kinds = []
    if (this.#isCounting && this.#open.shape !== undefined) this.#beginShapes()
  }

  takeLines(given: Uint8Array, start: number, end: number): void {
    const bytes = viewOf(given)
    if (this.#automaton !== undefined) return this.#takeShaped(bytes, start, end)
    const isByText = this.#open?.plain === undefined || !this.#isCounting
    for (let at = start; at < end;) {
      if (isByText) {
        at = eachLineText(bytes, at, end, this.#takeText)
        if (at === end) return
      }
      const plain = this.#isCounting ? this.#open?.plain?.() : undefined
      const count = plain?.read(bytes, at, end) ?? 0
      const counted = this.#countKinds(plain, count)
      if (plain !== undefined && counted > 0) {
        at = plain.next(counted - 1)
        continue
      }
      const stop = bytes.indexOf(0x0a, at)
      this.#line++
      if (stop - at > lineLimit) this.#diagnostics.add('overlong-line', this.#source, this.#line)
      this.#take(lineText(bytes, at, stop), count > 0 ? plain?.kinds[0] : undefined)
      at = stop + 1
    }
  }

  /** Counts lines of known shapes, and reads the others. */
  #takeShaped(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end;) {
      const automaton = this.#automaton as Automaton
      const { lines, ignored } = automaton
      at = automaton.read(bytes, at, end)
      // The code counts in 32 bits.
      this.#line += (automaton.lines - lines) >>> 0
      this.#ignored += (automaton.ignored - ignored) >>> 0
      if (at === end) break
      const stop = bytes.indexOf(0x0a, at)
      this.#line++
      if (stop - at > lineLimit) this.#diagnostics.add('overlong-line', this.#source, this.#line)
      this.#learn(lineText(bytes, at, stop))
      at = stop + 1
    }
    this.#settle()
  }

  /** Reads a line, and learns its shape. */
  #learn(text: string): void {
    const open = this.#open as LineGrammar
    this.#hasReported = false
    const told = this.#take(text, undefined)
    if (this.#stage !== open.stage) {
      this.#dropShapes()
      this.#beginShapes()
    }
    // A carriage return or an escape may be removed from a line before it is read.
    if (told === 'unparsed' || this.#hasReported || text.includes('\r') || text.includes('\x1b')) return
    const shape = open.shape?.(text, told)
    if (shape?.every((part) => this.#isOnlyCounted(part)) === true) this.#shapes?.learn(shape)
  }

  /** Whether nothing but the number of calls grows with further lines. */
  #isOnlyCounted(part: ShapePart): boolean {
    const call = typeof part === 'string' ? undefined : 'call' in part ? part.call : 'count' in part ? part.count : undefined // prettier-ignore
    if (call === undefined) return true
    if (call.failure !== undefined || call.secondary === true) return false
    if (call.argument === undefined) return true
    const entry = this.#entry(call, this.#entries)
    const wanted = this.#options.arguments.get(nameOf(entry, this.#grammar.logger)) ?? []
    return wanted.length === 0
  }

  #beginShapes(): void {
    this.#automaton = Automaton.made()
    this.#shapes = this.#automaton && new LineShapes(this.#automaton)
    this.#stage = this.#open?.stage
  }

  #dropShapes(): void {
    this.#settle()
    this.#automaton?.giveBack()
    this.#automaton = undefined
  }

  #settle(): void {
    this.#automaton?.settle((call, count) => {
      const entry = this.#entry(call, this.#entries)
      entry.count = sumOf(entry.count, count)
      this.#calls = sumOf(this.#calls, count)
    })
  }

  readonly #takeText = (text: string): void => {
    this.#line++
    this.#take(text, undefined)
  }

  /** Whether lines of a known kind are only counted. */
  get #isCounting(): boolean {
    return this.#choosing === undefined && this.#options.record === undefined
  }

  /** Counts lines up to the first of a new kind, which line() must read. Returns their number. */
  #countKinds(plain: LinesOfKinds | undefined, count: number): number {
    for (let index = 0; index < count; index++) {
      const kind = plain?.kinds[index] as number
      const known = this.#kinds[kind]
      if (known !== undefined) {
        known.entry.count++
        if (known.refusal !== undefined) known.refusal.count++
        this.#calls++
      } else if (kind === 0) this.#ignored++
      else return index
      this.#line++
    }
    return count
  }

  endSource(cut: boolean): LinesAccount {
    this.#dropShapes()
    this.#open?.end?.(this.#say)
    const never = [...this.#missing].find(([, count]) => this.#chosen === 0 && count > 0)
    if (never !== undefined) {
      throw new UserError('choice-not-in-records', {
        file: this.#source,
        format: this.format,
        field: never[0],
      })
    }
    for (const [field, count] of this.#missing) {
      this.#diagnostics.add('choice-not-told', this.#source, undefined, { field, records: String(count) })
    }
    if (this.#evidence.has('failures-only')) this.#onlyFailures = true
    this.#decideSecondary()
    if (cut && this.#calls > 0 && this.#unparsed > 0)
      this.#diagnostics.add('truncated', this.#source, this.#line)
    const lost = sumOf(this.#lost, this.#lostInAll)
    return {
      lines: this.#line,
      calls: this.#calls,
      ignored: this.#ignored,
      unparsed: this.#unparsed,
      ...(lost === 0 ? {} : { lost }),
      evidence: [...this.#evidence].sort(),
    }
  }

  /** Leaves out secondary calls if there are others: an audit rule asks for calls of any program. */
  #decideSecondary(): void {
    if (this.#secondaryCalls === 0) return
    if (this.#calls > 0) {
      this.#ignored += this.#secondaryCalls
      this.#evidence.delete('rules-only')
      this.#diagnostics.add('rule-records-left-out', this.#source, undefined, {
        records: String(this.#secondaryCalls),
      })
      return
    }
    this.#calls = this.#secondaryCalls
    for (const [key, entry] of this.#secondary) {
      const known = this.#entries.get(key)
      if (known === undefined) this.#entries.set(key, entry)
      else addSeen(known, entry)
    }
  }

  #take(text: string, kind: number | undefined): LineResult {
    this.#refusal = undefined
    const told = (this.#open as LineGrammar).line(text, this.#say)
    if (told === 'unparsed') this.#unparsed++
    else if (told === 'ignored') this.#ignored++
    else if (Array.isArray(told)) {
      const counted = (told as readonly LoggedCall[]).filter((call) => this.#count(call)).length
      if (counted === 0) this.#ignored++
    } else if (!this.#count(told as LoggedCall)) this.#ignored++
    else if (kind !== undefined)
      this.#kinds[kind] = { entry: this.#entry(told as LoggedCall, this.#entries), refusal: this.#refusal }
    return told
  }

  /** Counts a call if the user chose its caller. Returns whether it counted. */
  #count(call: LoggedCall): boolean {
    if (this.#choosing !== undefined) {
      const chosen = isChosen(call.subject?.() ?? {}, this.#choosing)
      if (typeof chosen === 'string') this.#missing.set(chosen, (this.#missing.get(chosen) ?? 0) + 1)
      else this.#chosen++
      if (chosen !== true) return false
    }
    const count = call.count ?? 1
    const aside = call.secondary === true && this.#choosing === undefined
    const entry = this.#entry(call, aside ? this.#secondary : this.#entries)
    entry.count = sumOf(entry.count, count)
    if (call.failure !== undefined) noteFailure(entry, call.failure, count)
    if (call.argument !== undefined) this.#values(entry, call)
    if (aside) this.#secondaryCalls = sumOf(this.#secondaryCalls, count)
    else this.#calls = sumOf(this.#calls, count)
    this.#options.record?.({
      name: nameOf(entry, this.#grammar.logger),
      printed: String(call.call),
      ...(entry.architecture === undefined ? {} : { architecture: entry.architecture }),
      ...(typeof call.call === 'number' ? { number: call.call } : {}),
      at: placeOf(this.#source, this.#line),
      args: {},
    })
    return true
  }

  #entry(
    { call, architecture: told, isNarrow = false }: LoggedCall,
    entries: Map<string, CallEntry>,
  ): CallEntry {
    const isNear = !isNarrow && entries === this.#entries
    const near = isNear ? this.#near.get(told)?.get(call) : undefined
    if (near !== undefined) return near
    const number = typeof call === 'number' ? call >>> 0 : undefined
    const architecture =
      told === undefined || number === undefined ? told : architectureOfNumber(told, number)
    const printed = number ?? (call as string)
    const entry =
      entries.get(keyOf(architecture, isNarrow, printed)) ??
      this.#newEntry(
        typeof printed === 'string' && printed.length > nameLimit
          ? `${printed.slice(0, nameLimit)}…`
          : entries.size >= entryLimit && !isKnown(architecture, printed, this.#grammar.logger)
            ? others
            : printed,
        architecture,
        isNarrow,
        entries,
      )
    if (isNear && entry.call === printed) {
      const ofTold = this.#near.get(told) ?? new Map<string | number, CallEntry>()
      this.#near.set(told, ofTold.set(call, entry))
    }
    return entry
  }

  #newEntry(
    call: string | number,
    architecture: Architecture | undefined,
    isNarrow: boolean,
    entries: Map<string, CallEntry>,
  ): CallEntry {
    const key = keyOf(architecture, isNarrow, call)
    const known = entries.get(key)
    if (known !== undefined) return known
    const entry = { ...newSeen(placeOf(this.#source, this.#line)), architecture, isNarrow, call }
    entries.set(key, entry)
    return entry
  }

  #values(entry: CallEntry, { argument, failure }: LoggedCall): void {
    const name = nameOf(entry, this.#grammar.logger)
    const on = entry.architecture ?? this.#options.architecture
    for (const index of this.#options.arguments.get(name) ?? []) {
      const passed = on === undefined || this.#grammar.inWords === true ? index : indexOn(on, name, index)
      const value = argument?.(passed)
      const narrow = scalarOf(name, index)?.bits === 32
      const seen = value !== undefined && narrow ? value & 0xffffffffn : value
      noteAnswered(entry, passed, seen, failure === 'ENOSYS' ? undefined : failure)
    }
  }

  end(sink: Sink): void {
    const unsettled = [...this.#entries.values()].filter(({ architecture }) => architecture === undefined)
    const wide = unsettled.filter(({ isNarrow }) => !isNarrow)
    const choice = new MachineChoice({
      grammar: this.#grammar,
      source: this.#source,
      chosen: this.#options.architecture,
      told: this.#open?.machine?.(),
      diagnostics: this.#diagnostics,
    })
    const machine = wide.length === 0 ? undefined : choice.machine(wide)
    const narrow = wide.length === unsettled.length ? undefined : choice.narrow(unsettled, machine)
    for (const entry of this.#entries.values()) {
      const { isNarrow, call, ...all } = entry
      const architecture = entry.architecture ?? ((isNarrow ? narrow : machine) as Architecture)
      // A failed call may also have succeeded, which a source of failures does not show.
      const seen = this.#onlyFailures ? { ...all, eperm: 0, eacces: 0, refused: undefined } : all
      this.#emit(architectureOfNumber(architecture, call), call, seen, sink)
    }
    for (const diagnostic of this.#diagnostics.all()) sink.diagnostic(diagnostic)
  }

  #emit(architecture: Architecture, call: string | number, seen: Seen, sink: Sink): void {
    const names =
      typeof call === 'number'
        ? [syscallTable(architecture).byNumber(call)?.name].filter((name) => name !== undefined)
        : (resolvePrinted(architecture, call, this.#grammar.logger)?.names ?? [])
    for (const name of names)
      sink.seen(
        architecture,
        name,
        this.#grammar.inWords === true ? asPassedOn(architecture, name, seen) : seen,
      )
    if (names.length > 0) return
    sink.unknown(architecture, String(call), seen)
    const facts = { call: typeof call === 'number' ? `call ${call}` : call, architecture }
    this.#diagnostics.add('unknown-call', ...partsOf(seen.first), facts)
  }
}

const keyOf = (architecture: Architecture | undefined, isNarrow: boolean, call: string | number): string =>
  `${architecture ?? (isNarrow ? '32' : '')} ${call}`

/** libseccomp's name on the architecture or, if it is unknown, on the assumed host; else the printed name or number. */
function nameOf(
  { architecture, call }: Pick<CallEntry, 'architecture' | 'call'>,
  logger: Grammar['logger'],
): string {
  if (typeof call === 'string')
    return resolvePrinted(architecture ?? assumedHost, call, logger)?.names[0] ?? call
  return callName(architecture ?? assumedHost, call)
}
