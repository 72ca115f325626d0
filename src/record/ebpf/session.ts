// A recording in the kernel, from loading to reading: its maps, its programs, and where they are attached. The kernel
// frees programs and maps with their descriptors, so nothing outlives this process.
import { architectures, hostOfNode } from '../../abi/architectures.ts'
import { readFileSync } from 'node:fs'
import { scalarsInMemory, scalarsRead } from '../../abi/scalars.ts'
import { syscallTable } from '../../abi/tables.ts'
import type { ObservedContext, Observations } from '../../observe/index.ts'
import type { DeliveredSignal, NewestCall } from '../recording.ts'
import type { StartedClient } from '../recorder.ts'
import type { Refusals, Watch } from '../refusals.ts'
import { signalProcess, statusOf } from '../runner/processes.ts'
import { leftOut } from './apart.ts'
import * as bpf from './assembler.ts'
import { assemble, type AssemblyLine } from './assembler.ts'
import { currentTask, done, inTurn } from './blocks.ts'
import { Btf } from './btf.ts'
import { containerNameIn } from '../container-name.ts'
import type { FilterOwner } from './calls/answered.ts'
import type { RunningProcesses } from './context/programs.ts'
import { ContextRecording, type ContextNames } from './context/recording.ts'
import { createClientsMap, readClients, startedClient } from './clients.ts'
import { readCounts, readLost, readUnentered, type About, type AttachedPrograms } from './counted.ts'
import { createSignalsMap, deliveredSignal, readNewest, readSignals } from './exercise.ts'
import { BpfCalls, BpfError, type KernelMap, type MapCalls } from './kernel.ts'
import { forgetParts, joinedParts, readParts } from './parts.ts'
import { filterLayoutOf, filterOf, createFilterMaps } from './filter-copies.ts'
import { isMachine, architecturesOf, layoutOf, type Layout, type RecorderMachine } from './layout.ts'
import {
  controlKeys,
  createMaps,
  groupValue,
  key32,
  key64,
  maySetFilter,
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
  type OwnFilterCopies,
  type RefusalMaps,
} from './refused.ts'

const bit30 = architectures.x32.numberBit
/** The multiplexers of i386: argument 0 selects the call of the family, and a filter can judge it. */
const multiplexed: ReadonlyMap<string, readonly number[]> = new Map([
  ['socketcall', [0]],
  ['ipc', [0]],
])

/** The calls that can set a filter. */
const filterSetters = ['seccomp', 'prctl']

/** Argument indexes by call. */
export type ArgumentIndexes = ReadonlyMap<string, readonly number[]>

export interface SessionOptions {
  readonly processes?: readonly number[]
  readonly state?: keyof typeof memberStates
  /** Arguments whose values are read in addition to the usual ones. */
  readonly asked?: ArgumentIndexes | undefined
  /** Also finds the calls that this filter may have refused. */
  readonly watch?: Watch | undefined
  /** Ids of cgroups that are not counted. */
  readonly leftOut?: readonly bigint[]
  /** No filter refuses a call until a member sets one. */
  readonly unfiltered?: boolean
  /** Who may have set the filters that answer calls. Default `foreign`. */
  readonly filters?: FilterOwner
  /** A program that runs at sys_exit besides the recording's own. */
  readonly atExit?: readonly AssemblyLine[] | undefined
}

/** A cgroup with separate counts. */
export interface CgroupCounts {
  readonly cgroup: bigint
  readonly first: number
  /** The number of calls that found no room. */
  readonly lost: bigint
  /** The number of programs started in the cgroup. */
  readonly programs: number
}

export const btfFile = '/sys/kernel/btf/vmlinux'

export function thisMachine(): RecorderMachine | undefined {
  const host = hostOfNode(process.arch)
  return host !== undefined && isMachine(host) ? host : undefined
}

/** Read once: the kernel stays the same while this process runs. */
let runningKernel: { readonly layout: Layout; readonly btf: Btf } | undefined

export class Session {
  readonly #calls: BpfCalls
  readonly #maps: Maps
  readonly #machine: RecorderMachine
  readonly #programs: AttachedPrograms
  readonly #wanted: ArgumentIndexes
  readonly #refusals: RefusalMaps | undefined
  readonly #clients: KernelMap | undefined
  readonly #signals: KernelMap
  readonly #context: ContextRecording | undefined

