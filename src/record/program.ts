// Finds the program a command names, as execvp(3) does, to tell "not found" (127) from "cannot be run" (126)
// before anything is started. What is run is the word the user wrote, or the file found for it in PATH.
// Authority: execvp(3), POSIX 2.8.2 (exit status for commands).
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, resolve } from 'node:path'
import { UserError } from '../errors.ts'

/**
 * The file, as execvp would give it to execve: seen from `cwd`. Throws UserError with status 127 (not found) or 126
 * (found, but not an executable file).
 */
export function findProgram(word: string, cwd: string, path: string = '/bin:/usr/bin'): string {
  if (word === '') throw new UserError('the command is an empty word', 127)
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
  if (found && word.includes('/')) throw new UserError(`${word}: cannot be run: not an executable file`, 126)
  if (found) throw new UserError(`${word}: found in PATH, but not as an executable file`, 126)
  const hint = word.includes(' ')
    ? ' (a whole command line in one word? give its words separately, or sh -c)'
    : ''
  throw new UserError(`${word}: not found${word.includes('/') ? '' : ' in PATH'}${hint}`, 127)
}
