// Keeps capability checks: the capability, the credentials, the call and the kernel functions that asked.
// Authority: security/commoncap.c (cap_capable; its raw tracepoint since Linux 6.14 has the credentials, both user
// namespaces, the capability and the answer), include/linux/security.h (CAP_OPT_NOAUDIT).
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { done, frame, lookup, read, update } from '../blocks.ts'
import { slotArchitectures, slotsOfCalls } from './calls.ts'
import { checkFlags, checkKey, containerValue, specKinds, specPlaces } from './layout.ts'
import {
  at,
  clearStack,
  container,
  countRow,
  follow,
  hasStarted,
  recorded,
  type ProgramInputs,
} from './pieces.ts'
import { currentSlot } from './slot.ts'
import { aboutCalls } from './words.ts'

const sysAdmin = 21
/** The slot of a check outside a call. */
export const noSlot = -1
const key = at.task - checkKey.size
/** Offsets of the arguments in the context of each kind of program. */
const contexts = {
  tracepoint: { namespace: 8, capability: 24, options: undefined, answer: 32 },
  fexit: { namespace: 8, capability: 16, options: 24, answer: 32 },
} as const
export type CheckSource = keyof typeof contexts

/** Calls that test the real user's access: for this the kernel temporarily sets other credentials. */
const access = ['access', 'faccessat', 'faccessat2']

export function checked(given: ProgramInputs, source: CheckSource): readonly AssemblyLine[] {
  const { layout, structures, own } = given
  const words = contexts[source]
  const architectures = slotArchitectures(layout)
  const registers = architectures.flatMap((each) =>
    [...aboutCalls].flatMap(([name, index]) =>
      slotsOfCalls(each, [name]).map((slot) => [slot, each.registers[index] ?? 0] as const),
    ),
  )
  const flag = (bit: number): readonly AssemblyLine[] => [
    bpf.loadLower(1, frame, key + checkKey.flags),
    bpf.or(1, bit),
    bpf.storeLower(frame, key + checkKey.flags, 1),
  ]
  return [
    bpf.store(frame, at.context, 1),
    bpf.move(6, 1),
    // Every mmap, brk and execve asks for CAP_SYS_ADMIN (overcommit), so a refused check means nothing.
    bpf.load(1, 6, words.capability),
    bpf.jumpIf(1, 'notEqual', sysAdmin, 'wanted'),
    bpf.load(1, 6, words.answer),
    bpf.jumpIfLower(1, 'notEqual', 0, 'done'),
    bpf.label('wanted'),
    ...recorded(given),
    // The current call, if there is one.
    bpf.call('currentTypedTask'),
    bpf.move(1, 0),
    bpf.call('registersOfTask'),
    bpf.store(frame, at.registers, 0),
    bpf.move(6, 0),
    ...currentSlot(layout, 'no-slot'),
    bpf.jump('slot'),
    bpf.label('no-slot'),
    bpf.set(9, noSlot),
    bpf.label('slot'),
    ...clearStack(key, checkKey.size),
    bpf.storeLower(frame, key + checkKey.slot, 9),
    bpf.load(9, frame, at.registers),
    bpf.load(6, frame, at.context),
    bpf.load(7, 6, 0),
    bpf.load(1, frame, at.container),
    bpf.store(frame, key + checkKey.container, 1),
    bpf.load(1, 6, words.capability),
    bpf.storeLower(frame, key + checkKey.capability, 1),
    bpf.load(1, 6, words.answer),
    bpf.jumpIfLower(1, 'equal', 0, 'had'),
    bpf.storeValue(frame, key + checkKey.refused, 1),
    bpf.label('had'),
    ...(words.options === undefined
      ? []
      : [bpf.load(1, 6, words.options), bpf.storeLower(frame, key + checkKey.options, 1)]),
    // Own or temporary credentials. Temporary ones are evidence about the program only in access(2) and its like.
    ...follow(8, structures['task_struct.real_cred'], 1),
    bpf.jumpUnlessSame(1, 7, 'put-on'),
    ...flag(checkFlags.own),
    bpf.jump('whose'),
    bpf.label('put-on'),
    bpf.loadLower(1, frame, key + checkKey.slot),
    ...architectures
      .flatMap((each) => slotsOfCalls(each, access))
      .map((slot) => bpf.jumpIf(1, 'equal', slot, 'whose')),
    bpf.jump('done'),
    bpf.label('whose'),
    ...hasStarted(given, 'not-started'),
    ...flag(checkFlags.started),
    bpf.label('not-started'),
    ...follow(7, structures['cred.user_ns'], 8),
    bpf.load(1, 6, words.namespace),
    bpf.jumpIfSame(1, 8, 'own-namespace'),
    ...flag(checkFlags.otherNamespace),
    bpf.label('own-namespace'),
    ...read(7, structures['cred.cap_effective'], 8, at.word),
    bpf.load(1, frame, at.word),
    bpf.loadLower(2, frame, key + checkKey.capability),
    bpf.shiftRightBy(1, 2),
    bpf.and(1, 1),
    bpf.jumpIf(1, 'equal', 0, 'not-effective'),
    ...flag(checkFlags.effective),
    bpf.label('not-effective'),
    ...read(7, structures['cred.cap_permitted'], 8, at.other),
    ...container(given, 'no-container'),
    bpf.load(1, frame, at.other),
    bpf.load(2, 0, containerValue.bounding),
    bpf.orRegister(1, 2),
    bpf.jumpUnlessSame(1, 2, 'beyond'),
    ...flag(checkFlags.withinBounding),
    bpf.label('beyond'),
    ...containerDepth(given),
    bpf.label('no-container'),
    ...read(7, structures['cred.uid'], 32, key + checkKey.ids),
    ...registers.flatMap(([slot, register]): readonly AssemblyLine[] => [
      bpf.loadLower(1, frame, key + checkKey.slot),
      bpf.jumpIf(1, 'notEqual', slot, `not-${slot}`),
      ...read(9, register, 8, key + checkKey.argument),
      bpf.label(`not-${slot}`),
    ]),
    ...markGranted(given),
    bpf.move(1, frame),
    bpf.add(1, key + checkKey.comm),
    bpf.set(2, 16),
    bpf.call('currentComm'),
    bpf.load(1, frame, at.context),
    bpf.move(2, frame),
    bpf.add(2, key + checkKey.stack),
    bpf.set(3, checkKey.size - checkKey.stack),
    bpf.set(4, 0),
    bpf.call('stack'),
    ...countRow(given, own.checks, key, 'checks', 'done'),
    ...done,
  ]
}

