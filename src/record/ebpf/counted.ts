// Turns the contents of the maps into observations. The evidence of a call names the program that made it first.
import { type Architecture, architectures } from '../../abi/architectures.ts'
import { scalarOf } from '../../abi/scalars.ts'
import { syscallTable } from '../../abi/tables.ts'
import { Fold } from '../../observe/fold.ts'
import type { ObservedContext, Observations } from '../../observe/index.ts'
import type { Evidence } from '../../read/account.ts'
import type { Diagnostic, DiagnosticCode } from '../../read/diagnostics.ts'
import type { RefusalErrno } from '../../read/failures.ts'
import { newSeen, noteAnswered, noteValue, type Seen } from '../../read/seen.ts'
import type { KernelMap, MapCalls } from './kernel.ts'
import { architecturesOf, type RecorderMachine } from './layout.ts'
import type { MapReader } from './parts.ts'
import { execve } from './membership.ts'
import {
  controlKeys,
  failurePlaces,
  key32,
  memberSlots,
  slotPlaces,
  slotsPerArchitecture,
  valueKey,
  valuePlaces,
  type Maps,
} from './maps.ts'

/** Calls and processes that the kernel could not count. */
export interface LostCounts {
  readonly calls: bigint
  readonly processes: bigint
  /** How often programs were skipped for a call or its result: counts of failures may differ from those of calls. */
  readonly answers: bigint
}

/** The attached programs by tracepoint. */
export interface AttachedPrograms {
  readonly sys_enter: number
  /** Runs after the program at sys_enter. */
  readonly standIn?: number | undefined
  readonly sys_exit: number
  readonly sched_process_fork: number
}

export function readLost(calls: MapCalls, maps: Maps, programs?: AttachedPrograms): LostCounts {
  const place = (key: number): bigint => calls.lookup(maps.control, key32(key))?.readBigUInt64LE() ?? 0n
  const missed = (program: number | undefined): bigint => (program === undefined ? 0n : calls.misses(program))
  const [entries, exits] = [missed(programs?.sys_enter), missed(programs?.sys_exit)]
  const again = missed(programs?.standIn)
  // A call is lost only if neither program ran for it.
  const unseen = programs?.standIn === undefined || entries < again ? entries : again
  return {
    calls: place(controlKeys.lostCalls) + unseen,
    processes: place(controlKeys.lostProcesses) + missed(programs?.sched_process_fork),
    answers: unseen + exits,
  }
}

/** Facts about a recording that are not in the maps. */
export interface About {
  /** The name of the source in the observations. */
  readonly name: string
  readonly lost: LostCounts
  /** The recording began when the recorded processes were already running. */
  readonly midway: boolean
  /** The command's file name: evidence of its own execve, which the process made while it still had our name. */
  readonly command?: string | undefined
  /** The calls were made under a filter that may refuse some. */
  readonly foreignFilter?: boolean
  /** The calls that the filter refused. If undefined, the calls that failed and were never entered are reported. */
  readonly refused?: readonly Diagnostic[] | undefined
  /** The recording counts as a run. Default true. */
  readonly isRun?: boolean
  /** The evidence about the security contexts of the recorded containers. */
  readonly contexts?: readonly ObservedContext[]
}

