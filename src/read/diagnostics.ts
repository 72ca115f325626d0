// Collects what the program reports about its input: a code of a closed union, a place and facts. report/ has one
// sentence for each code.

/** A report about an input: a code, a place (`file:line`) and facts. diagnosticSentence gives the sentence. */
export interface Diagnostic {
  readonly code: DiagnosticCode
  /** `source:line`, or `source` for the whole source. */
  readonly at: string
  /** How often the same occurred in that source; absent for 1. `at` is the first place. */
  readonly count?: number
  /** What the sentence needs: names, numbers, pieces of input (raw: whoever prints them escapes them). */
  readonly facts?: Readonly<Record<string, string>>
}

/** The code of a diagnostic. docs/messages.md has a heading for each. */
export type DiagnosticCode =
  // --- what the input itself is like
  | 'tracee-output' // a line that the traced program wrote, not the recorder
  | 'glued-call' // foreign text directly before what looks like a call; behind letters, the call counts and is named
  | 'forgeable' // the recorder and the program wrote to one stream: a line of the program may pass for a call
  | 'truncated' // the source ends inside a line
  | 'overlong-line' // a line longer than the limit: its middle was not kept
  | 'unknown-call' // a name or number that no table knows
  | 'call-cut' // a table cuts the name of a call, which is therefore not known
  | 'value-cut' // foreign text cut a requested argument
  | 'newest-first' // calls end before they begin: the order of the lines is reversed, or lines are missing
  // --- what is likely missing
  | 'children-not-followed' // processes were made, and none of their calls is here
  | 'startup-missing' // attached to a running program: its start is not here
  | 'filtered' // strace was told to print only some calls
  | 'most-frequent-only' // a list of the calls that were made most often, and no others
  | 'counts-only' // a table of -c: without arguments, and without calls that do not return
  | 'detached' // strace detached from the program while it ran
  | 'refused-by-filter' // a call was refused by a seccomp filter while it was traced
  | 'killed' // a fault ended a process: the calls that it makes otherwise are missing
  | 'several-records' // a line holds the start of a second audit record, and is not understood
  | 'killed-unrecorded' // SIGSYS ended a process, and no record names the call
  | 'records-lost' // the recorder says that it lost records
  | 'rule-records-left-out' // records of audit rules beside those of a filter
  | 'emulated' // calls of a program under qemu's user mode, not those of qemu
  | 'foreign-machine' // records of an unsupported architecture
  | 'choice-not-told' // some records lack a field that the user chooses by
  | 'broken-record' // a record is cut by a line end inside a name: what follows may be forged
  | 'other-map' // a map of bpftrace whose keys are not calls
  | 'counts-of-processes' // a table of bcc's syscount whose rows are processes, not calls
  | 'events-not-read' // a kind of record that by itself is not a call
  // --- calls under a filter only
  | 'no-filter' // no thread installs a seccomp filter
  | 'parent-unknown' // the parent of a thread is unknown: its calls count, though it may not have been under the filter
  | 'filter-unordered' // a filter for all threads of a process, whose files show no order
  // --- the hook's log
  | 'hook-unknown-id' // the hook had no name for a call: it is missing from the profile
  | 'hook-undecoded' // the hook could not read what the kernel sent: a call may be missing
  | 'hook-not-attached' // the hook was not ready in time
  | 'hook-failed' // the hook ended with an error
  | 'hook-no-profile' // the hook started, and no profile was written
  | 'hook-annotation' // the hook refuses the annotation that starts it
  // --- profiles as evidence
  | 'profile-wanted' // the calls that a profile allows count as wanted, not as seen
  | 'profile-rule-left-out' // a rule that holds only with some capability, or asks a supervisor
  | 'profile-flawed' // a profile has mistakes: only its readable parts are read
  | 'profile-base' // a SeccompProfile is based on another one that is not here
  | 'answered-by-filter' // ebpf: a program's own filter, or its supervisor, answered calls, which count as calls
  | 'own-filter' // strace: a process runs under its own filter, whose refusals look like the kernel's
  // --- architecture
  | 'calls-lost' // ebpf: calls for which the kernel's tables had no room, or no program ran
  | 'answers-lost' // ebpf: the kernel skipped a program, so failures are not known of all calls
  | 'processes-lost' // ebpf: processes for which there was no room: none of their calls is here
  | 'architecture-assumed' // nothing in the source shows its architecture
  | 'architecture-ambiguous' // 64-bit and 32-bit calls of one process cannot be told apart here

/** Collects diagnostics. The same code (and facts) in one source is one diagnostic with its first place and a count. */
export class DiagnosticLog {
  readonly #entries = new Map<string, Diagnostic & { count: number }>()
  readonly #withFacts = new Map<string, number>()

  /** The most different facts of one code in one source: hostile input may have any number. */
  static readonly limit = 1000

  /** Returns the count of such reports, which a caller may increment for further ones. */
  add(
    code: DiagnosticCode,
    source: string,
    line?: number,
    facts?: Readonly<Record<string, string>>,
  ): { count: number } {
    // No code and no JSON contains a zero byte, so that two keys are never alike.
    const key = `${code}\0${facts === undefined ? '' : JSON.stringify(facts)}\0${source}`
    const known = this.#entries.get(key)
    if (known !== undefined) {
      known.count++
      return known
    }
    if (facts !== undefined) {
      const kind = `${code}\0${source}`
      const met = this.#withFacts.get(kind) ?? 0
      if (met >= DiagnosticLog.limit) return this.add(code, source, line)
      this.#withFacts.set(kind, met + 1)
    }
    const at = line === undefined ? source : `${source}:${line}`
    const first = { code, at, count: 1, ...(facts === undefined ? {} : { facts }) }
    this.#entries.set(key, first)
    return first
  }

  *all(): Generator<Diagnostic> {
    for (const { count, ...rest } of this.#entries.values()) yield count === 1 ? rest : { ...rest, count }
  }
}
