// The test's machine runs the recorder's programs for x86_64 and aarch64 over memory laid out as by a real kernel of
// that architecture: counts of native and 32-bit calls, with or without a filter, inside or outside the cgroup. On
// aarch64 no other test runs by default; test/live/kernels.test.ts boots arm64 kernels. On x86_64 the same machine is
// compared with the kernel that runs here.
import { execa } from 'execa'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { syscallTable } from '../../src/abi/tables.ts'
import type { Observations } from '../../src/observe/index.ts'
import { assemble } from '../../src/record/ebpf/assembler.ts'
import { Btf } from '../../src/record/ebpf/btf.ts'
import type { FilterOwner } from '../../src/record/ebpf/calls/answered.ts'
import { readCounts, readLost } from '../../src/record/ebpf/counted.ts'
import { layoutOf, type Layout, type RecorderMachine } from '../../src/record/ebpf/layout.ts'
import { controlKeys, createMaps, key32, setMember, value64, type Maps } from '../../src/record/ebpf/maps.ts'
import type { Membership } from '../../src/record/ebpf/membership.ts'
import { forgetParts, readParts } from '../../src/record/ebpf/parts.ts'
import { programsFor, type Programs } from '../../src/record/ebpf/program.ts'
import {
  createRefusalMaps,
  readSuspects,
  refusedAtExit,
  type RefusalMaps,
} from '../../src/record/ebpf/refused.ts'
import { wantArguments, wantedArguments } from '../../src/record/ebpf/session.ts'
import { record, type Watch } from '../../src/record/index.ts'
import { noEbpf, noStrace } from '../live/command.ts'
import { BpfMachine, type Kernel } from './bpf-machine.ts'

/** Made by scripts/make-btf.ts: Debian's linux-image-6.1.0-56-arm64, and the kernel on which this was written. */
const descriptions: Readonly<Record<RecorderMachine, string>> = {
  aarch64: 'linux-6.1.0-56-arm64.btf',
  x86_64: 'linux-6.18-x86_64.btf',
}
const described = (machine: RecorderMachine): Btf =>
  new Btf(readFileSync(new URL(`fixtures/${descriptions[machine]}`, import.meta.url)))

/** The order of struct pt_regs, eight bytes each. Authority: UAPI asm/ptrace.h of x86 and of arm64. */
const pushed = 'r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_ax'.split(' ')
const registerPlaces = {
  x86_64: (name: string): number => pushed.indexOf(name) * 8,
  aarch64: (name: string): number => {
    // struct user_pt_regs: regs[31], sp, pc, pstate; in arch/arm64/include/asm/ptrace.h orig_x0 and syscallno follow.
    const further: Readonly<Record<string, number>> = { pstate: 33 * 8, orig_x0: 34 * 8, syscallno: 35 * 8 }
    return further[name] ?? Number(name.slice(1)) * 8
  },
}
/** The registers of arguments. Authority: syscall(2). */
const argumentRegisters = {
  x86_64: ['di', 'si', 'dx', 'r10', 'r8', 'r9'],
  i386: ['bx', 'cx', 'dx', 'si', 'di', 'bp'],
  aarch64: ['orig_x0', 'x1', 'x2', 'x3', 'x4', 'x5'],
} as const

interface Call {
  readonly number: number
  readonly args?: readonly bigint[]
  /** Words of 64 bits in the program's memory; the first argument points to them. */
  readonly behind?: readonly bigint[]
  /** Words of 32 bits in the program's memory; the second argument points to them. */
  readonly words?: readonly number[]
  /** Whether 32-bit code makes the call. */
  readonly compat?: boolean
  readonly filtered?: boolean
  readonly cgroups?: readonly bigint[]
  readonly pid?: number
  readonly tgid?: number
  readonly comm?: string
  readonly processor?: number
  readonly result?: bigint
  /** The kernel skips the program at sys_enter, the stand-in, or both. */
  readonly skipped?: 'first' | 'second' | 'both'
  /** The filter refuses or answers the call, or the call began before the recording: sys_exit alone is seen. */
  readonly refused?: true
  /** SIGSYS waits for the thread at the exit. */
  readonly trapped?: true
  /** The other processor makes the same call right before this one updates a map. */
  readonly atOnce?: true
}

/** BPF_FUNC_map_update_elem of include/uapi/linux/bpf.h. */
const mapUpdate = 2
const nothing: Watch = { results: [], traps: false, calls: [] }

interface Variant {
  readonly kernel?: Kernel
  /** The refusals that a filter may make. */
  readonly watch?: Watch
  /** Programs at system calls can be preempted. */
  readonly isPreempted?: boolean
  /** A filter may refuse calls from the start. */
  readonly refusable?: true
  /** Only the program itself can have set filters. */
  readonly filters?: FilterOwner
}

/** A kernel with the recorder's programs loaded; the test makes its tasks and their calls. */
class Simulated {
  readonly #machine: BpfMachine
  readonly #layout: Layout
  readonly #maps: Maps
  readonly #programs: Readonly<Record<Exclude<keyof Programs, 'standIn'>, Buffer>> & { standIn?: Buffer }
  readonly #architecture: RecorderMachine
  readonly #refusals: RefusalMaps
  readonly #watching: Buffer | undefined

