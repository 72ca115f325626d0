// A recording in the kernel, from loading to reading: maps, programs, what is attached. Nothing of it outlives this
// process: programs and maps go with their descriptors.
import { architectures, hostOfNode } from '../../abi/architectures.ts'
import { readFileSync } from 'node:fs'
import { scalarsInMemory, scalarsRead } from '../../abi/scalars.ts'
import { syscallTable } from '../../abi/tables.ts'
import type { Observations } from '../../observe/index.ts'
import type { DeliveredSignal, NewestCall } from '../recording.ts'
import type { StartedClient } from '../recorder.ts'
import type { Refusals, Watch } from '../refusals.ts'
import { signalProcess } from '../runner/processes.ts'
import { leftOut } from './apart.ts'
import * as bpf from './assembler.ts'
import { assemble, type AssemblyLine } from './assembler.ts'
import { Btf } from './btf.ts'
import { containerNameIn } from '../container-name.ts'
import type { RunningProcesses } from './context/programs.ts'
import { ContextRecording } from './context/recording.ts'
import { createClientsMap, readClients, startedClient } from './clients.ts'
import { readCounts, readLost, type About } from './counted.ts'
import { createSignalsMap, deliveredSignal, readNewest, readSignals } from './exercise.ts'
import { BpfCalls, BpfError, type KernelMap, type MapCalls } from './kernel.ts'
import { forgetParts, joinedParts, readParts } from './parts.ts'
import { isMachine, architecturesOf, layoutOf, type Layout, type RecorderMachine } from './layout.ts'
import {
  controlKeys,
  createMaps,
  groupValue,
  key32,
  key64,
  memberSlots,
  setMember,
  type memberStates,
  slotPlaces,
  slotsOf,
  slotsPerArchitecture,
  value64,
  wantedBehind,
  type Maps,
} from './maps.ts'
import type { Membership } from './membership.ts'
import { programsFor } from './program.ts'
import {
  createRefusalMaps,
  endedByFilter,
  readSuspects,
  refusedAtExit,
  startedProgram,
  type RefusalMaps,
} from './refused.ts'

const bit30 = architectures.x32.numberBit
/** The multiplexers of i386: argument 0 says which call of the family is meant, and a filter can judge it. */
const multiplexed: ReadonlyMap<string, readonly number[]> = new Map([
  ['socketcall', [0]],
  ['ipc', [0]],
])

/** Argument indexes by call. */
export type ArgumentIndexes = ReadonlyMap<string, readonly number[]>

export interface SessionOptions {
  readonly processes?: readonly number[]
  readonly state?: keyof typeof memberStates
  /** Arguments whose values are read besides the ones always read. */
  readonly asked?: ArgumentIndexes | undefined
  /** Also what a filter refuses. */
  readonly watch?: Watch | undefined
  /** Cgroups that are not counted, by id. */
  readonly leftOut?: readonly bigint[]
}

/** A cgroup that is counted apart. */
export interface Group {
  readonly cgroup: bigint
  readonly first: number
  /** Calls that found no room. */
  readonly lost: bigint
  /** How many programs were started in it. */
  readonly programs: number
}

export const btfFile = '/sys/kernel/btf/vmlinux'

export function thisMachine(): RecorderMachine | undefined {
  const host = hostOfNode(process.arch)
  return host !== undefined && isMachine(host) ? host : undefined
}

/** Read once: a kernel does not change under a process. */
let runningKernel: { readonly layout: Layout; readonly btf: Btf } | undefined

export class Session {
  readonly #calls: BpfCalls
  readonly #maps: Maps
  readonly #machine: RecorderMachine
  readonly #programs: readonly number[]
  readonly #wanted: ArgumentIndexes
  readonly #refusals: RefusalMaps | undefined
  readonly #clients: KernelMap | undefined
  readonly #signals: KernelMap
  readonly #context: ContextRecording | undefined

  private constructor(
    calls: BpfCalls,
    maps: Maps,
    machine: RecorderMachine,
    programs: readonly number[],
    wanted: ArgumentIndexes,
    refusals: RefusalMaps | undefined,
    clients: KernelMap | undefined,
    signals: KernelMap,
    context: ContextRecording | undefined,
  ) {
    this.#calls = calls
    this.#maps = maps
    this.#machine = machine
    this.#programs = programs
    this.#wanted = wanted
    this.#refusals = refusals
    this.#clients = clients
    this.#signals = signals
    this.#context = context
  }

