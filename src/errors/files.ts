// Errors of files, standard streams and git revisions that cannot be read or written.
import type { Cause, InFile, ErrorRow } from './row.ts'

const readFailures: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'no permission to read it',
  EISDIR: 'is a directory',
  ELOOP: 'a symbolic link that leads to itself',
}

const writeFailures: Readonly<Record<string, string>> = {
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'a part of its path is not a directory',
  EACCES: 'no permission to make a file in its directory',
  ELOOP: 'too many levels of symbolic links',
  EFBIG: 'it would be larger than files may be here (ulimit -f)',
  // EDQUOT has no name in libuv.
  'Unknown system error -122': 'the quota of the disk is used up',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EBUSY: 'it is in use (a mounted file cannot be replaced): write beside it',
}

function failureText(table: Readonly<Record<string, string>>, { errno, words }: Cause): string {
  return (errno === undefined ? undefined : table[errno]) ?? words
}

/** Node.js has a replacement character for a byte that is not UTF-8, under which the file cannot be found. */
function foreignName(file: string): string {
  return file.includes('\uFFFD') ? ' under this name: if it is not UTF-8, rename the file' : ''
}

export const fileErrors = {
  'file-kept-locked': [
    125,
    ({ file }: InFile) =>
      `${file}: another process holds its lock, so this run was not added: end that process, and add the run again`,
  ],
  // --- reading
  'no-input': [2, () => 'no FILE given, and standard input is a terminal: name a trace, or pipe one in'],
  'empty-file-name': [
    2,
    ({ of }: { readonly of: 'input' | 'output' }) =>
      of === 'input'
        ? 'a file with an empty name was given: name a trace'
        : 'an output file has an empty name',
  ],
  'stdin-twice': [2, () => '-: standard input can be read only once'],
  'refusals-not-logged': [
    2,
    ({ runtime }: { readonly runtime: string }) =>
      `--log-refusals: ${runtime} starts no container whose profile has flags: leave it out, or use runc 1.2.0, crun 0.9 or newer`,
  ],
  'within-none-alone': [2, () => '--within none excludes every other --within: leave it out, or the others'],
  'stdin-taken': [
    2,
    ({ of }: { /** What standard input holds. */ readonly of: 'queries' | 'traces' }) =>
      of === 'queries'
        ? '-: the queries of --batch come from standard input'
        : '--within -: standard input is for traces; give a file',
  ],
  'cannot-read': [
    2,
    ({ file, ...cause }: InFile & Cause) =>
      `${file}: ${failureText(readFailures, cause)}${foreignName(file)}`,
  ],
  'no-such-profile': [
    2,
    ({ file, meant }: InFile & { readonly meant: readonly string[] }) =>
      `${file}: no such file or built-in profile: did you mean ${meant.join(' or ')}?`,
  ],
  'directory-not-read': [2, ({ file }: InFile) => `${file}: is a directory: name the files in it`],
  'no-such-trace': [
    2,
    ({ file }: InFile) => `${file}: no such file, and no ${file}.PID of strace -ff${foreignName(file)}`,
  ],
  'no-trace-in-directory': [
    2,
    ({ file, inner }: InFile & { /** A directory inside. */ readonly inner: string | undefined }) =>
      `${file}: is a directory without a trace${inner === undefined ? '' : `; subdirectories are not read: give ${inner}`}`,
  ],
  'file-too-large': [
    2,
    ({ file, kind }: InFile & { readonly kind: 'observations' | 'profile' }) =>
      `${file}: is larger than ${kind === 'profile' ? 'a profile can be (8 MiB)' : 'an observations file can be (64 MiB)'}`,
  ],
  'not-utf8': [2, ({ file }: InFile) => `${file}: is not UTF-8 text: a profile is a JSON or YAML file`],
  // --- revisions of git
  'revision-as-option': [2, ({ file }: InFile) => `${file}: a git revision does not begin with "-"`],
  'no-git': [2, ({ file }: InFile) => `${file}: no such file, and git is not installed to look it up`],
  'git-missing': [2, () => 'git is not installed, and only git can read a revision'],
  'git-failed': [2, ({ words }: { /** git's message. */ readonly words: string }) => `git failed: ${words}`],
  'no-such-commit': [
    2,
    ({ revision, option }: { readonly revision: string; readonly option: '--base' | '--head' }) =>
      `the revision of ${option} does not exist here: ${revision === '' ? 'it is empty' : revision}: give ${option}, and check that the checkout has fetched the revision`,
  ],
  'directory-in-revision': [
    2,
    ({ file }: InFile) => `${file}: is a directory in that revision: name a file in it`,
  ],
  'no-such-revision': [
    2,
    ({ file, words }: InFile & { /** git's message. */ readonly words: string }) =>
      `${file}: ${words}: give REVISION:path, or a file`,
  ],
  // --- writing
  'not-a-file': [
    2,
    ({ file, is }: InFile & { readonly is: 'directory' | 'socket' }) =>
      is === 'directory' ? `${file}: is a directory` : `${file}: is a socket, which cannot be written to`,
  ],
  'foreign-file': [
    2,
    ({ file }: InFile) =>
      `${file}: another user put a file or a link there, in a directory that everybody can write to: name a file elsewhere`,
  ],
  'foreign-link': [
    2,
    ({ file, link }: InFile & { readonly link: string }) =>
      `${file}: ${link} is a link of another user to something that is not that user's: name the file without it`,
  ],
  'not-own-file': [
    2,
    ({ file }: InFile) =>
      `${file}: is a link, a device, a pipe or a file of another user, which a hook does not write to`,
  ],
  'cannot-overwrite': [2, ({ file }: InFile) => `cannot write ${file}: no permission to write to it`],
  'cannot-write': [
    2,
    ({ file, ...cause }: InFile & Cause) => `cannot write ${file}: ${failureText(writeFailures, cause)}`,
  ],
  'cannot-write-stdout': [2, ({ words }: Cause) => `cannot write to standard output: ${words}`],
  'output-is-input': [
    2,
    ({ file, input }: InFile & { readonly input: string }) =>
      `${file}: is the input ${input}, which the result would replace: name another file`,
  ],
  'output-twice': [2, ({ file }: InFile) => `${file}: two results cannot go to one file: name another`],
  'stdout-taken': [
    2,
    ({ file, by }: InFile & { /** Who else writes there. */ readonly by: keyof typeof stdoutTaken }) =>
      stdoutTaken[by](file),
  ],
} as const satisfies Readonly<Record<string, ErrorRow>>

const stdoutTaken = {
  profile: (file: string) =>
    `--explain ${file} and the profile cannot both go to standard output: give -o FILE`,
  'recorded-profile': () => '--observations needs a file: the profile goes to standard output',
  report: (file: string) => `-o ${file}: the report goes to standard output: name a file`,
  git: () => 'git reads what diff prints: leave -o out',
} as const
