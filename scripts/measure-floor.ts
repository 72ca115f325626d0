// Measures the floor of a container runtime: its own calls between loading the filter and starting the program. Needs
// root, strace, busybox-static and the runtime, installed or unpacked (scripts/unpack-runtime.ts):
//   npx tsx scripts/measure-floor.ts runc [BINARY [PACKAGE]] > profiles/floors/measured/runc-1.1.5.json
//
// A round starts a container once in every way. Go's run time (garbage collection, preemption, timers) makes runc's
// calls vary, so rounds go on until a number of them in a row has added no call.
//
// The filter refuses the calls that the engines' default profiles refuse without CAP_SYS_ADMIN. If the runtime makes
// such a call under it and still starts the program, the call is no part of the floor; the calls that it makes instead
// are. Authority: moby profiles/seccomp/default.json, the rule that includes CAP_SYS_ADMIN.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { callsAfterFilter } from './after-filter.ts'
import {
  processDocument,
  runtimeWords,
  version,
  whyNotRun,
  writeBundle,
  type BundleProcess,
  type Runtime,
} from './bundle.ts'

interface Way {
  readonly name: string
  readonly what: string
  readonly process: Omit<BundleProcess, 'args' | 'noNewPrivileges'>
  readonly start: 'run' | 'create' | 'exec'
  /** Calls that strace answers with ENOSYS, as a kernel without them does. */
  readonly without?: readonly string[]
}

// The default set of moby (oci/caps/defaults.go).
const capabilities = `
  CAP_CHOWN CAP_DAC_OVERRIDE CAP_FSETID CAP_FOWNER CAP_MKNOD CAP_NET_RAW CAP_SETGID CAP_SETUID CAP_SETFCAP
  CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_SYS_CHROOT CAP_KILL CAP_AUDIT_WRITE`
  .trim()
  .split(/\s+/)
const user = { uid: 1000, gid: 1000, additionalGids: [10, 2000] }

const ways: readonly Way[] = [
  { name: 'root', what: 'root with the usual capabilities', process: { capabilities }, start: 'run' },
  { name: 'root-bare', what: 'root without a capability', process: {}, start: 'run' },
  { name: 'user', what: 'uid 1000, groups, a home', process: { user, cwd: '/home/app' }, start: 'run' },
  {
    name: 'user-ambient',
    what: 'uid 1000 with ambient capabilities',
    process: { user, capabilities: ['CAP_NET_BIND_SERVICE'], ambient: true, cwd: '/home/app' },
    start: 'run',
  },
  {
    name: 'create',
    what: 'create, then start, as engines do',
    process: { user, capabilities },
    start: 'create',
  },
  { name: 'exec', what: 'exec in a running container', process: { user, capabilities }, start: 'exec' },
  { name: 'exec-root', what: 'exec as root', process: { capabilities }, start: 'exec' },
  {
    name: 'terminal',
    what: 'run with a terminal',
    process: { user, capabilities, terminal: true },
    start: 'run',
  },
  {
    name: 'exec-terminal',
    what: 'exec with a terminal',
    process: { user, capabilities, terminal: true },
    start: 'exec',
  },
  {
    name: 'linux-5.4',
    what: 'run on a kernel without openat2, faccessat2 and close_range (simulated)',
    process: { user, capabilities },
    start: 'run',
    without: ['openat2', 'faccessat2', 'close_range'],
  },
]

const refused = `
  fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree pivot_root setns umount umount2 unshare`
  .trim()
  .split(/\s+/)
const EPERM = 1
const ENOSYS = 38
const program = '/bin/true'
/** The number of rounds in a row that must add no call. */
const quietRounds = { runc: 10, crun: 4 } as const

const [runtime, binary = runtime ?? '', from] = process.argv.slice(2)
if ((runtime !== 'runc' && runtime !== 'crun') || process.arch !== 'x64') {
  throw new Error('usage, on x86_64: npx tsx scripts/measure-floor.ts runc|crun [BINARY [PACKAGE]]')
}
const reason =
  whyNotRun(runtime, binary) ?? (version('strace') === undefined ? 'strace is not installed' : undefined)
if (reason !== undefined) throw new Error(reason)
process.stdout.write(JSON.stringify(await measure(runtime), null, 2) + '\n')

