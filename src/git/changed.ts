// Which files differ between two revisions, and their content on each side. Everything comes from git's objects, never
// from the working tree, where a name could be a link to another place. Authority: git-diff(1), "Raw output format";
// gitglossary(7), "pathspec". Starts git without a shell.
import { UserError } from '../errors.ts'
import { runGit } from './run.ts'

export interface ChangedFile {
  /** The path in the later revision; for a deleted file its old path. */
  readonly path: string
  /** The path in the earlier revision, if the file was renamed. */
  readonly oldPath?: string
  readonly before: Side
  readonly after: Side
}

/** `link`: a symbolic link, a submodule or another entry that is not a regular file. */
export type Side = { readonly kind: 'file'; readonly text: string } | { readonly kind: 'none' | 'link' }

/**
 * Every changed file that matches the pathspecs, in git's order.
 *
 * @throws UserError if git is missing or fails, or if a revision does not exist.
 */
export async function changedFiles(
  base: string,
  head: string,
  pathspecs: readonly string[],
  cwd: string,
): Promise<readonly ChangedFile[]> {
  const [from, to] = [await commitOf(base, '--base', cwd), await commitOf(head, '--head', cwd)]
  const raw = await git(
    ['diff', '--raw', '-z', '--no-abbrev', '--find-renames', from, to, '--', ...pathspecs],
    cwd,
  )
  const words = raw.split('\0')
  const files: ChangedFile[] = []
  for (let at = 0; at + 1 < words.length;) {
    const [oldMode = '', newMode = '', oldObject = '', newObject = '', kind = ''] = (words[at] as string)
      .slice(1)
      .split(' ')
    const path = words[at + 1] as string
    const renamed = /^[RC]/.test(kind) ? (words[at + 2] as string) : undefined
    at += renamed === undefined ? 2 : 3
    files.push({
      path: renamed ?? path,
      ...(renamed !== undefined && { oldPath: path }),
      before: await sideOf(oldMode, oldObject, cwd),
      after: await sideOf(newMode, newObject, cwd),
    })
  }
  return files
}

/** Whether a file of the index or of HEAD matches the pathspecs. */
export async function hasFiles(pathspecs: readonly string[], cwd: string): Promise<boolean> {
  return (await git(['ls-files', '-z', '--with-tree=HEAD', '--', ...pathspecs], cwd)) !== ''
}

async function commitOf(revision: string, option: '--base' | '--head', cwd: string): Promise<string> {
  const found = await run(
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`],
    cwd,
  )
  // Of a revision that does not exist, `--quiet` says nothing. Git speaks of a directory without a repository.
  if (found.stderr !== '') throw gitFailed(found.stderr)
  const commit = found.stdout.trim()
  if (found.exitCode !== 0 || commit === '') throw new UserError('no-such-commit', { revision, option })
  return commit
}

async function sideOf(mode: string, object: string, cwd: string): Promise<Side> {
  if (/^0+$/.test(mode)) return { kind: 'none' }
  if (!mode.startsWith('100')) return { kind: 'link' }
  return { kind: 'file', text: await git(['cat-file', 'blob', object], cwd) }
}

async function git(args: readonly string[], cwd: string): Promise<string> {
  const { exitCode, stdout, stderr } = await run(args, cwd)
  if (exitCode === 0) return stdout
  throw gitFailed(stderr)
}

function gitFailed(stderr: string): UserError {
  return new UserError('git-failed', { words: stderr.split('\n')[0] ?? '' })
}

async function run(args: readonly string[], cwd: string) {
  const result = await runGit(args, cwd, 64 * 1024 * 1024)
  if (result.missing) throw new UserError('git-missing', {})
  return result
}
