// Containers of real engines recorded once, then run under what was written: nothing fails, and nothing is left behind.
// A daemon of our own, without network; images are a busybox.
import { spawn, type ChildProcess } from 'node:child_process'
import { execa } from 'execa'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { cgroupMounts } from '../../src/record/cgroups.ts'
import { runtimeWords, whyNotRun, writeBundle } from '../../scripts/bundle.ts'
import { noEbpf, noStrace, plainEnvironment, seccompGen } from './command.ts'

const reason = (await noEbpf()) ?? whyNotRun('runc')
if (reason !== undefined) {
  t.comment(reason)
  t.plan(0, reason)
  process.exit(0)
}

const noStraceHere = (await noStrace()) ?? false

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

/** Of our own recorders: another may be at work on this machine. */
function leftovers(recorder: number | undefined): readonly string[] {
  const cgroups = cgroupMounts().flatMap(({ path }) =>
    readdirSync(path).filter((name) => name.startsWith(`seccompgen${recorder}x`)),
  )
  return [...cgroups, ...readdirSync(work).filter((name) => name.startsWith('seccomp-gen-'))]
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
        const recorder = execa(node, [...words, 'trace', '-o', profile, '--', ...run, ...program], quietly)
        const traced = await recorder
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
        t.strictSame(leftovers(recorder.pid), [])
      },
    )
  }
  for (const recorderName of engine === 'podman' ? ['ebpf', 'strace'] : ['ebpf']) {
    t.test(
      `${engine}: recorder killed (${recorderName}), nothing is left`,
      { skip: why ?? (recorderName === 'strace' && noStraceHere) },
      async (t) => {
        const container = `seccomp-gen-test-${process.pid}`
        const run = [...client, 'run', '--rm', '--name', container, '--network', 'none', ...more]
        const trace = ['trace', '--recorder', recorderName, '-o', at('killed.json'), '--']
        const recorder = execa(
          node,
          [...words, ...trace, ...run, 'seccomp-gen-test', 'sleep', '600'],
          quietly,
        )
        const [first = '', ...rest] = client
        const running = async (): Promise<string> =>
          (await execa(first, [...rest, 'ps', '-aq', '--filter', `name=${container}`], quietly)).stdout
        for (let tries = 0; tries < 300 && (await running()) === ''; tries++) await wait(100)
        t.not(await running(), '', 'the container is there')
        // It may still be on its way: killed at any moment.
        recorder.kill('SIGKILL')
        await recorder
        const left = async (): Promise<readonly string[]> => [
          ...leftovers(recorder.pid),
          ...(await running()).split('\n').filter(Boolean),
        ]
        for (let tries = 0; tries < 300 && (await left()).length > 0; tries++) await wait(100)
        t.strictSame(await left(), [])
        t.notOk(existsSync(at('killed.json')))
      },
    )
  }
}

/** The calls by architecture, as a recorder tells them. */
async function seenBy(recorder: 'ebpf' | 'strace', command: readonly string[]): Promise<readonly string[]> {
  const file = at(`seen-${recorder}.json`)
  const trace = ['trace', '--recorder', recorder, '--observations', file, '-o', at('seen.json'), '--']
  const [first, ...rest] = command[0]?.endsWith('crun')
    ? runtimeWords('crun', [node, ...words, ...trace, ...command])
    : [node, ...words, ...trace, ...command]
  const traced = await execa(first as string, rest, quietly)
  if (traced.exitCode !== 0) throw new Error(`${recorder}: status ${traced.exitCode}: ${traced.stderr}`)
  const { architectures } = JSON.parse(readFileSync(file, 'utf8')) as {
    architectures: Record<string, Record<string, unknown>>
  }
  return Object.entries(architectures).flatMap(([architecture, calls]) =>
    Object.keys(calls).map((call) => `${architecture} ${call}`),
  )
}

/** What Go's run time does now and then, whoever looks. */
const nowAndThen =
  /^x86_64 (?:futex|nanosleep|tgkill|getpid|sched_yield|mmap|madvise|munmap|epoll_pwait|rt_sigreturn|rt_sigprocmask|clone|gettid|sigaltstack)$/
const below: readonly (readonly [name: string, why: string | undefined, command: readonly string[]])[] = [
  ['runc', whyNotRun('runc'), ['runc', '--root', at('state'), 'run', '-b', at('bundle'), 'below']],
  ['crun', whyNotRun('crun'), ['crun', '--root', at('state'), 'run', '-b', at('bundle'), 'below']],
  [
    'podman',
    engines[1]?.[1],
    [...podman, 'run', '--rm', '--network', 'none', ...limits, 'seccomp-gen-test', 'sh', '-c', 'ls / | cat'],
  ],
]
for (const [name, why, command] of below) {
  t.test(
    `${name}: strace counts from the filter on what the kernel counts under it`,
    { skip: why ?? noStraceHere },
    async (t) => {
      writeBundle(at('bundle'), { args: ['/bin/sh', '-c', 'ls / | cat'], noNewPrivileges: false }, undefined)
      const [ebpf, strace] = [await seenBy('ebpf', command), await seenBy('strace', command)]
      const steady = (calls: readonly string[]): readonly string[] =>
        calls.filter((call) => name === 'crun' || !nowAndThen.test(call))
      t.strictSame(steady(strace), steady(ebpf))
      t.ok(strace.includes('x86_64 getdents64') || strace.includes('aarch64 getdents64'))
      t.notOk(strace.some((call) => / (?:mount|pivot_root|setns)$/.test(call)))
    },
  )
}

