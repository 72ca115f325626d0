// Starts git without a shell, a pager or prompts, and with English messages.
import { execa } from 'execa'
import { isNotFound } from '../not-found.ts'

/** `missing` in the result: git is not installed. An answer longer than `mostBytes` is an error. */
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
