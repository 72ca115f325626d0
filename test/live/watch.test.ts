// `watch` reports each way in which a filter refuses, with the caller; refusals of the kernel itself are not reported.
// Targets: a process, a container of runc by its cgroup, and pods of a node with Debian's containerd.
import { execa, execaSync } from 'execa'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { noEbpf, plainEnvironment, seccompGen } from './command.ts'
import { containerdRelease, Node, whyNoNode } from './node.ts'
import { skipFile } from './skip.ts'

skipFile(await noEbpf())
const noPython = execaSync('/usr/bin/python3', ['-c', 'import seccomp'], { reject: false }).failed
  ? 'python3-seccomp is not installed'
  : false

t.setTimeout(300_000)
const work = mkdtempSync('/tmp/sg-watch-')
t.teardown(() => rmSync(work, { recursive: true, force: true }))
const [program, ...loading] = seccompGen
const watch = (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  execa(program, [...loading, 'watch', ...words], {
    env: { ...plainEnvironment, ...env },
    reject: false,
    stdin: 'ignore',
    cwd: work,
    timeout: 90_000,
  })
type Watching = ReturnType<typeof watch>
/** Waits until the stream has such words. */
function says(watching: Watching, stream: 'stdout' | 'stderr', words: RegExp): Promise<void> {
  let said = ''
  return new Promise((resolve, reject) => {
    watching[stream].on('data', (piece: Buffer) => {
      said += piece.toString()
      if (words.test(said)) resolve()
    })
    watching[stream].on('end', () => reject(new Error(`never: ${words} in ${said}`)))
  })
}
interface Line {
  readonly syscall: string
  readonly answer: string
  readonly errno?: string
  readonly count: number
  readonly comm: string
  readonly args: readonly string[]
  readonly where: string
  readonly withheld?: true
  readonly summary?: {
    readonly refused: number
    readonly filters: readonly { readonly builtins: readonly string[] }[]
  }
}
const linesOf = (stdout: string): readonly Line[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
/** The sum of the lines: each refused call, the answer and the count. */
function sums(lines: readonly Line[]): Readonly<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const { syscall, answer, count } of lines.filter(({ summary }) => summary === undefined))
    found[`${syscall} ${answer}`] = (found[`${syscall} ${answer}`] ?? 0) + count
  return found
}

// Waits for a line on stdin before each part, so that `watch` sees all of it.
const actions = `
import os, seccomp, signal, socket, sys
f = seccomp.SyscallFilter(seccomp.ALLOW)
f.add_rule(seccomp.ERRNO(1), 'mkdir')
f.add_rule(seccomp.ERRNO(97), 'socket', seccomp.Arg(0, seccomp.EQ, 16))
f.add_rule(seccomp.LOG, 'getppid')
f.add_rule(seccomp.TRAP, 'getpgid')
f.add_rule(seccomp.KILL_PROCESS, 'sync')
f.load()
signal.signal(signal.SIGSYS, lambda *a: None)
def tried(work):
    try: work()
    except OSError: pass
sys.stdin.readline()
for each in range(3): tried(lambda: os.mkdir('/tmp/never'))
tried(lambda: socket.socket(16, 3, 0))
tried(lambda: socket.socket(200, 1, 0))     # EAFNOSUPPORT of the kernel's own
tried(lambda: os.chown('/proc/self', 0, 0)) # EPERM of the kernel's own
sys.stdin.readline()
os.getppid()
tried(lambda: os.getpgid(0))
if os.fork() == 0: os.sync()
os.wait()
`

t.test('each answer of a filter, of a process and what it starts', { skip: noPython }, async (t) => {
  const running = execa('/usr/bin/python3', ['-c', actions], { reject: false, stdin: 'pipe' })
  const watching = watch(['--pid', String(running.pid), '--report', 'json'])
  const met = says(watching, 'stdout', /"mkdir"/)
  // The session attaches before it prints anything but its target.
  await says(watching, 'stderr', /watching process/)
  await new Promise((resolve) => setTimeout(resolve, 2000))
  running.stdin.write('go\n')
  const begun = performance.now()
  await met
  t.comment(`shown after ${Math.round(performance.now() - begun)} ms`)
  running.stdin.write('go\n')
  await running
  const watched = await watching
  t.equal(watched.exitCode, 1, watched.stderr)
  const lines = linesOf(watched.stdout)
  t.strictSame(sums(lines), {
    'mkdir SCMP_ACT_ERRNO(1)': 3,
    'socket SCMP_ACT_ERRNO(97)': 1,
    'getppid SCMP_ACT_LOG': 1,
    'getpgid SCMP_ACT_TRAP': 1,
    'sync SCMP_ACT_KILL_PROCESS': 1,
  })
  t.equal(lines.find(({ syscall }) => syscall === 'socket')?.args[0], '16')
  t.ok(lines.slice(0, -1).every(({ comm }) => comm === 'python3'))
  t.equal(lines.at(-1)?.summary?.refused, 7)
})

