// The programs that decide who is recorded and count the calls. They have no loop and use no helper that could wait.
// Maps with memory for each processor need no locks, because tracepoints run with preemption disabled.
// Authority: include/trace/events/{syscalls,sched,signal}.h for the arguments of each tracepoint.
import { architectures } from '../../abi/architectures.ts'
import { syscallTable } from '../../abi/tables.ts'
import type { Multiplexer } from '../../abi/multiplexers.ts'
import * as bpf from './assembler.ts'
import type { AssemblyLine } from './assembler.ts'
import {
  done,
  frame,
  increment,
  lastThread,
  lookup,
  noExist,
  alreadyThere,
  note,
  ofTask,
  read,
  readUser,
  remove,
  update,
} from './blocks.ts'
import {
  aboutSlot,
  entry,
  firstSlot,
  keyedSeven,
  keying,
  keyOf,
  lostCall,
  places,
  unfilteredCall,
} from './apart.ts'
import { member, type Membership } from './membership.ts'
import { architecturesOf, type Layout } from './layout.ts'
import {
  cloneArgs,
  controlKeys,
  failurePlaces,
  familySlot,
  memberStates,
  slotPlaces,
  slotsPerArchitecture,
  slotsPerFamily,
  valueKey,
  valuePlaces,
  wantedBehind,
  type Maps,
} from './maps.ts'

export interface Programs {
  readonly sys_enter: readonly AssemblyLine[]
  readonly sys_exit: readonly AssemblyLine[]
  readonly sched_process_fork: readonly AssemblyLine[]
  readonly sched_process_exit: readonly AssemblyLine[]
  readonly signal_generate: readonly AssemblyLine[]
}

const bit30 = architectures.x32.numberBit
/** TS_COMPAT of arch/x86/include/asm/thread_info.h, PSR_MODE32_BIT of arm64's UAPI asm/ptrace.h. */
const compatBit = { x86_64: 0x02, aarch64: 0x10 } as const
/** The results that count as failures. */
const failures = { eperm: -1, eacces: -13, enosys: -38 } as const

/** Never throws: the kernel judges a program only when it is loaded. */
export function programsFor(
  layout: Layout,
  maps: Maps,
  membership: Membership,
  ownProcess: number,
): Programs {
  return {
    sys_enter: entered(layout, maps, membership),
    sys_exit: left(layout, maps, membership),
    sched_process_fork: forked(layout, maps, ownProcess),
    sched_process_exit: exited(layout, maps),
    signal_generate: signalled(layout, maps),
  }
}

/** From the number in r9 (32 bits): r7 = the first slot of the architecture, r9 = the number on the architecture. */
export function architecture(layout: Layout): readonly AssemblyLine[] {
  const { machine, task, registers } = layout
  const first = (name: 'x86' | 'x32' | 'arm'): number =>
    architecturesOf[machine].indexOf(name) * slotsPerArchitecture
  const where: readonly AssemblyLine[] =
    machine === 'x86_64'
      ? ofTask(layout, task.status, 1)
      : [...read(6, registers.state, 4, -8), bpf.loadLower(1, frame, -8)]
  return [
    ...where,
    bpf.and(1, compatBit[machine]),
    bpf.set(7, 0),
    ...(machine === 'x86_64'
      ? [
          bpf.jumpIf(1, 'equal', 0, 'wide'),
          bpf.set(7, first('x86')),
          bpf.jump('known'),
          bpf.label('wide'),
          bpf.move(1, 9),
          bpf.add(1, -bit30),
          bpf.jumpIf(1, 'atLeast', slotsPerArchitecture, 'known'),
          bpf.move(9, 1),
          bpf.set(7, first('x32')),
        ]
      : [bpf.jumpIf(1, 'equal', 0, 'known'), bpf.set(7, first('arm'))]),
    bpf.label('known'),
  ]
}

