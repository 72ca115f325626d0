// Watches refusals in the kernel, from attaching the programs to detaching them. Nothing outlives this process.
import { readFileSync } from 'node:fs'
import { architectures, type Architecture } from '../../../abi/architectures.ts'
import {
  appliedFilter,
  decodeProgram,
  eachNotAllowed,
  isLogging,
  isRefusing,
  type AppliedFilter,
} from '../../../meaning/index.ts'
import type { Suspect } from '../../refusals.ts'
import { resultOf } from '../../refused-by.ts'
import { assemble, type AssemblyLine } from '../assembler.ts'
import { Btf } from '../btf.ts'
import { copiedPrograms, filterLayoutOf, filterValue } from '../filter-copies.ts'
import { BpfCalls } from '../kernel.ts'
import { architecturesOf, layoutOf, type RecorderMachine } from '../layout.ts'
import { key32, slotsPerArchitecture } from '../maps.ts'
import { btfFile, possibleProcessors, thisMachine } from '../session.ts'
import {
  candidateBits,
  createWatchMaps,
  largestErrno,
  marks,
  suspectKey,
  suspectValue,
  type WatchMaps,
} from './maps.ts'
import {
  delivered,
  ended,
  entered,
  forked,
  gone,
  returned,
  type WatchContext,
  type Watched,
} from './programs.ts'

/** A call that a filter may have refused or logged. `count` is the increase since the last report. */
export interface Sighting extends Suspect {
  readonly cgroup: bigint
  /** Milliseconds since 1970. */
  readonly first: number
  readonly last: number
  /** Undefined if the kernel does not keep the filter's instructions, or if the filters could not all be copied. */
  readonly filter: AppliedFilter | undefined
}

/** The number of filters that stay in the kernel's maps after each reading. */
const filtersKept = 128

export class WatchSession {
  readonly #calls: BpfCalls
  readonly #machine: RecorderMachine
  readonly #context: WatchContext
  /** By the key of a filter in hexadecimal: the filter with those before it. */
  readonly #filters = new Map<string, AppliedFilter | undefined>()
  /** By the instructions, because each process that loads a filter has its own copy. */
  readonly #same = new Map<string, AppliedFilter>()
  /** By the key of a suspect, its count at the last report. */
  readonly #counts = new Map<string, bigint>()
  #hasEntered = false

  private constructor(calls: BpfCalls, machine: RecorderMachine, context: WatchContext) {
    this.#calls = calls
    this.#machine = machine
    this.#context = context
  }

  /** Throws an Error (koffi or BTF missing) or a BpfError with the reason. */
  static async start(watched: Watched, processes: readonly number[] = []): Promise<WatchSession> {
    const session = await WatchSession.besides(watched, processes)
    try {
      session.#attach('sys_exit', session.atExit)
      return session
    } catch (error) {
      session.close()
      throw error
    }
  }

  /** Like `start`, but refusals that return are seen only if another program at sys_exit runs `atExit`. */
  static async besides(watched: Watched, processes: readonly number[] = []): Promise<WatchSession> {
    const machine = thisMachine()
    if (machine === undefined) throw new Error(`no layout of registers for ${process.arch}`)
    const calls = await BpfCalls.load(machine, possibleProcessors())
    try {
      const btf = new Btf(readFileSync(btfFile))
      const context: WatchContext = {
        layout: layoutOf(btf, machine, true),
        filters: filterLayoutOf(btf),
        signalCode: btf.required('kernel_siginfo', 'si_code'),
        maps: createWatchMaps(calls, machine),
        watched,
      }
      const session = new WatchSession(calls, machine, context)
      if (watched === 'processes') {
        session.include(processes)
        session.#attach('sched_process_fork', forked(context))
      }
      session.#attach('sched_process_exit', ended(context))
      if (watched === 'processes') session.#attach('sched_process_exit', gone(context))
      session.#attach('signal_deliver', delivered(context))
      return session
    } catch (error) {
      calls.close()
      throw error
    }
  }

