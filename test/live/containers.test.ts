// Containers of real engines are recorded once and run under the written profile: nothing fails, and nothing is left
// behind. The test has its own daemon without network; images contain busybox.
import { execa } from 'execa'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { runtimeWords, whyNotRun, writeBundle } from '../../scripts/bundle.ts'
import type { ObservedContext, SecurityContext } from '../../src/index.ts'
import { findProgram } from '../../src/record/index.ts'
import { noEbpf, noStrace } from './command.ts'
import { skipFile } from './skip.ts'

skipFile((await noEbpf()) ?? whyNotRun('runc'))

// Engines are slow on a busy machine.
t.setTimeout(600_000)
const { allowed, at, close, engines, leftovers, limits, node, podman, quietly, words } =
  await import('./containers.ts')
const noStraceHere = (await noStrace()) ?? false

/** The evidence about the only container in a file of observations. */
function contextIn(file: string): ObservedContext {
  const { context } = JSON.parse(readFileSync(file, 'utf8')) as { context: readonly [ObservedContext] }
  return context[0]
}

/** Repeats the work until the command has ended. */
async function untilOver(command: Promise<unknown>, work: () => Promise<unknown>): Promise<void> {
  const over = new AbortController()
  void command.finally(() => over.abort())
  while (!over.signal.aborted) await work()
}

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
        // Go's scheduler makes each start of a runtime differ.
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
  if (engine === 'podman')
    t.test(
      'podman and strace: of its security context nothing is claimed',
      { skip: why ?? noStraceHere },
      async (t) => {
        const seen = at('strace.observations.json')
        const trace = ['trace', '--recorder', 'strace', '--observations', seen, '-o', at('strace.json')]
        const run = [...client, 'run', '--rm', '--network', 'none', ...more, 'seccomp-gen-test', 'ls', '/']
        const traced = await execa(node, [...words, ...trace, '--', ...run], quietly)
        t.equal(traced.exitCode, 0, traced.stderr)
        const { stdout } = await execa(node, [...words, 'harden', seen, '--as', 'json'], quietly)
        const [container] = (JSON.parse(stdout) as SecurityContext).containers
        t.match(container, {
          name: 'seccomp-gen-test',
          noNewPrivileges: false,
          readOnlyRoot: false,
          mounts: { length: 0 },
        })
        t.same(container?.capabilities.needed.length, 14, 'what Docker gives stays')
        for (const each of [
          'noNewPrivileges',
          'readOnlyRoot',
          'user',
          ...(container?.capabilities.needed ?? []),
        ])
          t.match(container?.because.find(({ what }) => what === each)?.evidence, /^not evidenced: /, each)
        t.match(stdout, /a recording shows no checks for capabilities \(strace\)/)
      },
    )
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
        // The container may still be starting: the recorder may be killed at any moment.
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

for (const [engine, why, client, more] of engines) {
  t.test(`${engine}: a running container by its name`, { skip: why ?? false }, async (t) => {
    const name = `seccomp-gen-named-${engine}-${process.pid}`
    const [first = '', ...rest] = client
    // The recorder asks a client in PATH for the container's engine; this one knows Podman's store of this test.
    const [real, path] = [findProgram(engine, '/', process.env['PATH']), at(`${engine}-path`)]
    mkdirSync(path)
    // DOCKER_HOST names Docker's daemon.
    const own = engine === 'docker' ? [] : client.slice(1).map((word) => `'${word}'`)
    writeFileSync(join(path, engine), `#!/bin/sh\nexec ${[real, ...own].join(' ')} "$@"\n`, { mode: 0o755 })
    const looping = [
      'seccomp-gen-test',
      'sh',
      '-c',
      'while :; do ls /; /bin/busybox linux64 true; /bin/busybox linux64 -R true; sleep 0.1; done',
    ]
    const run = ['run', '-d', '--name', name, '--network', 'none', ...more, ...looping]
    const started = await execa(first, [...rest, ...run], quietly)
    t.equal(started.exitCode, 0, started.stderr)
    const trace = (container: string, env = {}, ...more: readonly string[]) =>
      execa(
        node,
        [...words, 'trace', '--container', container, '--for', '2s', '-o', at('named.json'), ...more],
        {
          ...quietly,
          env: { ...quietly.env, PATH: `${path}:${process.env['PATH'] ?? ''}`, ...env },
        },
      )
    const traced = await trace(name)
    t.equal(traced.exitCode, 0, traced.stderr)
    t.ok(allowed(at('named.json')).includes('getdents64'), 'what runs in it is recorded')
    t.match(traced.stderr, /the calls of its start are missing/)
    // The engines' defaults refuse personality with ADDR_NO_RANDOMIZE and allow it with 0.
    t.match(traced.stderr, /: personality \(argument 0 is 262144\) was refused by a seccomp filter/)
    const seen = at('named.observations.json')
    const inside = trace(name, {}, '--observations', seen)
    await wait(1000)
    await execa(first, [...rest, 'exec', '--user', '33', name, 'ls', '/'], quietly)
    t.equal((await inside).exitCode, 0)
    const { stdout: hardened } = await execa(node, [...words, 'harden', seen], quietly)
    for (const says of [
      /user +not known: not evidenced/,
      /no_new_privs +no: not evidenced/,
      /read-only root +no: not evidenced/,
      /needed +CAP_KILL: not evidenced: .*the default set of Docker stays/,
      /not seen: the start, in ebpf: attached while it ran/,
    ])
      t.match(hardened, says, 'of a container that ran before nothing is claimed')
    const idle = `${name}-idle`
    const sleeping = ['seccomp-gen-test', 'sleep', '600']
    const up = await execa(
      first,
      [...rest, 'run', '-d', '--name', idle, '--network', 'none', ...more, ...sleeping],
      quietly,
    )
    t.equal(up.exitCode, 0, up.stderr)
    const asleep = trace(idle, {}, '--observations', seen)
    // Each as another user: none adds to the evidence of the one before.
    let uid = 33
    await untilOver(asleep, () =>
      execa(first, [...rest, 'exec', '--user', String(uid++), idle, 'ls', '/'], quietly),
    )
    t.equal((await asleep).exitCode, 0, (await asleep).stderr)
    const { starts, executions } = contextIn(seen)
    t.strictSame(starts, [], 'what an engine executes in an idle container is not its start')
    t.ok(executions.some(({ uid = 0, path }) => uid >= 33 && /busybox|ls$/.test(path)))
    await execa(first, [...rest, 'rm', '-f', idle], quietly)
    if (engine === 'docker') {
      const daemon = quietly.env.DOCKER_HOST.slice('unix://'.length)
      const far = createServer((socket) => socket.pipe(connect(daemon)).pipe(socket)).listen(0, '127.0.0.1')
      await once(far, 'listening')
      const { port } = far.address() as AddressInfo
      const refused = await trace(name, { DOCKER_HOST: `tcp://127.0.0.1:${port}` })
      t.equal(refused.exitCode, 125, 'its number of a process would be another’s here')
      t.match(refused.stderr, /of docker runs on another machine: run seccomp-gen there$/)
      far.close()
    }
    await execa(first, [...rest, 'kill', name], quietly)
    await execa(first, [...rest, 'wait', name], quietly)
    const stopped = await trace(name)
    t.equal(stopped.exitCode, 125)
    t.match(stopped.stderr, new RegExp(`container ${name} of ${engine} is not running: start it, then`))
    await execa(first, [...rest, 'rm', '-f', name], quietly)
    const gone = await trace(name)
    t.equal(gone.exitCode, 125)
    t.match(gone.stderr, new RegExp(`no container ${name} was found: see docker ps, podman ps`))
  })
}

