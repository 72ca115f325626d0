// Containers of real engines recorded once, then run under what was written: nothing fails, and nothing is left behind.
// A daemon of our own, without network; images are a busybox.
import { spawn, type ChildProcess } from 'node:child_process'
import { execa } from 'execa'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { runtimeWords, whyNotRun, writeBundle } from '../../scripts/bundle.ts'
import { noEbpf, plainEnvironment, seccompGen } from './command.ts'
import { orphanedCgroups } from './left.ts'

const reason = (await noEbpf()) ?? whyNotRun('runc')
if (reason !== undefined) {
  t.comment(reason)
  t.plan(0, reason)
  process.exit(0)
}

// Engines take their time on a busy machine.
t.setTimeout(600_000)
const work = mkdtempSync('/tmp/sg-live-')
const at = (name: string): string => join(work, name)
const env: Record<string, string> = {
  ...plainEnvironment,
  DOCKER_HOST: `unix://${at('socket')}`,
  TMPDIR: work,
}
const quietly = { env, reject: false, stdin: 'ignore', cwd: work } as const
mkdirSync(at('bundle'))
writeBundle(at('bundle'), { args: ['/bin/ls', '/'], noNewPrivileges: false }, undefined)

let daemon: ChildProcess | undefined
async function whyNoDocker(): Promise<string | undefined> {
  if ((await execa('dockerd', ['--version'], quietly)).failed) return 'dockerd is not installed'
  const words = ['--iptables=false', '--ip6tables=false', '--bridge=none', '--storage-driver=vfs']
  const places = ['--data-root', at('data'), '--exec-root', at('exec'), '-p', at('pid')]
  daemon = spawn('dockerd', [...words, ...places, '-H', `unix://${at('socket')}`], { stdio: 'ignore' })
  for (let tries = 0; tries < 150; tries++) {
    if (!(await execa('docker', ['info'], quietly)).failed) return importInto(['docker'])
    await wait(200)
  }
  return 'dockerd does not start here'
}
async function whyNoPodman(): Promise<string | undefined> {
  if ((await execa('podman', ['--version'], quietly)).failed) return 'podman is not installed'
  return importInto(podman)
}
async function importInto(client: readonly string[]): Promise<string | undefined> {
  const [engine = '', ...words] = client
  const tar = execa('tar', ['-C', at('bundle/rootfs'), '-c', '.'], { encoding: 'buffer' })
  const image = await execa(engine, [...words, 'import', '-', 'seccomp-gen-test:latest'], {
    ...quietly,
    stdin: 'pipe',
    input: (await tar).stdout,
  })
  return image.failed ? `${engine} cannot import an image: ${image.stderr}` : undefined
}
const podman = ['podman', '--root', at('podman'), '--runroot', at('podman-run'), '--runtime', 'runc']
const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024']

const engines: readonly (readonly [
  name: string,
  why: string | undefined,
  client: readonly string[],
  more: readonly string[],
])[] = [
  ['docker', await whyNoDocker(), ['docker'], []],
  ['podman', await whyNoPodman(), podman, limits],
]

function leftovers(): readonly string[] {
  return [...orphanedCgroups(), ...readdirSync(work).filter((name) => name.startsWith('seccomp-gen-'))]
}
const [node, ...words] = seccompGen
const allowed = (file: string): readonly string[] =>
  (JSON.parse(readFileSync(file, 'utf8')) as { syscalls: { names: string[]; action: string }[] }).syscalls
    .filter(({ action }) => action === 'SCMP_ACT_ALLOW')
    .flatMap(({ names }) => names)