/**
 * r7 = the first slot of the architecture, r9 = the number of the current call on it, from the registers in r6.
 * `stack`: eight free bytes. `atSignal`: the task was stopped by a signal for this call, or has ended.
 */
export function numbered(layout: Layout, stack: number, atSignal: boolean): readonly AssemblyLine[] {
  const { machine, registers } = layout
  const size = machine === 'x86_64' ? 8 : 4
  if (!atSignal || machine === 'x86_64')
    return [
      ...read(6, registers.number, size, stack),
      bpf.loadLower(9, frame, stack),
      ...architecture(layout),
    ]
  const { own, compat } = registers.numberAtSignal
  return [
    ...architecture(layout),
    ...read(6, own, size, stack),
    bpf.jumpIf(7, 'equal', 0, 'own-number'),
    ...read(6, compat, size, stack),
    bpf.label('own-number'),
    bpf.loadLower(9, frame, stack),
  ]
}

/** sys_enter(struct pt_regs *, long number). r6: registers, r7: slot, r8: task, r9: number. */
function entered(layout: Layout, maps: Maps, membership: Membership): readonly AssemblyLine[] {
  return [
    bpf.load(6, 1, 0),
    bpf.load(9, 1, 8),
    bpf.moveLower(9, 9),
    ...member(layout, maps, membership, true, membership.apart === 'cgroup' ? 'unfiltered' : 'done'),
    ...firstSlot(layout, maps, membership, true),
    ...architecture(layout),
    bpf.jumpIf(9, 'atLeast', slotsPerArchitecture, 'other'),
    bpf.move(1, 7),
    bpf.addRegister(1, 9),
    bpf.storeLower(frame, places.slot, 1),
    ...counted(maps, membership, 'call'),
    // The slots of the 32-bit architecture follow the machine's own.
    bpf.jumpIf(7, 'equal', slotsPerArchitecture, 'compat'),
    ...values(maps, layout.registers.arguments, 'wide', false, begun),
    bpf.jump('done'),
    bpf.label('compat'),
    ...values(maps, layout.registers.compatArguments, 'compat', true, begun),
    ...(layout.machine === 'x86_64' ? familyMember(layout, maps, membership) : []),
    bpf.jump('done'),
    ...other(maps, membership),
    ...unfilteredCall(maps, membership),
    ...lostCall(maps, membership),
  ]
}

/** Counts the slot at -16. r8 = its value in `slots`, r9 = the wanted arguments; goes to `done` if there are none. */
function counted(maps: Maps, membership: Membership, way: string): readonly AssemblyLine[] {
  const named = `${way}-named`
  return [
    ...keying(membership),
    ...entry(maps.counts, membership, way),
    bpf.load(9, 0, 0),
    ...increment(0),
    ...aboutSlot(maps, membership, way),
    bpf.move(8, 0),
    // The first such call on this processor may be the first of all.
    bpf.jumpIf(9, 'notEqual', 0, named),
    bpf.loadByte(1, 8, slotPlaces.comm),
    bpf.jumpIf(1, 'notEqual', 0, named),
    bpf.move(1, 8),
    bpf.add(1, slotPlaces.comm),
    bpf.set(2, slotPlaces.size - slotPlaces.comm),
    bpf.call('currentComm'),
    ...newest(maps, named),
    bpf.label(named),
    ...wantedOf(membership, 'done'),
  ]
}

/** Notes the current time and the slot at -16 as the newest call. */
const newest = (maps: Maps, then: string): readonly AssemblyLine[] => [
  bpf.storeValue(frame, -64, controlKeys.newestAt),
  ...lookup(maps.control, -64),
  bpf.jumpIf(0, 'equal', 0, then),
  bpf.move(9, 0),
  bpf.call('monotonicTime'),
  bpf.store(9, 0, 0),
  bpf.storeValue(frame, -64, controlKeys.newestSlot),
  ...lookup(maps.control, -64),
  bpf.jumpIf(0, 'equal', 0, then),
  bpf.loadLower(1, frame, -16),
  bpf.store(0, 0, 1),
]

