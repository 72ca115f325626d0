// Scans programs for the calls that they can make. What a program and its libraries load and look up by known names is
// added round by round, until nothing new appears.
import { callback, isObject, readOptions, texts, valueOf, type OptionTable } from '../options.ts'
import { Analysis, type Findings, type Uses } from './analysis.ts'
import { loadProgram, type LoadedFile, type LoadedProgram } from './load/program.ts'
import { programsStartedBy, type StartedProgram } from './load/started.ts'
import { baseName, locate, readFile, type Tree } from './load/tree.ts'
import { makeModule, type Module } from './module.ts'
import { mergeReachable, type NotFollowed, type Reachable } from './reachable.ts'
import type { Records } from './records.ts'
import { lookedUpByLoaders, serviceLibraries, servicesByDefault } from './runtime.ts'

/** Libraries that a program loads while it runs, a cache, a callback for the progress, and a way to compute digests. */
export interface ScanOptions {
  /** Paths of libraries that the programs load while they run. All their exports count as reached. */
  readonly with?: readonly string[]
  /** Records of a file's code by its SHA-256, kept from earlier scans. */
  readonly cache?: RecordCache
  /** Called before each file is read. */
  readonly progress?: (done: { readonly files: number; readonly of: number; readonly name: string }) => void
  /** Computes SHA-256 in hexadecimal digits. Default: Web Crypto, which is slower because it copies its input. */
  readonly sha256?: (bytes: Uint8Array) => string
}

/** Keeps the records of a file's code under the file's SHA-256, in hexadecimal digits. */
export interface RecordCache {
  get(sha256: string): Promise<Records | undefined>
  put(sha256: string, records: Records): Promise<void>
  /** Results of an analysis, as text, by the SHA-256 of the question. */
  readonly answers?: {
    get(key: string): Promise<string | undefined>
    put(key: string, text: string): Promise<void>
  }
}

/** The most rounds of loading; no program needs more. */
const mostRounds = 16

/**
 * Finds which system calls programs, and the libraries that they load, can make. `paths` are programs in the tree. For
 * a script, its interpreter is scanned, and the program that `/usr/bin/env` starts. Reads files through the tree and
 * starts nothing.
 *
 * @throws UserError if a path is not a program of x86_64 or aarch64, if a file is damaged, or if an option or its value
 * is invalid.
 */
export async function scanPrograms(
  tree: Tree,
  paths: readonly string[],
  options: ScanOptions = {},
): Promise<Reachable> {
  const scanner = new Scanner(
    treeValue(tree, 'scanPrograms: tree'),
    readOptions('scanPrograms', scanTable, options),
  )
  const found: Reachable[] = []
  for (const path of texts(paths, 'scanPrograms: paths'))
    for (const started of await programsStartedBy(tree, path)) found.push(await scanner.scan(started))
  return mergeReachable(...found)
}

const treeValue = valueOf<Tree>(
  'a tree of files, with a function entry',
  (value) => isObject(value) && typeof value['entry'] === 'function',
)

const scanTable: OptionTable<ScanOptions> = {
  with: texts,
  cache: valueOf(
    'an object with get and put',
    (value) => isObject(value) && 'get' in value && 'put' in value,
  ),
  progress: callback(),
  sha256: callback(),
}

class Scanner {
  readonly #tree: Tree
  readonly #options: ScanOptions
  /** The modules of this scan by path, because several programs share libraries. */
  readonly #modules = new Map<string, Module>()
  readonly #digests = new Map<string, Promise<string>>()

  constructor(tree: Tree, options: ScanOptions) {
    this.#tree = tree
    this.#options = options
  }

