// Programs in, what they can call out: loading, linking, reaching, numbers; again where the program itself loads or looks
// up more by a name that is known.
import { syscallTable } from '../abi/tables.ts'
import type { Architecture } from '../abi/architectures.ts'
import { scalars } from '../abi/scalars.ts'
import { arm64 } from './arm64/step.ts'
import { CallFinder, type NumberFound } from './calls.ts'
import { companionsOf } from './companions.ts'
import { Linked } from './link.ts'
import { LibrarySearch } from './load/libraries.ts'
import { baseName, loadProgram, type LoadedFile, type LoadedProgram } from './load/program.ts'
import { readFile, type Tree } from './load/tree.ts'
import { mainOf } from './main-function.ts'
import { makeModule, type Module } from './module.ts'
import {
  comparePaths,
  inOrder,
  mergeReachable,
  type NotFollowed,
  type Reachable,
  type ReachableCall,
  type Unresolved,
} from './reachable.ts'
import { reachFrom, root, type FunctionId, type Reach } from './reach.ts'
import type { Records } from './records.ts'
import { lookedUpByLoaders, nameServiceOf, serviceLibraries, usesOf } from './runtime.ts'
import { x86 } from './x86/step.ts'

export interface ScanOptions {
  /** Libraries that the programs load while they run, by path: all that they export counts as reached. */
  readonly with?: readonly string[]
  /** Records of a file's code by its SHA-256, kept from earlier scans. */
  readonly cache?: RecordCache
  /** Told before each file is read. */
  readonly progress?: (done: { readonly files: number; readonly of: number; readonly name: string }) => void
}

export interface RecordCache {
  get(sha256: string): Promise<Records | undefined>
  put(sha256: string, records: Records): Promise<void>
}

/** More rounds than this no program needs to have loaded what it loads. */
const mostRounds = 6

/**
 * Which system calls programs and what they load can make. `paths` are programs (or scripts, which stand for their
 * interpreter) in the tree. Reads files through the tree, starts nothing.
 *
 * @throws UserError for a path that is no program of x86_64 or aarch64, and for a damaged file.
 */
export async function scanPrograms(
  tree: Tree,
  paths: readonly string[],
  options: ScanOptions = {},
): Promise<Reachable> {
  const scanner = new Scanner(tree, options)
  const found: Reachable[] = []
  for (const path of paths) found.push(await scanner.scan(path))
  return mergeReachable(...found)
}

class Scanner {
  readonly #tree: Tree
  readonly #options: ScanOptions
  /** Of this scan, by path: several programs share libraries. */
  readonly #modules = new Map<string, { readonly module: Module; readonly sha256: string }>()

  constructor(tree: Tree, options: ScanOptions) {
    this.#tree = tree
    this.#options = options
  }

