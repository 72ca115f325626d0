// The program at sys_exit: counts the results which mean that a call did nothing.
// Authority: include/trace/events/syscalls.h.
import { firstSlot, lostCall } from '../apart.ts'
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { frame, read, within } from '../blocks.ts'
import type { Layout } from '../layout.ts'
import { slotsPerArchitecture, type Maps } from '../maps.ts'
import { member, type Membership } from '../membership.ts'
import { countedCall } from './entered.ts'
import { ifAnswered, ifFiltered, isSure, type FilterOwner } from './answered.ts'
import { failedMember } from './family.ts'
import { hadEntered, noNote, noteExit, noteFailure, noteOutside } from './inside.ts'
import { architecture } from './number.ts'
import { failures, result, failed } from './slot.ts'
import { values, refused } from './values.ts'

/**
 * sys_exit(struct pt_regs *, long result): counts the results which mean that nothing was done, and the calls that a
 * filter answered (answered.ts). The arguments are read again, because a call leaves all registers but the result
 * unchanged.
 */
export function left(
  layout: Layout,
  maps: Maps,
  membership: Membership,
  filters: FilterOwner,
): readonly AssemblyLine[] {
  const ifFailed = (then: string) => Object.values(failures).map((each) => bpf.jumpIf(9, 'equal', each, then))
  const numbered = [
    ...read(6, layout.registers.number, layout.machine === 'x86_64' ? 8 : 4, -24),
    bpf.loadLower(9, frame, -24),
  ]
  return [
    ...noNote,
    bpf.load(9, 1, 8),
    bpf.load(6, 1, 0),
    bpf.store(frame, result, 9),
    ...ifFailed('failing'),
    ...noteExit(layout, maps, membership, filters === 'own' ? 'unsure' : 'done'),
    bpf.label('failing'),
    ...(filters === 'own'
      ? [
          ...noteFailure(maps, 'unsure', 'failed'),
          bpf.label('unsure'),
          ...ifFiltered(layout, 'late-over'),
          bpf.storeValue(frame, isSure, 0),
          bpf.jump('late'),
          bpf.label('unentered'),
        ]
      : [bpf.jump('failed'), bpf.label('unentered'), ...ifAnswered(layout)]),
    bpf.storeValue(frame, isSure, 1),
    bpf.label('late'),
    ...numbered,
    ...within(countedCall(layout, maps, membership, 'exit'), 'late'),
    bpf.load(9, frame, result),
    ...ifFailed('failed'),
    ...noteOutside(maps, 'done'),
    bpf.jump('done'),
    bpf.label('failed'),
    ...member(layout, maps, membership, false),
    ...firstSlot(layout, maps, membership, false),
    ...numbered,
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
