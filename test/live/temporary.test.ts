// If temporary files have no room, a message says so; the next run removes what a killed run left.
import { execa } from 'execa'
import { chownSync, existsSync, mkdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { whyNotRun } from '../../scripts/bundle.ts'
import { temporaryDirectory } from '../../src/record/temporary.ts'
import { noStrace, plainEnvironment, seccompGen } from './command.ts'

const isRoot = process.getuid?.() === 0
const directory = t.testdir({ full: {}, place: {} })
const at = (...names: string[]): string => join(directory, ...names)

t.test('directories of processes that are gone', async (t) => {
  const namespace = Number(/\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0])
  const gone = execa('true')
  await gone
  const names = {
    abandoned: `seccomp-gen-${namespace}-${gone.pid}-abcdef`,
    'of a process that runs': `seccomp-gen-${namespace}-${process.pid}-abcdef`,
    'of another namespace': `seccomp-gen-${namespace + 1}-${gone.pid}-abcdef`,
    'of another name': `seccomp-gen-${gone.pid}`,
    'of another user': `seccomp-gen-${namespace}-${gone.pid}-ghijkl`,
  }
  for (const name of Object.values(names)) {
    mkdirSync(at('place', name))
    writeFileSync(at('place', name, 'file'), '')
  }
  if (isRoot) chownSync(at('place', names['of another user']), 65534, 65534)
  const made = temporaryDirectory(at('place'))
  t.ok(existsSync(made))
  for (const [about, name] of Object.entries(names))
    t.equal(
      existsSync(at('place', name)),
      about !== 'abandoned' && (isRoot || about !== 'of another user'),
      about,
    )
  rmSync(made, { recursive: true })
})

/** Runs on a full file system of its own, in a mount namespace of its own. */
const full = async (options: string, fill: string, ...words: readonly string[]) =>
  execa(
    'unshare',
    [
      '--mount',
      'sh',
      '-c',
      `mount -t tmpfs -o ${options} full "$0" && ${fill} && exec "$@"`,
      at('full'),
      ...seccompGen,
      ...words,
    ],
    { env: { ...plainEnvironment, TMPDIR: at('full') }, reject: false, stdin: 'ignore', cwd: directory },
  )
writeFileSync(at('app.json'), '{"defaultAction":"SCMP_ACT_ALLOW"}')
const filled = `{ head -c 1M /dev/zero >"$0"/filled 2>/dev/null || :; }`
const cases = [
  ['no inode, strace', 'nr_inodes=1', ':', await noStrace(), ['trace', '--recorder', 'strace', '--', 'true']],
  ['no inode, a sandbox', 'nr_inodes=1', ':', whyNotRun('runc'), ['verify', 'app.json', '--', 'true']],
  ['no block, a sandbox', 'size=64k', filled, whyNotRun('runc'), ['verify', 'app.json', '--', 'true']],
] as const
for (const [about, options, fill, why, words] of cases)
  t.test(about, { skip: isRoot ? (why ?? false) : 'mounts are made by root' }, async (t) => {
    const { exitCode, stderr } = await full(options, fill, ...words)
    t.equal(exitCode, 125, stderr)
    t.match(stderr, /ENOSPC: no space left on device.*; set TMPDIR$/m)
    t.notMatch(stderr, /defect|at .*\.ts/)
  })