t.test('docker and strace: refused, with the reason', { skip: noStraceHere }, async (t) => {
  const run = ['trace', '--recorder', 'strace', '--', 'docker', 'run', 'seccomp-gen-test', 'ls']
  const refused = await execa(node, [...words, ...run], quietly)
  t.equal(refused.exitCode, 125)
  t.match(refused.stderr, /no child of it, and is recorded by ebpf only/)
})

const noCompose = (await execa('docker-compose', ['version'], quietly)).failed
  ? 'docker-compose is not installed'
  : engines[0]?.[1]
t.test('compose up: one profile for all services', { skip: noCompose ?? false }, async (t) => {
  mkdirSync(at('project/inner'), { recursive: true })
  const services = (more: object): string =>
    JSON.stringify({
      version: '2.4',
      services: {
        one: { image: 'seccomp-gen-test', command: ['ls', '/'], network_mode: 'none', ...more },
        two: { image: 'seccomp-gen-test', command: ['sh', '-c', 'id; exit 0'], network_mode: 'none' },
      },
    })
  writeFileSync(at('project/docker-compose.yml'), services({}))
  const profile = at('compose.json')
  const up = ['docker-compose', 'up', '--no-color']
  // The file is looked for upwards, with the override beside it.
  const inner = { ...quietly, cwd: at('project/inner') }
  writeFileSync(
    at('project/docker-compose.override.yml'),
    JSON.stringify({ version: '2.4', services: { two: { environment: { A: 'b' } } } }),
  )
  const recorder = execa(node, [...words, 'trace', '-o', profile, '--', ...up], inner)
  const traced = await recorder
  t.equal(traced.exitCode, 0, traced.stderr)
  t.match(traced.stdout, /home/, 'ls of one')
  t.match(traced.stdout, /uid=0/, 'id of two')
  t.ok(allowed(profile).includes('getdents64'), 'one lists')
  t.ok(allowed(profile).includes('getuid'), 'two asks who it is')
  t.notOk(allowed(profile).includes('mount'))
  t.strictSame(leftovers(recorder.pid), [])
  const filtered = { security_opt: [`seccomp=${profile}`] }
  writeFileSync(
    at('project/docker-compose.override.yml'),
    JSON.stringify({ version: '2.4', services: { one: filtered, two: filtered } }),
  )
  const again = await execa('docker-compose', ['up', '--no-color', '--force-recreate'], inner)
  t.match(again.stdout, /one_1 exited with code 0/, again.stderr)
  t.match(again.stdout, /two_1 exited with code 0/)
  await execa('docker-compose', ['down'], inner)
  const refused = await execa(node, [...words, 'trace', '--', ...up], inner)
  t.equal(refused.exitCode, 125)
  t.match(refused.stderr, /compose service one, security_opt seccomp=.*leave it out while recording/)
})

t.test(
  'podman: the hook writes a profile under which the container runs',
  { skip: engines[1]?.[1] ?? false },
  async (t) => {
    mkdirSync(at('hooks.d'))
    const config = await execa(node, [...words, 'hook', '--print-config'], quietly)
    t.match(JSON.parse(config.stdout), { version: '1.0.0', stages: ['prestart'] })
    writeFileSync(at('hooks.d/seccomp-gen.json'), config.stdout)
    const base = { names: ['landlock_restrict_self', 'socket'], action: 'SCMP_ACT_ALLOW' }
    writeFileSync(
      at('base.json'),
      JSON.stringify({
        defaultAction: 'SCMP_ACT_ERRNO',
        architectures: ['SCMP_ARCH_X86_64'],
        syscalls: [base, { names: ['personality'], action: 'SCMP_ACT_ERRNO' }],
      }),
    )
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
        `io.containers.trace-syscall=of:${at('hook.json')};if:${at('base.json')}`,
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
    t.ok(allowed(at('hook.json')).includes('landlock_restrict_self'), 'what the base allows is allowed')
    t.notOk(allowed(at('hook.json')).includes('personality'), 'what it refuses is not')
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
        const recorder = execa(first, rest, quietly)
        const traced = await recorder
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
        t.strictSame(leftovers(recorder.pid), [])
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