  constructor(architecture: RecorderMachine, membership: Membership, variant: Variant = {}) {
    const { kernel, watch, refusable, filters, isPreempted = false } = variant
    this.#architecture = architecture
    this.#machine = new BpfMachine(2, kernel)
    const layout = layoutOf(described(architecture), architecture, kernel?.since5_11 === true)
    this.#layout = { ...layout, isPreempted }
    this.#maps = createMaps(this.#machine, architecture, membership, { processes: 1024, processors: 2 })
    wantArguments(this.#machine, this.#maps, architecture, wantedArguments())
    if (refusable) this.#machine.update(this.#maps.control, key32(controlKeys.refusable), value64(1))
    const programs = programsFor(this.#layout, this.#maps, membership, 1, filters)
    this.#programs = Object.fromEntries(
      Object.entries(programs).map(([name, lines]: [string, Programs['sys_enter']]) => [
        name,
        assemble(lines),
      ]),
    ) as Record<keyof Programs, Buffer>
    this.#refusals = createRefusalMaps(this.#machine, architecture, watch ?? nothing)
    this.#watching =
      watch && assemble(refusedAtExit(this.#layout, this.#maps, this.#refusals, membership, watch))
  }

  /** Calls counted as refused: number, result, first argument, count. */
  suspects(): readonly unknown[] {
    return readSuspects(this.#machine, this.#refusals, this.#architecture).map(
      ({ number, result, args, count }) => [number, result, args?.[0], count],
    )
  }

  /** From now on no map takes another key. */
  fill(): void {
    this.#machine.isFull = true
  }

  lostCalls(): bigint | undefined {
    return this.#machine.lookup(this.#maps.control, key32(controlKeys.lostCalls))?.readBigUInt64LE()
  }

  lostRefusals(): bigint | undefined {
    return this.#machine.lookup(this.#maps.control, key32(controlKeys.lostRefusals))?.readBigUInt64LE()
  }

  adopt(pid: number): void {
    setMember(this.#machine, this.#maps, pid, 'counted')
  }

  members(): readonly number[] {
    return [...this.#machine.keys(this.#maps.members)].map((key) => key.readUInt32LE())
  }

  call(call: Call): void {
    const { tgid = 100, pid = tgid, comm = 'program', processor = 0, cgroups = [1n] } = call
    const task = this.#task(pid, tgid, call)
    const { atOnce, ...alone } = call
    let other = atOnce
    const meanwhile = (helper: number): void => {
      if (other === undefined || helper !== mapUpdate) return
      other = undefined
      this.call({ ...alone, processor: 1 })
    }
    const moment = { pid, tgid, comm, processor, task, cgroups, meanwhile }
    const registers = this.#registers(call)
    const { sys_enter: first, standIn } = this.#programs
    const { refused, skipped } = call
    const none = refused === true || skipped === 'both'
    const entering = none ? [] : [skipped !== 'first' && first, skipped !== 'second' && standIn]
    for (const program of entering)
      if (program) this.#machine.run(program, [registers, BigInt(call.number)], moment)
    const answer = [registers, call.result ?? 0n]
    this.#machine.run(this.#programs.sys_exit, answer, moment)
    if (this.#watching !== undefined) this.#machine.run(this.#watching, answer, moment)
  }

  execute(pid: number): void {
    const moment = { pid, tgid: pid, comm: 'program', processor: 0, cgroups: [] }
    const task = this.#task(pid, pid, {})
    this.#machine.run(this.#programs.sched_process_exec, [task], { ...moment, task })
  }

  fork(parent: number, child: number, thread = child): void {
    const tasks = [this.#task(parent, parent, {}), this.#task(thread, child, {})]
    this.#machine.run(this.#programs.sched_process_fork, tasks, this.#nobody())
  }

  end(pid: number, threadsLeft = 0): void {
    const task = this.#task(pid, pid, {}, threadsLeft)
    this.#machine.run(this.#programs.sched_process_exit, [task], this.#nobody())
  }

  observations(): Observations {
    const lost = readLost(this.#machine, this.#maps)
    return readCounts(this.#machine, this.#maps, this.#architecture, wantedArguments(), {
      name: 'simulated',
      lost,
      midway: false,
    })
  }

  /** The parts that are counted separately, by first slot. */
  parts(): ReadonlyMap<number, Observations> {
    const parts = [...readParts(this.#machine, this.#maps, this.#architecture)].sort(([a], [b]) => a - b)
    const about = { name: 'part', lost: { calls: 0n, processes: 0n, answers: 0n }, midway: false }
    return new Map(
      parts.map(([first, part]) => [
        first,
        readCounts(part, this.#maps, this.#architecture, wantedArguments(), about),
      ]),
    )
  }

  forget(first: number): void {
    forgetParts(this.#machine, this.#maps, this.#architecture, new Set([first]))
  }

  #nobody() {
    return { pid: 0, tgid: 0, comm: 'swapper', processor: 0, task: this.#task(0, 0, {}), cgroups: [] }
  }

  #task(pid: number, tgid: number, { compat, filtered, trapped }: Partial<Call>, live = 1): bigint {
    const { task, live: place } = this.#layout
    const signal = Buffer.alloc(2048)
    signal.writeInt32LE(live, place)
    const bytes = Buffer.alloc(16384, 0xa5)
    bytes.writeInt32LE(pid, task.pid)
    bytes.writeInt32LE(tgid, task.tgid)
    bytes.writeInt32LE(filtered === true ? 2 : 0, task.seccompMode)
    bytes.writeBigUInt64LE(this.#machine.place(signal), task.signal)
    // A set has a bit for each signal, from 1 on: SIGCHLD is 17, SIGSYS 31.
    bytes.writeInt32LE((1 << 16) | (trapped === true ? 1 << 30 : 0), task.pendingSignals)
    // TS_COMPAT; the other bits are not read.
    if (this.#architecture === 'x86_64') bytes.writeUInt32LE(compat === true ? 0xf2 : 0xf0, task.status)
    return this.#machine.place(bytes)
  }

  #registers({ number, args = [], behind, words, compat = false }: Call): bigint {
    const pointed = behind && this.#machine.place(Buffer.from(BigUint64Array.from(behind).buffer), 'user')
    const list = words && this.#machine.place(Buffer.from(Uint32Array.from(words).buffer), 'user')
    const given = [pointed, list]
    const place = registerPlaces[this.#architecture]
    const bytes = Buffer.alloc(336, 0x5a)
    const names =
      this.#architecture === 'aarch64'
        ? argumentRegisters.aarch64
        : argumentRegisters[compat ? 'i386' : 'x86_64']
    for (const [index, name] of names.entries())
      bytes.writeBigUInt64LE(BigInt.asUintN(64, given[index] ?? args[index] ?? 0n), place(name))
    if (this.#architecture === 'aarch64') {
      // PSR_MODE32_BIT, with N and C set besides.
      bytes.writeBigUInt64LE(compat ? 0xa0000010n : 0xa0000000n, place('pstate'))
      bytes.writeInt32LE(number, place('syscallno'))
    } else bytes.writeBigInt64LE(BigInt(number), place('orig_ax'))
    return this.#machine.place(bytes)
  }
}

const number = (architecture: 'x86_64' | 'x86' | 'x32' | 'aarch64' | 'arm', name: string): number =>
  syscallTable(architecture).byName(name)?.number ?? Number.NaN
const compatOf = { x86_64: 'x86', aarch64: 'arm' } as const
/** Calls with their counts and values, without the place of the first. */
const told = ({ architectures }: Observations): unknown =>
  Object.fromEntries(
    Object.entries(architectures).map(([architecture, calls]) => [
      architecture,
      Object.fromEntries(
        Object.entries(calls).map(([name, { count, args }]) => [
          name,
          args === undefined ? count : [count, args],
        ]),
      ),
    ]),
  )

t.test('the description of a real arm64 kernel and the documented order of registers agree', (t) => {
  const { registers } = layoutOf(described('aarch64'), 'aarch64')
  const place = registerPlaces.aarch64
  t.equal(registers.number, place('syscallno'))
  t.equal(registers.state, place('pstate'))
  t.strictSame(registers.arguments, argumentRegisters.aarch64.map(place))
  t.strictSame(registers.compatArguments, registers.arguments)
  t.strictSame(registers.numberAtSignal, { own: place('x8'), compat: place('x7') })
  const wide = layoutOf(described('x86_64'), 'x86_64').registers
  t.equal(wide.number, registerPlaces.x86_64('orig_ax'))
  t.strictSame(wide.arguments, argumentRegisters.x86_64.map(registerPlaces.x86_64))
  t.strictSame(wide.compatArguments, argumentRegisters.i386.map(registerPlaces.x86_64))
  t.end()
})

for (const [machine, since5_11, isPreempted] of [
  ['aarch64', false, false],
  ['x86_64', false, false],
  ['aarch64', true, false],
  ['x86_64', true, false],
  ['aarch64', true, true],
  ['x86_64', true, true],
] as const) {
  const compat = compatOf[machine]
  const variant: Variant = { kernel: { since5_11 }, isPreempted }
  const kinds = [since5_11 && 'tasks by their type', isPreempted && 'programs that can be preempted']
  const name = [machine, ...kinds.filter(Boolean)].join(', ')
  const tree = { who: 'tree', underFilter: false } as const

  t.test(`${name}: native and 32-bit calls, on every processor, with their values`, (t) => {
    const kernel = new Simulated(machine, tree, variant)
    kernel.adopt(100)
    const socket = number(machine, 'socket')
    kernel.call({ number: number(machine, 'getpid') })
    kernel.call({ number: number(machine, 'getpid'), processor: 1, comm: 'other' })
    // The kernel takes the lower half of an int; the other registers hold values too.
    kernel.call({ number: socket, args: [0xffffffff00000002n, 0x80001n, 6n, 7n, 8n, 9n] })
    kernel.call({ number: socket, args: [1n, 1n, 0n] })
    kernel.call({ number: socket, args: [1n, 1n, 0n], processor: 1 })
    kernel.call({ number: number(compat, 'socket'), compat: true, args: [16n, 3n, 15n] })
    kernel.call({ number: number(compat, 'getuid32'), compat: true })
    kernel.call({ number: number(machine, 'getpid'), tgid: 200 })
    t.strictSame(told(kernel.observations()), {
      [machine]: {
        getpid: 2,
        socket: [3, { 0: ['1', '2'] }],
      },
      [compat]: { getuid32: 1, socket: [1, { 0: ['16'] }] },
    })
    t.equal(
      kernel.observations().architectures[machine]?.['getpid']?.first,
      'ebpf:program',
      'who made it first',
    )
    t.strictSame(kernel.observations().sources[0]?.evidence, ['every-call'])
    t.end()
  })

  t.test(
    `${name}: a call for which the kernel skips the program is counted by the stand-in, with its value`,
    (t) => {
      const kernel = new Simulated(machine, tree, { ...variant, isPreempted: true })
      kernel.adopt(100)
      const socket = number(machine, 'socket')
      kernel.call({ number: number(machine, 'getpid'), skipped: 'first' })
      kernel.call({ number: number(machine, 'getpid'), skipped: 'first', processor: 1 })
      for (let times = 0; times < 3; times++) kernel.call({ number: number(machine, 'getppid') })
      kernel.call({ number: socket, args: [1n] })
      kernel.call({ number: socket, args: [2n], skipped: 'first' })
      kernel.call({ number: socket, args: [2n] })
      kernel.call({ number: number(compat, 'socket'), compat: true, args: [16n], skipped: 'first' })
      kernel.call({ number: 5000, skipped: 'first' })
      kernel.call({ number: 5000 })
      kernel.call({ number: number(machine, 'mkdirat'), tgid: 200, skipped: 'first' })
      const observations = kernel.observations()
      t.strictSame(told(observations), {
        [machine]: { getpid: 2, getppid: 3, socket: [3, { 0: ['1', '2'] }] },
        [compat]: { socket: [1, { 0: ['16'] }] },
      })
      t.equal(observations.architectures[machine]?.['getpid']?.first, 'ebpf:program')
      t.equal(observations.unknown[machine]?.['5000']?.count, 2)
      const getpid = { number: number(machine, 'getpid') }
      for (const skipped of ['second', 'first', 'both'] as const) kernel.call({ ...getpid, skipped })
      kernel.call(getpid)
      t.match(told(kernel.observations()), { [machine]: { getpid: 5 } }, 'one that both miss is not counted')
      t.end()
    },
  )

  t.test(`${name}: the flags of clone3, behind its pointer`, (t) => {
    const kernel = new Simulated(machine, tree, variant)
    kernel.adopt(100)
    // struct clone_args, include/uapi/linux/sched.h: flags first, exit_signal fifth.
    const thread = [0x3d0f00n, 0x7fn, 0x7fn, 0x7fn, 0n, 0x7fn, 0x7fn, 0x7fn]
    const child = [0x10000000n, 0n, 0n, 0n, 17n, 0n, 0n, 0n]
    for (const behind of [thread, child, thread]) kernel.call({ number: number(machine, 'clone3'), behind })
    kernel.call({ number: number(compat, 'clone3'), compat: true, behind: child })
    const flags = { [machine]: ['4001536', '268435473'], [compat]: ['268435473'] }
    t.strictSame(told(kernel.observations()), {
      [machine]: { clone3: [3, { 0: flags[machine] }] },
      [compat]: { clone3: [1, { 0: flags[compat] }] },
    })
    kernel.call({ number: number(machine, 'clone3'), args: [0x7fff_0000n] })
    kernel.call({ number: number(compat, 'clone3'), compat: true, behind: [17n] })
    t.strictSame(
      told(kernel.observations()),
      {
        [machine]: { clone3: [4, { 0: null }] },
        [compat]: { clone3: [2, { 0: null }] },
      },
      'not readable, so not known',
    )
    t.end()
  })

  t.test(`${name}: numbers that no table has, -1 too, are told and not taken for others`, (t) => {
    const kernel = new Simulated(machine, tree, variant)
    kernel.adopt(100)
    kernel.call({ number: -1, result: -38n })
    kernel.call({ number: 1000, result: -38n })
    kernel.call({ number: 5000, compat: true, result: -38n })
    // ARM_NR set_tls, arch/arm/include/uapi/asm/unistd.h.
    kernel.call({ number: 0xf0005, compat: true })
    const { architectures, unknown } = kernel.observations()
    const numbers = Object.fromEntries(
      Object.entries(unknown).map(([architecture, calls]) => [architecture, Object.keys(calls)]),
    )
    t.strictSame(Object.keys(architectures), machine === 'aarch64' ? ['arm'] : [])
    t.strictSame(
      numbers,
      machine === 'aarch64'
        ? { aarch64: ['1000', '4294967295'], arm: ['5000'] }
        : { x86_64: ['1000', '4294967295'], x86: ['5000', '983045'] },
    )
    t.end()
  })

  t.test(`${name}: how often a call, and a value, was refused`, (t) => {
    const seen = (calls: readonly Partial<Call>[], also: Variant = {}): Readonly<Record<string, unknown>> => {
      const kernel = new Simulated(machine, tree, { ...variant, ...also })
      kernel.adopt(100)
      for (const call of calls) kernel.call({ number: 0, ...call })
      const all = kernel.observations().architectures[machine] ?? {}
      return Object.fromEntries(
        Object.entries(all).map(([name, { count, eperm, eacces, enosys, refused }]) => [
          name,
          [count, eperm ?? 0, eacces ?? 0, enosys ?? 0, refused?.['0'] ?? {}],
        ]),
      )
    }
    const call = (name: string, value: bigint, result: bigint, more: Partial<Call> = {}): Partial<Call> => ({
      number: number(machine, name),
      args: [value],
      result,
      ...more,
    })
    t.strictSame(
      seen([
        call('socket', 40n, -1n),
        call('socket', 40n, -1n, { processor: 1 }),
        call('socket', 38n, -13n),
        call('socket', 2n, -1n),
        call('socket', 2n, 3n),
        call('socket', 16n, -97n),
        call('keyctl', 0n, -1n),
        call('keyctl', 0n, -13n, { processor: 1 }),
        call('keyctl', 0n, -38n),
        call('personality', 8n, -13n),
        call('personality', 8n, -1n),
        { number: number(machine, 'clone3'), behind: [0x1000_0000n, 0n, 0n, 0n, 17n], result: -1n },
      ]),
      {
        clone3: [1, 1, 0, 0, { 268435473: 'EPERM' }],
        keyctl: [3, 1, 1, 1, {}],
        personality: [2, 1, 1, 0, { 8: 'EPERM' }],
        socket: [6, 3, 1, 0, { 38: 'EACCES', 40: 'EPERM' }],
      },
    )
    const carriedOut = call('keyctl', 0n, 5n)
    const byKernel = call('keyctl', 0n, -1n)
    const byFilter = call('keyctl', 0n, -1n, { refused: true })
    const none = [0, 0, 0, {}]
    const setters = {
      prctl: call('prctl', 22n, 0n),
      seccomp: call('seccomp', 1n, 0n),
    }
    for (const [name, setter] of Object.entries(setters)) {
      t.strictSame(
        seen([setter, carriedOut, byFilter, byFilter]),
        { keyctl: [1, ...none], [name]: [1, ...none] },
        `${name} set a filter, which refused what was carried out before`,
      )
      t.strictSame(
        seen([byKernel, setter, byKernel, byFilter]),
        { keyctl: [2, 2, 0, 0, {}], [name]: [1, ...none] },
        `${name} set a filter; the kernel refused too`,
      )
    }
    const option = call('prctl', 15n, 0n)
    t.strictSame(seen([option, byKernel]), { keyctl: [1, 1, 0, 0, {}], prctl: [1, ...none] })

    const refusable = { refusable: true } as const
    const rows: readonly (readonly [string, readonly Partial<Call>[], Readonly<Record<string, unknown>>])[] =
      [
        ['by the kernel', [byKernel, byKernel], { keyctl: [2, 2, 0, 0, {}] }],
        ['by a filter alone', [byFilter, byFilter], {}],
        ['by a filter after a success', [carriedOut, byFilter], { keyctl: [1, ...none] }],
        ['by both', [byKernel, byFilter], { keyctl: [1, 1, 0, 0, {}] }],
        [
          'by a filter, while another thread succeeds',
          [call('keyctl', 0n, 5n, { pid: 101 }), byFilter],
          { keyctl: [1, ...none] },
        ],
        [
          'a call that began before the recording, then a success',
          [call('keyctl', 0n, -13n, { refused: true }), carriedOut],
          { keyctl: [1, ...none] },
        ],
        [
          'another call in between',
          [call('getpid', 0n, 100n), byFilter, byKernel],
          { getpid: [1, ...none], keyctl: [1, 1, 0, 0, {}] },
        ],
        [
          'values',
          [
            call('socket', 40n, -1n),
            call('socket', 38n, 3n),
            call('socket', 38n, -1n, { refused: true }),
            call('socket', 16n, -1n, { refused: true }),
          ],
          { socket: [2, 1, 0, 0, { 40: 'EPERM' }] },
        ],
      ]
    for (const [title, calls, expected] of rows) t.strictSame(seen(calls, refusable), expected, title)
    const skipped = { ...byKernel, skipped: 'first' } as const
    const preempted = { ...refusable, isPreempted: true } as const
    const both = { keyctl: [2, 2, 0, 0, {}] }
    t.strictSame(seen([skipped, byKernel, byFilter], preempted), both, 'the kernel skipped the program')
    const unmarked = { ...byKernel, skipped: 'second' } as const
    t.strictSame(seen([unmarked, byFilter, byKernel], preempted), both, 'the kernel skipped the stand-in')
    const missed = { ...byKernel, skipped: 'both' } as const
    t.strictSame(seen([byKernel, missed, byKernel], preempted), both, 'the kernel skipped both')
    t.end()
  })

  t.test(`${name}: a call that a filter or its supervisor answered`, (t) => {
    const said = (
      variants: Variant,
      ...steps: readonly (Call | ((kernel: Simulated) => void))[]
    ): unknown => {
      const kernel = new Simulated(machine, tree, { ...variant, ...variants })
      kernel.adopt(100)
      for (const step of steps) {
        if (typeof step === 'function') step(kernel)
        else kernel.call(step)
      }
      const { architectures, diagnostics } = kernel.observations()
      const told = diagnostics.filter(({ code }) => code === 'answered-by-filter')
      const calls = Object.entries(architectures[machine] ?? {}).map(
        ([name, { count, eacces = 0, args, refused }]) => [name, count, eacces, args?.['0'], refused?.['0']],
      )
      return [calls, ...told.map(({ count = 1, facts }) => [count, facts?.['calls']])]
    }
    const filtered = true
    const sets: Call = { number: number(machine, 'prctl'), args: [22n], filtered }
    const made: Call = { number: number(machine, 'getppid'), filtered }
    const answered = (name: string, value: bigint, result: bigint): Call => ({
      number: number(machine, name),
      args: [value],
      result,
      refused: true,
      filtered,
    })
    const prctl = ['prctl', 1, 0, undefined, undefined]
    const getppid = ['getppid', 1, 0, undefined, undefined]
    const own = { filters: 'own' } as const
    const socket = answered('socket', 16n, 7n)
    const rows: readonly (readonly [string, Variant, readonly Parameters<typeof said>[1][], unknown])[] = [
      [
        'the first call under the filter',
        own,
        [sets, socket],
        [
          [prctl, ['socket', 1, 0, ['16'], undefined]],
          [1, 'socket'],
        ],
      ],
      [
        'answers of the program’s own filter, errnos too, each with its value',
        own,
        [sets, made, socket, answered('socket', 38n, -13n), answered('socket', 40n, -2n)],
        [
          [getppid, prctl, ['socket', 3, 1, ['16', '38', '40'], { 38: 'EACCES' }]],
          [3, 'socket'],
        ],
      ],
      [
        'TRAP',
        own,
        [sets, { ...answered('mkdirat', 0n, 0n), trapped: true }],
        [
          [['mkdirat', 1, 0, undefined, undefined], prctl],
          [1, 'mkdirat'],
        ],
      ],
      [
        'a foreign filter: only what no refusal can give',
        { refusable: true },
        [
          made,
          socket,
          answered('socket', 38n, -13n),
          answered('socket', 40n, -2n),
          { ...answered('mkdirat', 0n, 0n), trapped: true },
        ],
        [
          [getppid, ['socket', 1, 0, ['16'], undefined]],
          [1, 'socket'],
        ],
      ],
      [
        'a call that the kernel carried out',
        own,
        [sets, { number: number(machine, 'socket'), args: [16n], result: 7n, filtered }],
        [[prctl, ['socket', 1, 0, ['16'], undefined]]],
      ],
      [
        'the return of a new process, whose id a thread had before',
        own,
        [
          sets,
          { ...made, pid: 103 },
          { ...made, pid: 103 },
          (kernel) => kernel.fork(100, 103),
          { ...answered('mkdirat', 0n, 0n), tgid: 103 },
        ],
        [[['getppid', 2, 0, undefined, undefined], prctl]],
      ],
      [
        'the end of an execve by another thread',
        own,
        [sets, made, (kernel) => kernel.execute(100), answered('mkdirat', 0n, 0n)],
        [[getppid, prctl]],
      ],
      [
        'a thread that another one put under a filter: the call counts, perhaps again',
        own,
        [sets, { ...socket, pid: 104 }],
        [[prctl, ['socket', 1, 0, ['16'], undefined]]],
      ],
      [
        'a call of a thread without a filter that began before',
        own,
        [sets, { ...socket, pid: 104, filtered: false }],
        [[prctl]],
      ],
      [
        'a task without a filter, in a call that began before it was a member',
        { refusable: true },
        [
          (kernel) => kernel.fork(100, 103),
          { ...made, tgid: 103, filtered: false },
          { ...socket, tgid: 103, filtered: false },
        ],
        [[getppid]],
      ],
    ]
    for (const [title, variants, steps, expected] of rows)
      t.strictSame(said(variants, ...steps), expected, title)
    t.end()
  })

  t.test(`${compat}: how often a call of a family, and its value, was refused`, (t) => {
    const kernel = new Simulated(machine, tree, variant)
    kernel.adopt(100)
    if (compat === 'x86') {
      const socketcall = { number: number('x86', 'socketcall'), compat: true, args: [1n, 0n] }
      kernel.call({ ...socketcall, words: [40, 1, 0], result: -1n })
      kernel.call({ ...socketcall, words: [2, 1, 0], result: 3n })
      t.match(kernel.observations().architectures.x86, {
        socket: { count: 2, eperm: 1, refused: { 0: { 40: 'EPERM' } } },
        socketcall: { count: 2, eperm: 1 },
      })
    }
    kernel.call({ number: number(compat, 'socket'), compat: true, args: [38n], result: -13n })
    t.match(kernel.observations().architectures[compat]?.['socket'], { refused: { 0: { 38: 'EACCES' } } })
    t.end()
  })

  t.test(`${name}: each cgroup apart, and what is called under a filter`, (t) => {
    const below = (id: bigint): readonly bigint[] => [1n, 41n, id]
    const calls: readonly Partial<Call>[] = [
      { cgroups: below(50n), filtered: true },
      { cgroups: below(50n), filtered: true, processor: 1 },
      { cgroups: below(60n), filtered: true, processor: 1 },
      { cgroups: below(70n), filtered: false },
      { cgroups: [1n, 99n], filtered: true },
    ]
    const call = (kernel: Simulated): void => {
      for (const each of calls) {
        kernel.call({ number: number(machine, 'getpid'), ...each })
        kernel.call({ number: number(compat, 'socket'), compat: true, args: [38n], result: -13n, ...each })
        kernel.call({ number: number(machine, 'socket'), args: [each.cgroups?.[2] ?? 0n], ...each })
        kernel.call({ number: 5000, ...each })
      }
    }
    const who = { cgroup: 41n, level: 1 } as const
    const cgroups = new Simulated(machine, { who, underFilter: true, apart: 'cgroup' }, variant)
    call(cgroups)
    const of = (count: number, value: string): unknown => ({
      [machine]: { getpid: count, socket: [count, { 0: [value] }] },
      [compat]: { socket: [count, { 0: ['38'] }] },
    })
    const parts = cgroups.parts()
    t.strictSame([...parts.values()].map(told), [of(2, '50'), of(1, '60')])
    t.strictSame(
      [...parts.values()].map(({ unknown }) => unknown[machine]?.['5000']?.count),
      [2, 1],
    )
    t.equal([...parts.values()][0]?.architectures[compat]?.['socket']?.eacces, 2)
    cgroups.forget([...parts.keys()][0] ?? 0)
    t.strictSame([...cgroups.parts().values()].map(told), [of(1, '60')], 'what has ended is forgotten')

    const filters = new Simulated(machine, { who, underFilter: false, apart: 'filter' }, variant)
    call(filters)
    const [filtered, without] = [...filters.parts().values()].map(told)
    t.strictSame(filtered, {
      [machine]: { getpid: 3, socket: [3, { 0: ['50', '60'] }] },
      [compat]: { socket: [3, { 0: ['38'] }] },
    })
    t.strictSame(without, of(1, '70'))
    filters.fill()
    filters.call({ number: number(machine, 'getppid'), cgroups: below(50n), filtered: true })
    t.equal(filters.lostCalls(), 1n, 'a call without room is lost')
    t.end()
  })

  t.test(`${name}: in the cgroup and under a filter only`, (t) => {
    const inside = [1n, 40n, 41n, 42n]
    const kernel = new Simulated(machine, { who: { cgroup: 41n, level: 2 }, underFilter: true }, variant)
    const calls: readonly Partial<Call>[] = [
      { cgroups: inside, filtered: true },
      { cgroups: [1n, 40n, 41n], filtered: true, tgid: 7 },
      { cgroups: inside, filtered: false },
      { cgroups: [1n, 40n, 99n], filtered: true },
      { cgroups: [1n, 41n], filtered: true },
      { cgroups: [1n], filtered: true },
    ]
    for (const call of calls) {
      kernel.call({ number: number(machine, 'getpid'), ...call })
      kernel.call({ number: number(compat, 'getpid'), compat: true, ...call })
    }
    t.strictSame(told(kernel.observations()), { [machine]: { getpid: 2 }, [compat]: { getpid: 2 } })
    t.end()
  })

  t.test(`${name}: a tree of processes: from forks to the end of the last thread`, (t) => {
    const kernel = new Simulated(machine, tree, variant)
    kernel.adopt(100)
    kernel.fork(100, 101)
    kernel.fork(101, 102)
    kernel.fork(500, 501)
    // A thread of a known process is no new process.
    kernel.fork(500, 500, 502)
    kernel.fork(100, 100, 103)
    t.strictSame(kernel.members(), [100, 101, 102])
    for (const tgid of [100, 101, 102, 500, 501]) kernel.call({ number: number(machine, 'getppid'), tgid })
    kernel.call({ number: number(machine, 'getppid'), tgid: 100, pid: 103 })
    kernel.end(101, 1)
    kernel.end(102)
    t.strictSame(kernel.members(), [100, 101])
    t.strictSame(told(kernel.observations()), { [machine]: { getppid: 4 } })
    t.end()
  })

  t.test(`${name}: a call that the kernel has not is told by its answer`, (t) => {
    const kernel = new Simulated(machine, tree, variant)
    kernel.adopt(100)
    const clone3 = number(machine, 'clone3')
    kernel.call({ number: clone3, result: -38n })
    kernel.call({ number: clone3, result: -22n })
    const [seen] = Object.values(kernel.observations().architectures[machine] ?? {})
    t.match(seen, { count: 2, enosys: 1 })
    t.end()
  })
}

for (const [version, kernel] of [
  ['since 6.4', {}],
  ['before 6.4', { before6_4: true }],
] as const)
  t.test(`a kernel ${version}: what is in a map already is no failure`, (t) => {
    const mkdir = number('x86_64', 'mkdir')
    const socket = number('x86_64', 'socket')
    const watch: Watch = { results: [-1], traps: false, calls: [] }
    const membership = { who: { cgroup: 40n, level: 1 }, underFilter: true } as const
    const machine = new Simulated('x86_64', membership, { kernel, watch })
    const inside = { cgroups: [1n, 40n], filtered: true }
    for (let times = 0; times < 5; times++)
      machine.call({ number: mkdir, result: -1n, refused: true, ...inside })
    t.strictSame(machine.suspects(), [[mkdir, -1, 0n, 5]], 'a call that is refused again and again')
    // arch/x86/kernel/signal_64.c, restore_sigcontext: orig_ax = -1, and ax is that of the interrupted code.
    machine.call({ number: -1, result: -1n, refused: true, ...inside })
    t.equal(machine.suspects().length, 1, 'what a signal handler returns to is no call')
    t.equal(machine.lostRefusals(), 0n)
    machine.call({ number: socket, args: [2n, 1n, 0n], atOnce: true, ...inside })
    t.strictSame(told(machine.observations()), { x86_64: { socket: [2, { 0: ['2'] }] } }, 'a lost race')
    t.end()
  })

t.test('x86_64: i386 calls of a family are told beside it, with the arguments in memory', (t) => {
  const kernel = new Simulated('x86_64', { who: 'tree', underFilter: false })
  kernel.adopt(100)
  const [socketcall, ipc] = [number('x86', 'socketcall'), number('x86', 'ipc')]
  // include/uapi/linux/net.h: SYS_SOCKET 1, SYS_SOCKETPAIR 8, SYS_SEND 9; the upper halves of registers are ignored.
  kernel.call({ number: socketcall, compat: true, args: [0x7_0000_0001n], words: [16, 3, 15] })
  kernel.call({ number: socketcall, compat: true, args: [1n], words: [2, 1, 0] })
  kernel.call({ number: socketcall, compat: true, args: [8n], words: [1, 5, 0, 0] })
  kernel.call({ number: socketcall, compat: true, args: [9n], words: [3, 0, 0, 0] })
  kernel.call({ number: socketcall, compat: true, args: [1n, 0x7000n] })
  kernel.call({ number: socketcall, compat: true, args: [40n], words: [2, 1, 0] })
  // include/uapi/linux/ipc.h: SHMGET 23, also with version 1 in the upper half; SEMGET 2.
  kernel.call({ number: ipc, compat: true, args: [23n, 5n] })
  kernel.call({ number: ipc, compat: true, args: [0x10017n, 5n] })
  kernel.call({ number: ipc, compat: true, args: [2n, 5n], result: -38n })
  // The multiplexers' numbers on the native architecture.
  kernel.call({ number: socketcall, args: [1n] })
  t.strictSame(told(kernel.observations()), {
    x86: {
      ipc: [3, { 0: ['2', '23'] }],
      semget: 1,
      shmget: 2,
      socket: [2, { 0: ['2', '16'] }],
      socketcall: [6, { 0: ['1', '8', '9', '40'] }],
      socketpair: [1, { 0: ['1'] }],
    },
    x86_64: { getuid: 1 },
  })
  const { ipc: family, semget, shmget } = kernel.observations().architectures['x86'] ?? {}
  t.strictSame([family?.enosys, semget?.enosys, shmget?.enosys], [1, 1, undefined])
  t.end()
})

t.test('x86_64: the number space of x32', (t) => {
  const kernel = new Simulated('x86_64', { who: 'tree', underFilter: false })
  kernel.adopt(100)
  kernel.call({ number: number('x32', 'getpid') })
  kernel.call({ number: number('x32', 'socket'), args: [2n, 1n, 0n] })
  t.strictSame(told(kernel.observations()), {
    x32: { getpid: 1, socket: [1, { 0: ['2'] }] },
  })
  t.end()
})

t.test(
  'x86_64: the machine counts what the kernel here counts',
  { skip: process.arch === 'x64' ? ((await noEbpf()) ?? (await noStrace()) ?? false) : 'this is no x86_64' },
  async (t) => {
    const directory = t.testdir()
    const program = `
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  int pair[2];
  for (int i = 0; i < 10; i++) getppid();
  socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  socket(AF_INET6, SOCK_DGRAM, 17);
  socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair);
  prctl(PR_SET_NAME, "named");
  personality(0xffffffff);
  syscall(SYS_clone3, 0, 0);
  syscall(900); syscall(5000); syscall(-1L);
  return 0;
}`
    writeFileSync(join(directory, 'program.c'), program)
    const file = join(directory, 'program')
    const made = await execa('gcc', ['-static', '-o', file, `${file}.c`], { reject: false })
    if (made.failed) return void t.pass('not run here', { skip: `gcc: ${made.shortMessage}` })
    const real = await record({ command: [file], recorder: 'ebpf', streams: 'ignore' })

    const trace = join(directory, 'trace')
    await execa('strace', ['-n', '-X', 'raw', '-e', 'raw=all', '-o', trace, file])
    const kernel = new Simulated('x86_64', { who: 'tree', underFilter: false })
    kernel.adopt(100)
    for (const line of readFileSync(trace, 'latin1').split('\n')) {
      const [, call = '', name = '', args = '', result = '?'] =
        /^\[ *(\d+|\?+)\] (\w+)\((.*)\) += (-?\w+|\?)/.exec(line) ?? []
      if (call === '') continue
      kernel.call({
        // strace prints no column for -1; the name has the number: syscall_0xffffffffffffffff.
        number: Number(
          call.startsWith('?') ? BigInt.asIntN(64, BigInt(name.slice('syscall_'.length))) : call,
        ),
        args: args === '' ? [] : args.split(', ').map(BigInt),
        result: line.includes('ENOSYS') ? -38n : result === '?' ? 0n : BigInt(result),
      })
    }
    const simulated = kernel.observations()
    t.strictSame(told(simulated), told(real.observations))
    const numbers = (seen: Observations) =>
      Object.entries(seen.unknown['x86_64'] ?? {}).map(([n, { count }]) => [n, count])
    t.strictSame(numbers(simulated), numbers(real.observations))
    t.not(numbers(simulated).length, 0)
  },
)