for (const [engine, why, client, more] of engines)
  t.test(
    `${engine}: the start is told beside a health check of the same program`,
    { skip: why ?? false },
    async (t) => {
      const [name, seen] = [`seccomp-gen-checked-${engine}-${process.pid}`, at('checked.observations.json')]
      const run = [...client, 'run', '--rm', '--name', name, '--network', 'none', ...more]
      const program = ['seccomp-gen-test', 'sh', '-c', 'sleep 3; exit 0']
      const trace = ['trace', '--observations', seen, '-o', at('checked.json'), '--', ...run, ...program]
      const traced = execa(node, [...words, ...trace], quietly)
      const [first = '', ...rest] = client
      await untilOver(traced, () => execa(first, [...rest, 'exec', name, 'sh', '-c', 'exit 0'], quietly))
      t.equal((await traced).exitCode, 0, (await traced).stderr)
      t.match(contextIn(seen).starts, [{ arguments: program.slice(1), uid: 0 }])
      const shells = contextIn(seen).executions.filter(
        ({ started, path }) => !started && /busybox|sh$/.test(path),
      )
      t.ok(
        shells.some(({ count }) => count > 1),
        'the health check ran',
      )
    },
  )

t.test('runc run: recorder killed, nothing is left', async (t) => {
  const bundle = at('sleeping')
  mkdirSync(bundle)
  writeBundle(bundle, { args: ['/bin/sleep', '600'], noNewPrivileges: false }, undefined)
  const runc = ['--root', at('killed-state')]
  const run = ['runc', ...runc, 'run', '-b', bundle, `seccomp-gen-killed-${process.pid}`]
  const recorder = execa(node, [...words, 'trace', '-o', at('killed.json'), '--', ...run], quietly)
  const listed = async (): Promise<string> => (await execa('runc', [...runc, 'list'], quietly)).stdout
  for (let tries = 0; tries < 300 && !/ running /.test(await listed()); tries++) await wait(100)
  t.match(await listed(), / running /)
  recorder.kill('SIGKILL')
  await recorder
  const left = async (): Promise<readonly string[]> => [
    ...leftovers(recorder.pid),
    ...(await listed()).split('\n').slice(1),
  ]
  for (let tries = 0; tries < 300 && (await left()).length > 0; tries++) await wait(100)
  t.strictSame(await left(), [])
  t.notOk(existsSync(at('killed.json')))
})

t.test('runc run: a bundle that is none', async (t) => {
  const traced = await execa(
    node,
    [...words, 'trace', '--', 'runc', 'run', '-b', at('nowhere'), 'x'],
    quietly,
  )
  t.equal(traced.exitCode, 125)
  t.match(traced.stderr, /nowhere\/config\.json: cannot be read: ENOENT/)
})

t.test(
  'podman: the hook writes a profile under which the container runs',
  { skip: engines[1]?.[1] ?? false },
  async (t) => {
    mkdirSync(at('hooks.d'))
    const config = await execa(node, [...words, 'hook', '--print-config'], quietly)
    t.match(JSON.parse(config.stdout), { version: '1.0.0', stages: ['prestart'] })
    // A hook gets only the environment of its configuration, so coverage is passed on there.
    const { hook, ...rules } = JSON.parse(config.stdout) as {
      readonly hook: { readonly env: readonly string[] }
    }
    const { NODE_V8_COVERAGE: coverage } = process.env
    const env = coverage === undefined ? hook.env : [...hook.env, `NODE_V8_COVERAGE=${coverage}`]
    writeFileSync(at('hooks.d/seccomp-gen.json'), JSON.stringify({ ...rules, hook: { ...hook, env } }))
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

t.teardown(close)
