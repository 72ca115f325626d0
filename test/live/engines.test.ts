// Containers started by other ways than one engine's `run`: strace below an engine, compose. Same daemon and images.
import { execa } from 'execa'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { runtimeWords, whyNotRun, writeBundle } from '../../scripts/bundle.ts'
import { whyNoAudit } from '../../src/record/index.ts'
import { verify } from '../../src/verify/index.ts'
import { noEbpf, noStrace } from './command.ts'
import { skipFile } from './skip.ts'

const reason = (await noEbpf()) ?? whyNotRun('runc')
skipFile(reason)

// Engines are slow on a busy machine.
t.setTimeout(600_000)
const { allowed, at, close, engines, env, leftovers, limits, node, podman, quietly, words, work } =
  await import('./containers.ts')
const noStraceHere = (await noStrace()) ?? false

/** The calls that a recorder reports, with their architecture. */
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

/** Calls that Go's run time makes now and then. */
const nowAndThen =
  /^x86_64 (?:futex|nanosleep|tgkill|getpid|sched_yield|mmap|madvise|munmap|epoll_pwait|rt_sigreturn|rt_sigprocmask|clone|gettid|sigaltstack)$/
const below: readonly (readonly [
  name: string,
  why: string | undefined,
  command: readonly [string, ...string[]],
])[] = [
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

const noAudit = await whyNoAudit()
for (const [name, why, command] of below.filter(([name]) => name !== 'crun')) {
  t.test(
    `${name}: audit records tell what a profile refuses`,
    { skip: why ?? noAudit ?? false },
    async (t) => {
      writeBundle(at('bundle'), { args: ['/bin/sh', '-c', 'ls / | cat'], noNewPrivileges: false }, undefined)
      const found = await verify({
        command,
        profile: JSON.stringify({
          defaultAction: 'SCMP_ACT_ALLOW',
          architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'],
          syscalls: [{ names: ['getdents64'], action: 'SCMP_ACT_ERRNO' }],
        }),
        recorder: 'audit',
        env: { ...(process.env as Record<string, string>), ...env },
        cwd: work,
        streams: 'ignore',
      })
      t.match(found, { started: true, seenBy: 'audit', lost: 0, ending: { kind: 'exited', status: 0 } })
      t.match(found.refusals, [{ syscall: 'getdents64' }])
      const by = found.refusals.flatMap(({ processes }) => processes.map(({ comm }) => comm))
      t.ok(by.includes('ls') && by.some((comm) => comm.startsWith('runc:')), 'runtime and program')
    },
  )
}

t.test(
  'a container that never comes to its filter leaves no audit record',
  { skip: whyNotRun('runc') ?? noAudit ?? false },
  async (t) => {
    writeBundle(at('bundle'), { args: ['/bin/true'], noNewPrivileges: false }, undefined)
    const config = JSON.parse(readFileSync(at('bundle/config.json'), 'utf8')) as object
    const file = at('bundle/nowhere.json')
    mkdirSync(at('without-root'))
    writeFileSync(at('without-root/config.json'), JSON.stringify({ ...config, root: { path: 'nowhere' } }))
    const command = ['runc', '--root', at('state'), 'run', '-b', at('without-root'), 'never'] as const
    writeFileSync(file, JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO' }))
    const refused = await execa(
      node,
      [...words, 'verify', '--recorder', 'audit', file, '--', ...command],
      quietly,
    )
    t.equal(refused.exitCode, 125)
    t.match(refused.stderr, /runc: the kernel recorded nothing, not even that a program was started/)
  },
)

t.test('docker and strace: refused, with the reason', { skip: noStraceHere }, async (t) => {
  const run = ['trace', '--recorder', 'strace', '--', 'docker', 'run', 'seccomp-gen-test', 'ls']
  const refused = await execa(node, [...words, ...run], quietly)
  t.equal(refused.exitCode, 125)
  t.match(refused.stderr, /not a child of this command, so only ebpf can record it/)
})

/** A project's profile suffices. Without a call of one service it does not, and verify repairs it. */
async function verifyProject(
  t: Test,
  profile: string,
  up: readonly string[],
  place: typeof quietly,
): Promise<void> {
  const verified = await execa(node, [...words, 'verify', profile, '--', ...up], place)
  t.equal(verified.exitCode, 0, verified.stderr)
  t.match(verified.stderr, /running in docker compose with runc; refusals are seen by ebpf/)
  t.match(verified.stdout, /suffices: nothing was refused/)
  const lacking = at('lacking.json')
  const document = JSON.parse(readFileSync(profile, 'utf8')) as { syscalls: { names: string[] }[] }
  for (const rule of document.syscalls) rule.names = rule.names.filter((name) => name !== 'getegid')
  writeFileSync(lacking, JSON.stringify(document))
  const refusing = await execa(node, [...words, 'verify', lacking, '--', ...up], place)
  t.equal(refusing.exitCode, 1, refusing.stderr)
  t.match(refusing.stdout, /refuses 1 call that the program made: getegid/)
  const repaired = await execa(
    node,
    [...words, 'verify', '--repair', '-o', lacking, lacking, '--', ...up],
    place,
  )
  t.equal(repaired.exitCode, 0, repaired.stderr)
  t.ok(allowed(lacking).includes('getegid'))
}

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
  // Compose looks for the file upwards, and takes the override beside it.
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
  await t.test('verify', (t) => verifyProject(t, profile, up, inner))
  const filtered = { security_opt: [`seccomp=${profile}`] }
  writeFileSync(
    at('project/docker-compose.override.yml'),
    JSON.stringify({ version: '2.4', services: { one: filtered, two: filtered } }),
  )
  const again = await execa('docker-compose', ['up', '--no-color', '--force-recreate'], inner)
  t.match(again.stdout, /one_1 exited with code 0/, again.stderr)
  t.match(again.stdout, /two_1 exited with code 0/)
  await execa('docker-compose', ['down'], inner)
  const refusals: readonly (readonly [one: object, message: RegExp])[] = [
    [filtered, /compose service one, security_opt seccomp[:=].*leave it out while recording/],
    [{ privileged: true }, /compose service one, privileged: engines give a privileged container no filter/],
    [{ platform: 'linux/s390x' }, /compose service one, platform linux\/s390x: an emulated program/],
    [{ cgroup_parent: '/mine' }, /compose service one, cgroup_parent: .*leave it out while recording/],
    [{ image: 7 }, /docker compose config: ./],
  ]
  rmSync(at('project/docker-compose.override.yml'))
  // Only compose reads COMPOSE_FILE in this file.
  writeFileSync(at('project/other.yml'), services({}).replace('"two"', '"three"'))
  writeFileSync(at('project/.env'), 'COMPOSE_FILE=other.yml\n')
  const here = { ...quietly, cwd: at('project') }
  const untold = await execa(node, [...words, 'trace', '--', ...up], here)
  t.equal(untold.exitCode, 125, untold.stderr)
  t.match(untold.stderr, /which files it reads cannot be determined: name them with -f FILE$/)
  rmSync(at('project/.env'))
  const fromVariable = { ...inner, env: { ...inner.env, COMPOSE_FILE: at('project/docker-compose.yml') } }
  for (const [one, message] of refusals) {
    writeFileSync(at('project/docker-compose.yml'), services(one))
    const refused = await execa(node, [...words, 'trace', '--', ...up], fromVariable)
    t.equal(refused.exitCode, 125, refused.stderr)
    t.match(refused.stderr, message)
  }
})

t.teardown(close)
