// What a trace tells of a thread beside its calls: who it is, where its paths start, what its descriptors are and which
// program it runs. What was not seen is undefined: strace prints neither ids nor the current directory by itself.
// Authority: credentials(7), clone(2), execve(2), path_resolution(7).
import type { PathText } from './texts.ts'

/**
 * Ids between two changes. All threads that have the same share the object: what one of them asks for (getuid) is known of
 * all, and of what they did before.
 */
export interface Ids {
  uid?: number
  euid?: number
  suid?: number
  gid?: number
  egid?: number
  sgid?: number
  groups?: readonly number[]
}

/** Shared by those whom clone gave CLONE_FS. */
interface FileSystem {
  /** From the first root that was seen. */
  root: string | undefined
  directory: string | undefined
}

/** Descriptors that were seen to be opened; of more than these none is known. */
const descriptorLimit = 65536

export class ProcessState {
  ids: Ids = {}
  program = 'unknown'
  /** It, or who forked it, has executed a program in the trace. */
  started = false
  #files: FileSystem = { root: '/', directory: undefined }
  #descriptors = new Map<number, string>()

  /** A child as clone made it. */
  forked(flags: ReadonlySet<string>): ProcessState {
    const child = new ProcessState()
    const { ids, program, started } = this
    child.ids = flags.has('CLONE_NEWUSER') ? {} : ids
    child.program = program
    child.started = started
    child.#files = flags.has('CLONE_FS') ? this.#files : { ...this.#files }
    child.#descriptors = flags.has('CLONE_FILES') ? this.#descriptors : new Map(this.#descriptors)
    return child
  }

  /** The real ids stay; a set-ID bit or a capability of the file may change the others. */
  executed(program: string): void {
    const { uid, gid, groups } = this.ids
    this.ids = {
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
      ...(groups !== undefined && { groups }),
    }
    this.program = program
    this.started = true
    // Which of them close on execve is not kept.
    this.#descriptors = new Map()
  }

  opened(descriptor: number, path: string | undefined): void {
    if (path === undefined || this.#descriptors.size >= descriptorLimit) this.#descriptors.delete(descriptor)
    else this.#descriptors.set(descriptor, path)
  }

  closed(descriptor: number): void {
    this.#descriptors.delete(descriptor)
  }

  /** After close_range and the like nothing is known. */
  closedMany(): void {
    this.#descriptors.clear()
  }

  descriptor(number: number): string | undefined {
    return this.#descriptors.get(number)
  }

  get directory(): string | undefined {
    return this.#files.directory
  }

  /** Undefined: it is not known any more. */
  changedTo(directory: string | undefined): void {
    this.#files.directory = directory
  }

  /** Undefined: it is not known where it is. */
  changedRoot(path: string | undefined): void {
    this.#files.root = path
  }

  /** pivot_root: paths are from another root than before, and the current directory may have moved with it. */
  pivoted(): void {
    this.#files.root = '/'
    this.#files.directory = undefined
  }

  /** From the first root. A path whose directory or root is not known is a relative one. */
  whole({ text }: PathText, base: string | undefined): string {
    const { root } = this.#files
    // `..` does not lead out of a root.
    if (text.startsWith('/')) return root === undefined ? text.slice(1) : normal(`${root}${normal(text)}`)
    return base === undefined ? text : normal(`${base}/${text}`)
  }
}

/** An absolute path without `.`, `..` and empty parts. */
function normal(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/'))
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  return `/${parts.join('/')}`
}
