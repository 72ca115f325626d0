// Where the program itself lies: as files of a package, or as one executable with the files in it.
// Authority: Node.js, "Single executable applications" (nodejs.org/api/single-executable-applications.html).
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, extname, join } from 'node:path'

// Not imported: an engine that is not Node has no such module.
const sea = process.getBuiltinModule?.('node:sea')

/** Whether this is the single executable. */
export const isSingleFile: boolean = sea?.isSea() ?? false

/** The first word with which the single executable is the guardian of a recording (record/containers/guardian.ts). */
export const guardianWord = '--guardian'

/** The words, executable first, that start this command anew. */
export function ownCommand(): readonly [string, ...string[]] {
  return isSingleFile
    ? [process.execPath]
    : [process.execPath, ...process.execArgv, process.argv[1] ?? 'seccomp-gen']
}

/** The words that start the guardian. `beside`: a file beside guardian's. */
export function guardianCommand(beside: string): readonly [string, ...string[]] {
  if (isSingleFile) return [process.execPath, guardianWord]
  return [process.execPath, ...process.execArgv, join(dirname(beside), `guardian${extname(beside)}`)]
}

/** What package.json says of the program. `root`: the package's directory, for a program of files. */
export function ownPackage(root: URL): { readonly version: string; readonly homepage?: string } {
  const text =
    sea !== undefined && isSingleFile
      ? sea.getAsset('package.json', 'utf8')
      : readFileSync(new URL('package.json', root), 'utf8')
  const { version, homepage } = JSON.parse(text) as { version: string; homepage?: string }
  return { version, ...(homepage !== undefined && { homepage: homepage.replace(/#.*$/, '') }) }
}

/**
 * A native module that the single executable carries. One beside the executable is taken first: in an image nothing may
 * be writable, or what is writable may not be executable.
 *
 * @throws Error that says which directories did not do.
 */
export function loadCarried(name: string): unknown {
  const beside = join(dirname(process.execPath), name)
  const failures: string[] = []
  for (const load of [() => opened(beside), ...placesToWrite().map((place) => () => unpacked(name, place))]) {
    try {
      return load()
    } catch (error) {
      failures.push((error as Error).message.split('\n')[0] ?? '')
    }
  }
  throw new Error(
    `${name} cannot be loaded: ${failures.at(-1) ?? ''}; put ${name} beside ${process.execPath}, or set TMPDIR to a directory whose files may be executed`,
  )
}

function placesToWrite(): readonly string[] {
  return [...new Set([tmpdir(), '/var/tmp', '/dev/shm'])]
}

function unpacked(name: string, place: string): unknown {
  if (sea === undefined) throw new Error('this is not a single executable')
  // mkdtemp makes it for us alone (mode 700), so nobody puts another file in its place.
  const directory = mkdtempSync(join(place, 'seccomp-gen-'))
  try {
    const file = join(directory, name)
    writeFileSync(file, new Uint8Array(sea.getAsset(name)), { mode: 0o700, flag: 'wx' })
    return opened(file)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function opened(file: string): unknown {
  const module: { readonly exports: unknown } = { exports: {} }
  process.dlopen(module, file)
  return module.exports
}
