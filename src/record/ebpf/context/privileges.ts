// Keeps calls that change a program's ids or privileges, at their end: those that succeeded and those refused.
// Authority: setuid(2) and its like, setgroups(2), capset(2), PR_CAP_AMBIENT(2const), unshare(2), clone(2),
// io_uring_setup(2).
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { done, frame, read, readUser } from '../blocks.ts'
import { slotsOfCalls, type SlotArchitecture } from './calls.ts'
import { argument, ended, errno, name, own } from './ended.ts'
import { groupLimit, identityKey, privilegeKey } from './layout.ts'
import { at, clearStack, countRow, follow, type ProgramInputs } from './pieces.ts'

/** include/uapi/linux/prctl.h, include/uapi/linux/sched.h */
export const options = { dropBounding: 24, securebits: 28, ambient: 47 } as const
const raise = 2
const newUser = 0x1000_0000

/** Keeps a thread's ids and groups after a successful change of user or group. */
export function changedIdentity(given: ProgramInputs): readonly AssemblyLine[] {
  const { structures, own: maps } = given
  const key = at.task - identityKey.size
  return [
    ...ended(given),
    bpf.jumpIf(7, 'notEqual', 0, 'done'),
    ...own(given),
    ...clearStack(key, identityKey.size),
    bpf.load(1, frame, at.container),
    bpf.store(frame, key + identityKey.container, 1),
    bpf.storeLower(frame, key + identityKey.slot, 9),
    ...follow(8, structures['task_struct.cred'], 7),
    ...read(7, structures['cred.uid'], 32, key + identityKey.ids),
    ...follow(7, structures['cred.group_info'], 6),
    ...read(6, structures['group_info.ngroups'], 4, key + identityKey.groupCount),
    ...name(key + identityKey.comm),
    bpf.loadLower(2, frame, key + identityKey.groupCount),
    bpf.jumpIf(2, 'equal', 0, 'no-groups'),
    // Copies only the existing groups: the bytes after them would make equal rows differ.
    bpf.jumpIf(2, 'above', groupLimit, 'no-groups'),
    bpf.shiftLeft(2, 2),
    bpf.move(1, frame),
    bpf.add(1, key + identityKey.groups),
    bpf.move(3, 6),
    bpf.add(3, structures['group_info.gid']),
    bpf.call('readKernel'),
    bpf.label('no-groups'),
    ...countRow(given, maps.identities, key, 'identities', 'done'),
    ...done,
  ]
}

/** Places on the stack: the permitted set, and a copy of the two structures of capset(2). */
const held = at.dentry
const capsetData = at.dentry + 8
const firstVersion = 0x1998_0330

/** Stores the effective and permitted capabilities that capset(2) asks for. Its first version has 32 of them. */
function askedSet(of: SlotArchitecture, place: number): readonly AssemblyLine[] {
  const size = 12
  const half = (from: number, to: bpf.Register): readonly AssemblyLine[] => [
    bpf.loadLower(to, frame, from),
    bpf.loadLower(3, frame, from + 4),
    bpf.orRegister(to, 3),
  ]
  return [
    ...clearStack(capsetData, 2 * size),
    ...argument(of, 1, 3),
    ...readUser(size, capsetData),
    ...argument(of, 0, 3),
    bpf.storeWide(frame, at.other, 0),
    ...readUser(4, at.other),
    bpf.loadLower(1, frame, at.other),
    bpf.jumpIf(1, 'equal', firstVersion, 'halves'),
    ...argument(of, 1, 3),
    bpf.add(3, size),
    ...readUser(size, capsetData + size),
    bpf.label('halves'),
    ...half(capsetData, 1),
    ...half(capsetData + size, 2),
    bpf.shiftLeft(2, 32),
    bpf.orRegister(1, 2),
    bpf.store(frame, place, 1),
  ]
}

/** Keeps an architecture's capset, prctl, unshare, clone, clone3 and io_uring_setup that concern privileges. */
export function usedPrivilege(given: ProgramInputs, of: SlotArchitecture): readonly AssemblyLine[] {
  const { structures, own: maps } = given
  const key = at.task - privilegeKey.size
  const call = (name: string): number => slotsOfCalls(of, [name])[0] ?? -1
  const flagged = (index: number): readonly AssemblyLine[] => [
    ...argument(of, index, 1),
    bpf.and(1, newUser),
    bpf.jumpIf(1, 'equal', 0, 'done'),
    bpf.jump('meant'),
  ]
  return [
    ...ended(given),
    bpf.storeWide(frame, key + privilegeKey.set, 0),
    bpf.storeWide(frame, key + privilegeKey.slot, 0),
    bpf.storeLower(frame, key + privilegeKey.slot, 9),
    bpf.jumpIf(9, 'equal', call('clone'), 'flags'),
    bpf.jumpIf(9, 'equal', call('unshare'), 'flags'),
    bpf.jumpIf(9, 'equal', call('clone3'), 'structure'),
    bpf.jumpIf(9, 'equal', call('prctl'), 'option'),
    bpf.jump('meant'),
    bpf.label('flags'),
    ...flagged(0),
    bpf.label('structure'),
    ...argument(of, 0, 3),
    bpf.storeWide(frame, at.other, 0),
    ...readUser(8, at.other),
    bpf.load(1, frame, at.other),
    bpf.and(1, newUser),
    bpf.jumpIf(1, 'equal', 0, 'done'),
    bpf.jump('meant'),
    bpf.label('option'),
    ...argument(of, 0, 1),
    bpf.storeLower(frame, key + privilegeKey.option, 1),
    bpf.jumpIfLower(1, 'equal', options.securebits, 'meant'),
    bpf.jumpIfLower(1, 'equal', options.dropBounding, 'meant'),
    bpf.jumpIfLower(1, 'notEqual', options.ambient, 'done'),
    ...argument(of, 1, 1),
    bpf.jumpIf(1, 'notEqual', raise, 'done'),
    ...argument(of, 2, 2),
    bpf.set(1, 1),
    bpf.shiftLeftBy(1, 2),
    bpf.store(frame, key + privilegeKey.set, 1),
    bpf.label('meant'),
    ...errno,
    ...own(given),
    bpf.load(1, frame, at.container),
    bpf.store(frame, key + privilegeKey.container, 1),
    bpf.storeLower(frame, key + privilegeKey.errno, 7),
    ...follow(8, structures['task_struct.cred'], 7),
    ...read(7, structures['cred.uid'] + 16, 4, key + privilegeKey.euid),
    ...read(7, structures['cred.cap_permitted'], 8, held),
    bpf.loadLower(1, frame, key + privilegeKey.errno),
    bpf.jumpIf(1, 'notEqual', 0, 'refused'),
    bpf.jumpIf(9, 'notEqual', call('capset'), 'named'),
    // After a successful capset the permitted set is the set that was asked for.
    bpf.load(1, frame, held),
    bpf.store(frame, key + privilegeKey.set, 1),
    bpf.jump('named'),
    bpf.label('refused'),
    bpf.jumpIf(9, 'notEqual', call('capset'), 'asked'),
    ...askedSet(of, key + privilegeKey.set),
    bpf.label('asked'),
    // The capabilities that were asked for and are not held.
    bpf.load(1, frame, key + privilegeKey.set),
    bpf.load(2, frame, held),
    bpf.orRegister(1, 2),
    bpf.subtractRegister(1, 2),
    bpf.store(frame, key + privilegeKey.set, 1),
    bpf.label('named'),
    ...name(key + privilegeKey.comm),
    ...countRow(given, maps.privileges, key, 'raises', 'done'),
    ...done,
  ]
}
