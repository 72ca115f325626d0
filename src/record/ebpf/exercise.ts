// Reads what a recording exercised besides the counts of its calls: the signals that reached its processes, and the
// newest call that had not been made before. Authority: include/trace/events/signal.h (signal_deliver runs in the task
// that takes the signal, before its handler or the default action), kernel/signal.c (get_signal).
import { constants } from 'node:os'
import { architectures, type Architecture } from '../../abi/architectures.ts'
import { callName } from '../../abi/tables.ts'
import type { DeliveredSignal, NewestCall } from '../recording.ts'
import * as bpf from './assembler.ts'
import type { AssemblyLine } from './assembler.ts'
import type { KernelMap, MapCalls } from './kernel.ts'
import { architecturesOf, type Layout, type RecorderMachine } from './layout.ts'
import { controlKeys, key32, slotsPerArchitecture, type Maps } from './maps.ts'
import { member, type Membership } from './membership.ts'
import { done, frame, increment, lookup, read } from './blocks.ts'

/** Higher than every signal number. Signals that a handler took are counted this many places further. */
const handledFrom = 65

export function createSignalsMap(calls: MapCalls): KernelMap {
  return calls.createMap('signals', { type: 'array', key: 4, value: 8, entries: 2 * handledFrom })
}

/** signal_deliver(int signal, struct kernel_siginfo *, struct k_sigaction *): sa_handler comes first, SIG_DFL is 0. */
export function deliveredSignal(
  layout: Layout,
  maps: Maps,
  map: KernelMap,
  membership: Membership,
): readonly AssemblyLine[] {
  return [
    bpf.load(6, 1, 0),
    bpf.load(7, 1, 16),
    ...member(layout, maps, membership, false),
    ...read(7, 0, 8, -16),
    bpf.load(1, frame, -16),
    bpf.jumpIf(1, 'equal', 0, 'unhandled'),
    bpf.add(6, handledFrom),
    bpf.label('unhandled'),
    bpf.storeLower(frame, -8, 6),
    ...lookup(map, -8),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    ...increment(0),
    ...done,
  ]
}

export function readSignals(calls: MapCalls, map: KernelMap): readonly DeliveredSignal[] {
  const count = (place: number): bigint => calls.lookup(map, key32(place))?.readBigUInt64LE() ?? 0n
  return Object.entries(constants.signals).flatMap(([signal, number]) => {
    const handled = count(number + handledFrom) > 0n
    return handled || count(number) > 0n ? [{ signal, handled }] : []
  })
}

/** Undefined before the first call, and while the newest call is a member of socketcall or ipc. */
export function readNewest(calls: MapCalls, maps: Maps, machine: RecorderMachine): NewestCall | undefined {
  const place = (key: number): bigint => calls.lookup(maps.control, key32(key))?.readBigUInt64LE() ?? 0n
  const at = place(controlKeys.newestAt)
  const slot = Number(place(controlKeys.newestSlot))
  const architecture: Architecture | undefined =
    architecturesOf[machine][Math.floor(slot / slotsPerArchitecture)]
  if (at === 0n || architecture === undefined) return undefined
  const number = (slot % slotsPerArchitecture) + architectures[architecture].numberBit
  const call = callName(architecture, number)
  return { call, milliseconds: Number((process.hrtime.bigint() - at) / 1_000_000n) }
}