for (const [engine, why, client, more] of engines) {
  for (const privileges of [[], ['--security-opt', 'no-new-privileges']]) {
    t.test(
      `${engine} ${privileges.join(' ')}: recorded, then run under the profile`,
      { skip: why ?? false },
      async (t) => {
        const profile = at(`${engine}-${privileges.length}.json`)
        const run = [...client, 'run', '--rm', '--network', 'none', ...privileges, ...more]
        const program = ['seccomp-gen-test', 'sh', '-c', 'ls / | cat; exit 3']
        const traced = await execa(
          node,
          [...words, 'trace', '-o', profile, '--', ...run, ...program],
          quietly,
        )
        t.equal(traced.exitCode, 3, `the container's own status: ${traced.stderr}`)
        t.match(traced.stdout, /^bin$/m, 'and its own output')
        const [first = '', ...rest] = run
        const again = await execa(
          first,
          [...rest, '--security-opt', `seccomp=${profile}`, ...program],
          quietly,
        )
        t.equal(again.exitCode, 3, again.stderr)
        t.equal(again.stdout, traced.stdout)
        // Go's scheduler makes a runtime's starts differ.
        let started = 1
        for (let fresh = 2; fresh <= 20; fresh++) {
          const options = [...rest, '--security-opt', `seccomp=${profile}`, ...program]
          if ((await execa(first, options, quietly)).exitCode === 3) started++
        }
        t.equal(started, 20, 'of 20 fresh starts')
        t.ok(allowed(profile).includes('getdents64'))
        t.notOk(allowed(profile).includes('mount'), 'what the runtime does before the filter is not in it')
        t.strictSame(leftovers(), [])
      },
    )
  }
  t.test(`${engine}: recorder killed, nothing is left`, { skip: why ?? false }, async (t) => {
    const container = `seccomp-gen-test-${process.pid}`
    const run = [...client, 'run', '--rm', '--name', container, '--network', 'none', ...more]
    const recorder = execa(
      node,
      [...words, 'trace', '-o', at('killed.json'), '--', ...run, 'seccomp-gen-test', 'sleep', '600'],
      quietly,
    )
    const [first = '', ...rest] = client
    const running = async (): Promise<string> =>
      (await execa(first, [...rest, 'ps', '-q', '--filter', `name=${container}`], quietly)).stdout
    for (let tries = 0; tries < 100 && (await running()) === ''; tries++) await wait(100)
    t.not(await running(), '', 'the container runs')
    recorder.kill('SIGKILL')
    await recorder
    for (let tries = 0; tries < 150 && (leftovers().length > 0 || (await running()) !== ''); tries++)
      await wait(100)
    t.strictSame(leftovers(), [])
    t.equal(await running(), '')
    t.notOk(existsSync(at('killed.json')))
  })
}

t.test(
  'podman: the hook writes a profile under which the container runs',
  { skip: engines[1]?.[1] ?? false },
  async (t) => {
    mkdirSync(at('hooks.d'))
    const config = await execa(node, [...words, 'hook', '--print-config'], quietly)
    t.match(JSON.parse(config.stdout), { version: '1.0.0', stages: ['prestart'] })
    writeFileSync(at('hooks.d/seccomp-gen.json'), config.stdout)
    const [first = '', ...rest] = podman
    const run = ['run', '--rm', '--network', 'none', ...limits]
    const traced = await execa(
      first,
      [
        ...rest,
        '--hooks-dir',
        at('hooks.d'),
        ...run,
        '--annotation',
        `io.containers.trace-syscall=of:${at('hook.json')}`,
        'seccomp-gen-test',
        'ls',
        '/',
      ],
      quietly,
    )
    t.equal(traced.exitCode, 0, traced.stderr)
    for (let tries = 0; tries < 100 && !existsSync(at('hook.json')); tries++) await wait(100)
    const again = await execa(
      first,
      [...rest, ...run, '--security-opt', `seccomp=${at('hook.json')}`, 'seccomp-gen-test', 'ls', '/'],
      quietly,
    )
    t.equal(again.stdout, traced.stdout, again.stderr)
  },
)

for (const runtime of ['runc', 'crun'] as const) {
  for (const noNewPrivileges of [false, true]) {
    t.test(
      `${runtime} run, no_new_privs ${noNewPrivileges}`,
      { skip: whyNotRun(runtime) ?? false },
      async (t) => {
        const bundle = at('bundle')
        const profile = at(`${runtime}-${noNewPrivileges}.json`)
        writeBundle(bundle, { args: ['/bin/ls', '/'], noNewPrivileges }, undefined)
        const run = [runtime, '--root', at('state'), 'run', '-b', bundle, `seccomp-gen-${process.pid}`]
        const [first, ...rest] = runtimeWords(runtime, [node, ...words, 'trace', '-o', profile, '--', ...run])
        const traced = await execa(first, rest, quietly)
        t.equal(traced.exitCode, 0, traced.stderr)
        writeBundle(
          bundle,
          { args: ['/bin/ls', '/'], noNewPrivileges },
          JSON.parse(readFileSync(profile, 'utf8')),
        )
        const [program, ...others] = runtimeWords(runtime, run)
        const again = await execa(program, others, quietly)
        t.equal(again.exitCode, 0, again.stderr)
        t.equal(again.stdout, traced.stdout)
        t.strictSame(leftovers(), [])
      },
    )
  }
}

t.teardown(async () => {
  const gone = daemon && new Promise((resolve) => daemon?.once('exit', resolve))
  daemon?.kill('SIGTERM')
  await gone
  const [first = '', ...rest] = podman
  await execa(first, [...rest, 'rmi', '--all', '--force'], quietly)
  for (const mount of readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? ''))
    if (mount.startsWith(work)) await execa('umount', ['-l', mount], quietly)
  rmSync(work, { recursive: true, force: true })
})
