// Finds the program that a command names, as execvp(3) does, to distinguish "not found" (127) from "cannot be run"
// (126) before anything is started. The program is the word that the user wrote, or the file found for it in PATH.
// Authority: execvp(3), POSIX 2.8.2 (exit status for commands).
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
} from 'node:fs'
import { delimiter, resolve } from 'node:path'
import { architectures, hostOfNode } from '../../abi/architectures.ts'
import { UserError } from '../../errors.ts'
import type { CommandOptions } from '../recording.ts'
import { spawnEnvironmentOf } from './spawn-environment.ts'

/**
 * The file that execvp would pass to execve, relative to `cwd`. Throws UserError with status 127 (not found) or 126
 * (found, but not an executable file), or with `status` if given.
 */
export function findProgram(word: string, cwd: string, path: string = '/bin:/usr/bin', status?: 125): string {
  if (word === '') throw new UserError('empty-command')
  // An empty part of PATH is the working directory.
  const candidates = word.includes('/')
    ? [word]
    : path.split(delimiter).map((part) => `${part || '.'}/${word}`)
  let found = false
  for (const candidate of candidates) {
    const file = resolve(cwd, candidate)
    try {
      const isFile = statSync(file).isFile()
      found = true
      if (!isFile) continue
      accessSync(file, constants.X_OK)
      return candidate
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') found = true
    }
  }
  throw new UserError(found ? 'not-executable' : 'command-not-found', { program: word }, status)
}

/** The file of the command, after checking its format. Throws UserError (126, 127). */
export function programOf(options: CommandOptions): string {
  const [word] = options.command
  const { cwd, env } = spawnEnvironmentOf(options)
  const file = findProgram(word, cwd, env['PATH'])
  refuseFormat(word, resolve(cwd, file))
  return file
}

/**
 * Refuses a file that execve(2) refuses with ENOEXEC: execvp(3), by which Node starts programs, passes it to a shell.
 * Nothing is refused if binfmt_misc has added formats.
 */
function refuseFormat(word: string, file: string): void {
  const head = Buffer.alloc(headerBytes)
  let size = 0
  try {
    const descriptor = openSync(file, 'r')
    readSync(descriptor, head, 0, head.length, 0)
    size = fstatSync(descriptor).size
    closeSync(descriptor)
  } catch {
    // The file is executable but not readable: the kernel will report the error.
    return
  }
  if (head.toString('latin1', 0, 2) === '#!' || isProgram(head, size) || addedFormats() > 0) return
  throw new UserError('cannot-run', { program: word, errno: 'ENOEXEC', words: '' })
}

/** The size of the larger ELF header. */
const headerBytes = 64
/** The types of programs: ET_EXEC and ET_DYN. */
const programTypes: readonly number[] = [2, 3]

/** Whether the kernel here takes a file for an ELF program of its own machine: load_elf_binary in fs/binfmt_elf.c. */
function isProgram(head: Buffer, size: number): boolean {
  if (head.toString('latin1', 0, 4) !== '\u007fELF') return false
  const [is64, isBig] = [head[4] === 2, head[5] === 2]
  const half = (at: number) => (isBig ? head.readUInt16BE(at) : head.readUInt16LE(at))
  const word = (at: number) => (isBig ? head.readUInt32BE(at) : head.readUInt32LE(at))
  const long = (at: number) => Number(isBig ? head.readBigUInt64BE(at) : head.readBigUInt64LE(at))
  const [type, machine] = [half(16), half(18)]
  const [table, entry, entries] = is64 ? [long(32), half(54), half(56)] : [word(28), half(42), half(44)]
  const host = hostOfNode(process.arch)
  const runs = Object.values(architectures).some(
    (each) => each.host === host && each.machine === machine && (each.byteOrder === 'big') === isBig,
  )
  const hasSegments = entry === (is64 ? 56 : 32) && entries > 0 && table + entry * entries <= size
  return programTypes.includes(type) && (runs || host === undefined) && hasSegments
}

function addedFormats(): number {
  try {
    return readdirSync('/proc/sys/fs/binfmt_misc').filter((name) => name !== 'register' && name !== 'status')
      .length
  } catch {
    return 0
  }
}
