// Finds the program's own files: in its package, or inside the single executable.
// Authority: Node.js, "Single executable applications" (nodejs.org/api/single-executable-applications.html).
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'

// Not imported, because engines other than Node lack this module.
const sea = process.getBuiltinModule?.('node:sea')

/** Whether this is the single executable. */
export const isSingleFile: boolean = sea?.isSea() ?? false

/** The first word with which the single executable is the guardian of a recording (record/containers/guardian.ts). */
export const guardianWord = '--guardian'

/** The words that start this command again, the executable first. */
export function ownCommand(): readonly [string, ...string[]] {
  return isSingleFile
    ? [process.execPath]
    : [process.execPath, ...process.execArgv, process.argv[1] ?? 'seccomp-gen']
}

/** The words that start the guardian. `beside`: a file in the guardian's directory. */
export function guardianCommand(beside: string): readonly [string, ...string[]] {
  if (isSingleFile) return [process.execPath, guardianWord]
  return [process.execPath, ...process.execArgv, join(dirname(beside), `guardian${extname(beside)}`)]
}

/** The program's facts in package.json. `root`: the package's directory, if the program is files. */
export function ownPackage(root: URL): { readonly version: string; readonly homepage?: string } {
  const text =
    sea !== undefined && isSingleFile
      ? sea.getAsset('package.json', 'utf8')
      : readFileSync(new URL('package.json', root), 'utf8')
  const { version, homepage } = JSON.parse(text) as { version: string; homepage?: string }
  return { version, ...(homepage !== undefined && { homepage: homepage.replace(/#.*$/, '') }) }
}

/**
 * Loads a native module that the single executable contains. A module beside the executable wins, because an image may
 * have no directory that is both writable and executable.
 *
 * @throws Error that names the directories that could not be used.
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

// Not imported, because only the single executable asks.
function placesToWrite(): readonly string[] {
  return [...new Set([process.getBuiltinModule('node:os').tmpdir(), '/var/tmp', '/dev/shm'])]
}

function unpacked(name: string, place: string): unknown {
  if (sea === undefined) throw new Error('this is not a single executable')
  // mkdtemp makes a directory for us alone (mode 700), so nobody can replace the file.
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