/** r9 = the wanted arguments, from the slot's value in r8. Goes to `none` without any. Puts the slot into the key. */
const wantedOf = (membership: Membership, none: string): readonly AssemblyLine[] => [
  bpf.loadLower(9, 8, slotPlaces.wanted),
  bpf.jumpIf(9, 'equal', 0, none),
  bpf.loadLower(1, frame, keyOf(membership)),
  bpf.storeLower(frame, -40 + valueKey.slot, 1),
]

/** Notes the values of the wanted arguments (r9). r6: registers, r8: the slot's value. `lower`: only 32 bits. */
function values(
  maps: Maps,
  registers: readonly number[],
  way: string,
  lower: boolean,
  noteValue: Note,
): readonly AssemblyLine[] {
  const [first = 0] = registers
  const argument = (offset: number): readonly AssemblyLine[] => [
    ...read(6, offset, 8, -40 + valueKey.value),
    ...(lower
      ? [bpf.loadLower(1, frame, -40 + valueKey.value), bpf.store(frame, -40 + valueKey.value, 1)]
      : []),
  ]
  return [
    ...registers.flatMap((offset, index) =>
      value(maps, index, 1 << index, `${way}-${index}`, noteValue, () => argument(offset)),
    ),
    ...value(maps, 0, wantedBehind, `${way}-behind`, noteValue, (unknown) => [
      ...argument(first),
      ...flagsBehind(-40 + valueKey.value, unknown),
    ]),
  ]
}

/** Replaces clone3's pointer on the stack by what clone's first argument would be: flags and exit signal together. */
function flagsBehind(stack: number, unknown: string): readonly AssemblyLine[] {
  const copy = -64 - cloneArgs.size
  return [
    bpf.load(3, frame, stack),
    ...readUser(cloneArgs.size, copy),
    bpf.jumpIf(0, 'notEqual', 0, unknown),
    bpf.load(1, frame, copy + cloneArgs.flags),
    bpf.load(2, frame, copy + cloneArgs.exitSignal),
    bpf.orRegister(1, 2),
    bpf.store(frame, stack, 1),
  ]
}

/** How the value in the key at -40 is noted. Goes to `next`, or to `unknown` if there is no room. */
type Note = (maps: Maps, name: string, unknown: string, next: string) => readonly AssemblyLine[]

/** Counts the entry of a call with the value. */
const begun: Note = (maps, name, unknown, next) => [
  ...lookup(maps.values, -40),
  bpf.jumpIf(0, 'notEqual', 0, `${name}-known`),
  bpf.set(1, 0),
  bpf.store(frame, -64 + valuePlaces.eperm, 1),
  bpf.store(frame, -64 + valuePlaces.eacces, 1),
  bpf.set(1, 1),
  bpf.store(frame, -64 + valuePlaces.entered, 1),
  ...update(maps.values, -40, -64, noExist),
  bpf.jumpIf(0, 'equal', 0, next),
  // Either another processor has added the value in between, or there is no room.
  bpf.jumpIfLower(0, 'notEqual', alreadyThere, unknown),
  ...lookup(maps.values, -40),
  bpf.jumpIf(0, 'equal', 0, unknown),
  bpf.label(`${name}-known`),
  ...increment(0),
  bpf.jump(next),
]

/** Counts the refusal of a call with the value. The result is on the stack. */
const refused: Note = (maps, name, _unknown, next) => [
  ...lookup(maps.values, -40),
  bpf.jumpIf(0, 'equal', 0, next),
  bpf.load(1, frame, result),
  bpf.jumpIf(1, 'equal', failures.eperm, `${name}-refused`),
  bpf.add(0, valuePlaces.eacces - valuePlaces.eperm),
  bpf.label(`${name}-refused`),
  bpf.set(1, 1),
  bpf.addTo(0, valuePlaces.eperm, 1),
  bpf.jump(next),
]

