// Measures the floor of the container runtime installed here: the calls it makes itself between loading the filter
// and starting the program. Needs root, strace, busybox-static and the runtime. Prints the measurement as JSON:
//   npx tsx scripts/measure-floor.ts runc 20 > profiles/floors/measured/runc-1.1.5.json
// The number is how often each way of starting is repeated: Go's run time (garbage collection, preemption, timers)
// makes runc differ from run to run, so that only a union over many runs means something.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { callsAfterFilter } from './after-filter.ts'
import { runtimeWords, version, whyNotRun, writeBundle, type BundleProcess, type Runtime } from './bundle.ts'

interface Way {
  readonly name: string
  readonly what: string
  readonly process: Omit<BundleProcess, 'args' | 'noNewPrivileges'>
  readonly start: 'run' | 'create' | 'exec'
  /** Calls that strace answers with ENOSYS, as a kernel would that has them not. */
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

// Does nothing, but is a filter that really is loaded.
const seccomp = {
  defaultAction: 'SCMP_ACT_ALLOW',
  architectures: ['SCMP_ARCH_X86_64'],
  syscalls: [{ names: ['kexec_load'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
}
const program = '/bin/true'

const [runtime, repeated] = process.argv.slice(2)
if ((runtime !== 'runc' && runtime !== 'crun') || process.arch !== 'x64') {
  throw new Error('usage, on x86_64: npx tsx scripts/measure-floor.ts runc|crun [REPEAT]')
}
const reason = whyNotRun(runtime) ?? (version('strace') === undefined ? 'strace is not installed' : undefined)
if (reason !== undefined) throw new Error(reason)
process.stdout.write(JSON.stringify(await measure(runtime, Number(repeated ?? 20)), null, 2) + '\n')

async function measure(runtime: Runtime, repeat: number): Promise<unknown> {
  return {
    runtime,
    version: version(runtime),
    architecture: 'x86_64',
    date: new Date().toISOString().slice(0, 10),
    kernel: release().split('-')[0],
    strace: version('strace'),
    repeat,
    ways: Object.fromEntries(ways.map((way) => [way.name, way.what])),
    withoutNoNewPrivileges: await counted(runtime, false, repeat),
    withNoNewPrivileges: await counted(runtime, true, repeat),
  }
}

/** By call: in how many runs of each way it was made; a way that never made it is left out. */
async function counted(runtime: Runtime, noNewPrivileges: boolean, repeat: number): Promise<unknown> {
  const counts = new Map<string, Map<string, number>>()
  for (const way of ways) {
    for (let run = 0; run < repeat; run += 1) {
      const trace = await traced(runtime, way, noNewPrivileges)
      const calls = callsAfterFilter(trace, program)
      if (calls === undefined)
        throw new Error(`${runtime}, ${way.name}: the program did not start under a filter`)
      for (const call of calls) {
        const of = counts.get(call) ?? new Map<string, number>()
        counts.set(call, of.set(way.name, (of.get(way.name) ?? 0) + 1))
      }
    }
    process.stderr.write(`${runtime} ${way.name} no_new_privs=${noNewPrivileges} done\n`)
  }
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([call, of]) => [call, Object.fromEntries(of)]))
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
        writeBundle(bundle, one([program]), seccomp)
        const words = [...strace, runtime, ...state, 'run', '--bundle', bundle, name]
        await ended(begin(runtime, terminal ? onTerminal(words) : words))
        break
      }
      case 'create': {
        writeBundle(bundle, one([program]), seccomp)
        const create = begin(runtime, [...strace, runtime, ...state, 'create', '--bundle', bundle, name])
        await started(runtime, [runtime, ...state, 'start', name])
        await ended(create)
        break
      }
      case 'exec': {
        // The container's own program needs no terminal; the one that is added gets it.
        writeBundle(bundle, { ...one(['/bin/sleep', '60']), terminal: false }, seccomp)
        await ended(begin(runtime, [runtime, ...state, 'run', '--detach', '--bundle', bundle, name]))
        const options = ['--cwd', '/home/app', ...(noNewPrivileges ? ['--no-new-privs'] : [])]
        const words = [
          ...strace,
          runtime,
          ...state,
          'exec',
          ...options,
          ...(terminal ? ['--tty'] : []),
          name,
          program,
        ]
        await ended(begin(runtime, terminal ? onTerminal(words) : words))
        break
      }
    }
    return readFileSync(trace, 'utf8')
  } finally {
    const [command, ...words] = runtimeWords(runtime, [runtime, ...state, 'delete', '--force', name])
    spawnSync(command, words, { stdio: 'ignore' })
    rmSync(bundle, { recursive: true, force: true })
  }
}

/** script(1) gives the words a terminal. strace has to stand inside, or script's own shell would be traced too. */
function onTerminal(words: readonly string[]): readonly string[] {
  return ['script', '-qec', words.join(' '), '/dev/null']
}

function begin(runtime: Runtime, words: readonly string[]): ChildProcess {
  const [command, ...rest] = runtimeWords(runtime, words)
  return spawn(command, rest, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** `start` is refused until `create` is done. */
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