  async scan(path: string): Promise<Reachable> {
    const given = new Set(this.#options.with ?? [])
    const lookedUp = new Set(lookedUpByLoaders)
    const lost: NotFollowed[] = []
    let before: CallFinder | undefined
    for (let round = 1; ; round++) {
      const program = await loadProgram(this.#tree, path, [...given])
      const modules: Module[] = []
      for (const [index, file] of program.files.entries()) {
        this.#options.progress?.({ files: index, of: program.files.length, name: baseName(file.path) })
        modules.push(await this.#module(file))
      }
      const analysis = analyse(program, modules, lookedUp, before)
      before = analysis.finder
      lost.length = 0
      const more = await this.#more(program, analysis, given, lookedUp, lost)
      if (more && round < mostRounds) continue
      return await this.#document(program, analysis, lost)
    }
  }

  async #module(file: LoadedFile): Promise<Module> {
    const known = this.#modules.get(file.path)
    if (known !== undefined) return known.module
    const sha256 = await digest(file.bytes)
    const kept = await this.#options.cache?.get(sha256)
    const module = makeModule(baseName(file.path), file.image, { records: kept })
    if (kept === undefined) await this.#options.cache?.put(sha256, module.records)
    this.#modules.set(file.path, { module, sha256 })
    return module
  }

  /** Whether there is more to load or to look up; what there is not stands in `lost`. */
  async #more(
    program: LoadedProgram,
    analysis: Analysis,
    given: Set<string>,
    lookedUp: Set<string>,
    lost: NotFollowed[],
  ): Promise<boolean> {
    const { linked, reach, finder } = analysis
    const [main] = program.files
    if (main === undefined) return false
    const before = given.size + lookedUp.size
    const search = new LibrarySearch(
      this.#tree,
      main.image.machine,
      /\bld-musl-/.test(main.image.interpreter ?? ''),
    )
    const loaded = new Set(program.files.map(({ path }) => path))
    const load = async (name: string, from: FunctionId): Promise<void> => {
      const [module] = linked.place(from)
      const loader = program.files[module]
      const where = await search.find(name, loader === undefined ? [] : [loader, main])
      if (where === undefined) lost.push({ what: 'dlopen', from: linked.name(from), name })
      else if (!loaded.has(where)) given.add(where)
      else if (!program.isGiven.has(program.files.find((each) => each.path === where) as LoadedFile))
        given.add(where)
    }
    const uses = usesOf(linked, reach, finder)
    for (const { from, name } of uses.libraries)
      if (name === undefined) lost.push({ what: 'dlopen', from: linked.name(from) })
      else await load(name, from)
    for (const { from, name } of uses.functions)
      if (name === undefined) lost.push({ what: 'dlsym', from: linked.name(from) })
      else if (linked.lookUp(name, undefined).length > 0) lookedUp.add(name)
    for (const from of uses.makesCode) lost.push({ what: 'jit', from: linked.name(from) })
    const service = nameServiceOf(linked, reach)
    const switchFile = service === undefined ? undefined : await readFile(this.#tree, '/etc/nsswitch.conf')
    if (service !== undefined && switchFile !== undefined)
      for (const name of serviceLibraries(new TextDecoder().decode(switchFile.bytes))) {
        // A service that is not installed is passed over.
        const where = await search.find(name, [])
        if (where !== undefined && !loaded.has(where)) given.add(where)
      }
    return given.size + lookedUp.size > before
  }

  async #document(
    program: LoadedProgram,
    { linked, reach, finder, architecture }: Analysis,
    lost: readonly NotFollowed[],
  ): Promise<Reachable> {
    const calls = finder.find()
    const paths = new Paths(linked, reach)
    const notFollowed: NotFollowed[] = [...lost]
    for (const { name, neededBy } of program.missing)
      notFollowed.push({ what: 'missing-library', from: neededBy, name })
    const architectures: Partial<Record<Architecture, Record<string, ReachableCall>>> = {}
    for (const [own, isCompat] of [
      [architecture, false],
      ['x86', true],
    ] as const) {
      const found = callsOf(
        own,
        calls.numbers.filter((each) => each.isCompat === isCompat),
        paths,
      )
      if (Object.keys(found).length > 0) architectures[own] = { ...architectures[own], ...found }
    }
    const own = architectures[architecture] ?? {}
    const companions = companionsOf(linked, reach, calls, architecture)
    for (const [name, call] of Object.entries(own)) {
      const its = companions.get(name)
      if (its !== undefined && its.length > 0) own[name] = { ...call, companions: its }
    }
    for (const name of ['execve', 'execveat']) {
      const path = own[name]?.path
      // The function that asked for it: the last before the C library's own.
      // The loader can start a program that it is named, which it is not where the kernel started it.
      const loader = program.loader === undefined ? undefined : baseName(program.loader.path)
      if (path !== undefined && path.some((each) => !each.startsWith(`${loader}:`)))
        notFollowed.push({ what: 'execve', from: path.at(-2) ?? (path.at(-1) as string) })
    }
    const unresolved = calls.unresolved.map(({ site, in: where, why }): Unresolved => {
      const [module, name] = split(linked.name(site))
      return {
        module,
        function: name,
        why: where === site ? whys[why] : `${whys[why]}, in ${linked.name(where)}`,
      }
    })
    const modules = program.files.map((file, index) => ({
      name: baseName(file.path),
      sha256: (this.#modules.get(file.path) as { sha256: string }).sha256,
      architecture,
      ...(index === 0 && program.privileges.length > 0 ? { privileges: program.privileges } : {}),
    }))
    return mergeReachable({
      version: 1,
      bound: unresolved.length === 0 && notFollowed.length === 0,
      architectures,
      unresolved,
      modules,
      notFollowed,
    })
  }
}

const whys = {
  memory: 'number from memory',
  computed: 'computed number',
  'pointer-call': 'number of a caller through a pointer',
  'too-many': 'too many callers',
} as const

interface Analysis {
  readonly linked: Linked
  readonly reach: Reach
  readonly finder: CallFinder
  readonly architecture: 'x86_64' | 'aarch64'
}

function analyse(
  program: LoadedProgram,
  modules: readonly Module[],
  lookedUp: ReadonlySet<string>,
  before: CallFinder | undefined,
): Analysis {
  const loader = program.loader === undefined ? -1 : program.files.indexOf(program.loader)
  const linked = new Linked(modules, loader > 0 ? [0, loader] : [0])
  const roots: FunctionId[] = []
  // Any function of a library that is loaded by name may be looked up in it.
  for (const [index, file] of program.files.entries())
    if (program.isGiven.has(file))
      for (const name of (modules[index] as Module).exports.keys())
        roots.push(...exported(linked, index, name))
  for (const name of lookedUp)
    for (const { module, address } of linked.lookUp(name, undefined))
      roots.push(linked.functionAt(module, address))
  const architecture = (program.files[0] as LoadedFile).image.machine
  const processor = architecture === 'x86_64' ? x86 : arm64
  linked.main = mainOf(linked, processor)
  const isRoot = (each: FunctionId): boolean => each >= 0
  // Ways are told from main where they begin there, else from where the program begins, and last from what it loads.
  const reach = reachFrom(linked, [
    linked.main === undefined ? [] : [linked.main],
    linked.roots,
    roots.filter(isRoot),
  ])
  const finder = new CallFinder(linked, reach, processor, before)
  return { linked, reach, finder, architecture }
}

function exported(linked: Linked, module: number, name: string): readonly FunctionId[] {
  const { symbols, exports } = linked.modules[module] as Module
  return (exports.get(name) ?? []).map((index) => linked.functionAt(module, symbols.value[index] as number))
}

/** Numbers as calls: the shortest path of each, and the values of arguments that every place knows. */
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
  for (const [name, { path, places }] of [...found].sort(([a], [b]) => (a < b ? -1 : 1))) {
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

/** Ways from where the program begins. */
class Paths {
  readonly #linked: Linked
  readonly #reach: Reach

  constructor(linked: Linked, reach: Reach) {
    this.#linked = linked
    this.#reach = reach
  }

  /** The functions up to the first of a chain, then the chain. */
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
      // What runs before main belongs to every program.
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

async function digest(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return [...new Uint8Array(hash)].map((each) => each.toString(16).padStart(2, '0')).join('')
}
