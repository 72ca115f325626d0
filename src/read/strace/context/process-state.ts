// Keeps what a trace shows of a thread besides its calls: its ids, root, current directory, descriptors and program.
// Whatever was not seen is undefined: strace itself prints neither ids nor the current directory.
// Authority: credentials(7), clone(2), execve(2), path_resolution(7).
import { Descriptors } from './descriptors.ts'
import type { PathText } from './texts.ts'

/**
 * Ids between two changes. Threads with the same ids share the object: if one of them asks (getuid), the answer holds
 * for all of them, and for what they did before.
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

/** Shared between parent and child after a clone with CLONE_FS. */
interface FileSystem {
  /** The path of the root, seen from the first root of the trace. */
  root: string | undefined
  directory: string | undefined
}

export class ProcessState {
  ids: Ids = {}
  program = 'unknown'
  /** The process or one of its ancestors has executed a program in the trace. */
  started = false
  #files: FileSystem = { root: '/', directory: undefined }
  #descriptors = new Descriptors()

  /** The state of a child that clone makes with these flags. */
  forked(flags: ReadonlySet<string>): ProcessState {
    const child = new ProcessState()
    const { ids, program, started } = this
    child.ids = flags.has('CLONE_NEWUSER') ? {} : ids
    child.program = program
    child.started = started
    child.#files = flags.has('CLONE_FS') ? this.#files : { ...this.#files }
    child.#descriptors = flags.has('CLONE_FILES') ? this.#descriptors : this.#descriptors.copy()
    return child
  }

  /** After execve: the real ids and groups stay; a set-ID bit of the file may change the other ids. */
  executed(program: string): void {
    const { uid, gid, groups } = this.ids
    this.ids = {
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
      ...(groups !== undefined && { groups }),
    }
    this.program = program
    this.started = true
    // Close-on-execve flags are not kept, so no descriptor is known.
    this.#descriptors = new Descriptors()
  }

  opened(descriptor: number, path: string | undefined): void {
    this.#descriptors.set(descriptor, path)
  }

  closed(descriptor: number): void {
    this.#descriptors.set(descriptor, undefined)
  }

  /** After close_range and similar calls, no descriptor is known. */
  closedMany(): void {
    this.#descriptors.clear()
  }

  descriptor(number: number): string | undefined {
    return this.#descriptors.get(number)
  }

  get directory(): string | undefined {
    return this.#files.directory
  }

  /** Undefined: the current directory is unknown from now on. */
  changedTo(directory: string | undefined): void {
    this.#files.directory = directory
  }

  /** Undefined: the place of the new root is unknown. */
  changedRoot(path: string | undefined): void {
    this.#files.root = path
  }

  /** pivot_root and setns: paths start at another root, and the current directory may have moved with it. */
  pivoted(): void {
    this.#files.root = '/'
    this.#files.directory = undefined
  }

  /** The path from the first root; a relative path if its root or directory is unknown. */
  whole({ text }: PathText, base: string | undefined): string {
    const { root } = this.#files
    // normal() runs before the root is added, because `..` does not lead out of a root.
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