/** Notes how many levels the user namespace in r8 is below the container's (value in r0): negative if above. */
const containerDepth = ({ structures }: ProgramInputs): readonly AssemblyLine[] => [
  bpf.loadLower(1, 0, containerValue.level),
  bpf.store(frame, at.other, 1),
  ...read(8, structures['user_namespace.level'], 4, at.word),
  bpf.loadLower(1, frame, at.word),
  bpf.load(2, frame, at.other),
  bpf.subtractRegister(1, 2),
  bpf.storeLower(frame, key + checkKey.depth, 1),
]

/**
 * Notes the capability for the current call, if own, started and granted, and if paths.ts keeps it with a path. Which
 * request an ioctl makes is not known here, so its path has no capability.
 */
const markGranted = ({ own }: ProgramInputs): readonly AssemblyLine[] => [
  bpf.loadLower(1, frame, key + checkKey.refused),
  bpf.jumpIf(1, 'notEqual', 0, 'marked'),
  bpf.loadLower(1, frame, key + checkKey.flags),
  bpf.and(1, checkFlags.own | checkFlags.started),
  bpf.jumpIf(1, 'notEqual', checkFlags.own | checkFlags.started, 'marked'),
  ...lookup(own.specs, key + checkKey.slot),
  bpf.jumpIf(0, 'equal', 0, 'marked'),
  bpf.loadLower(1, 0, specPlaces.kind),
  bpf.jumpIf(1, 'equal', specKinds.none, 'marked'),
  bpf.jumpIf(1, 'equal', specKinds.asks, 'marked'),
  bpf.jumpIf(1, 'equal', specKinds.request, 'marked'),
  bpf.call('currentPidTgid'),
  bpf.store(frame, at.word, 0),
  bpf.set(9, 1),
  bpf.loadLower(1, frame, key + checkKey.capability),
  bpf.shiftLeftBy(9, 1),
  bpf.loadLower(8, frame, key + checkKey.slot),
  ...lookup(own.granted, at.word),
  bpf.jumpIf(0, 'equal', 0, 'first-mark'),
  bpf.load(1, 0, 8),
  bpf.jumpUnlessSame(1, 8, 'first-mark'),
  bpf.load(1, 0, 0),
  bpf.orRegister(1, 9),
  bpf.store(0, 0, 1),
  bpf.jump('marked'),
  bpf.label('first-mark'),
  bpf.store(frame, at.dentry, 9),
  bpf.store(frame, at.dentry + 8, 8),
  ...update(own.granted, at.word, at.dentry, 0),
  bpf.label('marked'),
]
