// What the program has to say about its input: a closed union of codes, a place, facts. The sentence for each
// code is chosen in report/, once.

/** What there is to say about an input: a code, a place (`file:line`) and facts. diagnosticSentence gives the sentence. */
export interface Diagnostic {
  readonly code: DiagnosticCode
  /** `source:line`, or `source` where the whole of it is meant. */
  readonly at: string
  /** How often the same was met in that source; absent for once. `at` is the first place. */
  readonly count?: number
  /** What the sentence needs: names, numbers, pieces of input (raw, to be escaped by whoever prints them). */
  readonly facts?: Readonly<Record<string, string>>
}

/** The code of a diagnostic. docs/messages.md has a heading for each. */
export type DiagnosticCode =
  // --- what the input itself is like
  | 'tracee-output' // a line the traced program wrote, not strace
  | 'glued-call' // foreign text directly before what looks like a call: counted where it is letters, with the name of the call
  | 'forgeable' // strace and the program wrote to one stream: a line of the program may pass for a call
  | 'truncated' // the source ends inside a line
  | 'overlong-line' // a line longer than the limit: its middle was not kept
  | 'unknown-call' // a name or number that no table knows
  | 'value-cut' // an argument asked for was cut by foreign text
  // --- what is likely missing
  | 'children-not-followed' // processes were made and none of their calls is here
  | 'startup-missing' // attached to a running program: its start is not here
  | 'filtered' // strace was told to print some calls only
  | 'most-frequent-only' // a list of the calls that were made most often, and no others
  | 'counts-only' // a table of -c: no arguments, and calls that do not return are not in it
  | 'detached' // strace let go of the program while it ran
  | 'refused-by-filter' // a call was refused by a seccomp filter while it was traced
  | 'killed' // a fault ended a process: what it does otherwise is not here
  | 'killed-unrecorded' // SIGSYS ended a process, and no record tells the call
  | 'records-lost' // the recorder says that it lost records
  | 'rule-records-left-out' // records of audit rules beside those of a filter
  | 'emulated' // calls of a program under qemu's user mode, not those of qemu
  | 'foreign-machine' // records of an architecture that is none of ours
  | 'choice-not-told' // some records do not carry what the user chooses by
  | 'broken-record' // a record is cut by a line end inside a name: what follows may be forged
  | 'other-map' // a map of bpftrace whose keys are not calls
  | 'events-not-read' // a kind of record that tells no call by itself
  // --- calls under a filter only
  | 'no-filter' // no thread installs a seccomp filter
  | 'parent-unknown' // who started a thread is not told: it is counted, though it may not have been under the filter
  | 'filter-unordered' // a filter for all threads of a process, whose files tell no order
  // --- the hook's log
  | 'hook-unknown-id' // the hook had no name for a call: it is missing from the profile
  | 'hook-undecoded' // the hook could not read what the kernel sent: a call may be missing
  | 'hook-not-attached' // the hook was not ready in time
  | 'hook-failed' // the hook ended with an error
  | 'hook-no-profile' // the hook started, and no profile was written
  | 'hook-annotation' // the annotation that starts the hook is one that it refuses
  // --- profiles as evidence
  | 'profile-wanted' // what a profile allows is taken as wanted, not as seen
  | 'profile-rule-left-out' // a rule that holds only with some capability, or asks a supervisor
  | 'profile-flawed' // a profile has mistakes: what of it could be read is read
  | 'profile-base' // a SeccompProfile stands on another one that is not here
  // --- architecture
  | 'calls-lost' // ebpf: calls that found no room in the kernel's tables
  | 'processes-lost' // ebpf: processes that found no room, so that none of their calls is here
  | 'architecture-assumed' // nothing in the source tells its architecture
  | 'architecture-ambiguous' // 64-bit and 32-bit calls of one process cannot be told apart here

/** Collects diagnostics: the same code (and facts) in one source is told once, with its first place and a count. */
export class DiagnosticLog {
  readonly #entries = new Map<string, Diagnostic & { count: number }>()
  readonly #withFacts = new Map<string, number>()

  /** Of one code in one source more than this are not told apart: hostile input may have any number. */
  static readonly limit = 1000

  add(code: DiagnosticCode, source: string, line?: number, facts?: Readonly<Record<string, string>>): void {
    const kind = JSON.stringify([code, source])
    const key = JSON.stringify([code, source, facts])
    const known = this.#entries.get(key)
    if (known !== undefined) return void known.count++
    if (facts !== undefined) {
      const met = this.#withFacts.get(kind) ?? 0
      if (met >= DiagnosticLog.limit) return this.add(code, source, line)
      this.#withFacts.set(kind, met + 1)
    }
    const at = line === undefined ? source : `${source}:${line}`
    this.#entries.set(key, { code, at, count: 1, ...(facts === undefined ? {} : { facts }) })
  }

  *all(): Generator<Diagnostic> {
    for (const { count, ...rest } of this.#entries.values()) yield count === 1 ? rest : { ...rest, count }
  }
}
