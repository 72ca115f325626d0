// If writing an output fails, one line and the contract's status report it; the old file stays whole, and no other file
// is left. Runs the real command, one process each time.
import { execa } from 'execa'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { noStrace, seccompGen } from '../live/command.ts'

const [node, ...words] = seccompGen
const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-outputs-'))
chmodSync(folder, 0o777)
t.teardown(() => {
  // An ordinary user can empty writable directories only.
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) chmodSync(join(folder, entry.name), 0o755)
  rmSync(folder, { recursive: true, force: true })
})
const at = (...names: readonly string[]): string => join(folder, ...names)
const isRoot = process.getuid?.() === 0
const withoutStrace = await noStrace()

const trace = '10 execve("/bin/true", ["true"], 0x7ffd /* 3 vars */) = 0\n10 exit_group(0) = ?\n'
writeFileSync(at('app.strace'), trace)
const profile = '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}'
writeFileSync(at('app.json'), profile)
writeFileSync(
  at('flawed.json'),
  '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["raed"],"action":"SCMP_ACT_ALLOW"}]}',
)

const options = { cwd: folder, reject: false } as const
const run = (args: readonly string[], more: object = {}) =>
  execa(node, [...words, ...args], { ...options, ...more })
/** Runs the command through a shell, whose script has our words as "$@". */
const shell = (script: string, args: readonly string[], more: object = {}) =>
  execa('bash', ['-c', script, 'bash', node, ...words, ...args], { ...options, ...more })
/** Files that must not be left in a directory of outputs. */
const strays = (place: string): readonly string[] => readdirSync(place).filter((name) => name.startsWith('.'))

interface Fault {
  readonly name: string
  readonly skip?: string | false
  /** The name given with -o. */
  readonly file: string
  readonly sentence: RegExp
  readonly make?: (place: string) => void
  readonly uid?: number
  /** A script that replaces the plain command. */
  readonly script?: string
}
const asSomebody = isRoot ? { uid: 65534 } : {}
const readable = isRoot
  ? (await run(['syscalls', 'read'], { uid: 65534 })).failed &&
    'this tree is not readable for an ordinary user'
  : false
const injected = (inject: string): string =>
  `exec strace -f --seccomp-bpf -o /dev/null -e trace=fsync,rename -e inject=${inject} "$@"`
const faults: readonly Fault[] = [
  { name: 'its directory is missing', file: 'missing/out.json', sentence: /its directory does not exist/ },
  { name: 'its directory is a file', file: 'old.json/out.json', sentence: /a part of its path is not a directory/ },
  { name: 'it is a directory', file: 'inner', make: (place) => mkdirSync(join(place, 'inner')), sentence: /inner: is a directory/ },
  { name: 'it would be a directory', file: 'inner/', sentence: /inner\/: is a directory/ },
  { name: 'its name is empty', file: '', sentence: /an output file has an empty name/ },
  { name: 'its name is too long', file: 'x'.repeat(256), sentence: /ENAMETOOLONG: name too long/ },
  { name: 'it is a link to itself', file: 'loop', make: (place) => symlinkSync('loop', join(place, 'loop')), sentence: /too many levels of symbolic links/ },
  { name: 'it is a link into nowhere', file: 'link', make: (place) => symlinkSync('missing/x', join(place, 'link')), sentence: /its directory does not exist/ },
  { name: 'its directory may not be written', skip: readable, file: 'new.json', make: (place) => chmodSync(place, 0o555), ...asSomebody, sentence: /no permission to make a file in its directory/ },
  { name: 'it may not be written', skip: readable, file: 'old.json', make: (place) => (chmodSync(place, 0o777), chmodSync(join(place, 'old.json'), 0o444)), ...asSomebody, sentence: /no permission to write to it/ },
  { name: 'the disk says that it is full', skip: withoutStrace ?? false, file: 'old.json', script: injected('fsync:error=ENOSPC'), sentence: /no space left on the device/ },
  { name: 'the quota is used up', skip: withoutStrace ?? false, file: 'old.json', script: injected('fsync:error=EDQUOT'), sentence: /quota of the disk is used up/ },
  { name: 'the disk is broken', skip: withoutStrace ?? false, file: 'old.json', script: injected('fsync:error=EIO'), sentence: /EIO: i\/o error/ },
  { name: 'it is mounted there', skip: withoutStrace ?? false, file: 'old.json', script: injected('rename:error=EBUSY'), sentence: /it is in use/ },
  { name: 'files may not be as large', file: 'old.json', script: 'ulimit -f 1; exec "$@"', sentence: /larger than files may be/ },
] // prettier-ignore