  /**
   * Loads and attaches: from here on whoever is a member is counted; `processes` are members, from now or from their
   * next execve on. Throws an Error (koffi or BTF missing) or a BpfError that says why not.
   */
  static async start(
    membership: Membership,
    { processes = [], state = 'counted', asked, watch, leftOut: without = [] }: SessionOptions = {},
  ): Promise<Session> {
    const machine = thisMachine()
    if (machine === undefined) throw new Error(`no layout of registers for ${process.arch}`)
    const calls = await BpfCalls.load(machine, possibleProcessors())
    let context: ContextRecording | undefined
    try {
      const { layout, btf } = (runningKernel ??= kernelHere(calls, machine))
      const maps = createMaps(calls, machine, membership, {
        processes: largestProcess() + 1,
        processors: possibleProcessors(),
      })
      const wanted = wantedArguments(asked)
      wantArguments(calls, maps, machine, wanted)
      for (const cgroup of without) leaveOut(calls, maps, cgroup)
      for (const process of processes) setMember(calls, maps, process, state)
      const programs = Object.entries(programsFor(layout, maps, membership, process.pid)).map(
        ([tracepoint, lines]) => [tracepoint, calls.loadProgram(tracepoint, assemble(lines))] as const,
      )
      const refusals = watch && createRefusalMaps(calls, machine, watch)
      // A process is a member until it has exited: what watches its end stands before what forgets it.
      if (membership.underFilter)
        attachLines(calls, 'sched_process_exec', startedProgram(layout, maps, membership))
      const clients = membership.who === 'tree' ? createClientsMap(calls) : undefined
      const clientLines = clients && startedClient(layout, maps, clients, membership)
      if (clientLines !== undefined) attachLines(calls, 'sched_process_exec', clientLines)
      const signals = createSignalsMap(calls)
      attachLines(calls, 'signal_deliver', deliveredSignal(layout, maps, signals, membership))
      if (refusals !== undefined) watchRefusals(calls, layout, maps, refusals, membership, watch as Watch)
      // A container is told by its filter.
      if (membership.underFilter || membership.apart === 'filter')
        context = ContextRecording.start(await BpfCalls.load(machine, possibleProcessors()), {
          btf,
          layout,
          maps,
          membership: { who: membership.who, underFilter: true },
        })
      // Who is a member is known before anything is counted.
      for (const [tracepoint, program] of programs.toReversed()) calls.attach(program, tracepoint)
      const session = new Session(
        calls,
        maps,
        machine,
        programs.map(([, program]) => program),
        wanted,
        refusals,
        clients,
        signals,
        context,
      )
      if (state === 'counted') session.include(processes)
      return session
    } catch (error) {
      context?.close()
      calls.close()
      throw error
    }
  }

  /** The child that `begin` starts, before it returns, is the command: it counts from its own execve on. */
  starting<T>(begin: () => T): T {
    this.#calls.update(this.#maps.control, key32(controlKeys.armed), value64(1))
    try {
      return begin()
    } finally {
      this.#calls.update(this.#maps.control, key32(controlKeys.armed), value64(0))
    }
  }

