// Which call a program of a context takes a call for: every call of every architecture of both machines, run through the
// program's own block by the test's machine, over the registers and the task of a real kernel's description.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { architectures, type Architecture } from '../../src/abi/architectures.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import { plainCall } from '../../src/read/observations/plain-call.ts'
import * as bpf from '../../src/record/ebpf/assembler.ts'
import { Btf } from '../../src/record/ebpf/btf.ts'
import {
  callAt,
  countedSlots,
  hasShortIds,
  kindOf,
  slotArchitectures,
  specsFor,
} from '../../src/record/ebpf/context/calls.ts'
import { slots, specPlaces } from '../../src/record/ebpf/context/layout.ts'
import { currentSlot } from '../../src/record/ebpf/context/slot.ts'
import { layoutOf, type RecorderMachine } from '../../src/record/ebpf/layout.ts'
import { slotsPerArchitecture } from '../../src/record/ebpf/maps.ts'
import { BpfMachine } from './bpf-machine.ts'

const described = {
  aarch64: 'linux-6.1.0-56-arm64.btf',
  x86_64: 'linux-6.18-x86_64.btf',
} as const

function machineOf(machine: RecorderMachine) {
  const btf = new Btf(readFileSync(new URL(`fixtures/${described[machine]}`, import.meta.url)))
  const layout = layoutOf(btf, machine, true)
  const program = bpf.assemble([
    bpf.load(6, 1, 0),
    ...currentSlot(layout, 'none'),
    bpf.move(0, 9),
    bpf.exit,
    bpf.label('none'),
    bpf.set(0, -1),
    bpf.exit,
  ])
  return (number: number, compat: boolean): number => {
    const kernel = new BpfMachine(1, { since5_11: true })
    const task = Buffer.alloc(16384, 0xa5)
    if (machine === 'x86_64') task.writeUInt32LE(compat ? 0xf2 : 0xf0, layout.task.status)
    const registers = Buffer.alloc(336, 0x5a)
    if (machine === 'x86_64') registers.writeBigInt64LE(BigInt(number), layout.registers.number)
    else {
      registers.writeInt32LE(number, layout.registers.number)
      registers.writeBigUInt64LE(compat ? 0xa000_0010n : 0xa000_0000n, layout.registers.state)
    }
    const moment = { processor: 0, pid: 1, tgid: 1, comm: 'x', task: kernel.place(task), cgroups: [] }
    return Number(BigInt.asIntN(64, kernel.run(program, [kernel.place(registers)], moment)))
  }
}

const own: Readonly<Record<RecorderMachine, readonly Architecture[]>> = {
  x86_64: ['x86_64', 'x86', 'x32'],
  aarch64: ['aarch64', 'arm'],
}
for (const machine of ['x86_64', 'aarch64'] as const)
  for (const architecture of own[machine])
    t.test(`${architecture} on ${machine}`, (t) => {
      const slotOf = machineOf(machine)
      const isCompat = architecture === 'x86' || architecture === 'arm'
      for (const { name, number } of syscallTable(architecture).entries) {
        const slot = slotOf(number, isCompat)
        const known = architecture !== 'x32' || syscallTable('x86_64').byName(name) !== undefined
        if (number >= 0xf0000 && isCompat) t.equal(slot, -1, `${name}: arm’s private calls are no evidence`)
        else if (known) {
          t.equal(callAt(machine, slot), plainCall(name), `${name}, ${number}`)
          const without = number - (architectures[architecture].numberBit ?? 0)
          const counted = own[machine].indexOf(architecture) * slotsPerArchitecture + without
          t.ok(countedSlots({ machine }, slot).includes(counted), `${name} is counted in slot ${counted}`)
        }
      }
      t.equal(slotOf(900, isCompat), -1, 'a number without a call')
      t.equal(slotOf(-1, isCompat), -1, 'no call')
      t.end()
    })

t.test('numbers that are another call on the other architecture', (t) => {
  const slotOf = machineOf('x86_64')
  for (const [number, native, narrow] of [
    [90, 'chmod', 'mmap'],
    [33, 'dup2', 'access'],
    [11, 'munmap', 'execve'],
    [59, 'execve', 'oldolduname'],
    [102, 'getuid', 'socketcall'],
    [192, 'lgetxattr', 'mmap'],
    [212, 'lookup_dcookie', 'chown'],
  ] as const) {
    t.equal(callAt('x86_64', slotOf(number, false)), native)
    t.equal(callAt('x86_64', slotOf(number, true)), narrow)
  }
  t.equal(callAt('x86_64', slotOf(architectures.x32.numberBit + 520, false)), 'execve')
  const arm = machineOf('aarch64')
  t.equal(callAt('aarch64', arm(221, false)), 'execve')
  t.equal(callAt('aarch64', arm(221, true)), 'fcntl64')
  t.end()
})

t.test('where the arguments of a 32-bit call are', (t) => {
  const btf = new Btf(readFileSync(new URL(`fixtures/${described.x86_64}`, import.meta.url)))
  const layout = layoutOf(btf, 'x86_64', true)
  const [, narrow] = slotArchitectures(layout)
  const specs = new Map(specsFor(layout))
  const word = (slot: number, place: Exclude<keyof typeof specPlaces, 'size'>) =>
    specs.get(slot)?.readUInt32LE(specPlaces[place])
  const of = (name: string): number => slots.compat + (syscallTable('x86').byName(name)?.number ?? Number.NaN)
  const [bx, cx] = narrow?.registers ?? []
  t.equal(word(of('mkdir'), 'path'), bx)
  t.equal(word(of('openat'), 'path'), cx)
  t.equal(specs.get(of('mkdir'))?.readBigUInt64LE(specPlaces.mask), 0xffff_ffffn)
  // struct mmap_arg_struct of arch/x86/kernel/sys_ia32.c: addr, len, prot, flags, fd, offset; four bytes each.
  t.strictSame(
    (['behind', 'mode', 'flags', 'base'] as const).map((place) => word(of('mmap'), place)),
    [bx, 8, 12, 16],
  )
  // socketcall(2): the member, then a pointer to its arguments, of which the address is the second.
  t.strictSame([word(of('socketcall'), 'behind'), word(of('socketcall'), 'path')], [cx, 4])
  t.equal(kindOf('x86_64', of('socketcall'), false), 'bind')
  t.equal(kindOf('x86_64', of('renameat2'), true), 'rename-to')
  t.ok(specs.has(slots.second + of('rename')))
  for (const [name, isShort] of [
    ['chown', true],
    ['chown32', false],
    ['fchownat', false],
    ['setuid', true],
    ['setuid32', false],
  ] as const)
    t.equal(hasShortIds('x86_64', of(name)), isShort, name)
  t.end()
})