t.test('a file that cannot be written: one line, 2, the old one whole and no other', async (t) => {
  for (const { name, skip, file, sentence, make, uid, script } of faults) {
    if (typeof skip === 'string') {
      t.pass(name, { skip })
      continue
    }
    const place = at(name)
    mkdirSync(place)
    writeFileSync(join(place, 'old.json'), 'old')
    make?.(place)
    const before = readdirSync(place)
    const more = { cwd: place, ...(uid === undefined ? {} : { uid }) }
    const args = ['syscalls', '--report', 'json', '-o', file]
    const { exitCode, stdout, stderr } = await (script === undefined ? run(args, more) : shell(script, args, more))
    t.equal(exitCode, 2, `${name}: ${stderr}`)
    t.equal(stdout, '', name)
    t.match(stderr, sentence, name)
    t.match(stderr, /^seccomp-gen: [^\n]+$/, 'one line')
    t.strictSame(readdirSync(place), before, `${name}: nothing else is left`)
    t.equal(readFileSync(join(place, 'old.json'), 'utf8'), 'old', `${name}: the old one is whole`)
  }
}) // prettier-ignore

t.test('a disk that is full', { skip: !isRoot && 'a disk of its own is mounted by root' }, async (t) => {
  const disk = at('disk')
  mkdirSync(disk)
  const mounted = await execa('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk], { reject: false })
  if (mounted.failed) return void t.pass('not run here', { skip: `mount: ${mounted.stderr}` })
  try {
    writeFileSync(join(disk, 'old.json'), 'old')
    const file = join(disk, 'old.json')
    const traced = ['trace', '--recorder', 'strace', '--explain', file, '-o', 'traced.json', '--', 'true']
    for (const [words, status] of [
      [['syscalls', '--report', 'json', '-o', file], 2],
      ...(withoutStrace === undefined ? [[traced, 125] as const] : []),
    ] as const) {
      const { exitCode, stderr } = await run(words)
      t.equal(exitCode, status, stderr)
      t.match(stderr, /^seccomp-gen: cannot write [^\n]*: no space left on the device$/m)
      t.strictSame(readdirSync(disk), ['old.json'])
      t.equal(readFileSync(file, 'utf8'), 'old')
    }
    t.notOk(existsSync(at('traced.json')), 'no profile where its reasons could not be written')
  } finally {
    await execa('umount', ['-l', disk])
  }
})

/** Every command, with a long output if it has one. */
const commands: readonly (readonly [words: readonly string[], status: number, input?: string])[] = [
  [['--help'], 0],
  [['trace', '--help'], 0],
  [['syscalls', '--report', 'json'], 0],
  [['observe', 'app.strace'], 0],
  [['generate', 'app.strace'], 0],
  [['validate', 'flawed.json'], 1],
  [['diff', 'docker', 'app.json'], 1],
  [['eval', 'docker', 'read'], 0],
  [['eval', 'docker', '--batch'], 0, '{"syscall":"read"}\n'.repeat(20_000)],
  [['explain', 'docker'], 0],
  [['completion', 'bash'], 0],
  [['hook', '--print-config'], 0],
  ...(withoutStrace === undefined
    ? ([[['trace', '--recorder', 'strace', '--', 'sh', '-c', 'exit 3'], 3]] as const)
    : []),
]

t.test('a reader that has gone (`| head`) is no error, and nothing is said of it', async (t) => {
  for (const [words, status, input = ''] of commands) {
    const gone = await shell('{ sleep 0.05; "$@"; } | :; exit "${PIPESTATUS[0]}"', words, { input })
    t.equal(gone.exitCode, status, `${words.join(' ')}: ${gone.stderr}`)
    t.notMatch(gone.stderr, /EPIPE|defect|\n +at /, words.join(' '))
  }
  const head = await shell('"$@" | head -n 1; exit "${PIPESTATUS[0]}"', ['syscalls', '--report', 'json'])
  t.strictSame([head.stdout, head.exitCode, head.stderr], ['[', 0, ''])
})

t.test('eval --batch ends with its reader, however many queries come', async (t) => {
  const { stdout, exitCode } = await shell(
    `yes '{"syscall":"read"}' | "$@" | head -n 1; exit "\${PIPESTATUS[1]}"`,
    ['eval', 'docker', '--batch'],
    { timeout: 60_000 },
  )
  t.equal(stdout, '{"action":"SCMP_ACT_ALLOW"}')
  t.equal(exitCode, 0)
})

t.test('standard output that takes nothing: one line, and never status 0', { skip: !existsSync('/dev/full') && 'no /dev/full here' }, async (t) => {
  // All commands write through one function, so half of them suffice.
  for (const [words, , input = ''] of commands.filter((_, index) => index % 2 === 0)) {
    const { exitCode, stderr } = await shell('exec "$@" >/dev/full', words, { input })
    t.equal(exitCode, words[0] === 'trace' ? 125 : 2, `${words.join(' ')}: ${stderr}`)
    t.match(stderr, /^seccomp-gen: cannot write to standard output: ENOSPC: no space left on device$/m, words.join(' '))
    t.notMatch(stderr, /defect|\n +at /)
  }
}) // prettier-ignore

t.test(
  'names of standard streams are the streams: a file behind them is added to, not replaced',
  async (t) => {
    const table = (await run(['syscalls', 'read'])).stdout
    for (const name of ['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'])
      t.equal((await run(['syscalls', 'read', '-o', name])).stdout, table, `${name}, a socket`)
    t.equal((await run(['syscalls', 'read', '-o', '/dev/stderr'])).stderr, table)
    writeFileSync(at('log'), 'before\n')
    await shell('exec "$@" >>log', ['syscalls', 'read', '-o', '/dev/stdout'])
    appendFileSync(at('log'), 'after\n')
    t.equal(readFileSync(at('log'), 'utf8'), `before\n${table}\nafter\n`)
  },
)

t.test('a FIFO stays one and is written to; that its reader goes is no error', async (t) => {
  await execa('mkfifo', [at('fifo')])
  const whole = (await run(['syscalls', '--report', 'json'])).stdout
  const words = ['syscalls', '--report', 'json', '-o', 'fifo']
  const read = await shell('cat fifo & "$@"; wait', words)
  t.equal(read.stdout, whole)
  const gone = await shell('head -c 1 fifo & "$@"; status=$?; wait; exit $status', words)
  t.strictSame([gone.stdout, gone.exitCode, gone.stderr], ['[', 0, ''])
  t.ok(lstatSync(at('fifo')).isFIFO())
})

t.test('of a symbolic link the file behind it is replaced as a whole, and the link stays', async (t) => {
  mkdirSync(at('links', 'there'), { recursive: true })
  writeFileSync(at('links', 'there', 'file'), 'old')
  symlinkSync('there/file', at('links', 'link'))
  const descriptor = openSync(at('links', 'there', 'file'), 'r')
  t.equal((await run(['syscalls', 'read', '-o', 'links/link'])).exitCode, 0)
  t.ok(lstatSync(at('links', 'link')).isSymbolicLink())
  t.match(readFileSync(at('links', 'there', 'file'), 'utf8'), /^name/)
  t.equal(readFileSync(descriptor, 'utf8'), 'old', 'who has the old one open reads the old one to its end')
  const both = await run(['generate', 'app.strace', '-o', 'links/link', '--explain', 'links/there/file'])
  t.match(both.stderr, /links\/there\/file: two results cannot go to one file/, 'one file by two names')
  t.strictSame(strays(at('links', 'there')), [])
})

t.test('a name as long as names can be', async (t) => {
  mkdirSync(at('long'))
  const name = '漢'.repeat(85)
  t.equal((await run(['syscalls', 'read', '-o', join('long', name)])).exitCode, 0)
  t.strictSame(readdirSync(at('long')), [name])
})

t.test('runs that write one file at once: it is always one of their results, whole', async (t) => {
  mkdirSync(at('shared'))
  const file = at('shared', 'out')
  const kinds = [['syscalls', '--report', 'json'], ['syscalls'], ['diff', '--fail-on', 'never', 'docker', 'unconfined']] as const
  const wholes = new Set(await Promise.all(kinds.map(async (words) => `${(await run(words)).stdout}\n`)))
  t.equal(wholes.size, 3)
  const running = Promise.all(Array.from({ length: 6 }, (_, index) => run([...(kinds[index % 3] ?? []), '-o', file])))
  const over = running.then(() => true)
  let looks = 0
  let torn = 0
  while (!(await Promise.race([over, wait(1, false)]))) {
    if (existsSync(file)) {
      looks++
      if (!wholes.has(readFileSync(file, 'utf8'))) torn++
    }
  }
  t.strictSame((await running).map(({ exitCode, stderr }) => [exitCode, stderr]), Array.from({ length: 6 }, () => [0, '']))
  t.comment(`looked ${looks} times`)
  t.equal(torn, 0)
  t.strictSame(readdirSync(at('shared')), ['out'])
}) // prettier-ignore

t.test('ended while it writes: no temporary file is left', { skip: withoutStrace ?? false }, async (t) => {
  const place = at('ended')
  mkdirSync(place)
  writeFileSync(join(place, 'out'), 'old')
  // strace stops it when the new file is complete but not yet renamed.
  const held = `exec strace -f -o /dev/null -e trace=rename -e inject=rename:delay_enter=3s \
    bash -c 'echo $$ >pid; exec "$@"' bash "$@"`
  const writing = shell(held, ['syscalls', '-o', join(place, 'out')])
  while (strays(place).length === 0) await wait(10)
  await wait(300)
  process.kill(Number(readFileSync(at('pid'), 'utf8')), 'SIGTERM')
  await writing
  t.strictSame(readdirSync(place), ['out'])
  t.equal(readFileSync(join(place, 'out'), 'utf8'), 'old')
}) // prettier-ignore
