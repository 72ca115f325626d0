// A thread, the program that it runs, and its process, as far as a trace shows them. Authority: clone(2), execve(2).
import { anyArchitecture, type Candidates } from './architecture.ts'
import type { NameId } from './names.ts'
import type { FilterScope, Tally } from './tally.ts'

/** How many ancestors an image keeps. Beyond this, the child gets the parent's evidence and the chain is cut. */
const descentLimit = 32

/** A process between two execves: its calls are of one architecture unless the trace says otherwise. */
export class Image {
  readonly tally: Tally
  /** The architectures that have every name seen so far. */
  candidates: Candidates = anyArchitecture
  /** Whether it made calls whose numbers (-n) only a 64-bit architecture has. */
  isWide = false
  /** The scope that its calls are reported or omitted with. */
  scope: FilterScope
  #settled: Tally | undefined
  /** The image it was forked from; undefined after an execve. */
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

  /** Where its calls are counted, once the image is known to be 64-bit or 32-bit. */
  get settledIn(): Tally | undefined {
    while (this.#settled?.into !== undefined) this.#settled = this.#settled.into
    return this.#settled
  }

  set settledIn(tally: Tally | undefined) {
    this.#settled = tally
  }

  /** Its own evidence and its parent's, unless they contradict each other: a fork has the kind of its parent. */
  inherited(): Candidates {
    const { candidates, parent } = this
    return parent === undefined ? candidates : candidates & parent.inherited() || candidates
  }
}

/** Threads that exit_group ends together, as far as a trace shows. */
export interface Group {
  /** Whether the trace shows more than one thread of the group. */
  isShared: boolean
}

/** The threads of one process, as far as a trace shows, for filters that are set for all of them. */
export interface Process {
  into?: Process
  synchronised?: true
}

/** A request for a filter: whether it is for every thread, and which results mean success. */
export interface FilterRequest {
  readonly everyThread: boolean
  /** SECCOMP_FILTER_FLAG_NEW_LISTENER: the result is a descriptor. */
  readonly givesListener: boolean
}

export const noValues: ReadonlyMap<number, bigint> = new Map()

export class Thread {
  /** Undefined until a line names the pid. */
  pid: number | undefined
  image: Image
  /** The mode that strace announced; undefined if it announced none. */
  mode: Candidates | undefined
  /** The call that the thread is inside: entered, and its rest follows in another line. -1 for none. */
  pending: NameId = -1
  /** Whether the arguments of the pending call come with its result, as clone's do in strace before 4.12. */
  awaits = false
  /** The known values of the pending call's requested arguments, from its entry to its result. */
  values: ReadonlyMap<number, bigint> = noValues
  /** How many calls it came back from that it did not begin in the trace. */
  unbegun = 0
  /** The thread called exit_group or exit and makes no more calls. The line of its end may be missing (-qq). */
  isLeaving = false
  /** Another thread of its group called exit_group. Without exit lines (-qq), it is unknown when this thread ends. */
  isEnding = false
  /** The call that the thread is inside makes a thread of the same group. */
  makesThread = false
  group: Group = { isShared: false }
  /** The filter requested by the call that the thread is inside. */
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