/** Reads the maps. A call number without a name is reported, never allowed. */
export function readCounts(
  calls: MapReader,
  maps: Maps,
  machine: RecorderMachine,
  wanted: ReadonlyMap<string, readonly number[]>,
  { name, lost, midway, command, foreignFilter = false, refused, isRun = true, contexts = [] }: About,
): Observations {
  const values = valuesBySlot(calls, maps)
  /** Whether some failed calls are counted as successful. */
  let isUnsure = false
  const fold = new Fold()
  let sum = 0
  const tell = (architecture: Architecture, number: number, seen: Seen): void => {
    const entry = syscallTable(architecture).byNumber(number)
    sum += seen.count
    if (entry !== undefined) return fold.seen(architecture, entry.name, seen)
    fold.unknown(architecture, String(number), seen)
    fold.diagnostic({ code: 'unknown-call', at: name, facts: { call: String(number), architecture } })
  }
  const seenIn = (slot: number, call: string, comm?: string): Seen | undefined => {
    const count = sumOf(calls, maps.counts, slot)
    if (count === 0) return undefined
    const about = calls.lookup(maps.slots, key32(slot)) ?? Buffer.alloc(slotPlaces.size)
    const seen = newSeen(`ebpf:${comm ?? commIn(about)}`)
    seen.count = count
    const failed = (place: number): number =>
      Math.min(count, sumOf(calls, maps.failures, slot, place, failurePlaces.size))
    const failures = {
      enosys: failed(failurePlaces.enosys),
      eperm: failed(failurePlaces.eperm),
      eacces: failed(failurePlaces.eacces),
    }
    if (lost.answers === 0n) Object.assign(seen, failures)
    else isUnsure ||= Object.values(failures).some((times) => times > 0)
    for (const argument of wanted.get(call) ?? []) {
      const mask = maskOf(call, argument)
      for (const [value, refusal] of values.get(slot)?.get(argument) ?? [])
        noteAnswered(seen, argument, value & mask, lost.answers === 0n ? refusal : undefined)
      if (about[slotPlaces.cut + argument] === 1) noteValue(seen, argument, undefined)
    }
    return seen
  }
  const answered = new AnsweredCalls()
  const refusals = (slot: number): number =>
    sumOf(calls, maps.failures, slot, failurePlaces.refused, failurePlaces.size)
  for (const [index, architecture] of architecturesOf[machine].entries()) {
    for (let number = 0; number < slotsPerArchitecture; number++) {
      const slot = index * slotsPerArchitecture + number
      const own = command !== undefined && index === 0 && number === execve[machine]
      const full = number + architectures[architecture].numberBit
      const call = syscallTable(architecture).byNumber(full)?.name ?? ''
      // The kernel renames the task when that execve has succeeded: to the first 15 bytes of the file's name.
      const seen = seenIn(slot, call, own ? command.slice(0, 15) : undefined)
      if (seen !== undefined) tell(architecture, full, seen)
      if (seen !== undefined)
        answered.add(call, sumOf(calls, maps.failures, slot, failurePlaces.answered, failurePlaces.size))
      if (foreignFilter && refused === undefined && call !== '' && refusals(slot) > 0)
        fold.diagnostic({ code: 'refused-by-filter', at: name, facts: { call } })
    }
  }
  // Members are counted besides their family, as strace shows them. libseccomp has no x86 name for some.
  for (const [member, slot] of memberSlots(machine)) {
    const seen = syscallTable('x86').byName(member) && seenIn(slot, member)
    if (seen !== undefined) fold.seen('x86', member, seen)
  }
  for (const key of calls.keys(maps.others)) {
    const architecture = architecturesOf[machine][key.readUInt32LE(4) / slotsPerArchitecture]
    const count = calls.lookup(maps.others, key)?.readBigUInt64LE()
    if (architecture === undefined || count === undefined) continue
    const seen = newSeen('ebpf')
    seen.count = Number(count)
    tell(architecture, key.readUInt32LE(0), seen)
  }
  const incomplete: readonly (readonly [DiagnosticCode, bigint])[] = [
    ['calls-lost', lost.calls],
    ['answers-lost', isUnsure ? lost.answers : 0n],
    ['processes-lost', lost.processes],
  ]
  for (const [code, count] of incomplete)
    if (count > 0n) fold.diagnostic({ code, at: name, count: Number(count) })
  if (midway) fold.diagnostic({ code: 'startup-missing', at: name })
  if (answered.count > 0) fold.diagnostic({ code: 'answered-by-filter', at: name, ...answered.told })
  for (const each of refused ?? []) fold.diagnostic(each)
  for (const context of contexts) fold.context(context)
  const evidence: readonly Evidence[] = midway ? ['attached', 'every-call'] : ['every-call']
  fold.account({ name, format: 'ebpf', lines: 0, calls: sum, ignored: 0, unparsed: 0, evidence })
  fold.endRun(isRun)
  return fold.observations()
}

