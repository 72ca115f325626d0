// Which ends of calls continue with a program of the evidence, and which helpers the others cost. The programs at
// sys_enter and sys_exit run on the test's machine, in one container under a filter. No further program is there, so each
// tail call fails: that it is asked for is what counts.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { syscallTable } from '../../src/abi/tables.ts'
import { assemble } from '../../src/record/ebpf/assembler.ts'
import { inTurn } from '../../src/record/ebpf/blocks.ts'
import { Btf } from '../../src/record/ebpf/btf.ts'
import { entered } from '../../src/record/ebpf/calls/entered.ts'
import { left } from '../../src/record/ebpf/calls/left.ts'
import { countedSlots } from '../../src/record/ebpf/context/calls.ts'
import { executed } from '../../src/record/ebpf/context/executions.ts'
import { createContextMaps } from '../../src/record/ebpf/context/maps.ts'
import { continued } from '../../src/record/ebpf/context/programs.ts'
import type { Structures } from '../../src/record/ebpf/context/structures.ts'
import { layoutOf } from '../../src/record/ebpf/layout.ts'
import { controlKeys, createMaps, key32, value64 } from '../../src/record/ebpf/maps.ts'
import { forked } from '../../src/record/ebpf/member-changes.ts'
import { BpfMachine } from './bpf-machine.ts'

const btf = new Btf(readFileSync(new URL('fixtures/linux-6.18-x86_64.btf', import.meta.url)))
const layout = layoutOf(btf, 'x86_64', true)
/** Every member at the start of its structure: what the programs read there does not matter here. */
const structures = new Proxy({}, { get: () => 0 }) as Structures
const membership = { who: { cgroup: 40n, level: 1 }, underFilter: true } as const
const number = (call: string): number => syscallTable('x86_64').byName(call)?.number ?? Number.NaN

/** BPF_FUNC_map_lookup_elem and BPF_FUNC_tail_call of include/uapi/linux/bpf.h. Lookups in arrays are no calls. */
const [lookup, tailCall] = [1, 12]

/** A kernel where the end of openat and of execve has a program; the test makes its threads and their calls. */
function kernelOf() {
  const kernel = new BpfMachine(1, { since5_11: true })
  const maps = createMaps(kernel, 'x86_64', membership, { processes: 1024, processors: 1 })
  const own = createContextMaps(kernel, 'x86_64')
  const given = { layout, structures, maps, own, membership } as const
  kernel.update(maps.control, key32(controlKeys.refusable), value64(1))
  for (const call of ['openat', 'execve', 'clone'])
    for (const slot of countedSlots(layout, number(call))) kernel.update(own.evident, key32(slot), key32(1))
  const programs = {
    entry: assemble(entered(layout, maps, membership)),
    exit: assemble(inTurn([left(layout, maps, membership, 'foreign'), continued(given)])),
    fork: assemble(forked(layout, maps, 1)),
    exec: assemble(executed(given)),
  }
  const taskOf = (pid: number, tgid: number, isFiltered: boolean): bigint => {
    const task = Buffer.alloc(16384)
    task.writeInt32LE(pid, layout.task.pid)
    task.writeInt32LE(tgid, layout.task.tgid)
    task.writeUInt32LE(isFiltered ? 2 : 0, layout.task.seccompMode)
    return kernel.place(task)
  }
  const run = (program: Buffer, words: readonly bigint[], thread: Thread): readonly number[] => {
    const { pid, tgid = 100, isFiltered = true, cgroup = 40n } = thread
    const helpers: number[] = []
    const meanwhile = (helper: number): void => void (helper === lookup || helpers.push(helper))
    const task = taskOf(pid, tgid, isFiltered)
    const moment = { processor: 0, pid, tgid, comm: 'x', task, cgroups: [1n, cgroup], meanwhile }
    kernel.run(program, words, moment)
    return helpers
  }
  const registersOf = (call: string): bigint => {
    const registers = Buffer.alloc(336)
    registers.writeBigInt64LE(BigInt(number(call)), layout.registers.number)
    return kernel.place(registers)
  }
  return {
    enter: (call: string, thread: Thread) =>
      void run(programs.entry, [registersOf(call), BigInt(number(call))], thread),
    /** The helpers that the end of the call asks. */
    exit: (call: string, result: bigint, thread: Thread) =>
      run(programs.exit, [registersOf(call), result], thread),
    fork: (parent: Thread, child: Thread) =>
      void run(
        programs.fork,
        [parent, child].map(({ pid, tgid = 100 }) => taskOf(pid, tgid, true)),
        parent,
      ),
    /** The thread that executes a program has the id of its process from then on. */
    execute: (thread: Thread) => void run(programs.exec, [taskOf(thread.pid, 100, true), 0n, 0n], thread),
  }
}
interface Thread {
  readonly pid: number
  readonly tgid?: number
  readonly isFiltered?: boolean
  readonly cgroup?: bigint
}
const [leader, second, outside] = [{ pid: 100 }, { pid: 101 }, { pid: 500, tgid: 500, isFiltered: false }]

t.test('a call that is no evidence costs one helper at its end: the current task', (t) => {
  const kernel = kernelOf()
  kernel.enter('read', leader)
  t.equal(kernel.exit('read', 1n, leader).length, 1)
  kernel.enter('read', outside)
  t.equal(kernel.exit('read', 1n, outside).length, 1, 'a thread without a filter')
  kernel.enter('openat', outside)
  t.equal(kernel.exit('openat', 3n, outside).length, 1, 'whatever it calls')
  t.end()
})

t.test('a call that is evidence continues', (t) => {
  const kernel = kernelOf()
  const continues = (result: bigint, thread: Thread, what: string): boolean =>
    t.ok(kernel.exit('openat', result, thread).includes(tailCall), what)
  kernel.enter('openat', leader)
  continues(3n, leader, 'done')
  kernel.enter('openat', leader)
  continues(-13n, leader, 'refused')
  continues(3n, second, 'begun before the recording')
  t.end()
})

t.test('a note under a thread’s id may be that of another thread', (t) => {
  const kernel = kernelOf()
  // The leader of process 200 was killed inside of read; a thread of process 100 gets its id.
  kernel.enter('read', { pid: 200, tgid: 200 })
  kernel.fork(leader, { pid: 200 })
  t.ok(kernel.exit('clone', 0n, { pid: 200 }).includes(tailCall), 'the end of clone in the new thread')
  // A second thread executes a program while the leader reads, and returns from execve under the leader's id.
  kernel.enter('read', leader)
  kernel.enter('execve', second)
  kernel.execute(leader)
  t.ok(kernel.exit('execve', 0n, leader).includes(tailCall), 'the end of execve')
  t.end()
})