async function measure(runtime: Runtime): Promise<unknown> {
  const notMeasured = new Map<string, string>()
  for (const way of ways) {
    // strace also answers the runtime's own set-up with ENOSYS, and some versions then fail.
    if (way.without === undefined) continue
    const said = await traced(runtime, way, false).then(
      () => undefined,
      (error: unknown) => String(error).trim().split('\n').at(-1),
    )
    if (said !== undefined) notMeasured.set(way.name, said.replace(/^.*: status/, 'status'))
  }
  const measured = ways.filter(({ name }) => !notMeasured.has(name))
  return {
    runtime,
    version: version(binary),
    ...(from === undefined ? {} : { package: from }),
    architecture: 'x86_64',
    libseccomp: libseccompOf(binary),
    date: new Date().toISOString().slice(0, 10),
    kernel: release().split('-')[0],
    strace: version('strace'),
    quietRounds: quietRounds[runtime],
    ways: Object.fromEntries(measured.map((way) => [way.name, way.what])),
    ...(notMeasured.size === 0 ? {} : { notMeasured: Object.fromEntries(notMeasured) }),
    withoutNoNewPrivileges: await measureRounds(runtime, measured, false),
    withNoNewPrivileges: await measureRounds(runtime, measured, true),
  }
}

/** The version in the file name of the linked library, such as "2.5.4". */
function libseccompOf(binary: string): string | undefined {
  const path = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', binary], { encoding: 'utf8' }).stdout.trim()
  const linked = spawnSync('ldd', [path], { encoding: 'utf8' }).stdout
  const library = /libseccomp\.so\.2 => (\S+)/.exec(linked)?.[1]
  return library === undefined ? undefined : basename(realpathSync(library)).replace('libseccomp.so.', '')
}

/**
 * `calls`: for each call, the rounds in which each way made it; a way that never made it is left out. `refused`: the
 * same for calls that the filter refuses. `startsWithout`: calls that a way with uid 1000 makes in every round, but
 * without which the container still starts, by the errno answered instead.
 */
async function measureRounds(
  runtime: Runtime,
  ways: readonly Way[],
  noNewPrivileges: boolean,
): Promise<unknown> {
  const counts = new Map<string, Map<string, number>>()
  let rounds = 0
  let lastNewIn = 0
  while (rounds - lastNewIn < quietRounds[runtime]) {
    rounds += 1
    for (const way of ways) {
      const trace = await traced(runtime, way, noNewPrivileges)
      const calls = await callsAfterFilter(trace, program)
      if (calls === undefined)
        throw new Error(`${binary}, ${way.name}: the program did not start under a filter`)
      for (const call of calls) {
        const of = counts.get(call) ?? new Map<string, number>()
        if (of.size === 0) lastNewIn = rounds
        counts.set(call, of.set(way.name, (of.get(way.name) ?? 0) + 1))
      }
    }
    process.stderr.write(
      `${binary} no_new_privs=${noNewPrivileges} round ${rounds}, last new in ${lastNewIn}\n`,
    )
  }
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
  const document = (wanted: boolean): unknown =>
    Object.fromEntries(
      sorted
        .filter(([call]) => refused.includes(call) === wanted)
        .map(([call, of]) => [call, Object.fromEntries(of)]),
    )
  const always = sorted.filter(([, of]) => of.get('user') === rounds).map(([call]) => call)
  return {
    rounds,
    runs: rounds * ways.length,
    lastNewIn,
    calls: document(false),
    refused: document(true),
    startsWithout: {
      EPERM: always.filter((call) => startsWithout(runtime, call, EPERM, noNewPrivileges)),
      ENOSYS: always.filter((call) => startsWithout(runtime, call, ENOSYS, noNewPrivileges)),
    },
  }
}

/** A filter that the runtime really loads, with one more call refused. */
function filter(call?: string, errnoRet = EPERM): unknown {
  const refuse = (names: readonly string[], errnoRet: number): unknown => {
    return { names, action: 'SCMP_ACT_ERRNO', errnoRet }
  }
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: [
      refuse(
        refused.filter((each) => each !== call),
        EPERM,
      ),
      ...(call === undefined ? [] : [refuse([call], errnoRet)]),
    ],
  }
}

