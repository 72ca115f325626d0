// Finds a needed library as the loader does: by RPATH, RUNPATH, the cache, default directories. Authority: ld.so(8);
// musl ldso/dynlink.c (path file, defaults). LD_LIBRARY_PATH belongs to the environment and is unknown here.
import type { Dynamic } from '../elf/dynamic.ts'
import type { ElfImage, ElfMachine } from '../elf/image.ts'
import { readLdCache } from './ld-cache.ts'
import { locate, readFile, type Tree } from './tree.ts'

/** The names of a machine's own library directories. */
const triplets: Readonly<Record<ElfMachine, string>> = {
  x86_64: 'x86_64-linux-gnu',
  aarch64: 'aarch64-linux-gnu',
}
const muslNames: Readonly<Record<ElfMachine, string>> = { x86_64: 'x86_64', aarch64: 'aarch64' }

export interface Requester {
  readonly path: string
  readonly image: ElfImage
  readonly dynamic: Dynamic | undefined
}

export class LibrarySearch {
  readonly #tree: Tree
  readonly #machine: ElfMachine
  readonly #isMusl: boolean
  #cache: ReadonlyMap<string, readonly string[]> | undefined
  #defaults: readonly string[] | undefined

  constructor(tree: Tree, machine: ElfMachine, isMusl: boolean) {
    this.#tree = tree
    this.#machine = machine
    this.#isMusl = isMusl
  }

  /** The path of a library; undefined if the tree lacks it. `loaders`: from the requester up to the program. */
  async find(name: string, loaders: readonly Requester[]): Promise<string | undefined> {
    if (name.includes('/')) return this.#is(name)
    for (const directory of directoriesOf(loaders, this.#machine)) {
      const found = await this.#is(`${directory}/${name}`)
      if (found !== undefined) return found
    }
    for (const path of (await this.#cached()).get(name) ?? []) {
      const found = await this.#is(path)
      if (found !== undefined) return found
    }
    for (const directory of await this.#directories()) {
      const found = await this.#is(`${directory}/${name}`)
      if (found !== undefined) return found
    }
    return undefined
  }

  async #is(path: string): Promise<string | undefined> {
    const found = await locate(this.#tree, path)
    return found?.entry.kind === 'file' ? found.path : undefined
  }

  async #cached(): Promise<ReadonlyMap<string, readonly string[]>> {
    if (this.#cache === undefined) {
      const file = this.#isMusl ? undefined : await readFile(this.#tree, '/etc/ld.so.cache')
      this.#cache = file === undefined ? new Map() : readLdCache(file.bytes, this.#machine)
    }
    return this.#cache
  }

  async #directories(): Promise<readonly string[]> {
    if (this.#defaults !== undefined) return this.#defaults
    const triplet = triplets[this.#machine]
    if (this.#isMusl) {
      const file = await readFile(this.#tree, `/etc/ld-musl-${muslNames[this.#machine]}.path`)
      const own =
        file &&
        new TextDecoder()
          .decode(file.bytes)
          .split(/[:\n]/)
          .filter((each) => each !== '')
      // Debian keeps musl's own libraries beside its loader.
      this.#defaults = own ?? [
        '/lib',
        '/usr/local/lib',
        '/usr/lib',
        `/lib/${muslNames[this.#machine]}-linux-musl`,
      ]
    } else
      this.#defaults = [
        `/lib/${triplet}`,
        `/usr/lib/${triplet}`,
        '/lib64',
        '/usr/lib64',
        '/lib',
        '/usr/lib',
        `/usr/local/lib/${triplet}`,
        '/usr/local/lib',
      ]
    return this.#defaults
  }
}

/** The requester's RUNPATH alone; if it has none, the RPATHs of the requester and of the files that needed it. */
function directoriesOf(loaders: readonly Requester[], machine: ElfMachine): readonly string[] {
  const [own] = loaders
  const found: string[] = []
  if (own?.dynamic?.runpath !== undefined) found.push(...expand(own.dynamic.runpath, own.path, machine))
  else
    for (const each of loaders)
      if (each.dynamic?.rpath !== undefined && each.dynamic.runpath === undefined)
        found.push(...expand(each.dynamic.rpath, each.path, machine))
  return found
}

function expand(list: string, path: string, machine: ElfMachine): readonly string[] {
  const origin = path.replace(/\/[^/]*$/, '') || '/'
  return list
    .split(':')
    .filter((each) => each !== '')
    .map((each) =>
      each
        .replaceAll(/\$(?:ORIGIN\b|\{ORIGIN\})/g, origin)
        .replaceAll(/\$(?:LIB\b|\{LIB\})/g, `lib/${triplets[machine]}`)
        .replaceAll(/\$(?:PLATFORM\b|\{PLATFORM\})/g, machine),
    )
}