  /** The recorded processes that have not ended. */
  members(): readonly number[] {
    return [...this.#calls.keys(this.#maps.members)].map((key) => key.readUInt32LE()).sort((a, b) => a - b)
  }

  /** How often a signal was sent to the command. */
  arrivals(signal: number): number {
    return Number(this.#calls.lookup(this.#maps.arrivals, key32(signal))?.readBigUInt64LE() ?? 0n)
  }

  /** `command`: whose own execve was counted first, made when the process still had our name. */
  observations(name: string, midway: boolean, command?: string): Observations {
    const lost = readLost(this.#calls, this.#maps, this.#programs)
    const contexts = this.#context?.contexts(containerNameIn(name), midway) ?? []
    const about = { name, lost, midway, command, contexts }
    return readCounts(this.#calls, this.#maps, this.#machine, this.#wanted, about)
  }

  /** The cgroups that are counted apart, and how many calls of each are not known. */
  groups(): readonly Group[] {
    const { groups } = this.#maps
    if (groups === undefined) return []
    return [...this.#calls.keys(groups.known)].flatMap((key) => {
      const value = this.#calls.lookup(groups.known, key)
      const first = value?.readUInt32LE(groupValue.first) ?? leftOut
      if (value === undefined || first === leftOut) return []
      const count = (place: number): bigint => value.readBigUInt64LE(place)
      const programs = Number(count(groupValue.programs))
      return [{ cgroup: key.readBigUInt64LE(), first, lost: count(groupValue.lost), programs }]
    })
  }

  /** By the id of a cgroup, how many calls were made in it without a filter. */
  unfiltered(): ReadonlyMap<bigint, bigint> {
    const { groups } = this.#maps
    if (groups === undefined) return new Map()
    return new Map(
      [...this.#calls.keys(groups.unfiltered)].map((key) => [
        key.readBigUInt64LE(),
        this.#calls.lookup(groups.unfiltered, key)?.readBigUInt64LE() ?? 0n,
      ]),
    )
  }

  /** Of each key that `whose` gives for the first slot of a cgroup. Those that made no call are left out. */
  observationsApart<Key>(
    whose: (first: number) => Key | undefined,
    about: (key: Key) => Omit<About, 'lost'> & { readonly lost: bigint },
  ): ReadonlyMap<Key, Observations> {
    const lost = readLost(this.#calls, this.#maps, this.#programs)
    const parts = joinedParts(this.#calls, this.#maps, this.#machine, whose)
    return new Map(
      [...parts].map(([key, part]) => {
        const own = about(key)
        const all = { ...own, lost: { calls: lost.calls + own.lost, processes: 0n } }
        return [key, readCounts(part, this.#maps, this.#machine, this.#wanted, all)]
      }),
    )
  }

  /** Frees what is kept of cgroups that are gone. */
  forget(gone: readonly Group[]): void {
    const { groups } = this.#maps
    if (groups === undefined || gone.length === 0) return
    forgetParts(this.#calls, this.#maps, this.#machine, new Set(gone.map(({ first }) => first)))
    for (const { cgroup } of gone) {
      this.#calls.remove(groups.known, key64(cgroup))
      this.#calls.remove(groups.unfiltered, key64(cgroup))
    }
  }

  /**
   * Of a recording that counts apart what is called under a filter: that, and the rest. Undefined for none.
   */
  partsByFilter(
    name: string,
    midway: boolean,
  ): { readonly filtered: Observations | undefined; readonly unfiltered: Observations | undefined } {
    const lost = readLost(this.#calls, this.#maps, this.#programs)
    const parts = readParts(this.#calls, this.#maps, this.#machine)
    const told = (first: number, foreignFilter: boolean): Observations | undefined => {
      const part = parts.get(first)
      // Containers run under a filter: what they did is told with that part.
      const contexts = foreignFilter ? (this.#context?.contexts(containerNameIn(name), midway) ?? []) : []
      const about = { name, lost, midway, foreignFilter, contexts }
      return part && readCounts(part, this.#maps, this.#machine, this.#wanted, about)
    }
    return { filtered: told(0, true), unfiltered: told(slotsOf(this.#machine), false) }
  }

  /** Of containers that run already: their processes, and which of those are inits, for the evidence of their contexts. */
  alreadyRunning(look: () => RunningProcesses): void {
    this.#context?.alreadyRunning(look)
  }

  /** Makes processes members. One that has ended meanwhile is taken out again. */
  include(processes: readonly number[]): void {
    for (const process of processes) {
      setMember(this.#calls, this.#maps, process, 'counted')
      if (!signalProcess(process, 0)) setMember(this.#calls, this.#maps, process, 'none')
    }
  }

  /** Whatever runs under a filter in this cgroup counts from now on, in a recording of a tree. */
  join(cgroup: bigint): void {
    if (this.#maps.joined !== undefined) this.#calls.update(this.#maps.joined, key64(cgroup), key32(1))
  }

  /** How many programs were started under a filter. */
  programs(): number {
    return this.#control(controlKeys.programs)
  }

  /** Clients of container engines that members started, with their words. */
  clients(): readonly StartedClient[] {
    return this.#clients === undefined ? [] : readClients(this.#calls, this.#clients)
  }

  /** Signals that reached members. */
  signals(): readonly DeliveredSignal[] {
    return readSignals(this.#calls, this.#signals)
  }

  /** The last call that no member had made before. */
  newest(): NewestCall | undefined {
    return readNewest(this.#calls, this.#maps, this.#machine)
  }

  /** What was watched. */
  refusals(): Refusals {
    return {
      suspects: this.#refusals === undefined ? [] : readSuspects(this.#calls, this.#refusals, this.#machine),
      lost: this.#control(controlKeys.lostRefusals),
    }
  }

  #control(key: number): number {
    return Number(this.#calls.lookup(this.#maps.control, key32(key))?.readBigUInt64LE() ?? 0n)
  }

  close(): void {
    this.#context?.close()
    this.#calls.close()
  }
}

function leaveOut(calls: BpfCalls, { groups }: Maps, cgroup: bigint): void {
  const value = Buffer.alloc(groupValue.size)
  value.writeUInt32LE(leftOut, groupValue.first)
  if (groups !== undefined) calls.update(groups.known, key64(cgroup), value)
}

/** Beside the programs that count. */
function attachLines(calls: BpfCalls, tracepoint: string, lines: readonly AssemblyLine[]): void {
  calls.attach(calls.loadProgram(`${tracepoint}_f`, assemble(lines)), tracepoint)
}

function watchRefusals(
  calls: BpfCalls,
  layout: Layout,
  maps: Maps,
  refusals: RefusalMaps,
  membership: Membership,
  watch: Watch,
): void {
  const attach = (tracepoint: string, lines: readonly AssemblyLine[]): void =>
    attachLines(calls, tracepoint, lines)
  const ending = (toldRegisters: boolean): void =>
    attach('sched_process_exit', endedByFilter(layout, maps, refusals, membership, toldRegisters))
  try {
    ending(true)
  } catch (error) {
    if (!(error instanceof BpfError)) throw error
    ending(false)
  }
  // A filter that ends threads and does nothing else lets no call return refused.
  if (watch.results.length > 0 || watch.traps)
    attach('sys_exit', refusedAtExit(layout, maps, refusals, membership, watch))
}

/** Whose values are kept: those read from every trace, what is asked for, and which call of a family is meant. */
export function wantedArguments(asked?: ArgumentIndexes): ArgumentIndexes {
  return new Map([...scalarsRead(asked), ...multiplexed, ...scalarsInMemory])
}

/** Tells the kernel which they are. */
export function wantArguments(
  calls: MapCalls,
  maps: Maps,
  machine: RecorderMachine,
  wanted: ArgumentIndexes,
): void {
  // Whether a filter is set must be known also where nobody asks for it: see counted.ts.
  const known = new Map([...wanted, ['prctl', [0, ...(wanted.get('prctl') ?? [])]]] as const)
  const slots = maps.groups?.template ?? maps.slots
  for (const [place, architecture] of architecturesOf[machine].entries()) {
    for (const [name, indexes] of known) {
      const number = syscallTable(architecture).byName(name)?.number
      if (number === undefined || (number & ~bit30) >= slotsPerArchitecture) continue
      const value = Buffer.alloc(slotPlaces.size)
      value.writeUInt32LE(scalarsInMemory.has(name) ? wantedBehind : bitsOf(indexes), slotPlaces.wanted)
      calls.update(slots, key32(place * slotsPerArchitecture + (number & ~bit30)), value)
    }
  }
  for (const [member, slot] of memberSlots(machine)) {
    const value = Buffer.alloc(slotPlaces.size)
    value.writeUInt32LE(bitsOf(wanted.get(member) ?? []), slotPlaces.wanted)
    calls.update(slots, key32(slot), value)
  }
}

/** Whether a load from the current task is taken, is found out by trying. */
function kernelHere(
  calls: BpfCalls,
  machine: RecorderMachine,
): { readonly layout: Layout; readonly btf: Btf } {
  const btf = new Btf(readFileSync(btfFile))
  const layout = layoutOf(btf, machine, true)
  const { tgid, seccompMode, status } = layout.task
  const loads = [tgid, seccompMode, ...(machine === 'x86_64' ? [status] : [])]
  const lines = [
    bpf.call('currentTypedTask'),
    ...loads.map((offset) => bpf.loadLower(1, 0, offset)),
    bpf.set(0, 0),
    bpf.exit,
  ]
  try {
    calls.loadProgram('typed', assemble(lines))
    return { layout, btf }
  } catch (error) {
    if (!(error instanceof BpfError)) throw error
    return { layout: { ...layout, isTyped: false }, btf }
  }
}

function bitsOf(indexes: readonly number[]): number {
  return indexes.reduce((mask, index) => mask | (1 << index), 0)
}

/** proc_sys_kernel(5), pid_max. Raised later, what is started beyond is told as lost. */
function largestProcess(): number {
  return Number(readFileSync('/proc/sys/kernel/pid_max', 'latin1'))
}

/** Per-CPU maps have a value for each, present or not. A list such as `0-3,8-11`. */
export function possibleProcessors(): number {
  const text = readFileSync('/sys/devices/system/cpu/possible', 'latin1').trim()
  const last = /(\d+)$/.exec(text)?.[1]
  if (last === undefined) throw new Error('/sys/devices/system/cpu/possible cannot be read')
  return Number(last) + 1
}