function startsWithout(runtime: Runtime, call: string, errno: number, noNewPrivileges: boolean): boolean {
  const bundle = mkdtempSync(join(tmpdir(), 'measure-floor-'))
  const name = `measured-${process.pid}`
  const words = (...rest: readonly string[]): readonly [string, ...string[]] =>
    runtimeWords(runtime, [binary, '--root', join(bundle, 'state'), ...rest])
  try {
    const way = ways.find(({ name }) => name === 'user')
    writeBundle(
      bundle,
      { ...way?.process, args: ['/bin/echo', 'started'], noNewPrivileges },
      filter(call, errno),
    )
    const [command, ...rest] = words('run', '--bundle', bundle, name)
    const { stdout } = spawnSync(command, rest, { encoding: 'utf8', timeout: 20_000, killSignal: 'SIGKILL' })
    return stdout === 'started\n'
  } finally {
    const [command, ...rest] = words('delete', '--force', name)
    spawnSync(command, rest, { stdio: 'ignore' })
    rmSync(bundle, { recursive: true, force: true })
  }
}

async function traced(runtime: Runtime, way: Way, noNewPrivileges: boolean): Promise<string> {
  const bundle = mkdtempSync(join(tmpdir(), 'measure-floor-'))
  const name = `measured-${process.pid}`
  const state = ['--root', join(bundle, 'state')]
  const trace = join(bundle, 'trace')
  const inject = way.without === undefined ? [] : ['-e', `inject=${way.without.join(',')}:error=ENOSYS`]
  const strace = ['strace', '-f', ...inject, '-o', trace]
  const terminal = way.process.terminal === true
  const one = (args: readonly string[]): BundleProcess => ({ ...way.process, args, noNewPrivileges })
  try {
    switch (way.start) {
      case 'run': {
        writeBundle(bundle, one([program]), filter())
        const words = [...strace, binary, ...state, 'run', '--bundle', bundle, name]
        await ended(begin(runtime, terminal ? onTerminal(words) : words))
        break
      }
      case 'create': {
        writeBundle(bundle, one([program]), filter())
        const create = begin(runtime, [...strace, binary, ...state, 'create', '--bundle', bundle, name])
        await started(runtime, [binary, ...state, 'start', name])
        await ended(create)
        break
      }
      case 'exec': {
        // Only the added program gets the terminal, not the container's own.
        writeBundle(bundle, { ...one(['/bin/sleep', '60']), terminal: false }, filter())
        await ended(begin(runtime, [binary, ...state, 'run', '--detach', '--bundle', bundle, name]))
        const added = join(bundle, 'process.json')
        writeFileSync(added, JSON.stringify(processDocument({ ...one([program]), cwd: '/home/app' })))
        const tty = terminal ? ['--tty'] : []
        const words = [...strace, binary, ...state, 'exec', ...tty, '--process', added, name]
        await ended(begin(runtime, terminal ? onTerminal(words) : words))
        break
      }
    }
    return readFileSync(trace, 'utf8')
  } finally {
    const [command, ...words] = runtimeWords(runtime, [binary, ...state, 'delete', '--force', name])
    spawnSync(command, words, { stdio: 'ignore' })
    rmSync(bundle, { recursive: true, force: true })
  }
}

/** script(1) gives the words a terminal. strace stands inside, or script's own shell would be traced too. */
function onTerminal(words: readonly string[]): readonly string[] {
  return ['script', '-qec', words.join(' '), '/dev/null']
}

function begin(runtime: Runtime, words: readonly string[]): ChildProcess {
  const [command, ...rest] = runtimeWords(runtime, words)
  return spawn(command, rest, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Repeats `start`, which the runtime refuses until `create` is done. */
async function started(runtime: Runtime, words: readonly string[]): Promise<void> {
  const [command, ...rest] = runtimeWords(runtime, words)
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (spawnSync(command, rest, { stdio: 'ignore' }).status === 0) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${runtime}: the container was created but did not start`)
}

function ended(child: ChildProcess): Promise<void> {
  let said = ''
  child.stderr?.on('data', (piece: Buffer) => (said += piece.toString()))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    // `exit`, not `close`: a detached container keeps the pipe open.
    child.on('exit', (status) => {
      child.stderr?.destroy()
      if (status === 0) resolve()
      else reject(new Error(`${child.spawnargs.join(' ')}: status ${status}: ${said}`))
    })
  })
}
