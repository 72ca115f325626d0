// Replays a newcomer's first hour on a machine with neither Node.js nor the project: runs the `console stranger` blocks
// of docs/first-hour.md, command by command, as root and as an ordinary user, and fills in their output.
//   npx tsx scripts/first-hour.ts EXECUTABLE [ROOT]
// EXECUTABLE: made by scripts/make-executable.ts. ROOT: a root file system of Debian with libatomic1, strace, git and
// bubblewrap; by default debootstrap makes it. Needs root.
import { execa } from 'execa'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const page = join(resolve(import.meta.dirname, '..'), 'docs/first-hour.md')
const block = /^```console stranger (root|user)\n(.*?)^```$/gms
const packages = 'libatomic1,strace,git,bubblewrap'

/** Why the replay cannot run here; undefined if it can. */
export async function whyNoStranger(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the page shows the calls of x86_64'
  if (process.getuid?.() !== 0) return 'a machine within the machine needs root'
  const { failed } = await execa('debootstrap', ['--version'], { reject: false })
  return failed ? 'debootstrap is not installed' : undefined
}

/** The page with the commands' present output. */
export async function firstHour(executable: string, root?: string): Promise<string> {
  const made = root === undefined ? mkdtempSync(join(tmpdir(), 'seccomp-gen-stranger-')) : undefined
  const machine = root ?? (made as string)
  // Its root directory is for every user; mkdtemp makes one for us alone.
  if (made !== undefined) chmodSync(made, 0o755)
  try {
    if (!existsSync(join(machine, 'bin/sh')))
      await execa('debootstrap', ['--variant=minbase', `--include=${packages}`, 'bookworm', machine], {
        stdin: 'ignore',
      })
    await inside(machine, 'root', 'id stranger || useradd --create-home --shell /bin/sh stranger')
    for (const home of ['root', 'home/stranger']) {
      rmSync(join(machine, home, 'app'), { recursive: true, force: true })
      copyFileSync(executable, join(machine, home, 'seccomp-gen-linux-x64'))
    }
    let result = ''
    let end = 0
    const text = readFileSync(page, 'utf8')
    for (const found of text.matchAll(block)) {
      const [whole, who = '', body = ''] = found
      result += `${text.slice(end, found.index)}\`\`\`console stranger ${who}\n`
      end = found.index + whole.length
      for (const line of body.split('\n').filter((each) => each.startsWith('$ '))) {
        const output = await inside(machine, who === 'root' ? 'root' : 'stranger', line.slice(2))
        result += `${line}\n${output === '' ? '' : `${output}\n`}`
      }
      result += '```'
    }
    return result + text.slice(end)
  } finally {
    if (made !== undefined) rmSync(made, { recursive: true, force: true })
  }
}

/** Runs a command line in a login shell, in mounts that end with the command. */
async function inside(machine: string, user: string, command: string): Promise<string> {
  // The root is a mount, not a chroot: in a chroot the kernel creates no user namespace (user_namespaces(7)).
  const enter = `mount --bind "$1" "$1" && cd "$1" || exit
    for each in proc sys dev; do mount --rbind "/$each" "$each"; done
    mount -t tmpfs none tmp
    pivot_root . mnt && cd / && umount -l /mnt && exec su - "$2" -c "$3"`
  const words = ['--mount', '--propagation', 'private', 'sh', '-c', enter, 'sh', machine, user]
  const git =
    'export GIT_AUTHOR_NAME=I GIT_AUTHOR_EMAIL=i@example GIT_COMMITTER_NAME=I GIT_COMMITTER_EMAIL=i@example'
  const line = `${git} PATH="$HOME/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"; ${command}`
  const { all } = await execa('unshare', [...words, line], {
    all: true,
    reject: false,
    stdin: 'ignore',
    timeout: 120_000,
    env: { LC_ALL: 'C' },
  })
  return all
}

if (process.argv[1] === import.meta.filename) {
  const [, , executable, root] = process.argv
  if (executable === undefined) throw new Error('usage: npx tsx scripts/first-hour.ts EXECUTABLE [ROOT]')
  writeFileSync(page, await firstHour(executable, root))
}
