// Finds the program that a command names, as execvp(3) does, to distinguish "not found" (127) from "cannot be run"
// (126) before anything is started. The program is the word that the user wrote, or the file found for it in PATH.
// Authority: execvp(3), POSIX 2.8.2 (exit status for commands).
import { accessSync, closeSync, constants, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { delimiter, resolve } from 'node:path'
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
 * Refuses a file of unknown format: execvp(3) passes it to a shell, but a tracer and we do not. Nothing is refused if
 * binfmt_misc has added formats.
 */
function refuseFormat(word: string, file: string): void {
  const head = Buffer.alloc(4)
  try {
    const descriptor = openSync(file, 'r')
    readSync(descriptor, head, 0, 4, 0)
    closeSync(descriptor)
  } catch {
    // The file is executable but not readable: the kernel will report the error.
    return
  }
  if (head.toString('latin1') === '\u007fELF' || head.toString('latin1', 0, 2) === '#!') return
  if (addedFormats() > 0) return
  throw new UserError('cannot-run', { program: word, errno: 'ENOEXEC', words: '' })
}

function addedFormats(): number {
  try {
    return readdirSync('/proc/sys/fs/binfmt_misc').filter((name) => name !== 'register' && name !== 'status')
      .length
  } catch {
    return 0
  }
}
