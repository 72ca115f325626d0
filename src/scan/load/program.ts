// Loads a program and all that the loader loads with it, in the order of symbol lookup: the program, the libraries that
// it needs, breadth first, the loader itself, then added libraries.
import { UserError } from '../../errors.ts'
import { mostLibraries, readDynamic, type Dynamic } from '../elf/dynamic.ts'
import { isElf, readElf, type ElfImage } from '../elf/image.ts'
import { LibrarySearch, type Requester } from './libraries.ts'
import { requireFile, startedBy } from './started.ts'
import { baseName, readFile, type Located, type Tree } from './tree.ts'

export interface LoadedFile {
  /** Its path in the tree, without links. */
  readonly path: string
  readonly bytes: Uint8Array
  readonly image: ElfImage
  readonly dynamic: Dynamic | undefined
}

export interface LoadedProgram {
  readonly files: readonly LoadedFile[]
  /** Files that the program itself loads while it runs. */
  readonly isGiven: ReadonlySet<LoadedFile>
  readonly loader: LoadedFile | undefined
  readonly missing: readonly { readonly name: string; readonly neededBy: string }[]
  /** The file is set-user-ID, set-group-ID or has capabilities: the kernel starts it with other privileges. */
  readonly privileges: readonly ('setuid' | 'setgid' | 'capabilities')[]
  /** The scripts that led to the program, outermost first. */
  readonly scripts: readonly string[]
  /** The path of a library that one of the files asks for by name; undefined if the tree lacks it. */
  find(name: string, by: LoadedFile | undefined): Promise<string | undefined>
  /**
   * Appends libraries and what they need. If the user `asked` for them, a file that is not a library throws UserError;
   * otherwise it is skipped, as the program itself would do.
   */
  add(libraries: Iterable<string>, asked: boolean): Promise<void>
}

/** Throws UserError if the path is not a program. */
export async function loadProgram(tree: Tree, path: string): Promise<LoadedProgram> {
  const { program: found, scripts } = await startedBy(tree, path)
  const main = fileOf(found)
  const isMusl = /\bld-musl-/.test(main.image.interpreter ?? '')
  const search = new LibrarySearch(tree, main.image.machine, isMusl)
  const files: LoadedFile[] = []
  const byPath = new Map<string, LoadedFile>()
  const bySoname = new Map<string, LoadedFile>()
  const loaders = new Map<LoadedFile, readonly Requester[]>()
  const missing: { name: string; neededBy: string }[] = []
  const add = (file: LoadedFile, by: readonly Requester[]): void => {
    if (files.length >= mostLibraries) throw tooMany(path)
    files.push(file)
    byPath.set(file.path, file)
    if (file.dynamic?.soname !== undefined) bySoname.set(file.dynamic.soname, file)
    loaders.set(file, [file, ...by])
  }
  const load = async (name: string, by: readonly Requester[]): Promise<LoadedFile | undefined> => {
    const where = await search.find(name, by)
    const known = where === undefined ? undefined : byPath.get(where)
    if (where === undefined || known !== undefined) return known
    const its = await readFile(tree, where)
    if (its === undefined || !isElf(its.bytes)) return undefined
    const file = fileOf(its)
    if (file.image.machine !== main.image.machine) return undefined
    add(file, by)
    return file
  }
  const close = async (from: number): Promise<void> => {
    for (let index = from; index < files.length; index++) {
      const file = files[index] as LoadedFile
      for (const name of file.dynamic?.needed ?? []) {
        if (bySoname.has(name)) continue
        // musl's loader is its C library, under whatever name it is needed.
        const isLoader = isMusl && /^(?:libc\.so|libc\.musl-|ld-musl-)/.test(name)
        const got = await load(
          isLoader ? (main.image.interpreter as string) : name,
          loaders.get(file) as readonly Requester[],
        )
        if (got === undefined) missing.push({ name, neededBy: baseName(file.path) })
        else bySoname.set(name, got)
      }
    }
  }
  add(main, [])
  await close(0)
  const { interpreter } = main.image
  const loader = interpreter === undefined ? undefined : await load(interpreter, [])
  if (interpreter !== undefined && loader === undefined)
    missing.push({ name: interpreter, neededBy: baseName(main.path) })
  const isGiven = new Set<LoadedFile>()
  return {
    files,
    isGiven,
    loader,
    missing,
    privileges: privilegesOf(found),
    scripts,
    find: (name, by) => search.find(name, by === undefined ? [] : [by, main]),
    add: async (libraries, asked) => {
      const start = files.length
      for (const each of libraries) {
        const its = await requireFile(tree, each, each)
        if (!asked && !isOf(its.bytes, main.image.machine)) continue
        const known = byPath.get(its.path)
        const file = known ?? fileOf(its)
        if (file.image.machine !== main.image.machine)
          throw new UserError('library-of-other-machine', {
            file: each,
            machine: file.image.machine,
            program: main.image.machine,
          })
        if (known === undefined) add(file, [])
        isGiven.add(file)
      }
      await close(start)
    },
  }
}

/** Whether the bytes are an ELF file for a machine. The loader skips all other files. */
function isOf(bytes: Uint8Array, machine: ElfImage['machine']): boolean {
  if (!isElf(bytes)) return false
  try {
    return readElf('', bytes).machine === machine
  } catch (error) {
    if (error instanceof UserError) return false
    throw error
  }
}

function fileOf({ path, bytes }: { readonly path: string; readonly bytes: Uint8Array }): LoadedFile {
  const image = readElf(path, bytes)
  const dynamic = readDynamic(image)
  if (dynamic !== undefined && dynamic.needed.length > mostLibraries) throw tooMany(path)
  return { path, bytes, image, dynamic }
}

const tooMany = (file: string): UserError =>
  new UserError('beyond-scan', { file, of: 'libraries', most: mostLibraries })

function privilegesOf({ entry }: Located): LoadedProgram['privileges'] {
  if (entry.kind !== 'file') return []
  const { mode, hasCapabilities } = entry
  return [
    ...((mode & 0o4000) === 0 ? [] : (['setuid'] as const)),
    ...((mode & 0o2010) === 0o2010 ? (['setgid'] as const) : []),
    ...(hasCapabilities === true ? (['capabilities'] as const) : []),
  ]
}