  async scan({ path, isReplaced }: StartedProgram): Promise<Reachable> {
    const program = await loadProgram(this.#tree, path)
    const asked = new AskedScan(program, this)
    const given = new Set(this.#options.with ?? [])
    const lookedUp = new Set(lookedUpByLoaders)
    await program.add(given, true)
    const tried = new Set<string>()
    for (let round = 1; ; round++) {
      await asked.add([...lookedUp])
      const before = lookedUp.size
      const more = await this.#more(program, await asked.uses(), lookedUp)
      const libraries = more.libraries.filter((each) => !tried.has(each))
      if (round < mostRounds && (libraries.length > 0 || lookedUp.size > before)) {
        for (const each of libraries) tried.add(each)
        await program.add(libraries, false)
        continue
      }
      const findings = await asked.findings()
      return this.#document(program, isReplaced ? { ...findings, executes: [] } : findings, more.lost)
    }
  }

  digest(file: LoadedFile): Promise<string> {
    const known = this.#digests.get(file.path) ?? this.#sha256(file.bytes)
    this.#digests.set(file.path, known)
    return known
  }

  async #sha256(bytes: Uint8Array): Promise<string> {
    return (this.#options.sha256 ?? digest)(bytes)
  }

  async module(file: LoadedFile, index: number, of: number): Promise<Module> {
    const known = this.#modules.get(file.path)
    if (known !== undefined) return known
    const name = baseName(file.path)
    this.#options.progress?.({ files: index, of, name })
    const { cache } = this.#options
    const kept = await cache?.get(await this.digest(file))
    const module = makeModule(name, file.image, { records: kept })
    if (kept === undefined) await cache?.put(await this.digest(file), module.records)
    this.#modules.set(file.path, module)
    return module
  }

  /** Returns the cached answer; if there is none, makes and caches it. */
  async kept<Answer>(key: string, answer: () => Promise<Answer>): Promise<Answer> {
    const answers = this.#options.cache?.answers
    if (answers === undefined) return answer()
    const name = await this.#sha256(new TextEncoder().encode(key))
    const before = await answers.get(name)
    if (before !== undefined) return JSON.parse(before) as Answer
    const found = await answer()
    await answers.put(name, JSON.stringify(found))
    return found
  }

  /** Returns the libraries to load, and as `lost` what cannot be followed. Adds names to look up to `lookedUp`. */
  async #more(
    { files, find }: LoadedProgram,
    uses: Uses,
    lookedUp: Set<string>,
  ): Promise<{ readonly libraries: readonly string[]; readonly lost: readonly NotFollowed[] }> {
    const loaded = new Set(files.map(({ path }) => path))
    const libraries = new Set<string>()
    const lost: NotFollowed[] = []
    for (const { module, from, name } of uses.libraries) {
      const where = name === undefined ? undefined : await find(name, files[module])
      if (where === undefined) lost.push({ what: 'dlopen', from, ...(name === undefined ? {} : { name }) })
      else if (!loaded.has(where)) libraries.add(where)
    }
    for (const { from, name } of uses.functions)
      if (name === undefined) lost.push({ what: 'dlsym', from })
      else lookedUp.add(name)
    for (const from of uses.makesCode) lost.push({ what: 'jit', from })
    for (const where of uses.asksNames ? await this.#services(find) : [])
      if (!loaded.has(where)) libraries.add(where)
    for (const where of uses.convertsCharacters ? await this.#characterSets(files) : [])
      if (!loaded.has(where)) libraries.add(where)
    return { libraries: [...libraries], lost }
  }

  /** Libraries of the name service switch. Services that are not installed are skipped. */
  async #services(find: LoadedProgram['find']): Promise<readonly string[]> {
    const file = await readFile(this.#tree, '/etc/nsswitch.conf')
    const text = file === undefined ? servicesByDefault : new TextDecoder().decode(file.bytes)
    const found = await Promise.all(serviceLibraries(text).map((name) => find(name, undefined)))
    return found.filter((where) => where !== undefined)
  }

  /** Modules that convert character sets. They lie beside the C library. */
  async #characterSets(files: readonly LoadedFile[]): Promise<readonly string[]> {
    const libc = files.find(({ path }) => baseName(path) === 'libc.so.6')
    const directory = `${libc?.path.replace(/\/[^/]*$/, '') ?? ''}/gconv`
    const found = await locate(this.#tree, directory)
    if (found?.entry.kind !== 'directory') return []
    const names = (await found.entry.names()).filter((name) => name.endsWith('.so'))
    return names.sort().map((name) => `${found.path}/${name}`)
  }

  async #document(
    { files, missing, privileges }: LoadedProgram,
    { architectures, unresolved, executes, makesCode }: Findings,
    lost: readonly NotFollowed[],
  ): Promise<Reachable> {
    const notFollowed: readonly NotFollowed[] = [
      ...lost,
      ...missing.map(({ name, neededBy }) => ({ what: 'missing-library', from: neededBy, name }) as const),
      ...makesCode.map((from) => ({ what: 'jit', from }) as const),
      ...executes.map((from) => ({ what: 'execve', from }) as const),
    ]
    const modules = await Promise.all(
      files.map(async (file, index) => ({
        name: baseName(file.path),
        sha256: await this.digest(file),
        architecture: file.image.machine,
        ...(index === 0 && privileges.length > 0 ? { privileges } : {}),
      })),
    )
    const bound = unresolved.length === 0 && notFollowed.length === 0
    return mergeReachable({ version: 1, bound, architectures, unresolved, modules, notFollowed })
  }
}

/** The files in the order of loading, and their analysis, which runs only if an answer is not cached. */
class AskedScan {
  readonly #program: LoadedProgram
  readonly #scanner: Scanner
  readonly #batches: { readonly files: readonly LoadedFile[]; readonly lookedUp: readonly string[] }[] = []
  readonly #question: unknown[] = []
  #analysis: Analysis | undefined
  #analysed = 0

  constructor(program: LoadedProgram, scanner: Scanner) {
    this.#program = program
    this.#scanner = scanner
  }

  /** Adds the files that were loaded since the last call. */
  async add(lookedUp: readonly string[]): Promise<void> {
    const first = this.#batches.reduce((sum, { files }) => sum + files.length, 0)
    const files = this.#program.files.slice(first)
    this.#batches.push({ files, lookedUp })
    const digests = await Promise.all(files.map((each) => this.#scanner.digest(each)))
    const named = files.map((each, index) => [
      baseName(each.path),
      digests[index],
      this.#program.isGiven.has(each),
    ])
    this.#question.push([named, lookedUp, this.#loader])
  }

  get #loader(): number {
    const { loader, files } = this.#program
    return loader === undefined ? -1 : files.indexOf(loader)
  }

  uses(): Promise<Uses> {
    return this.#scanner.kept(JSON.stringify(['uses', ...this.#question]), async () =>
      (await this.#made()).uses(),
    )
  }

  findings(): Promise<Findings> {
    return this.#scanner.kept(JSON.stringify(['findings', ...this.#question]), async () =>
      (await this.#made()).find(),
    )
  }

  async #made(): Promise<Analysis> {
    const { files: all, isGiven } = this.#program
    const [main] = all as readonly [LoadedFile]
    this.#analysis ??= new Analysis(main.image.machine)
    let index = 0
    for (const [number, { files, lookedUp }] of this.#batches.entries()) {
      index += files.length
      if (number < this.#analysed) continue
      const modules: Module[] = []
      for (const each of files)
        modules.push(await this.#scanner.module(each, index - files.length + modules.length, all.length))
      this.#analysis.add({
        modules,
        isGiven: files.map((each) => isGiven.has(each)),
        started: number > 0 ? [] : this.#loader > 0 ? [0, this.#loader] : [0],
        lookedUp,
      })
    }
    this.#analysed = this.#batches.length
    return this.#analysis
  }
}

async function digest(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return [...new Uint8Array(hash)].map((each) => each.toString(16).padStart(2, '0')).join('')
}
