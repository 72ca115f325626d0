// Starts git without a shell, and without its pagers, its prompts and the user's language.
import { execa } from 'execa'
import { isNotFound } from '../not-found.ts'

/** `missing`: git is not installed. `mostBytes`: a longer answer is an error. */
export async function runGit(words: readonly string[], cwd: string, mostBytes: number) {
  const result = await execa('git', ['--no-pager', ...words], {
    cwd,
    reject: false,
    stdin: 'ignore',
    stripFinalNewline: false,
    env: { LC_ALL: 'C' },
    maxBuffer: mostBytes,
  })
  const { stdout, stderr, failed, exitCode } = result
  return { stdout, stderr, failed, exitCode, missing: isNotFound(result) }
}
