// Analyses which calls a growing set of modules can make: links the modules, follows their code and finds the call
// numbers. Modules that the program loads later are appended, as its loader does. The same files in the same order give
// the same results, so results can be cached.
import { syscallTable } from '../abi/tables.ts'
import { architectureNames, type Architecture } from '../abi/architectures.ts'
import { architectureOfNumber } from '../abi/number-bit.ts'
import { scalars } from '../abi/scalars.ts'
import { ascending } from '../order.ts'
import { arm64 } from './arm64/step.ts'
import { Callers } from './callers.ts'
import { CallFinder, type NumberFound } from './calls.ts'
import { companionsOf } from './companions.ts'
import { segmentType, type ElfMachine } from './elf/image.ts'
import { Linked } from './link.ts'
import { mainOf } from './main-function.ts'
import type { Module } from './module.ts'
import { comparePaths, inOrder, type ReachableCall, type Unresolved } from './reachable.ts'
import { CodeReach, root, type FunctionId } from './reach.ts'
import { asksNames, convertsCharacters, isGlibcLoader, isLibc, usesOf } from './runtime.ts'
import { x86 } from './x86/step.ts'

/** Modules that are loaded together. */
export interface Batch {
  readonly modules: readonly Module[]
  /** By module: whether all its exports count as reached. */
  readonly isGiven: readonly boolean[]
  /** Indexes, among all modules, of those whose entry is run. */
  readonly started: readonly number[]
  /** Names by which functions are looked up. */
  readonly lookedUp: readonly string[]
}

/** What the code loads and looks up while it runs. */
export interface Uses {
  /** Each library that is loaded: its name, if known, and the module and function (as paths print it) that load it. */
  readonly libraries: readonly { readonly module: number; readonly from: string; readonly name?: string }[]
  readonly functions: readonly { readonly from: string; readonly name?: string }[]
  /** Functions that make memory executable. */
  readonly makesCode: readonly string[]
  /** Whether the code uses the name service switch. */
  readonly asksNames: boolean
  /** Whether the code converts character sets, for which the C library loads modules. */
  readonly convertsCharacters: boolean
}

export interface Findings {
  readonly architectures: Readonly<Partial<Record<Architecture, Readonly<Record<string, ReachableCall>>>>>
  readonly unresolved: readonly Unresolved[]
  /** The functions that start programs, as paths print them. */
  readonly executes: readonly string[]
  /** Functions that ask the kernel directly for executable memory, and files with a writable executable segment. */
  readonly makesCode: readonly string[]
}

export class Analysis {
  readonly #architecture: ElfMachine
  readonly #linked = new Linked()
  readonly #reach: CodeReach
  readonly #callers: Callers

  constructor(architecture: ElfMachine) {
    this.#architecture = architecture
    this.#reach = new CodeReach(this.#linked)
    this.#callers = new Callers(this.#linked, this.#reach, this.#processor)
  }

