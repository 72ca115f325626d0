// Notes each cgroup of version 2 when the kernel makes it: a container that only runs `true` may be gone before anybody
// could look at its directory. Authority: include/trace/events/cgroup.h (cgroup_mkdir, whose path begins at the
// root of the hierarchy and which runs before the directory is visible), kernel/cgroup/cgroup.c (the hierarchy of
// version 2 has id 0).
import { readFileSync } from 'node:fs'
import * as bpf from './assembler.ts'
import { assemble, type AssemblyLine } from './assembler.ts'
import { done, frame, lookup, read } from './blocks.ts'
import { Btf } from './btf.ts'
import { BpfCalls, type KernelMap } from './kernel.ts'
import { btfFile, possibleProcessors, thisMachine } from './session.ts'

export interface MadeCgroup {
  readonly cgroup: bigint
  /** Below the root of the hierarchy, with a slash before it. */
  readonly path: string
}

/** Longer paths are cut. The directory of a container in a systemd slice has some 250 bytes below the root. */
const pathSize = 512

interface MkdirLayout {
  readonly root: number
  readonly hierarchy: number
  readonly node: number
  readonly id: number
}

/** Throws an Error that names a missing member if this kernel does not describe it. */
export function mkdirLayoutOf(btf: Btf): MkdirLayout {
  const offset = btf.required.bind(btf)
  return {
    root: offset('cgroup', 'root'),
    hierarchy: offset('cgroup_root', 'hierarchy_id'),
    node: offset('cgroup', 'kn'),
    id: offset('kernfs_node', 'id'),
  }
}

/** cgroup_mkdir(struct cgroup *, const char *path). `scratch`: a path for each processor. */
export function madeCgroup(
  layout: MkdirLayout,
  made: KernelMap,
  scratch: KernelMap,
): readonly AssemblyLine[] {
  const [pointer, id, key] = [-8, -16, -24]
  return [
    bpf.load(6, 1, 0),
    bpf.load(7, 1, 8),
    ...read(6, layout.root, 8, pointer),
    bpf.load(8, frame, pointer),
    ...read(8, layout.hierarchy, 4, key),
    bpf.loadLower(1, frame, key),
    bpf.jumpIf(1, 'notEqual', 0, 'done'),
    ...read(6, layout.node, 8, pointer),
    bpf.load(8, frame, pointer),
    ...read(8, layout.id, 8, id),
    bpf.storeValue(frame, key, 0),
    ...lookup(scratch, key),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.move(9, 0),
    bpf.move(1, 9),
    bpf.set(2, pathSize),
    bpf.move(3, 7),
    bpf.call('readKernelString'),
    bpf.map(1, made.descriptor),
    bpf.move(2, frame),
    bpf.add(2, id),
    bpf.move(3, 9),
    bpf.set(4, 0),
    bpf.call('mapUpdate'),
    ...done,
  ]
}

export class MadeCgroups {
  readonly #calls: BpfCalls
  readonly #made: KernelMap

  private constructor(calls: BpfCalls, made: KernelMap) {
    this.#calls = calls
    this.#made = made
  }

  /** Undefined if this kernel does not take the program. */
  static async start(): Promise<MadeCgroups | undefined> {
    const machine = thisMachine()
    if (machine === undefined) return undefined
    const calls = await BpfCalls.load(machine, possibleProcessors())
    try {
      const layout = mkdirLayoutOf(new Btf(readFileSync(btfFile)))
      const made = calls.createMap('made', { type: 'hash', key: 8, value: pathSize, entries: 4096 })
      const scratch = calls.createMap('path', { type: 'perCpuArray', key: 4, value: pathSize, entries: 1 })
      const program = calls.loadProgram('cgroup_mkdir', assemble(madeCgroup(layout, made, scratch)))
      calls.attach(program, 'cgroup_mkdir')
      return new MadeCgroups(calls, made)
    } catch {
      calls.close()
      return undefined
    }
  }

  /** The cgroups that were made since the last call. */
  take(): readonly MadeCgroup[] {
    return [...this.#calls.keys(this.#made)].flatMap((key) => {
      const text = this.#calls.lookup(this.#made, key)
      if (text === undefined) return []
      this.#calls.remove(this.#made, key)
      return [{ cgroup: key.readBigUInt64LE(), path: text.toString('utf8', 0, text.indexOf(0)) }]
    })
  }

  close(): void {
    this.#calls.close()
  }
}
