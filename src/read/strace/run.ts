// What the lines tell of a run of strace as a whole: which prefix fields all of them have, and, at the end, what is
// likely missing from it. Authority: printleader() and startup_attach() in strace; facts/log-formats.md section 8.
import type { DiagnosticCode } from '../diagnostics.ts'

/** How many whole calls must carry the same prefix fields before a line without them is not strace's. */
const sameFields = 16

export class Run {
  /** Calls of the sources before the one that is read. */
  calls = 0
  /** Lines that are not strace's. */
  foreign = 0
  exited = false
  detached = false
  /** strace wrote to stderr, where the program may write as well. */
  shared = false
  /** The first line told of attaching to a process: it ran already, or it is a child and the trace lacks its start. */
  attachedFirst = false
  /** strace said that it attached to a running process. */
  attachedToRunning = false
  /** A line that was read with care shows a call that did not fail. */
  succeeded = false
  #fields = 0
  /** How many whole calls in a row had them. */
  #fieldsSeen = 0

  /** The prefix fields that its lines have. */
  get fields(): number {
    return this.#fields
  }

  /** So many more calls had the fields of the run. */
  hadFields(calls: number): void {
    this.#fieldsSeen += calls
  }

  /**
   * strace prints the same prefix fields in all lines of a run: a line that lacks one was written by the program.
   * Once no thread is left, another run may follow in the same file, with other options.
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

  /** Whether a field that the lines of this run have is missing: one of `among`. */
  lacks(fields: number, isAlive: boolean, among = ~0): boolean {
    return this.#fieldsSeen >= sameFields && isAlive && (this.#fields & among & ~fields) !== 0
  }

  /** What is likely missing; `saw` tells of the calls of all sources, `unannounced` of a thread strace was not attached to. */
  *missing(saw: (name: string) => boolean, unannounced: boolean): Generator<DiagnosticCode> {
    if (this.detached) yield 'detached'
    const running = this.attachedToRunning || (this.attachedFirst && !unannounced)
    if (running || (!saw('execve') && (this.attachedFirst || this.detached || saw('restart_syscall'))))
      yield 'startup-missing'
    else if (this.#looksFiltered(saw)) yield 'filtered'
    if (this.foreign > 0 || this.shared) yield 'forgeable'
  }

  /** With -Z strace prints failed calls alone; these do not fail where a program lives (or do not come back). */
  onlyFailures(saw: (name: string) => boolean): boolean {
    return !this.succeeded && !['exit_group', 'exit', 'brk', 'mmap', 'mmap2', 'munmap'].some(saw)
  }

  /** A whole run has a start (execve, then memory is mapped) and an end; strace leaves out what it is told to. */
  #looksFiltered(saw: (name: string) => boolean): boolean {
    const maps = saw('mmap') || saw('brk') || saw('mmap2')
    const ends = saw('exit_group') || saw('exit')
    const starts = ['execve', 'execveat', 'execve#64', '64:execve'].some(saw)
    return !starts || !maps || (this.exited && !ends)
  }
}