/** The calls that failed without an entry under a foreign filter. */
export function readUnentered(
  calls: MapReader,
  maps: Maps,
  machine: RecorderMachine,
): readonly { readonly architecture: Architecture; readonly number: number }[] {
  return architecturesOf[machine].flatMap((architecture, place) =>
    Array.from({ length: slotsPerArchitecture }, (_, index) => index).flatMap((number) => {
      const slot = place * slotsPerArchitecture + number
      const count = sumOf(calls, maps.failures, slot, failurePlaces.refused, failurePlaces.size)
      return count === 0 ? [] : [{ architecture, number: number + architectures[architecture].numberBit }]
    }),
  )
}

/** The calls that a filter or its supervisor answered, of all architectures. */
class AnsweredCalls {
  count = 0
  readonly #names = new Set<string>()

  add(call: string, count: number): void {
    if (count === 0) return
    this.count += count
    this.#names.add(call)
  }

  get told(): Pick<Diagnostic, 'count' | 'facts'> {
    const calls = [...this.#names].sort().join(', ')
    return { ...(this.count > 1 && { count: this.count }), facts: { calls } }
  }
}

/** The bits of a register that carry the value. The upper half of ipc's first argument is a version. */
function maskOf(call: string, argument: number): bigint {
  if (call === 'ipc' && argument === 0) return 0xffffn
  return scalarOf(call, argument)?.bits === 32 ? 0xffffffffn : 2n ** 64n - 1n
}

type RefusalsByValue = ReadonlyMap<bigint, RefusalErrno | undefined>

/** By slot and argument: the values, each with the errno if every call with the value was refused. */
function valuesBySlot(
  calls: MapReader,
  maps: Maps,
): ReadonlyMap<number, ReadonlyMap<number, RefusalsByValue>> {
  const bySlot = new Map<number, Map<number, Map<bigint, RefusalErrno | undefined>>>()
  for (const key of calls.keys(maps.values)) {
    const [slot, index] = [key.readUInt32LE(valueKey.slot), key.readUInt32LE(valueKey.index)]
    const byIndex = bySlot.get(slot) ?? new Map<number, Map<bigint, RefusalErrno | undefined>>()
    bySlot.set(slot, byIndex)
    const values = byIndex.get(index) ?? new Map<bigint, RefusalErrno | undefined>()
    byIndex.set(index, values)
    values.set(key.readBigUInt64LE(valueKey.value), refusalIn(calls.lookup(maps.values, key)))
  }
  return bySlot
}

function refusalIn(value: Buffer | undefined): RefusalErrno | undefined {
  if (value === undefined) return undefined
  const count = (place: number): bigint => value.readBigUInt64LE(place)
  const eperm = count(valuePlaces.eperm)
  if (eperm + count(valuePlaces.eacces) < count(valuePlaces.entered)) return undefined
  return eperm > 0n ? 'EPERM' : 'EACCES'
}

/** The sum over all processors of the number at `place` in values of `size` bytes. */
function sumOf(calls: MapReader, map: KernelMap, slot: number, place = 0, size = 8): number {
  const values = calls.lookup(map, key32(slot)) ?? Buffer.alloc(0)
  let sum = 0n
  for (let at = place; at < values.length; at += size) sum += values.readBigUInt64LE(at)
  return Number(sum)
}

function commIn(about: Buffer): string {
  const comm = about.subarray(slotPlaces.comm)
  const end = comm.indexOf(0)
  return comm.toString('utf8', 0, end < 0 ? comm.length : end)
}