/** Notes one value if its bit is wanted. `fetch` puts the value into the key, or goes to the label that it is given. */
function value(
  maps: Maps,
  index: number,
  wanted: number,
  name: string,
  noteValue: Note,
  fetch: (unknown: string) => readonly AssemblyLine[],
): readonly AssemblyLine[] {
  const [unknown, next] = [`${name}-unknown`, `${name}-done`]
  return [
    bpf.move(1, 9),
    bpf.and(1, wanted),
    bpf.jumpIf(1, 'equal', 0, next),
    bpf.storeValue(frame, -40 + valueKey.index, index),
    ...fetch(unknown),
    ...noteValue(maps, name, unknown, next),
    bpf.label(unknown),
    ...(noteValue === begun
      ? [bpf.loadLower(1, 8, slotPlaces.cut), bpf.or(1, 1 << index), bpf.storeLower(8, slotPlaces.cut, 1)]
      : []),
    bpf.label(next),
  ]
}

/** Counts a call without a slot by architecture and number. r7: first slot, r9: number. */
function other(maps: Maps, membership: Membership): readonly AssemblyLine[] {
  const again: readonly AssemblyLine[] = lookup(maps.others, -56)
  return [
    bpf.label('other'),
    bpf.storeLower(frame, -56, 9),
    ...keyedSeven(membership),
    bpf.storeLower(frame, -52, 1),
    ...again,
    bpf.jumpIf(0, 'notEqual', 0, 'there'),
    bpf.set(1, 1),
    bpf.store(frame, -48, 1),
    ...update(maps.others, -56, -48, noExist),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    ...again,
    bpf.jumpIf(0, 'equal', 0, 'lost'),
    bpf.label('there'),
    ...increment(0),
    bpf.jump('done'),
  ]
}

const familySlots = (family: Multiplexer) => {
  const number = syscallTable('x86').byName(family)?.number ?? 0
  return {
    own: architecturesOf.x86_64.indexOf('x86') * slotsPerArchitecture + number,
    members: familySlot(family),
  }
}
const [socketcall, ipc] = [familySlots('socketcall'), familySlots('ipc')]
const pointer = -112
const result = -120

/**
 * If the slot at -16 is that of i386's socketcall or ipc, replaces it by the member's slot; else goes to `done`. r6:
 * registers. r7 = the family's first slot. Authority: net/socket.c (SYSCALL_DEFINE2(socketcall)), ipc/syscall.c
 * (ksys_ipc: the upper half of the number is a version).
 */
function toMember({ registers }: Layout): readonly AssemblyLine[] {
  const [which = 0] = registers.compatArguments
  return [
    bpf.loadLower(7, frame, -16),
    ...read(6, which, 8, -8),
    bpf.loadLower(1, frame, -8),
    bpf.jumpIf(7, 'equal', socketcall.own, 'socketcall'),
    bpf.jumpIf(7, 'notEqual', ipc.own, 'done'),
    bpf.and(1, 0xffff),
    bpf.set(7, ipc.members),
    bpf.jump('known-family'),
    bpf.label('socketcall'),
    bpf.set(7, socketcall.members),
    bpf.label('known-family'),
    bpf.jumpIf(1, 'atLeast', slotsPerFamily, 'done'),
    bpf.addRegister(1, 7),
    bpf.storeLower(frame, -16, 1),
  ]
}

/** Copies one 32-bit word from the pointer on the stack into the key, as the value. */
const word = (index: number, unknown: string): readonly AssemblyLine[] => [
  bpf.load(3, frame, pointer),
  bpf.add(3, index * 4),
  ...readUser(4, -40 + valueKey.value),
  bpf.jumpIf(0, 'notEqual', 0, unknown),
]

