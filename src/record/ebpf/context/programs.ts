// Loads the programs of a context. The counting program at sys_exit continues with the program for the end of the call,
// if the call is evidence. The programs for the life of processes, and the one for capability checks, are attached in
// the first way that this kernel accepts.
import * as bpf from '../assembler.ts'
import { assemble, type AssemblyLine } from '../assembler.ts'
import { BpfError, type BpfCalls } from '../kernel.ts'
import { key32 } from '../maps.ts'
import { frame, lookup } from '../blocks.ts'
import { endedSlot } from '../calls/inside.ts'
import { identityCalls } from '../../../read/observations/plain-call.ts'
import { boundSocket } from './bound.ts'
import { countedSlots, privilegeCalls, slotArchitectures, slotsOfCalls, specsFor } from './calls.ts'
import { checked } from './checks.ts'
import { beforeExecution, executed } from './executions.ts'
import { containerValue, slots } from './layout.ts'
import { usedPath } from './paths.ts'
import { at, type ProgramInputs } from './pieces.ts'
import { changedIdentity, usedPrivilege } from './privileges.ts'
import { noteRunning } from './running.ts'
import { currentSlot } from './slot.ts'
import { startedChild, startedEnded } from './started.ts'

/** The processes that were running before the recording. */
export interface RunningProcesses {
  readonly processes: readonly number[]
  /** Those that are the first of their PID namespace. */
  readonly inits: readonly number[]
}

/** The way in which capability checks are observed; undefined if this kernel accepts none. */
export type CheckedBy = 'tracepoint' | 'fexit' | undefined

/**
 * sys_exit(struct pt_regs *, long result): continues with the call's program, if any, so it comes last. Most calls are no
 * evidence, and most threads of the machine have no filter: if the counting program tells that, no helper is called.
 */
export function continued({ layout, own }: ProgramInputs): readonly AssemblyLine[] {
  return [
    bpf.store(frame, at.context, 1),
    bpf.load(6, 1, 0),
    ...endedSlot(at.word, 'not-told', 'no-program'),
    ...lookup(own.evident, at.word),
    bpf.jumpIf(0, 'equal', 0, 'not-told'),
    bpf.loadLower(1, 0, 0),
    bpf.jumpIf(1, 'equal', 0, 'no-program'),
    bpf.label('not-told'),
    ...currentSlot(layout, 'no-program'),
    bpf.load(1, frame, at.context),
    bpf.map(2, own.programs.descriptor),
    bpf.move(3, 9),
    bpf.call('tailCall'),
    bpf.label('no-program'),
    bpf.set(0, 0),
    bpf.exit,
  ]
}

/** Throws a BpfError if the kernel rejects a required program. `checkFunction`: the BTF id of cap_capable. */
export function attachPrograms(
  calls: BpfCalls,
  given: ProgramInputs,
  checkFunction: number | undefined,
): CheckedBy {
  const { own, layout } = given
  const load = (name: string, lines: readonly AssemblyLine[]): number =>
    calls.loadProgram(name, assemble(lines))
  const attach = (tracepoint: string, lines: readonly AssemblyLine[]): void =>
    calls.attach(load(`c_${tracepoint}`, lines), tracepoint)
  const put = (slot: number, program: number): void => {
    calls.update(own.programs, key32(slot), key32(program))
    for (const counted of countedSlots(layout, slot)) calls.update(own.evident, key32(counted), key32(1))
  }
  const [first, second] = [
    load('c_path', usedPath(given, 0)),
    load('c_path_second', usedPath(given, slots.second)),
  ]
  for (const [slot, spec] of specsFor(layout)) {
    calls.update(own.specs, key32(slot), spec)
    put(slot, slot < slots.second ? first : second)
  }
  put(slots.byName, first)
  const identity = load('c_identity', changedIdentity(given))
  for (const each of slotArchitectures(layout)) {
    const others = [
      [identity, identityCalls],
      [load('c_privilege', usedPrivilege(given, each)), privilegeCalls],
      [load('c_bind', boundSocket(given, each)), ['bind', 'socketcall']],
    ] as const
    for (const [program, names] of others) for (const slot of slotsOfCalls(each, names)) put(slot, program)
  }
  // The order: started processes are known before their calls are kept, and forgotten last.
  attach('sched_process_exit', startedEnded(given))
  attach('sched_process_fork', startedChild(given))
  firstOf([
    () => attach('sched_prepare_exec', beforeExecution(given, 'sched_prepare_exec')),
    () => attach('sys_enter', beforeExecution(given, 'sys_enter')),
  ])
  const by = firstOf<CheckedBy>([
    () => {
      attach('cap_capable', checked(given, 'tracepoint'))
      return 'tracepoint'
    },
    () => {
      if (checkFunction === undefined) return undefined
      calls.attach(calls.loadProgram('c_cap_capable', assemble(checked(given, 'fexit')), checkFunction))
      return 'fexit'
    },
    () => undefined,
  ])
  attach('sched_process_exec', executed(given))
  return by
}

/** Marks running processes as started and notes their containers. Throws a BpfError if the kernel rejects it. */
export function attachRunning(calls: BpfCalls, given: ProgramInputs, look: () => RunningProcesses): void {
  const { processes, inits } = look()
  const known = new Set<number>()
  // A process may have forked before it was marked, so the search is repeated until nothing new is found.
  for (let unknown = processes; unknown.length > 0;) {
    for (const pid of unknown) {
      calls.update(given.own.started, key32(pid), key32(1))
      known.add(pid)
    }
    unknown = look().processes.filter((pid) => !known.has(pid))
  }
  const lines = inits.length === 0 ? undefined : noteRunning(given)
  if (lines === undefined) return
  for (const pid of inits) calls.update(given.own.inits, key32(pid), key32(1))
  calls.attach(calls.loadProgram('c_running', assemble(lines)), 'sys_enter')
  forgetFalseFirsts(calls, given, look().inits)
}

/** Before a running container's init is known, a program that an engine executes in it looks like its first. */
function forgetFalseFirsts(calls: BpfCalls, { own }: ProgramInputs, inits: readonly number[]): void {
  const running = new Set(inits)
  for (const key of calls.keys(own.containers)) {
    const pid = calls.lookup(own.containers, key)?.readUInt32LE(containerValue.pid)
    if (pid !== undefined && !running.has(pid)) calls.remove(own.containers, key)
  }
}

/** The result of the first way that the kernel accepts. */
function firstOf<T>(ways: readonly [() => T, ...(() => T)[]]): T {
  const [way, ...others] = ways
  try {
    return way()
  } catch (error) {
    const [next, ...rest] = others
    if (!(error instanceof BpfError) || next === undefined) throw error
    return firstOf([next, ...rest])
  }
}
