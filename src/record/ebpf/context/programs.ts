// The programs of a context, loaded and attached: one at the end of every call, which goes on to what that call needs;
// the life of processes; and the capability checks, in the first way that this kernel takes.
import * as bpf from '../assembler.ts'
import { assemble, type AssemblyLine } from '../assembler.ts'
import { BpfError, type BpfCalls } from '../kernel.ts'
import { key32 } from '../maps.ts'
import { done, frame, read } from '../blocks.ts'
import { identityCalls, numberOf, privilegeCalls, specsFor } from './calls.ts'
import { checked } from './checks.ts'
import { beforeExecution, executed } from './executions.ts'
import { slots } from './maps.ts'
import { usedPath } from './paths.ts'
import { at, type Given } from './pieces.ts'
import { boundSocket, changedIdentity, usedPrivilege } from './privileges.ts'
import { noteRunning } from './running.ts'
import { startedChild, startedEnded } from './started.ts'

/** What ran before the recording. */
export interface RunningProcesses {
  readonly processes: readonly number[]
  /** Those of them that are the first of their PID namespace. */
  readonly inits: readonly number[]
}

/** What asks the capability checks; undefined where this kernel lets nothing ask. */
export type CheckedBy = 'tracepoint' | 'fexit' | undefined

/** sys_exit(struct pt_regs *, long result): to the program of the call, if it has one. */
function dispatch({ layout, own }: Given): readonly AssemblyLine[] {
  return [
    bpf.move(6, 1),
    bpf.load(3, 1, 0),
    ...read(3, layout.registers.number, layout.machine === 'x86_64' ? 8 : 4, at.word),
    bpf.loadLower(3, frame, at.word),
    bpf.jumpIf(3, 'atLeast', slots.second, 'done'),
    bpf.move(1, 6),
    bpf.map(2, own.programs.descriptor),
    bpf.call('tailCall'),
    ...done,
  ]
}

/** Throws a BpfError where the kernel does not take one of them. `checkFunction`: cap_capable in the kernel's BTF. */
export function attachPrograms(calls: BpfCalls, given: Given, checkFunction: number | undefined): CheckedBy {
  const { own, layout } = given
  const load = (name: string, lines: readonly AssemblyLine[]): number =>
    calls.loadProgram(name, assemble(lines))
  const attach = (tracepoint: string, lines: readonly AssemblyLine[]): void =>
    calls.attach(load(`c_${tracepoint}`, lines), tracepoint)
  const put = (slot: number, program: number): void => calls.update(own.programs, key32(slot), key32(program))
  const [first, second] = [
    load('c_path', usedPath(given, 0)),
    load('c_path_second', usedPath(given, slots.second)),
  ]
  for (const [slot, spec] of specsFor(layout)) {
    calls.update(own.specs, key32(slot), spec)
    put(slot, slot < slots.second ? first : second)
  }
  put(slots.byName, first)
  const others = [
    [load('c_identity', changedIdentity(given)), identityCalls],
    [load('c_privilege', usedPrivilege(given)), privilegeCalls],
    [load('c_bind', boundSocket(given)), ['bind']],
  ] as const
  for (const [program, names] of others)
    for (const name of names) {
      const number = numberOf(layout.machine, name)
      if (number !== undefined) put(number, program)
    }
  // Who has started is known before anything that they do is kept, and is forgotten last.
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
  attach('sys_exit', dispatch(given))
  return by
}

/** Processes that run already have executed their program. Throws a BpfError where the kernel does not take it. */
export function attachRunning(calls: BpfCalls, given: Given, look: () => RunningProcesses): void {
  const { processes, inits } = look()
  const known = new Set<number>()
  // What one of them forked before it was known has to be looked for again.
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
}

/** The first way that the kernel takes. */
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