/** Stores the pointer to the arguments of socketcall's member. Clears the key's value, whose upper half stays 0. */
function behindFamily({ registers }: Layout): readonly AssemblyLine[] {
  const [, behind = 0] = registers.compatArguments
  return [
    ...read(6, behind, 8, pointer),
    bpf.loadLower(1, frame, pointer),
    bpf.store(frame, pointer, 1),
    bpf.set(1, 0),
    bpf.store(frame, -40 + valueKey.value, 1),
  ]
}

const words = ({ registers }: Layout, maps: Maps, noteValue: Note): readonly AssemblyLine[] =>
  registers.compatArguments.flatMap((_, index) =>
    value(maps, index, 1 << index, `word-${index}`, noteValue, (unknown) => word(index, unknown)),
  )

/**
 * Counts a member besides its family. The member's arguments are at the address in socketcall's second one, 32 bits
 * each.
 */
function familyMember(layout: Layout, maps: Maps, membership: Membership): readonly AssemblyLine[] {
  return [
    ...toMember(layout),
    ...behindFamily(layout),
    bpf.jumpIf(7, 'equal', ipc.members, 'of-family'),
    // If the arguments cannot be read, the kernel calls no member.
    ...word(0, 'done'),
    bpf.label('of-family'),
    ...counted(maps, membership, 'of-family'),
    // No known profile has a condition on ipc's members, each of which has its own order of arguments.
    bpf.jumpIf(7, 'equal', ipc.members, 'untold'),
    ...words(layout, maps, begun),
    bpf.jump('done'),
    bpf.label('untold'),
    bpf.storeLower(8, slotPlaces.cut, 9),
  ]
}

/**
 * sys_exit(struct pt_regs *, long result): counts only the results which mean that nothing was done. The arguments are
 * read again, because a call leaves all registers but the result unchanged.
 */
function left(layout: Layout, maps: Maps, membership: Membership): readonly AssemblyLine[] {
  return [
    bpf.load(9, 1, 8),
    ...Object.values(failures).map((each) => bpf.jumpIf(9, 'equal', each, 'failed')),
    bpf.jump('done'),
    bpf.label('failed'),
    bpf.store(frame, result, 9),
    bpf.load(6, 1, 0),
    ...member(layout, maps, membership, false),
    ...firstSlot(layout, maps, membership, false),
    ...read(6, layout.registers.number, layout.machine === 'x86_64' ? 8 : 4, -24),
    bpf.loadLower(9, frame, -24),
    ...architecture(layout),
    bpf.jumpIf(9, 'atLeast', slotsPerArchitecture, 'done'),
    bpf.addRegister(9, 7),
    bpf.storeLower(frame, -16, 9),
    ...failed(maps, membership, 'call', 'members'),
    bpf.jumpIf(7, 'equal', slotsPerArchitecture, 'compat'),
    ...values(maps, layout.registers.arguments, 'wide', false, refused),
    bpf.jump('done'),
    bpf.label('compat'),
    ...values(maps, layout.registers.compatArguments, 'compat', true, refused),
    bpf.label('members'),
    ...(layout.machine === 'x86_64' ? failedMember(layout, maps, membership) : []),
    bpf.jump('done'),
    ...lostCall(maps, membership),
  ]
}

function failedMember(layout: Layout, maps: Maps, membership: Membership): readonly AssemblyLine[] {
  return [
    ...toMember(layout),
    ...failed(maps, membership, 'of-family', 'done'),
    bpf.jumpIf(7, 'equal', ipc.members, 'done'),
    ...behindFamily(layout),
    ...words(layout, maps, refused),
  ]
}

