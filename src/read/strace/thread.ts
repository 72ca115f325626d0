// A thread, the program that it runs, and the process that it is a part of, as far as a trace tells. Authority: clone(2),
// execve(2).
import { anyArchitecture, type Candidates } from './architecture.ts'
import type { FilterRequest } from './after-filter.ts'
import type { NameId } from './names.ts'
import type { FilterScope, Tally } from './tally.ts'

/** A longer line of descent is cut, so that none can grow without end: the ancestor's evidence becomes the child's. */
const descentLimit = 32

/** A process between two execves: its calls are of one architecture unless the trace says otherwise. */
export class Image {
  readonly tally: Tally
  /** What every name seen so far can be of. */
  candidates: Candidates = anyArchitecture
  /** What its calls are told, or left out, with. */
  scope: FilterScope
  #settled: Tally | undefined
  /** The image it was forked from; none after an execve. */
  readonly parent: Image | undefined
  readonly #descent: number

  constructor(tally: Tally, scope: FilterScope, parent?: Image) {
    this.tally = tally
    this.scope = scope
    this.#descent = parent === undefined ? 0 : parent.#descent + 1
    if (this.#descent < descentLimit) this.parent = parent
    else {
      this.candidates = parent?.inherited() ?? anyArchitecture
      this.#descent = 0
    }
  }

  /** Where its calls are counted once it is known to be of 64 or of 32 bit. */
  get settledIn(): Tally | undefined {
    while (this.#settled?.into !== undefined) this.#settled = this.#settled.into
    return this.#settled
  }

  set settledIn(tally: Tally | undefined) {
    this.#settled = tally
  }

  /** Its own evidence, and its parent's where that does not contradict it: a fork is of its parent's kind. */
  inherited(): Candidates {
    const { candidates, parent } = this
    return parent === undefined ? candidates : candidates & parent.inherited() || candidates
  }
}

/** Threads that exit_group ends together, as far as a trace tells. */
export interface Group {
  /** Whether more than one thread was seen in it. */
  isShared: boolean
}

/** Threads that share one, as far as a trace tells; for filters that are set for all of them. */
export interface Process {
  into?: Process
  synchronised?: true
}

export const noValues: ReadonlyMap<number, bigint> = new Map()

export class Thread {
  /** Undefined while no line has named it. */
  pid: number | undefined
  image: Image
  /** The mode strace announced; undefined when it never did. */
  mode: Candidates | undefined
  /** The call it is in the middle of: entered, the rest follows in a line of its own. -1 for none. */
  pending: NameId = -1
  /** Whether the arguments of that call come with its result: strace before 4.12 prints clone's so. */
  awaits = false
  /** From its entry to its result: the values of that call that are wanted and known. */
  values: ReadonlyMap<number, bigint> = noValues
  /** From exit_group or exit to the line that tells of its end, which -qq leaves out: it makes no more calls. */
  isLeaving = false
  /** Another thread of its group called exit_group: without lines that tell of ends it is not known when this one ends. */
  isEnding = false
  /** The call that it is in the middle of makes a thread of its own group. */
  makesThread = false
  group: Group = { isShared: false }
  /** The filter that the call it is in the middle of asks for. */
  asked: FilterRequest | undefined
  readonly process: Process

  constructor(pid: number | undefined, image: Image, mode: Candidates | undefined, process: Process = {}) {
    this.pid = pid
    this.image = image
    this.mode = mode
    this.process = process
  }
}

export const forks: ReadonlySet<string> = new Set(['clone', 'clone3', 'fork', 'vfork'])

export function makesProcess(name: string): boolean {
  return forks.has(name)
}

export function replacesProgram(name: string): boolean {
  return name === 'execve' || name === 'execveat'
}

export function endsThread(name: string): boolean {
  return name === 'exit_group' || name === 'exit' || name === '_exit'
}
