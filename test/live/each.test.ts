// `trace --each`: containers that a script starts with real engines, each with a profile without the clients' calls;
// compose, one profile a service; what exec adds in a container of runc; the refusal of a script without --each.
import { execa } from 'execa'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { runtimeWords, whyNotRun } from '../../scripts/bundle.ts'
import { noEbpf, noStrace } from './command.ts'
import type { Observations } from '../../src/observe/index.ts'
import { describe } from '../../src/record/each/engines.ts'
import { skipFile } from './skip.ts'

skipFile((await noEbpf()) ?? whyNotRun('runc'))
t.setTimeout(600_000)
const { allowed, at, close, engines, env, limits, node, podman, quietly, words } =
  await import('./containers.ts')
t.teardown(close)
const trace = (...more: readonly string[]) => execa(node, [...words, 'trace', ...more], quietly)
const script = (name: string, ...lines: readonly string[]): string => {
  writeFileSync(at(name), ['set -e', ...lines, ''].join('\n'))
  return at(name)
}
const filesOf = (directory: string): readonly string[] => readdirSync(at(directory)).sort()
const [[, docker], [, noPodman]] = engines as [(typeof engines)[number], (typeof engines)[number]]
const container = 'run --rm --network none'

t.test('a script around Docker', { skip: docker ?? false }, async (t) => {
  const before = await execa(
    'docker',
    ['run', '-d', '--network', 'none', 'seccomp-gen-test', 'sleep', '60'],
    quietly,
  )
  t.teardown(() => execa('docker', ['rm', '-f', before.stdout], quietly))
  const file = script(
    'docker.sh',
    `docker ${container} --name lists seccomp-gen-test sh -c 'ls /; sleep 1'`,
    // On a loaded machine the directory of a container that ends at once is gone before it can be looked at.
    `docker ${container} seccomp-gen-test sh -c 'id; sleep 1'`,
    `docker ${container} seccomp-gen-test sh -c 'cat /etc/passwd; sleep 1' || true`,
    `docker ${container} --name typo seccomp-gen-test typo || true`,
    `docker ${container} --name open --security-opt seccomp=unconfined seccomp-gen-test true`,
    'docker ps >/dev/null',
  )
  const traced = await trace(
    '--each',
    at('by-script'),
    '--observations',
    at('seen'),
    '--explain',
    at('why'),
    '--',
    'sh',
    file,
  )
  t.equal(traced.exitCode, 0, traced.stderr)
  t.strictSame(filesOf('by-script'), ['lists.json', 'seccomp-gen-test-2.json', 'seccomp-gen-test.json'])
  t.strictSame(
    filesOf('seen'),
    ['lists', 'seccomp-gen-test-2', 'seccomp-gen-test'].map((name) => `${name}.observations.json`),
  )
  t.equal(filesOf('why').length, 3)
  t.ok(allowed(at('by-script/lists.json')).includes('getdents64'))
  for (const name of filesOf('by-script'))
    t.notOk(allowed(at(`by-script/${name}`)).includes('connect'), `${name}: connect is the client’s`)
  t.match(traced.stderr, /: typo: the program in the container never started/)
  t.match(traced.stderr, /: open: without a seccomp filter/)
  t.match(traced.stdout, /^uid=0/m, 'the output of the command stays its own')
  const again = await execa(
    'docker',
    [
      'run',
      '--rm',
      '--network',
      'none',
      '--security-opt',
      `seccomp=${at('by-script/lists.json')}`,
      'seccomp-gen-test',
      'ls',
      '/',
    ],
    quietly,
  )
  t.equal(again.exitCode, 0, `starts under its profile: ${again.stderr}`)
})

t.test(
  'a container that goes on is recorded until it ends, and not ended',
  { skip: docker ?? false },
  async (t) => {
    const long = [
      'sh',
      '-c',
      `docker run -d --network none --name goes-on seccomp-gen-test sh -c 'sleep 4; ls /; sleep 60'`,
    ]
    t.teardown(() => execa('docker', ['rm', '-f', 'goes-on'], quietly))
    const traced = await trace('--for', '12s', '--each', at('on'), '--', ...long)
    t.equal(traced.exitCode, 0, traced.stderr)
    t.match(traced.stderr, /still running and recorded: goes-on/)
    t.ok(allowed(at('on/goes-on.json')).includes('getdents64'), 'what it did afterwards is in its profile')
    const state = await execa('docker', ['inspect', '--format', '{{.State.Running}}', 'goes-on'], quietly)
    t.equal(state.stdout, 'true')
  },
)

