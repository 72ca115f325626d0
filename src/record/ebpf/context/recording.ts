// Records evidence about the security contexts of containers, besides the counts of their calls. Its maps and programs
// are its own, so a kernel that rejects some still counts calls. The result names what such a kernel cannot show.
import { basename } from 'node:path'
import { blindTo, noRows, type BlindSpot, type ObservedContext } from '../../../read/observations/context.ts'
import type { AssemblyLine } from '../assembler.ts'
import type { Btf } from '../btf.ts'
import { BpfError, type BpfCalls } from '../kernel.ts'
import type { Layout } from '../layout.ts'
import { key32, type Maps } from '../maps.ts'
import type { Membership } from '../membership.ts'
import { Live } from './live.ts'
import { lostPlaces } from './layout.ts'
import { createContextMaps, type ContextMaps } from './maps.ts'
import {
  attachPrograms,
  attachRunning,
  continued,
  type CheckedBy,
  type RunningProcesses,
} from './programs.ts'
import type { ProgramInputs } from './pieces.ts'
import { rowsIn } from './rows.ts'
import { structuresOf, type Structures } from './structures.ts'
import { readSymbols, type FunctionsOf } from './symbols.ts'

export interface ContextKernel {
  readonly btf: Btf
  readonly layout: Layout
  readonly maps: Maps
  readonly membership: Membership
}

export interface ContextNames {
  /** The name of the only container; if there are several, the cgroup's name is appended. */
  readonly name: string
  /** The container was running before the recording: its start is unseen and, if no init was found, everything. */
  readonly midway: boolean
  /** Returns a container's name by the path of its cgroup; undefined if the path does not tell the name. */
  readonly nameOf?: ((path: string) => string | undefined) | undefined
  /** Only these cgroups, all of which are those of one container. */
  readonly cgroups?: ReadonlySet<bigint>
  /** How often the kernel skipped the program at sys_exit, which continues with those of a context. Default 0. */
  readonly skipped?: bigint
}

export class ContextRecording {
  readonly #calls: BpfCalls
  readonly #kernel: ContextKernel
  /** The maps and programs, or the reason why there are none. */
  readonly #under:
    | {
        readonly own: ContextMaps
        readonly structures: Structures
        readonly live: Live
        readonly by: CheckedBy
        readonly given: ProgramInputs
      }
    | string
  #functionsOf: FunctionsOf | undefined | null = null

  private constructor(calls: BpfCalls, kernel: ContextKernel) {
    this.#calls = calls
    this.#kernel = kernel
    this.#under = this.#begin()
  }

  /** Keeps evidence from here on. Owns `calls` and closes them. A BpfError is not thrown but reported by contexts(). */
  static start(calls: BpfCalls, kernel: ContextKernel): ContextRecording {
    return new ContextRecording(calls, kernel)
  }

  /** What runs last at sys_exit. Before it runs, no call is evidence. */
  get atExit(): readonly AssemblyLine[] | undefined {
    return typeof this.#under === 'string' ? undefined : continued(this.#under.given)
  }

  #begin() {
    const { btf, layout, maps, membership } = this.#kernel
    const structures = structuresOf(btf)
    // Only a typed task gives the registers of the current call.
    if (typeof structures === 'string') return `this kernel has no ${structures}`
    if (!layout.isTyped) return 'this kernel does not tell a program whose task it runs for'
    try {
      const own = createContextMaps(this.#calls, layout.machine)
      const given = { layout, structures, maps, own, membership }
      const by = attachPrograms(this.#calls, given, btf.functionId('cap_capable'))
      const live = new Live(this.#calls, own, (file, name) => this.#calls.attribute(file, name))
      return { own, structures, live, by, given }
    } catch (error) {
      if (!(error instanceof BpfError)) throw error
      this.#calls.close()
      return error.message
    }
  }

  /**
   * Adds running processes. Their containers have the root and the user namespace of their inits. If the kernel rejects
   * the program, such containers stay unseen, and contexts() says so.
   */
  alreadyRunning(look: () => RunningProcesses): void {
    const under = this.#under
    if (typeof under === 'string') return
    try {
      attachRunning(this.#calls, under.given, look)
    } catch (error) {
      if (!(error instanceof BpfError)) throw error
    }
  }

  /** The contexts, one for each cgroup that is a container. */
  contexts({ name, midway, nameOf, cgroups, skipped = 0n }: ContextNames): readonly ObservedContext[] {
    const first = 'ebpf'
    const under = this.#under
    const unseen = (what: readonly BlindSpot['what'][], why: string): readonly ObservedContext[] => [
      { name, ...noRows(), blind: blindTo(what, why) },
    ]
    if (typeof under === 'string') return unseen(['checks', 'files'], `ebpf: ${under}`)
    const { own, structures, live, by } = under
    live.ask()
    const functionsOf = this.#functionsOf === null ? (this.#functionsOf = readSymbols()) : this.#functionsOf
    const recorder = by ?? 'calls'
    const { layout } = this.#kernel
    const reading = { calls: this.#calls, own, layout, structures, functionsOf, recorder, live } as const
    const rows = rowsIn(reading, (id) => cgroups?.has(id) !== false)
    if (cgroups !== undefined && new Set([...rows.values()].map(({ root }) => root)).size > 1)
      return unseen(['checks', 'files'], 'ebpf: its cgroups have different roots')
    if (midway && rows.size === 0)
      return unseen(['checks', 'files', 'gains', 'start'], 'ebpf: attached while it ran')
    const lost = lostLists.flatMap((what) => {
      const count = this.#lost(what)
      return count === 0 ? [] : [{ what, count, first }]
    })
    const named = (id: bigint): string => {
      const path = live.cgroups.get(id) ?? String(id)
      const isOnly = rows.size === 1 || cgroups !== undefined
      return nameOf?.(path) ?? (isOnly ? name : `${name}/${basename(path)}`)
    }
    const unrun = Number(skipped + this.#calls.allMisses())
    return [...rows].map(([id, { lists }]) => ({
      name: named(id),
      ...lists,
      // The first program of a running container that was met is one that an engine executed in it.
      ...(midway && { starts: [] }),
      blind: [
        ...lists.blind,
        ...(midway ? blindTo(['start'], 'ebpf: attached while it ran') : []),
        ...blindTo(
          [
            ...(by === undefined ? (['checks'] as const) : []),
            ...(by === 'fexit' ? (['direct-checks'] as const) : []),
            ...(functionsOf === undefined ? (['functions'] as const) : []),
          ],
          first,
        ),
        // The kernel does not tell whose events they were, so the number holds for each container.
        ...(unrun === 0 ? [] : [{ what: 'skipped' as const, count: unrun, first }]),
      ],
      lost,
    }))
  }

  #lost(what: keyof typeof lostPlaces): number {
    const under = this.#under
    const value =
      typeof under === 'string' ? undefined : this.#calls.lookup(under.own.lost, key32(lostPlaces[what]))
    return Number(value?.readBigUInt64LE() ?? 0n)
  }

  close(): void {
    if (typeof this.#under !== 'string') this.#under.live.close()
    this.#calls.close()
  }
}

const lostLists = [
  'checks',
  'reads',
  'changes',
  'executions',
  'identities',
  'binds',
  'raises',
  'starts',
] as const
