// A run of strace as a whole: which prefix fields all of its lines have and, at the end, what is probably missing from
// the trace. Authority: printleader() and startup_attach() in strace 4.5.18 to 7.2.
import type { DiagnosticCode } from '../diagnostics.ts'

/** After this many whole calls with the same prefix fields, a line without them is not strace's. */
const sameFields = 16

export class Run {
  /** The number of calls in the sources before the current one. */
  calls = 0
  /** The number of lines that are not strace's. */
  foreign = 0
  /** A line says that a thread exited, and not that a signal ended it. */
  exited = false
  /** strace said that it detached from a process, or left a call at its entry. */
  detached = false
  /** strace wrote to stderr, and the program may have written there too. */
  shared = false
  /** strace attached to a process before the first call: it already ran, or it is a child whose start is missing. */
  attachedFirst = false
  /** strace said that it attached to a running process. */
  attachedToRunning = false
  /** A line shows a call that did not fail. */
  succeeded = false
  /** The prefix fields of the last call; 0 before the first. */
  #fields = 0
  /** How many whole calls in a row had these fields. */
  #fieldsSeen = 0

  /** The prefix fields that the lines of this run have. */
  get fields(): number {
    return this.#fields
  }

  /** Notes that this many more calls had the fields of the run. */
  hadFields(calls: number): void {
    this.#fieldsSeen += calls
  }

  /**
   * Whether a call with these fields is of the run. strace prints the same prefix fields in all lines of a run, so a
   * line that lacks one is the program's. Once no thread is left, a run with other options may follow in the same file.
   */
  has(fields: number, isAlive: boolean): boolean {
    if (fields === this.#fields) {
      this.#fieldsSeen++
      return true
    }
    if (this.lacks(fields, isAlive)) return false
    this.#fields = fields
    this.#fieldsSeen = 1
    return true
  }

  /** Whether one of the fields in `among` is missing although the lines of this run have it. */
  lacks(fields: number, isAlive: boolean, among = ~0): boolean {
    return this.#fieldsSeen >= sameFields && isAlive && (this.#fields & among & ~fields) !== 0
  }

  /** What is probably missing. `saw`: whether any source has the call; `unannounced`: see Threads. */
  *missing(saw: (name: string) => boolean, unannounced: boolean): Generator<DiagnosticCode> {
    if (this.detached) yield 'detached'
    const running = this.attachedToRunning || (this.attachedFirst && !unannounced)
    if (running || (!saw('execve') && (this.attachedFirst || this.detached || saw('restart_syscall'))))
      yield 'startup-missing'
    else if (this.#looksFiltered(saw)) yield 'filtered'
    if (this.foreign > 0 || this.shared) yield 'forgeable'
  }

  /** Whether only failed calls are shown (strace -Z). In a running program, the calls below succeed or never return. */
  onlyFailures(saw: (name: string) => boolean): boolean {
    return !this.succeeded && !['exit_group', 'exit', 'brk', 'mmap', 'mmap2', 'munmap'].some(saw)
  }

  /** Whether strace left calls out: a whole run starts with execve, maps memory, and ends with exit or exit_group. */
  #looksFiltered(saw: (name: string) => boolean): boolean {
    const maps = saw('mmap') || saw('brk') || saw('mmap2')
    const ends = saw('exit_group') || saw('exit')
    const starts = ['execve', 'execveat', 'execve#64', '64:execve'].some(saw)
    return !starts || !maps || (this.exited && !ends)
  }
}
