// perf: `perf trace`, its summary (`-s`, and after the lines with `-S`), and `perf script` of the raw_syscalls and
// syscalls tracepoints. Authority: tools/perf/builtin-trace.c, tools/perf/util/evsel_fprintf.c; recordings of perf 6.1.
// perf names calls by the table of the machine, so calls of 32-bit programs have wrong names.
import type { Failure } from '../failures.ts'
import type { Grammar, LineGrammar, LoggedCall, Reporter, LineResult } from '../grammar.ts'
import type { LineShape } from '../line-shapes.ts'
import { callerOf, type Caller } from '../subject.ts'
import { shapeOfScript, shapeOfSummary, shapeOfTrace } from './shapes.ts'

/** `   0.034 ( 0.016 ms): comm/pid name(`. A comm has at most 15 bytes, of any kind: the longest match counts. */
const traced =
  /^ {0,40}(?:\?|[\d.]{1,40}) \([ \d.]{0,40}(?:ms)?\): (?:(.{1,15})\/(\d+) )?( ?\.\.\. \[continued\]: )?([a-z_]\w*)\(/s
/** A tracepoint of `perf trace -e`. The name of a task is too short to hold that of a call's tracepoint. */
const pointed =
  /^ {0,40}[\d.]{1,40} (?:\( {0,40}\): )?(?:(.{1,15})\/(\d{1,10}) )?(?:syscalls:sys_enter_(\w+)|[a-z_]\w*:\w+)\(/s
const returned = / = (-?\d+|0x[0-9a-f]+|\?)(?: |$)/
/** The title of a table: of a task, of a thread or a cgroup (--bpf-summary), or of all. */
const summaryOf =
  /^ (?:thread \((\d+)\), \d+ events$|(.{1,15}) \((\d+)\), \d+ events, [\d.]+%|(?:total|cgroup \S{1,255}), \d+ events)(?:, \d+ m(?:aj|in)faults){0,2}(?:, [\d.]+ msec)?$/
const summaryRow = /^ {3}(?:([a-z_]\w*)|syscall:(\d{1,10})) +(\d+) +(?:(\d+) +)?[\d.]+ +[\d.]+ /
/** The fields that perf script prints before the event; -F leaves any of them out. */
const fields = String.raw`^ {0,40}(?:(.{1,16}?) {1,40})??(?:(\d{1,10})(?:\/\d{1,10})? {1,40})?(?:\[\d+\] {1,40})?(?:\d{1,20}\.\d{1,20}: {1,40})?(?:\d{1,20} {1,40})?`
const scripted = new RegExp(`${fields}(?:raw_syscalls:sys_enter: NR (-?\\d{1,20}) \\(([^)]*)\\)|syscalls:sys_enter_(\\w+): )`) // prettier-ignore
const otherEvent = new RegExp(`${fields}(?:raw_)?syscalls:sys_exit`)
/** A frame of --call-graph, and a row of --errno-summary. */
const frame = /^\s+(?:[0-9a-f]{4,16} )?\S.{0,4096} \([^()]{1,4096}\)(?: .{1,255})?$|^ {30,60}\[?\S{1,255}$/s
const errnoRow = /^\t{2,8}[A-Z][A-Z0-9]*: \d+$/

/** What every line of `perf script` contains that the two patterns above read; they are slow on other lines. */
const isScripted = (text: string): boolean => text.includes('syscalls:sys_e')

/** execve on x86_64, aarch64, x86 and arm. */
const execves = new Set([59, 221, 11])

export const perf: Grammar = {
  format: 'perf',
  logger: 'perf',
  evidence: ['native-only'],
  recognises: (line) =>
    traced.test(line) ||
    pointed.exec(line)?.[3] !== undefined ||
    summaryOf.test(line) ||
    line === ' Summary of events:' ||
    (isScripted(line) && (scripted.test(line) || otherEvent.test(line))),
  open: () => new PerfLines(),
}

class PerfLines implements LineGrammar {
  stage = 0
  /** Calls of `perf trace`. */
  #lines = 0
  /** Whether `perf script` showed a call. */
  #begun = false
  /** Results that are errors, and others; calls of `perf script` count as others. */
  #failures = 0
  #successes = 0
  /** Whether file names are printed. perf does not escape line ends in them. */
  #hasPaths = false
  /** The calls that return on a later line, as `pid name`. */
  readonly #open = new Set<string>()
  /** The task or thread above the rows of a summary; empty if the summary is of several. */
  #table: Caller = {}

  line(text: string, say: Reporter): LineResult {
    const isOfScript = isScripted(text)
    const script = isOfScript ? scripted.exec(text) : null
    if (script !== null) return this.#scripted(script, say)
    const trace = traced.exec(text)
    if (trace !== null) return this.#traced(trace, text, say)
    const table = summaryOf.exec(text)
    if (table !== null) {
      // `--summary-mode=total` names no task.
      const [, thread, comm, pid] = table
      this.#table = thread === undefined && pid === undefined ? {} : { ...(comm !== undefined && { comm }), pid: Number(thread ?? pid) } // prettier-ignore
      return 'ignored'
    }
    const row = summaryRow.exec(text)
    if (row !== null) return this.#row(row[1] ?? Number(row[2]), Number(row[3]), say)
    const lost = /^LOST (\d+) events!$/.exec(text.trim())
    if (lost !== null) {
      say.lost(Number(lost[1]))
      return 'ignored'
    }
    if (isOfScript && otherEvent.test(text)) return 'ignored'
    const point = pointed.exec(text)
    if (point !== null) return this.#pointed(point)
    if (errnoRow.test(text) || frame.test(text)) return 'ignored'
    return /^\s*(?:$|Summary of events:|syscall +calls|\(msec\)|-+ -+|#(?: |$))/.test(text)
      ? 'ignored'
      : 'unparsed'
  }

  #pointed([, comm, pid, name]: RegExpExecArray): LineResult {
    if (name === undefined) return 'ignored'
    if (this.#lines++ === 0) this.stage++
    return {
      call: name,
      argument: () => undefined,
      subject: () => callerOf({ comm, pid: pid === undefined ? undefined : Number(pid) }),
    }
  }

  #traced(found: RegExpExecArray, text: string, say: Reporter): LineResult {
    const [, comm, pid, continued, name = ''] = found
    const key = `${pid ?? ''} ${name}`
    const answer = returned.exec(text.slice(found[0].length))?.[1]
    if (answer !== undefined) {
      if (answer.startsWith('-')) this.#failures++
      else this.#successes++
    }
    say.evidence('named-only')
    if (!this.#hasPaths && /[<"]/.test(text)) {
      this.#hasPaths = true
      this.stage++
    }
    if (continued !== undefined) {
      // Its start was counted, or this is the child's side of a clone. Any other call began before perf, and counts.
      if (this.#open.delete(key) || /^(?:clone3?|v?fork)$/.test(name)) return 'ignored'
    } else if (answer === undefined && /\.\.\.\s*$/.test(text) && this.#open.size < 65536) this.#open.add(key)
    if (this.#lines++ === 0) this.stage++
    return {
      call: name,
      failure: / = -1 (ENOSYS|EPERM|EACCES) /.exec(text)?.[1] as Failure | undefined,
      // perf prints values without their prefixes, and omits zeros.
      argument: () => undefined,
      subject: () => callerOf({ comm, pid: pid === undefined ? undefined : Number(pid) }),
    }
  }

  /** A row of the summary. With `-S` the calls come first, and the table repeats them. */
  #row(name: string | number, count: number, say: Reporter): LineResult {
    if (this.#lines > 0 || count === 0) return 'ignored'
    for (const kind of ['exits-only', 'named-only', 'no-arguments'] as const) say.evidence(kind)
    const table = this.#table
    return { call: name, count, subject: () => table }
  }

  #scripted([, comm, pid, number, values, name]: RegExpExecArray, say: Reporter): LineResult {
    say.evidence('every-call')
    // perf record begins to record after the execve of the program that it starts.
    if (!this.#begun && name !== 'execve' && !execves.has(Number(number))) say.evidence('attached')
    this.#begun = true
    this.#successes++
    return {
      call: number === undefined ? (name as string) : Number(number),
      argument: (index) => {
        const value = values?.split(', ')[index]
        return value !== undefined && /^[0-9a-f]{1,16}$/.test(value) ? BigInt(`0x${value}`) : undefined
      },
      subject: () => callerOf({ comm, pid: pid === undefined ? undefined : Number(pid) }),
    }
  }

  shape(text: string, told: Exclude<LineResult, 'unparsed'>): LineShape | undefined {
    const call = typeof told === 'object' ? (told as LoggedCall) : undefined
    if (isScripted(text)) return shapeOfScript(text, call)
    if (!traced.test(text)) return shapeOfSummary(text, call)
    // Further successes change nothing, and nor do failures from the third one on.
    const isEnough = this.#successes > 0 || this.#failures > 1
    return isEnough ? shapeOfTrace(text, call, this.#hasPaths) : undefined
  }

  end(say: Reporter): void {
    if (this.#failures > 1 && this.#successes === 0) say.evidence('failures-only')
    else if (this.#lines > 0) say.evidence('every-call')
    if (this.#hasPaths) say.diagnostic('forgeable', { recorder: 'perf' })
  }
}