/** Counts the result for the slot at -16. r8, r9 as after `counted`. Goes to `none` if there are no values to note. */
function failed(maps: Maps, membership: Membership, way: string, none: string): readonly AssemblyLine[] {
  const [eacces, eperm] = [`${way}-eacces`, `${way}-eperm`]
  return [
    ...keying(membership),
    ...entry(maps.failures, membership, way),
    bpf.load(9, frame, result),
    bpf.jumpIf(9, 'equal', failures.eperm, eperm),
    bpf.jumpIf(9, 'equal', failures.eacces, eacces),
    bpf.add(0, failurePlaces.enosys - failurePlaces.eacces),
    bpf.label(eacces),
    bpf.add(0, failurePlaces.eacces - failurePlaces.eperm),
    bpf.label(eperm),
    ...increment(0),
    bpf.jumpIf(9, 'equal', failures.enosys, none),
    ...lookup(maps.slots, keyOf(membership)),
    bpf.jumpIf(0, 'equal', 0, none),
    bpf.move(8, 0),
    ...wantedOf(membership, none),
  ]
}

/** sched_process_fork(struct task_struct *parent, struct task_struct *child): a member's child is a member. */
function forked({ task }: Layout, maps: Maps, ownProcess: number): readonly AssemblyLine[] {
  return [
    bpf.load(6, 1, 0),
    bpf.load(7, 1, 8),
    ...read(7, task.pid, 4, -8),
    ...read(7, task.tgid, 4, -16),
    ...read(6, task.tgid, 4, -24),
    bpf.loadLower(1, frame, -8),
    bpf.loadLower(2, frame, -16),
    // A thread: its process is already a member.
    bpf.jumpUnlessSame(1, 2, 'done'),
    bpf.loadLower(3, frame, -24),
    bpf.jumpIf(3, 'equal', ownProcess, 'ours'),
    ...lookup(maps.states, -24),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.loadLower(1, 0, 0),
    bpf.jumpIf(1, 'equal', memberStates.none, 'done'),
    bpf.storeLower(frame, -32, 1),
    bpf.jump('insert'),
    bpf.label('ours'),
    // A child of seccomp-gen is the command only if it is forked while the session is armed.
    bpf.storeValue(frame, -40, controlKeys.armed),
    ...lookup(maps.control, -40),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.load(1, 0, 0),
    bpf.jumpIf(1, 'notEqual', 1, 'done'),
    bpf.storeValue(frame, -40, controlKeys.command),
    ...lookup(maps.control, -40),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.loadLower(1, frame, -16),
    bpf.store(0, 0, 1),
    bpf.storeValue(frame, -32, memberStates.pending),
    bpf.label('insert'),
    ...lookup(maps.states, -16),
    bpf.jumpIf(0, 'equal', 0, 'lost'),
    bpf.loadLower(1, frame, -32),
    bpf.storeLower(0, 0, 1),
    ...update(maps.members, -16, -32, 0),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.label('lost'),
    ...note(maps, controlKeys.lostProcesses, 'done'),
    ...done,
  ]
}

/** sched_process_exit(struct task_struct *): a process ends with its last thread. */
function exited(layout: Layout, maps: Maps): readonly AssemblyLine[] {
  return [
    ...lastThread(layout),
    ...lookup(maps.states, -8),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.loadLower(1, 0, 0),
    bpf.jumpIf(1, 'equal', memberStates.none, 'done'),
    bpf.storeValue(0, 0, memberStates.none),
    ...remove(maps.members, -8),
    ...done,
  ]
}

/** signal_generate(int signal, struct kernel_siginfo *, struct task_struct *, …): counts signals to the command. */
function signalled({ task }: Layout, maps: Maps): readonly AssemblyLine[] {
  return [
    bpf.load(6, 1, 0),
    bpf.load(7, 1, 16),
    ...read(7, task.tgid, 4, -8),
    bpf.loadLower(7, frame, -8),
    bpf.storeValue(frame, -16, controlKeys.command),
    ...lookup(maps.control, -16),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.load(1, 0, 0),
    bpf.jumpUnlessSame(1, 7, 'done'),
    bpf.storeLower(frame, -16, 6),
    ...lookup(maps.arrivals, -16),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    ...increment(0),
    ...done,
  ]
}