t.test('a script around Podman and runc', { skip: noPodman ?? false }, async (t) => {
  const name = `seccomp-gen-each-${process.pid}`
  const config = JSON.parse(readFileSync(at('bundle/config.json'), 'utf8')) as {
    linux: object
    process: object
  }
  const filter = { defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'] }
  await execa('cp', ['-a', at('bundle'), at('filtered')])
  writeFileSync(
    at('filtered/config.json'),
    JSON.stringify({
      ...config,
      process: { ...config.process, args: ['sh', '-c', 'ls /; sleep 2'] },
      linux: { ...config.linux, seccomp: filter },
    }),
  )
  const file = script(
    'podman.sh',
    `${podman.join(' ')} ${container} ${limits.join(' ')} seccomp-gen-test sh -c 'id; sleep 2'`,
    `runc run --bundle ${at('filtered')} ${name}`,
  )
  const traced = await trace('--each', at('mixed'), '--', 'sh', file)
  t.equal(traced.exitCode, 0, traced.stderr)
  t.strictSame(filesOf('mixed'), [`${name}.json`, 'seccomp-gen-test.json'].sort())
  t.ok(allowed(at(`mixed/${name}.json`)).includes('getdents64'))
})

for (const [engine, why, client, more] of engines)
  t.test(
    `${engine}: a container that is removed before it is asked for is known`,
    { skip: why ?? false },
    async (t) => {
      const [since, [program = '', ...own], file] = [Date.now(), client, at(`${engine}-gone.cid`)]
      const named = ['--name', `seccomp-gen-gone-${process.pid}`, '--cidfile', file]
      const run = [...own, 'run', '--rm', '--network', 'none', ...more, ...named, 'seccomp-gen-test', 'true']
      await execa(program, run, quietly)
      const id = readFileSync(file, 'utf8').trim()
      const below = { pid: 0, words: ['runc', 'create', '--bundle', `/run/${id}/userdata`, id] }
      const started = [{ pid: 0, words: [program, ...run] }, ...(engine === 'podman' ? [below] : [])]
      const options = { command: ['true'], env } as const
      const found = await describe(id, started, options, since)
      t.match(found, { engine, base: `seccomp-gen-gone-${process.pid}` })
      const alone = started.slice(0, 1)
      if (engine === 'podman')
        t.equal(await describe(id, alone, options, since), undefined, 'nor one of another store')
      t.equal(
        await describe('0'.repeat(64), started, options, since),
        undefined,
        'another’s is not the command’s',
      )
    },
  )

const noCompose =
  (await execa('docker-compose', ['version'], { reject: false })).failed && 'docker-compose is not installed'
/** The containers with evidence of a security context, and what each executed. */
const contextsOf = (file: string) =>
  ((JSON.parse(readFileSync(file, 'utf8')) as Observations).context ?? []).map(
    ({ name, executions }) => [name, executions.map(({ path }) => path)] as const,
  )
t.test('compose: a profile for each service', { skip: docker ?? noCompose }, async (t) => {
  const service = (...command: readonly string[]) => ({
    image: 'seccomp-gen-test',
    command,
    network_mode: 'none',
  })
  // A service that ends before its cgroup was looked at has no name.
  const services = {
    lists: service('sh', '-c', 'ls /; sleep 2'),
    names: service('sh', '-c', 'busybox sync; sleep 2'),
    typo: service('typo'),
  }
  writeFileSync(at('each.yml'), JSON.stringify({ version: '2.4', services }))
  const compose = ['docker-compose', '-f', at('each.yml')]
  t.teardown(() => execa('docker-compose', ['-f', at('each.yml'), 'down'], quietly))
  const up = ['--', ...compose, 'up', '--no-color', 'lists', 'names']
  const traced = await trace('--each', at('services'), '--observations', at('composed'), ...up)
  t.equal(traced.exitCode, 0, traced.stderr)
  t.strictSame(filesOf('services'), ['lists.json', 'names.json'])
  t.ok(allowed(at('services/lists.json')).includes('getdents64'))
  t.ok(allowed(at('services/names.json')).includes('sync'))
  t.notOk(allowed(at('services/lists.json')).includes('sync'), 'no service has the calls of another')
  const contexts = filesOf('composed').flatMap((file) => contextsOf(at(`composed/${file}`)))
  t.strictSame(
    contexts.map(([name, paths]) => [name, [...new Set(paths)]]),
    [
      ['lists', ['/bin/busybox']],
      ['names', ['/bin/busybox']],
    ],
  )
  const together = await trace('--observations', at('together'), '-o', at('together.profile'), ...up)
  t.equal(together.exitCode, 0, together.stderr)
  t.strictSame(
    contextsOf(at('together')).map(([name]) => name),
    ['lists', 'names'],
    'a context is called as its service',
  )
  await execa('docker-compose', ['-f', at('each.yml'), 'down'], quietly)
  const inner = await trace(
    '--each',
    at('inner'),
    '--',
    'sh',
    '-c',
    `${compose.join(' ')} up --no-color lists names`,
  )
  t.equal(inner.exitCode, 0, inner.stderr)
  t.strictSame(filesOf('inner'), ['lists.json', 'names.json'], 'in a script too, a file a service')
})

t.test('refused', async (t) => {
  const refused = async (pattern: RegExp, ...more: readonly string[]): Promise<void> => {
    const traced = await trace(...more)
    t.ok(traced.failed, more.join(' '))
    t.match(traced.stderr, pattern)
  }
  const run = `docker ${container} seccomp-gen-test true`
  if (docker === undefined)
    for (const recorder of ['ebpf', ...((await noStrace()) === undefined ? ['strace'] : [])]) {
      const file = at(`${recorder}-script.json`)
      await refused(
        /^seccomp-gen: the command started docker run --rm .* --each DIR /m,
        '--recorder',
        recorder,
        '-o',
        file,
        '--',
        'sh',
        '-c',
        `${run}; true`,
      )
      t.notOk(existsSync(file), 'the client’s calls are in no profile')
    }
  await refused(/^seccomp-gen: the command started no container/m, '--each', at('none'), '--', 'true')
  await refused(/^seccomp-gen: --each records what a command starts/m, '--each', at('none'), '--pid', '1')
  await refused(
    /^seccomp-gen: -o: cannot be combined with --each/m,
    '--each',
    at('none'),
    '-o',
    'a.json',
    '--',
    'true',
  )
  rmSync(at('none'), { recursive: true })
  writeFileSync(at('none'), '')
  await refused(/none: cannot be made/, '--each', at('none'), '--', 'true')
})

for (const runtime of ['runc', 'crun'] as const)
  t.test(
    `${runtime} run: what exec adds is recorded by the cgroup; strace says that it is not`,
    { skip: whyNotRun(runtime) ?? false },
    async (t) => {
      const [name, bundle] = [`seccomp-gen-added-${process.pid}`, at(`long-${runtime}`)]
      const state = ['--root', at('state')]
      await execa('cp', ['-a', at('bundle'), bundle])
      const config = JSON.parse(readFileSync(`${bundle}/config.json`, 'utf8')) as { process: object }
      const waiting = ['/bin/sh', '-c', 'while ! test -e /tmp/done; do /bin/sleep 0.2; done']
      writeFileSync(
        `${bundle}/config.json`,
        JSON.stringify({ ...config, process: { ...config.process, args: waiting } }),
      )
      const below = (...more: readonly string[]) => {
        const [first, ...rest] = runtimeWords(runtime, more)
        return execa(first, rest, quietly)
      }
      const traced = (from: string, file: string, ...more: readonly string[]) => {
        const run = [runtime, ...state, 'run', '--bundle', from, name]
        return below(node, ...words, 'trace', '-o', at(file), ...more, '--', ...run)
      }
      const recorder = traced(bundle, 'added.json')
      let ran = false
      for (let tries = 0; tries < 200 && !ran; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 200))
        const script = 'ls / && : > /tmp/done'
        ran = !(await below(runtime, ...state, 'exec', name, '/bin/sh', '-c', script)).failed
      }
      const { exitCode, stderr } = await recorder
      t.equal(exitCode, 0, stderr)
      t.ok(ran)
      t.ok(allowed(at('added.json')).includes('getdents64'), 'ls of the exec')
      t.notOk(allowed(at('added.json')).includes('setns'), 'not what the runtime does to get there')
      if ((await noStrace()) !== undefined) return
      const told = await traced(at('bundle'), 'plain.json', '--recorder', 'strace')
      t.match(told.stderr, /what exec adds to the container is not recorded: strace/)
    },
  )