t.test('nothing refused, and what cannot be watched', async (t) => {
  const sleep = execa('sleep', ['30'], { reject: false })
  const quiet = await watch(['--pid', String(sleep.pid), '--for', '3s', '-q'])
  t.strictSame([quiet.exitCode, quiet.stdout], [0, ''])
  t.match(quiet.stderr, /sleep: without a seccomp filter, so nothing is refused there/)
  sleep.kill()
  await sleep
  const none = await watch(['--pid', String(sleep.pid)])
  t.equal(none.exitCode, 2)
  const two = await watch(['--pid', '1', '--all'])
  t.equal(two.exitCode, 2)
  t.match(two.stderr, /give exactly one of --pid/)
})

t.test('pods of a node', { skip: (await whyNoNode()) ?? false }, async (t) => {
  const node = await Node.start()
  t.teardown(() => node.stop())
  const env = { CONTAINER_RUNTIME_ENDPOINT: `unix://${node.socket}` }
  const release = await containerdRelease()
  const pod = await node.pod('web-1', { labels: { app: 'web' } })
  // The runtime's default refuses unshare; the kernel refuses mkdir in /proc.
  await pod.container('web', [
    '/bin/sh',
    '-c',
    'while :; do unshare -m true; chroot /nowhere true; mkdir /proc/x; sleep 0.2; done',
  ])
  writeFileSync(
    join(work, 'app.json'),
    '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}\n',
  )
  for (const words of [
    ['--pod', 'default/web-1'],
    ['--selector', 'app=web'],
  ]) {
    const watched = await watch([...words, '--for', '3s', '--json'], env)
    t.equal(watched.exitCode, 1, watched.stderr)
    const lines = linesOf(watched.stdout)
    t.strictSame(Object.keys(sums(lines)), ['unshare SCMP_ACT_ERRNO(1)'])
    t.ok(lines.slice(0, -1).every(({ where }) => where === 'default/web-1/web'))
    const builtins = lines.at(-1)?.summary?.filters.flatMap((each) => each.builtins) ?? []
    t.ok(
      builtins.some((each) => each.startsWith(`containerd@${release}`)),
      builtins.join(' '),
    )
  }
  const patched = await watch(
    ['--pod', 'default/web-1', '--for', '2s', '--patch', 'app.json', '--widen'],
    env,
  )
  t.match(
    patched.stdout,
    /# unshare \(x86_64\): EPERM .* times, by unshare .*; beyond docker, as --widen asks/,
  )
  t.match(patched.stdout, /^\+.*unshare/m)
  writeFileSync(join(work, 'app.patch'), `${patched.stdout}\n`)
  await execa('patch', ['-p1', '-i', 'app.patch'], { cwd: work })
  t.match(readFileSync(join(work, 'app.json'), 'utf8'), /"unshare"/)
  const narrow = await watch(
    ['--pod', 'default/web-1', '--for', '2s', '--patch', 'app.json', '--within', 'docker'],
    env,
  )
  t.match(narrow.stdout, /unshare/)
  const waiting = watch(['--pod', 'default/late', '--wait', '--json'], env)
  await says(waiting, 'stderr', /waiting for default\/late/)
  await new Promise((resolve) => setTimeout(resolve, 2000))
  const late = await node.pod('late')
  await node.ended(await late.container('main', ['/bin/sh', '-c', 'unshare -m true; sleep 4']))
  await late.remove()
  const waited = await waiting
  t.equal(waited.exitCode, 1, waited.stderr)
  t.strictSame(sums(linesOf(waited.stdout)), { 'unshare SCMP_ACT_ERRNO(1)': 1 })
  await pod.remove()
})
