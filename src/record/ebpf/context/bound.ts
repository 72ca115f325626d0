// Keeps what a program bound a socket to: a port below 1024, or the name of a unix socket, which is a path.
// Authority: bind(2), ip(7), ipv6(7), unix(7), socketcall(2).
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { done, frame, read, readUser } from '../blocks.ts'
import { bindMember, slotsOfCalls, type SlotArchitecture } from './calls.ts'
import { argument, ended, errno, name, own } from './ended.ts'
import { bindKey, slots } from './layout.ts'
import { at, clearStack, countRow, follow, forgetGranted, type ProgramInputs } from './pieces.ts'

const lowPorts = 1024
const families = { unix: 1, inet: 2, inet6: 10 } as const

/** bind(2): a unix socket's name is kept as a path; for inet and inet6 a port below 1024 is kept. */
export function boundSocket(given: ProgramInputs, of: SlotArchitecture): readonly AssemblyLine[] {
  const { structures, own: maps } = given
  const key = at.task - bindKey.size
  return [
    ...ended(given),
    ...argument(of, 1, 3),
    ...slotsOfCalls(of, ['socketcall']).flatMap((slot) => behindSocketcall(of, slot)),
    bpf.storeWide(frame, at.other, 0),
    ...readUser(4, at.other),
    bpf.loadHalf(9, frame, at.other),
    bpf.jumpIf(9, 'notEqual', families.unix, 'no-path'),
    bpf.load(1, frame, at.context),
    bpf.map(2, maps.programs.descriptor),
    bpf.set(3, slots.byName),
    bpf.call('tailCall'),
    bpf.jump('done'),
    bpf.label('no-path'),
    ...forgetGranted(given),
    bpf.jumpIf(9, 'equal', families.inet, 'inet'),
    bpf.jumpIf(9, 'notEqual', families.inet6, 'done'),
    bpf.label('inet'),
    // The port is in network byte order.
    bpf.loadByte(1, frame, at.other + 2),
    bpf.shiftLeft(1, 8),
    bpf.loadByte(2, frame, at.other + 3),
    bpf.orRegister(1, 2),
    bpf.jumpIf(1, 'equal', 0, 'done'),
    bpf.jumpIf(1, 'atLeast', lowPorts, 'done'),
    bpf.move(6, 1),
    ...errno,
    ...own(given),
    ...clearStack(key, bindKey.size),
    bpf.load(1, frame, at.container),
    bpf.store(frame, key + bindKey.container, 1),
    bpf.storeLower(frame, key + bindKey.family, 9),
    bpf.storeLower(frame, key + bindKey.port, 6),
    bpf.storeLower(frame, key + bindKey.errno, 7),
    ...follow(8, structures['task_struct.cred'], 6),
    ...read(6, structures['cred.uid'] + 16, 4, key + bindKey.euid),
    ...name(key + bindKey.comm),
    ...countRow(given, maps.binds, key, 'binds', 'done'),
    ...done,
  ]
}

/** r3 = the address of bind(2) if socketcall(2) makes it: the second of the 32-bit words behind the pointer in r3. */
const behindSocketcall = (of: SlotArchitecture, slot: number): readonly AssemblyLine[] => [
  bpf.jumpIf(9, 'notEqual', slot, 'address'),
  bpf.storeWide(frame, at.other, 0),
  bpf.add(3, 4),
  ...readUser(4, at.other),
  ...argument(of, 0, 1),
  bpf.jumpIf(1, 'notEqual', bindMember, 'done'),
  bpf.load(3, frame, at.other),
  bpf.label('address'),
]