  #attach(tracepoint: string, lines: readonly AssemblyLine[]): void {
    this.#calls.attach(this.#calls.loadProgram(tracepoint, assemble(lines)), tracepoint)
  }

  /** sys_exit(struct pt_regs *, long result). */
  get atExit(): readonly AssemblyLine[] {
    return returned(this.#context)
  }

  include(processes: readonly number[]): void {
    for (const each of processes) this.#calls.update(this.#maps.tree, key32(each), key32(1))
  }

  /** The watched processes that have not ended; none if a cgroup or everything is watched. */
  members(): readonly number[] {
    return [...this.#calls.keys(this.#maps.tree)].map((key) => key.readUInt32LE())
  }

  /** The sightings since the last call. */
  take(): readonly Sighting[] {
    // Suspects are listed before filters are learnt: the kernel copies a filter before it keeps the first suspect.
    const suspects = [...this.#calls.keys(this.#maps.suspects)]
    this.#learn()
    const clock = Date.now() - Number(process.hrtime.bigint() / 1_000_000n)
    return suspects.flatMap((key) => {
      const about = this.#calls.lookup(this.#maps.suspects, key)
      if (about === undefined) return []
      const name = key.toString('hex')
      const [before, now] = [this.#counts.get(name) ?? 0n, about.readBigUInt64LE(suspectValue.count)]
      if (now === before) {
        // No new calls: the entry makes room.
        this.#calls.remove(this.#maps.suspects, key)
        this.#counts.delete(name)
        return []
      }
      this.#counts.set(name, now)
      return this.#sighting(key, about, Number(now - before), clock)
    })
  }

  /** The number of calls that found no room, or for which the kernel skipped a program. */
  lost(): number {
    const withoutRoom = this.#calls.lookup(this.#maps.control, key32(0))?.readBigUInt64LE() ?? 0n
    return Number(withoutRoom + this.#calls.allMisses())
  }

  close(): void {
    this.#calls.close()
  }

  get #maps(): WatchMaps {
    return this.#context.maps
  }

  #sighting(key: Buffer, about: Buffer, count: number, clock: number): Sighting[] {
    const place = key.readUInt32LE(suspectKey.first) / slotsPerArchitecture
    const architecture = architecturesOf[this.#machine][place]
    if (architecture === undefined) return []
    const result = key.readInt32LE(suspectKey.result)
    const comm = about.subarray(suspectValue.comm, suspectValue.comm + 16)
    const time = (at: number): number => clock + Number(about.readBigUInt64LE(at) / 1_000_000n)
    return [
      {
        architecture,
        number: key.readUInt32LE(suspectKey.number) + architectures[architecture].numberBit,
        args: Array.from({ length: 6 }, (_, index) => key.readBigUInt64LE(suspectKey.args + index * 8)),
        result: marked.get(result) ?? result,
        pid: key.readUInt32LE(suspectKey.process),
        comm: comm.toString('utf8', 0, comm.includes(0) ? comm.indexOf(0) : 16),
        count,
        cgroup: key.readBigUInt64LE(suspectKey.cgroup),
        first: time(suspectValue.first),
        last: time(suspectValue.last),
        filter: this.#filters.get(key.toString('hex', suspectKey.filter, suspectKey.cgroup)),
      },
    ]
  }

  /** Reads the new filters, and tells the programs which calls and results of these filters to keep. */
  #learn(): void {
    for (const key of this.#calls.keys(this.#maps.filters)) {
      const value = this.#calls.lookup(this.#maps.filters, key)
      if (value === undefined || value.readUInt32LE(filterValue.learnt) !== 0) continue
      const filter = this.#filterFrom(key)
      this.#filters.set(key.toString('hex'), filter)
      if (filter === undefined) continue
      value.writeUInt32LE(1, filterValue.learnt)
      this.#calls.update(this.#maps.filters, key, value)
    }
    // The oldest filters make room. If a task still runs under one, the filter is copied again.
    for (const name of [...this.#filters.keys()].slice(0, -filtersKept)) {
      const key = Buffer.from(name, 'hex')
      this.#calls.remove(this.#maps.filters, key)
      this.#calls.remove(this.#maps.programs, key)
      this.#filters.delete(name)
    }
  }

  /** The filter with those before it; undefined if one of them is not known completely. */
  #filterFrom(first: Buffer): AppliedFilter | undefined {
    const programs = copiedPrograms(this.#calls, this.#maps, first)
    if (programs === undefined) return undefined
    const content = programs.map((each) => each.toString('base64')).join(' ')
    const known = this.#same.get(content)
    if (known !== undefined) return known
    const made = appliedFilter(programs.map(decodeProgram), this.#machine)
    this.#same.set(content, made)
    this.#tell(made)
    return made
  }

  #tell(filter: AppliedFilter): void {
    let logs = false
    for (const { architecture, number, answers } of eachNotAllowed(filter)) {
      for (const result of answers.flatMap((each) => resultOf(each) ?? []))
        this.#calls.update(this.#maps.results, key32(largestErrno + result), key32(1))
      const slot = this.#slotOf(architecture, number)
      const before = this.#calls.lookup(this.#maps.candidates, slot)?.readUInt32LE() ?? 0
      const bits =
        (answers.some(isRefusing) ? candidateBits.refused : 0) |
        (answers.some(isLogging) ? candidateBits.logged : 0)
      if ((before | bits) !== before) this.#calls.update(this.#maps.candidates, slot, key32(before | bits))
      logs ||= answers.some(isLogging)
    }
    if (!logs || this.#hasEntered) return
    this.#attach('sys_enter', entered(this.#context))
    this.#hasEntered = true
  }

  #slotOf(architecture: Architecture, number: number): Buffer {
    const place = architecturesOf[this.#machine].indexOf(architecture)
    return key32(place * slotsPerArchitecture + number - architectures[architecture].numberBit)
  }
}

const marked: ReadonlyMap<number, 'ended' | 'trapped' | 'logged'> = new Map([
  [marks.ended, 'ended'],
  [marks.trapped, 'trapped'],
  [marks.logged, 'logged'],
])
