// Makes root file systems from installed Debian packages, without a registry: the files of the packages and the
// libraries they load. Authority: dpkg-query(1), ldd(1).
import { execa } from 'execa'
import {
  closeSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** The links at the root of a system with a merged /usr, as this one may be. */
const merged = ['bin', 'sbin', 'lib', 'lib64'] as const
const unread = /^\/usr\/share\/(?:doc|man|lintian|locale|info|bug)(?:\/|$)/

/**
 * Makes `root` the root file system of these packages, named by patterns of dpkg-query. Returns the reason if a package
 * is not installed; undefined if the root file system was made.
 */
export async function rootfs(root: string, packages: readonly string[]): Promise<string | undefined> {
  const files = new Set<string>()
  for (const pattern of packages) {
    const names = await installed(pattern)
    if (names.length === 0) return `no package ${pattern} is installed here`
    const listed = await execa('dpkg-query', ['-L', ...names], { reject: false })
    for (const file of listed.stdout.split('\n'))
      if (file.startsWith('/') && !unread.test(file)) files.add(file)
  }
  for (const each of ['proc', 'sys', 'dev', 'tmp', 'run', 'etc', 'root', 'usr', 'data'])
    mkdirSync(join(root, each), { recursive: true })
  for (const each of merged) {
    if (lstatSync(`/${each}`, { throwIfNoEntry: false })?.isSymbolicLink() !== true) continue
    mkdirSync(join(root, 'usr', each), { recursive: true })
    symlinkSync(`usr/${each}`, join(root, each))
  }
  writeFileSync(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33:www-data:/data:/bin/sh\n',
  )
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nadm:x:4:\nwww-data:x:33:\n')
  const copied = [...files].flatMap((file) => copy(root, file))
  const loaded = await execa('ldd', copied.filter(isElf), { reject: false })
  for (const [library] of loaded.stdout.matchAll(/\/\S+\.so\S*(?= \()/g)) copy(root, library)
  return undefined
}

async function installed(pattern: string): Promise<readonly string[]> {
  const format = '${db:Status-Status} ${Package}\n'
  const asked = await execa('dpkg-query', ['-W', '-f', format, pattern], { reject: false })
  return [...asked.stdout.matchAll(/^installed (.+)$/gm)].map(([, name = '']) => name)
}

/** Copies a file, or a link with its target; returns the files. A directory is copied with its content. */
function copy(root: string, path: string): readonly string[] {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return []
  const real = join(realpathSync(dirname(path)), basename(path))
  const to = join(root, real)
  if (found.isDirectory()) mkdirSync(to, { recursive: true })
  if (existsSync(to)) return []
  mkdirSync(dirname(to), { recursive: true })
  if (found.isFile()) {
    copyFileSync(real, to)
    return [real]
  }
  if (!found.isSymbolicLink()) return []
  if (lstatSync(to, { throwIfNoEntry: false }) === undefined) symlinkSync(readlinkSync(real), to)
  return copy(root, resolve(dirname(real), readlinkSync(real)))
}

function isElf(file: string): boolean {
  const head = Buffer.alloc(4)
  const descriptor = openSync(file, 'r')
  readSync(descriptor, head, 0, 4, 0)
  closeSync(descriptor)
  return head.toString('latin1') === '\u007fELF'
}
