// Reads a file of a git revision, `REVISION:path`. Starts git without a shell, a pager, the user's filters or prompts.
// A revision that begins with "-" is refused, because git would take it for an option.
import { UserError } from '../errors.ts'
import { runGit } from './run.ts'

/** The content of `word` as text. Throws a UserError if git is missing or has no such revision or file. */
export async function showRevision(word: string, cwd: string): Promise<string> {
  if (word.startsWith('-')) throw new UserError('revision-as-option', { file: word })
  const { stdout, stderr, failed, missing } = await runGit(['cat-file', 'blob', word], cwd, 8 * 1024 * 1024)
  if (missing) throw new UserError('no-git', { file: word })
  if (!failed) return stdout
  const why = stderr.split('\n').find((line) => line.startsWith('fatal:')) ?? 'git failed'
  if (why.endsWith(': bad file')) throw new UserError('directory-in-revision', { file: word })
  throw new UserError('no-such-revision', { file: word, words: why.replace(/^fatal: /, '') })
}