  private constructor(
    calls: BpfCalls,
    maps: Maps,
    machine: RecorderMachine,
    programs: AttachedPrograms,
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
   * Loads and attaches the programs. From here on the calls of members are counted. `processes` are members from now on
   * or, with `state: 'pending'`, from their next execve on. Throws an Error (koffi or BTF missing) or a BpfError.
   */
  static async start(
    membership: Membership,
    {
      processes = [],
      state = 'counted',
      asked,
      watch,
      leftOut: without = [],
      unfiltered = false,
      filters = 'foreign',
      atExit,
    }: SessionOptions = {},
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
      if (!unfiltered) calls.update(maps.control, key32(controlKeys.refusable), value64(1))
      for (const cgroup of without) leaveOut(calls, maps, cgroup)
      for (const process of processes) setMember(calls, maps, process, state)
      const copies = watch && ownFilterLayout(calls, layout, btf, membership)
      const refusals = watch && createRefusalMaps(calls, machine, watch, copies)
      // A process is a member until it has exited, so programs that watch its end run before the one that forgets it.
      if (membership.underFilter || membership.who === 'tree')
        attachLines(calls, 'sched_process_exec', startedProgram(layout, maps, membership, refusals?.own))
      const clients = membership.who === 'tree' ? createClientsMap(calls) : undefined
      const clientLines = clients && startedClient(layout, maps, clients, membership)
      if (clientLines !== undefined) attachLines(calls, 'sched_process_exec', clientLines)
      const signals = createSignalsMap(calls)
      attachLines(calls, 'signal_deliver', deliveredSignal(layout, maps, signals, membership))
      if (refusals !== undefined) watchThreadsEnd(calls, layout, maps, refusals, membership)
      if (keepsContexts(membership))
        context = ContextRecording.start(await BpfCalls.load(machine, possibleProcessors()), {
          btf,
          layout,
          maps,
          membership: { ...membership, underFilter: true },
        })
      const counting = programsFor(layout, maps, membership, process.pid, filters)
      const refused =
        refusals && watch && letsReturn(watch)
          ? refusedAtExit(layout, maps, refusals, membership, watch)
          : undefined
      const exits = [counting.sys_exit, refused, atExit, context?.atExit].filter((each) => each !== undefined)
      const { standIn, ...others } = counting
      const lines = { ...others, sys_exit: exits.length > 1 ? inTurn(exits) : counting.sys_exit }
      const programs = Object.entries(lines).map(
        ([tracepoint, lines]) => [tracepoint, calls.loadProgram(tracepoint, assemble(lines))] as const,
      )
      // In this order the members are known before anything is counted.
      for (const [tracepoint, program] of programs.toReversed()) calls.attach(program, tracepoint)
      const behind = standIn && calls.loadProgram('stand_in', assemble(standIn))
      if (behind !== undefined) calls.attach(behind, 'sys_enter')
      const session = new Session(
        calls,
        maps,
        machine,
        { ...(Object.fromEntries(programs) as Record<keyof typeof lines, number>), standIn: behind },
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

  /** Calls `begin`. The child that `begin` starts before it returns is the command, recorded from its own execve on. */
  starting<T>(begin: () => T): T {
    this.#calls.update(this.#maps.control, key32(controlKeys.armed), value64(1))
    try {
      return begin()
    } finally {
      this.#calls.update(this.#maps.control, key32(controlKeys.armed), value64(0))
    }
  }

  /** The ids of the recorded processes that have not ended. */
  members(): readonly number[] {
    return [...this.#calls.keys(this.#maps.members)].map((key) => key.readUInt32LE()).sort((a, b) => a - b)
  }

  /** How often the signal was sent to the command. */
  arrivals(signal: number): number {
    return Number(this.#calls.lookup(this.#maps.arrivals, key32(signal))?.readBigUInt64LE() ?? 0n)
  }

  /** `command`: the command's file name, as in `About`. */
  observations(
    name: string,
    midway: boolean,
    { command, refused, nameOf }: Pick<About, 'command' | 'refused'> & Pick<ContextNames, 'nameOf'> = {},
  ): Observations {
    const lost = readLost(this.#calls, this.#maps, this.#programs)
    const contexts = this.contexts({ name: containerNameIn(name), midway, nameOf })
    const about = { name, lost, midway, command, refused, contexts }
    return readCounts(this.#calls, this.#maps, this.#machine, this.#wanted, about)
  }

  contexts(names: ContextNames): readonly ObservedContext[] {
    const skipped = this.#calls.misses(this.#programs.sys_exit)
    return this.#context?.contexts({ ...names, skipped }) ?? []
  }

  /** The cgroups with separate counts. */
  groups(): readonly CgroupCounts[] {
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

  /** By the id of a cgroup, the number of its calls without a filter. */
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

  /** Observations by the key that `whose` gives for the first slot of a cgroup. Keys without a call are left out. */
  observationsApart<Key>(
    whose: (first: number) => Key | undefined,
    about: (key: Key) => Omit<About, 'lost'> & { readonly lost: bigint },
  ): ReadonlyMap<Key, Observations> {
    const lost = readLost(this.#calls, this.#maps, this.#programs)
    const parts = joinedParts(this.#calls, this.#maps, this.#machine, whose)
    return new Map(
      [...parts].map(([key, part]) => {
        const own = about(key)
        const all = { ...own, lost: { ...lost, calls: lost.calls + own.lost, processes: 0n } }
        return [key, readCounts(part, this.#maps, this.#machine, this.#wanted, all)]
      }),
    )
  }

  /** Frees the entries of cgroups that are gone. */
  forget(gone: ReadonlySet<bigint>): void {
    const { groups } = this.#maps
    if (groups === undefined) return
    const counted = this.groups().filter(({ cgroup }) => gone.has(cgroup))
    if (counted.length > 0)
      forgetParts(this.#calls, this.#maps, this.#machine, new Set(counted.map(({ first }) => first)))
    // A cgroup may have an entry for its calls without a filter alone.
    for (const cgroup of gone) {
      this.#calls.remove(groups.known, key64(cgroup))
      this.#calls.remove(groups.unfiltered, key64(cgroup))
    }
  }

  /** The observations of a recording with `apart: 'filter'`. Each part is undefined if no call belongs to it. */
  partsByFilter(
    name: string,
    midway: boolean,
    refused: About['refused'],
  ): { readonly filtered: Observations | undefined; readonly unfiltered: Observations | undefined } {
    const lost = readLost(this.#calls, this.#maps, this.#programs)
    const parts = readParts(this.#calls, this.#maps, this.#machine)
    const told = (first: number, foreignFilter: boolean): Observations | undefined => {
      const part = parts.get(first)
      // Containers run under a filter, so their contexts belong to that part.
      const contexts = foreignFilter ? this.contexts({ name: containerNameIn(name), midway }) : []
      const about = {
        name,
        lost,
        midway,
        foreignFilter,
        refused: foreignFilter ? refused : undefined,
        contexts,
      }
      return part && readCounts(part, this.#maps, this.#machine, this.#wanted, about)
    }
    return { filtered: told(0, true), unfiltered: told(slotsOf(this.#machine), false) }
  }

  /** Adds the processes of running containers, and which of them are inits, to the evidence of contexts. */
  alreadyRunning(look: () => RunningProcesses): void {
    this.#context?.alreadyRunning(look)
  }

  /** Makes processes members, except those that have already ended. */
  include(processes: readonly number[]): void {
    for (const process of processes) {
      setMember(this.#calls, this.#maps, process, 'counted')
      if (!signalProcess(process, 0)) setMember(this.#calls, this.#maps, process, 'none')
    }
  }

  /** In a recording of a tree under a filter: all calls under a filter in this cgroup count from now on. */
  join(cgroup: bigint): void {
    if (this.#maps.joined !== undefined) this.#calls.update(this.#maps.joined, key64(cgroup), key32(1))
  }

  /** The number of programs started: all of a tree, or those under a filter. */
  programs(): number {
    return this.#control(controlKeys.programs)
  }

  /** The clients of container engines that members started, with their arguments. */
  clients(): readonly StartedClient[] {
    return this.#clients === undefined ? [] : readClients(this.#calls, this.#clients)
  }

  /** The signals that reached members. */
  signals(): readonly DeliveredSignal[] {
    return readSignals(this.#calls, this.#signals)
  }

  /** The newest call that no member had made before. */
  newest(): NewestCall | undefined {
    return readNewest(this.#calls, this.#maps, this.#machine)
  }

  /** The calls that the watched filter may have refused. */
  refusals(): Refusals {
    return {
      suspects:
        this.#refusals === undefined
          ? []
          : readSuspects(
              this.#calls,
              this.#refusals,
              this.#machine,
              this.#control(controlKeys.foreignFilters),
            ),
      lost: this.#control(controlKeys.lostRefusals),
    }
  }

  /** What the watched filter may have refused, at the end. */
  allRefusals(): Refusals {
    return { ...this.refusals(), unentered: readUnentered(this.#calls, this.#maps, this.#machine) }
  }

  #control(key: number): number {
    return Number(this.#calls.lookup(this.#maps.control, key32(key))?.readBigUInt64LE() ?? 0n)
  }

  close(): void {
    this.#context?.close()
    this.#calls.close()
  }
}

/** Contexts belong to containers, and a container is recognized by its filter. */
function keepsContexts({ underFilter, apart, containers }: Membership): boolean {
  return apart === 'cgroup' ? containers !== undefined : underFilter || apart === 'filter'
}

function leaveOut(calls: BpfCalls, { groups }: Maps, cgroup: bigint): void {
  const value = Buffer.alloc(groupValue.size)
  value.writeUInt32LE(leftOut, groupValue.first)
  if (groups !== undefined) calls.update(groups.known, key64(cgroup), value)
}

/** Loads and attaches a program besides those that count. */
function attachLines(calls: BpfCalls, tracepoint: string, lines: readonly AssemblyLine[]): void {
  calls.attach(calls.loadProgram(`${tracepoint}_f`, assemble(lines)), tracepoint)
}

function watchThreadsEnd(
  calls: BpfCalls,
  layout: Layout,
  maps: Maps,
  refusals: RefusalMaps,
  membership: Membership,
): void {
  const ending = (toldRegisters: boolean): void =>
    attachLines(calls, 'sched_process_exit', endedByFilter(layout, maps, refusals, membership, toldRegisters))
  try {
    ending(true)
  } catch (error) {
    if (!(error instanceof BpfError)) throw error
    ending(false)
  }
}

/**
 * How the filters of a task are read. Undefined if this kernel does not describe them, or if its verifier refuses to
 * copy them.
 */
function ownFilterLayout(
  calls: BpfCalls,
  layout: Layout,
  btf: Btf,
  { who }: Membership,
): Omit<OwnFilterCopies, 'maps'> | undefined {
  try {
    const filters = filterLayoutOf(btf)
    const places = { key: -24, copy: -48, about: -80, small: -96 }
    const lines = [...currentTask(layout), ...filterOf(filters, createFilterMaps(calls), places), ...done]
    calls.loadProgram('copies', assemble(lines))
    // A command inherits our filters; a container that an engine starts does not.
    return { layout: filters, ours: who === 'tree' ? Number(statusOf('self', 'Seccomp_filters') ?? 0) : 0 }
  } catch {
    return undefined
  }
}

/** Whether a refused call can return. It cannot if the filter only ends threads. */
const letsReturn = ({ results, traps }: Watch): boolean => results.length > 0 || traps

/** The arguments whose values are kept: those read from every trace, those in `asked`, and selectors of families. */
export function wantedArguments(asked?: ArgumentIndexes): ArgumentIndexes {
  return new Map([...scalarsRead(asked), ...multiplexed, ...scalarsInMemory])
}

/** Writes the wanted arguments into the kernel's map. */
export function wantArguments(
  calls: MapCalls,
  maps: Maps,
  machine: RecorderMachine,
  wanted: ArgumentIndexes,
): void {
  const known = new Map([...filterSetters.map((name) => [name, []] as const), ...wanted])
  const slots = maps.groups?.template ?? maps.slots
  for (const [place, architecture] of architecturesOf[machine].entries()) {
    for (const [name, indexes] of known) {
      const number = syscallTable(architecture).byName(name)?.number
      if (number === undefined || (number & ~bit30) >= slotsPerArchitecture) continue
      const value = Buffer.alloc(slotPlaces.size)
      const bits = scalarsInMemory.has(name) ? wantedBehind : bitsOf(indexes)
      value.writeUInt8(bits | (filterSetters.includes(name) ? maySetFilter : 0), slotPlaces.wanted)
      calls.update(slots, key32(place * slotsPerArchitecture + (number & ~bit30)), value)
    }
  }
  for (const [member, slot] of memberSlots(machine)) {
    const value = Buffer.alloc(slotPlaces.size)
    value.writeUInt8(bitsOf(wanted.get(member) ?? []), slotPlaces.wanted)
    calls.update(slots, key32(slot), value)
  }
}

/** Describes the running kernel. Loads a test program to find out whether the verifier accepts loads from the task. */
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

/** pid_max of proc_sys_kernel(5). If it is raised later, processes with larger ids are reported as lost. */
function largestProcess(): number {
  return Number(readFileSync('/proc/sys/kernel/pid_max', 'latin1'))
}

/** Per-CPU maps have a value for each possible processor, present or not. The file has a list such as `0-3,8-11`. */
export function possibleProcessors(): number {
  const text = readFileSync('/sys/devices/system/cpu/possible', 'latin1').trim()
  const last = /(\d+)$/.exec(text)?.[1]
  if (last === undefined) throw new Error('/sys/devices/system/cpu/possible cannot be read')
  return Number(last) + 1
}
