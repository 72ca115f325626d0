// The program at sys_exit: counts the results which mean that a call did nothing.
// Authority: include/trace/events/syscalls.h.
import { firstSlot, lostCall } from '../apart.ts'
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { frame, read } from '../blocks.ts'
import type { Layout } from '../layout.ts'
import { slotsPerArchitecture, type Maps } from '../maps.ts'
import { member, type Membership } from '../membership.ts'
import { failedMember } from './family.ts'
import { hadEntered, noNote, noteExit } from './inside.ts'
import { architecture } from './number.ts'
import { failures, result, failed } from './slot.ts'
import { values, refused } from './values.ts'

/**
 * sys_exit(struct pt_regs *, long result): counts only the results which mean that nothing was done. The arguments are
 * read again, because a call leaves all registers but the result unchanged.
 */
export function left(layout: Layout, maps: Maps, membership: Membership): readonly AssemblyLine[] {
  return [
    ...noNote,
    bpf.load(9, 1, 8),
    ...Object.values(failures).map((each) => bpf.jumpIf(9, 'equal', each, 'failed')),
    ...noteExit(layout, maps, membership),
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
    ...hadEntered(layout, maps, membership),
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