  get #processor(): typeof x86 {
    return this.#architecture === 'x86_64' ? x86 : arm64
  }

  add({ modules, isGiven, started, lookedUp }: Batch): void {
    const [linked, reach] = [this.#linked, this.#reach]
    const first = linked.modules.length
    linked.add(modules, started)
    if (first === 0) linked.main = mainOf(linked, this.#processor)
    reach.grow()
    this.#callers.grow()
    // A function keeps its first path: from main, else from the program's entry, else from what the program loads.
    if (first === 0 && linked.main !== undefined) reach.begin([linked.main])
    reach.begin(linked.roots)
    // The program may look up any exported function of a library that it loads by name.
    for (const index of modules.keys())
      if (isGiven[index] === true) reach.begin(linked.exportedBy(first + index))
    reach.begin(
      lookedUp.flatMap((name) =>
        linked.lookUp(name, undefined).flatMap(({ module, address }) => {
          const id = linked.functionAt(module, address)
          return id < 0 ? [] : [id]
        }),
      ),
    )
    reach.beginModules(first)
  }

  uses(): Uses {
    const linked = this.#linked
    const { libraries, functions, makesCode } = usesOf(this.#callers)
    return {
      libraries: libraries.map(({ from, name }) => ({
        module: linked.place(from)[0],
        from: linked.name(from),
        ...(name === undefined ? {} : { name }),
      })),
      functions: functions
        .filter(({ name }) => name === undefined || linked.lookUp(name, undefined).length > 0)
        .map(({ from, name }) => ({ from: linked.name(from), ...(name === undefined ? {} : { name }) })),
      makesCode: makesCode.map((each) => linked.name(each)),
      asksNames: asksNames(linked, this.#reach),
      convertsCharacters: convertsCharacters(linked, this.#reach),
    }
  }

  find(): Findings {
    const linked = this.#linked
    const calls = new CallFinder(this.#callers).find()
    const paths = new Paths(linked, this.#reach)
    const architectures: Partial<Record<Architecture, Record<string, ReachableCall>>> = {}
    // Every x86_64 program may also make calls of x32: the number tells which table applies.
    const architectureOf = ({ isCompat, number }: NumberFound): Architecture =>
      isCompat ? 'x86' : architectureOfNumber(this.#architecture, number)
    for (const architecture of architectureNames) {
      const its = calls.numbers.filter((each) => architectureOf(each) === architecture)
      const found = callsOf(architecture, its, paths)
      if (Object.keys(found).length > 0) architectures[architecture] = found
    }
    const own = architectures[this.#architecture] ?? {}
    const companions = companionsOf(linked, this.#reach, calls, this.#architecture)
    for (const [name, call] of Object.entries(own)) {
      const its = companions.get(name)
      if (its !== undefined && its.length > 0) own[name] = { ...call, companions: its }
    }
    const unresolved = calls.unresolved.map(({ site, in: where, why }): Unresolved => {
      const [module, name] = split(linked.name(site))
      return {
        module,
        function: name,
        why: where === site ? whys[why] : `${whys[why]}, in ${linked.name(where)}`,
      }
    })
    const executes = this.#executes(
      calls.numbers.filter((each) => {
        const table = syscallTable(architectureOf(each))
        return executing.has(table.byNumber(each.number)?.name ?? '')
      }),
      paths,
    )
    return { architectures, unresolved, executes, makesCode: this.#makesCode(calls.numbers) }
  }

  /**
   * The functions that ask for another program: on the way to each place, the last function before the C library's own.
   * The places of glibc's loader do not count: it starts a named program only if the user runs the loader by hand.
   */
  #executes(numbers: readonly NumberFound[], paths: Paths): readonly string[] {
    const linked = this.#linked
    const found = new Set<string>()
    for (const { chain } of numbers) {
      const [module] = linked.place(chain[0] as FunctionId)
      if (isGlibcLoader((linked.modules[module] as Module).name)) continue
      const path = paths.names(paths.ids(chain))
      const asking = path.findLastIndex((each) => !isLibc(split(each)[0]))
      const last = path.length - 1
      found.add(path[asking >= 0 && asking < last ? asking : Math.max(0, last - 1)] as string)
    }
    return [...found].sort(ascending)
  }

  #makesCode(numbers: readonly NumberFound[]): readonly string[] {
    const linked = this.#linked
    const table = syscallTable(this.#architecture)
    const [writable, executable] = [2, 1]
    const found = linked.modules
      .filter(({ image }) =>
        image.segments.some(
          ({ type, flags }) =>
            type === segmentType.load && (flags & writable) !== 0 && (flags & executable) !== 0,
        ),
      )
      .map(({ name }) => name)
    for (const { number, isCompat, chain, arguments: passed } of numbers) {
      const [from] = chain as readonly [FunctionId]
      const name = isCompat ? undefined : table.byNumber(number)?.name
      if (name === undefined || !protecting.has(name)) continue
      // The C library's own mappings are known. A static program contains the library, so unknown values do not count.
      if (isLibc((linked.modules[linked.place(from)[0]] as Module).name)) continue
      const values = passed(2)
      const isStatic = linked.modules.length === 1
      if (values === undefined ? !isStatic : values.some((each) => (each & protExec) !== 0))
        found.push(linked.name(from))
    }
    return [...new Set(found)]
  }
}

const executing: ReadonlySet<string> = new Set(['execve', 'execveat'])

/** Calls whose third argument is a protection of memory. Authority: mmap(2), mprotect(2), pkey_mprotect(2). */
const protecting: ReadonlySet<string> = new Set(['mmap', 'mprotect', 'pkey_mprotect'])
const protExec = 4

const whys = {
  memory: 'number from memory',
  computed: 'computed number',
  'pointer-call': 'number of a caller through a pointer',
  'too-many': 'too many callers',
} as const

/** Turns numbers into calls, each with its shortest path and the arguments whose values are known at every place. */
function callsOf(
  architecture: Architecture,
  numbers: readonly NumberFound[],
  paths: Paths,
): Record<string, ReachableCall> {
  const table = syscallTable(architecture)
  const found = new Map<string, { path: readonly string[]; key: readonly number[]; places: NumberFound[] }>()
  for (const each of numbers) {
    const entry = table.byNumber(each.number)
    if (entry === undefined) continue
    const known = found.get(entry.name)
    const ids = paths.ids(each.chain)
    if (known === undefined) found.set(entry.name, { path: paths.names(ids), key: ids, places: [each] })
    else {
      known.places.push(each)
      if (ids.length > known.key.length) continue
      const path = paths.names(ids)
      if (comparePaths(path, known.path) < 0) Object.assign(known, { path, key: ids })
    }
  }
  const calls: Record<string, ReachableCall> = {}
  for (const [name, { path, places }] of [...found].sort(([a], [b]) => ascending(a, b))) {
    const args: Record<string, readonly string[]> = {}
    for (const { index, bits } of scalars.filter(({ call }) => call === name)) {
      const values = new Set<string>()
      const isKnown = places.every((place) => {
        const its = place.arguments(index)
        for (const each of its ?? []) values.add(String(BigInt.asUintN(bits, BigInt(each))))
        return its !== undefined && its.length > 0
      })
      if (isKnown) args[index] = inOrder([...values])
    }
    calls[name] = { path, ...(Object.keys(args).length === 0 ? {} : { args }) }
  }
  return calls
}

/** Makes paths that start where the program begins. */
class Paths {
  readonly #linked: Linked
  readonly #reach: CodeReach

  constructor(linked: Linked, reach: CodeReach) {
    this.#linked = linked
    this.#reach = reach
  }

  /** The functions from the program's beginning to the first function of a chain, then the chain. */
  ids(chain: readonly FunctionId[]): readonly FunctionId[] {
    const before: FunctionId[] = []
    const { main } = this.#linked
    for (
      let at = this.#reach.parent[chain[0] as number] as number;
      at !== root && at >= 0;
      at = this.#reach.parent[at] as number
    ) {
      if (chain[0] === main) break
      before.unshift(at)
      // Paths begin at main: the functions before it run in every program.
      if (at === main) break
    }
    return [...before, ...chain]
  }

  names(ids: readonly FunctionId[]): readonly string[] {
    return ids.map((each) => this.#linked.name(each))
  }
}

function split(name: string): readonly [module: string, name: string] {
  const colon = name.indexOf(':')
  return [name.slice(0, colon), name.slice(colon + 1)]
}
