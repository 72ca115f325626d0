// A node with Debian's containerd and its CRI, with pods made as the kubelet makes them: recorded by name, label or id,
// before and after their start, each by itself; then run afresh under the recorded profile.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { unifiedMount } from '../../src/record/cgroups.ts'
import { podsCgroup } from '../../src/record/index.ts'
import type { Observations } from '../../src/observe/index.ts'
import { noEbpf, said } from './command.ts'
import { Node, seccompOn, whyNoNode } from './node.ts'
import { skipFile } from './skip.ts'

skipFile((await noEbpf()) ?? (await whyNoNode()))

t.setTimeout(900_000)
const node = await Node.start()
t.teardown(() => node.stop())
const at = (name: string): string => join(node.directory, name)
const seccomp = (...words: readonly string[]) => seccompOn(node, 60_000, words)
const json = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T
const callsIn = (observations: Observations): readonly string[] =>
  Object.values(observations.architectures).flatMap((calls) => Object.keys(calls))
const collected = (directory: string): ReadonlyMap<string, Observations> =>
  new Map(
    readdirSync(at(directory)).map((file) => {
      const observations = json<Observations>(join(at(directory), file))
      return [observations.sources[0]?.name ?? '', observations]
    }),
  )
/** Waits, for a minute at most: a runtime that has removed a container no longer tells its name. */
async function known(isKnown: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600 && !isKnown(); tries++) await wait(100)
}
const filesIn = (directory: string): number => readdirSync(at(directory)).length
const loop = ['/bin/sh', '-c', 'while :; do ls /; sleep 0.2; done']
const shell = (script: string): readonly string[] => ['/bin/sh', '-c', script]
/** Calls that a runtime makes before its filter, and busybox never. */
const setUp = ['pivot_root', 'mount', 'umount2', 'keyctl', 'unshare', 'setns']

t.test('a pod that runs, by name, by label, by the start of an id', async (t) => {
  const pod = await node.pod('web-1', { labels: { app: 'web', tier: 'front' } })
  const id = await pod.container('web', loop)
  for (const [what, ...words] of [
    ['namespace/pod', '--pod', 'default/web-1'],
    ['namespace/pod/container', '--pod', 'default/web-1/web'],
    ['a label', '--selector', 'tier=front'],
    ['an id', '--cri', node.socket, '--container', id.slice(0, 12)],
  ] as const) {
    const file = at('running.json')
    const traced = await seccomp('trace', ...words, '--for', '1s', '--observations', file, '-o', at('p.json'))
    t.equal(traced.exitCode, 0, `${what}: ${traced.stderr}`)
    const observations = json<Observations>(file)
    t.equal(observations.sources[0]?.name, 'default/web-1/web', what)
    t.ok(observations.diagnostics.some(({ code }) => code === 'startup-missing'))
    t.ok(callsIn(observations).includes('getdents64'), what)
    t.match(traced.stderr, /within the filter of default\/web-1\/web, as its runtime applied it/)
    const [context] = observations.context ?? []
    t.match(context, { name: 'web', blind: [{ what: 'start' }] }, `${what}: its context, from then on`)
    t.ok(
      context?.executions.some(({ path, started }) => started && path === '/bin/busybox'),
      `${what}: what it executes, below its own root`,
    )
  }
  const nobody = await seccomp('trace', '--pod', 'default/none', '--for', '1s')
  t.equal(nobody.exitCode, 125)
  t.match(nobody.stderr, /default\/none: no such pod or container runs on this node/)
  const open = await node.pod('open', { filter: 'unconfined' })
  await open.container('main', loop)
  const refused = await seccomp('trace', '--pod', 'default/open', '--for', '1s')
  t.equal(refused.exitCode, 125)
  t.match(refused.stderr, /default\/open\/main: runs without a seccomp filter \(Unconfined or privileged\)/)
  await Promise.all([pod.remove(), open.remove()])
})

t.test('each container of the node by itself, from its first call', async (t) => {
  const early = await node.pod('early')
  await early.container('main', loop)
  const open = await node.pod('open', { filter: 'unconfined' })
  await open.container('main', loop)
  const collecting = seccomp('collect', '--root', node.cgroup, '--cri', node.socket, '-o', 'out')
  await said(collecting, /recording below/)
  const pods = await Promise.all(['a', 'b', 'c', 'd'].map((name) => node.pod(name, { namespace: 'shop' })))
  const ended = await Promise.all(
    pods.map(async (pod) => {
      // An init container, then the pod's main container, as the kubelet starts them.
      await node.ended(await pod.container('init', ['/bin/true']))
      return node.ended(await pod.container('true', ['/bin/true']))
    }),
  )
  t.strictSame(ended, [0, 0, 0, 0])
  await known(() => filesIn('out') >= 9)
  await Promise.all(pods.map((pod) => pod.remove()))
  // A container without a filter is reported at the second look, because runtimes set containers up without one.
  await wait(2500)
  collecting.kill('SIGTERM')
  const done = await collecting
  t.equal(done.exitCode, 0, done.stderr)
  t.match(done.stderr, /default\/open\/main: runs without a seccomp filter/)
  const found = collected('out')
  t.strictSame([...found.keys()].sort(), [
    'default/early/main',
    ...['a', 'b', 'c', 'd'].flatMap((name) => [`shop/${name}/init`, `shop/${name}/true`]),
  ])
  for (const [name, observations] of found) {
    const wasThere = name.startsWith('default')
    t.equal(observations.runs ?? 1, wasThere ? 0 : 1, name)
    t.equal(callsIn(observations).includes('execve'), true, `${name}: execve`)
    t.equal(observations.diagnostics.length, wasThere ? 1 : 0, name)
    t.strictSame(
      callsIn(observations).filter((call) => setUp.includes(call)),
      [],
    )
  }
  await Promise.all([early.remove(), open.remove()])
})

t.test('what comes, waited for; and run afresh under its profile', async (t) => {
  const profile = at('web.json')
  const root = join(node.cgroup, '..')
  mkdirSync(at('pods'), { recursive: true })
  const collecting = seccomp(
    'collect',
    '--root',
    root,
    '--cri',
    node.socket,
    '--select',
    'default/web-*',
    '-o',
    'shards',
  )
  await said(collecting, /recording below/)
  const first = await Promise.all(
    [1, 2].map((number) => node.pod(`web-${number}`, { labels: { app: 'web' } })),
  )
  const work = shell('ls / && cat /etc/passwd && id')
  for (const pod of first) t.equal(await node.ended(await pod.container('web', work)), 0)
  await known(() => filesIn('shards') >= 2)
  await Promise.all(first.map((pod) => pod.remove()))
  collecting.kill('SIGTERM')
  const done = await collecting
  t.equal(done.exitCode, 0, done.stderr)
  const generated = await seccomp('generate', '--within', 'containerd', 'shards', '-o', profile)
  t.equal(generated.exitCode, 0, generated.stderr)
  t.match(generated.stderr, /2 runs/)
  const gate = await seccomp('diff', '--fail-on', 'wider', 'containerd', profile)
  t.equal(gate.exitCode, 0, gate.stdout)
  const again = await Promise.all(
    Array.from({ length: 20 }, async (_, number) => {
      const pod = await node.pod(`again-${number}`, { filter: { file: profile } })
      const status = await node.ended(await pod.container('web', work))
      await pod.remove()
      return status
    }),
  )
  t.strictSame(
    again,
    Array.from({ length: 20 }, () => 0),
    '20 of 20 under Localhost',
  )
})

t.test('waited for, before there is such a pod', async (t) => {
  const found = podsCgroup()
  t.ok([node.cgroup, '/'].includes(`/${relative(unifiedMount(), found.directory)}`), 'also beside other pods')
  const file = at('waited.json')
  const tracing = seccomp(
    'trace',
    '--pod',
    'shop/late/main',
    '--wait',
    '--observations',
    file,
    '-o',
    at('p.json'),
  )
  await said(tracing, /waiting for/)
  const pod = await node.pod('late', { namespace: 'shop' })
  await pod.container('main', shell('ls /'))
  const traced = await tracing
  t.equal(traced.exitCode, 0, traced.stderr)
  const observations = json<Observations>(file)
  t.strictSame(observations.diagnostics, [])
  t.strictSame(
    [observations.sources[0]?.name, callsIn(observations).includes('execve')],
    ['shop/late/main', true],
  )
  await pod.remove()
})

t.test('one line for each container on stdout, and what its filter refuses on stderr', async (t) => {
  const collecting = seccomp('collect', '--root', node.cgroup, '--cri', node.socket, '--stdout', '--refusals')
  await said(collecting, /recording below/)
  let printed = ''
  collecting.stdout?.on('data', (piece: Buffer) => (printed += piece.toString()))
  // Not every runtime's default refuses mount.
  const file = at('refuses-mount.json')
  const refused = [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }]
  writeFileSync(file, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: refused }))
  const pod = await node.pod('line', { filter: { file } })
  await node.ended(await pod.container('one', shell('mount -t tmpfs x /tmp; mount -t tmpfs x /tmp')))
  await known(() => printed.includes('\n'))
  await pod.remove()
  collecting.kill('SIGTERM')
  const { stdout, stderr } = await collecting
  const told = stderr.split('\n').filter((line) => line.includes(' default/line/one: mount ('))
  const times = told.map((line) => Number(/, (\d+) times, /.exec(line)?.[1] ?? 1))
  t.equal(
    times.reduce((sum, each) => sum + each, 0),
    2,
    stderr,
  )
  t.ok(
    told.every((line) => / EPERM[, ]/.test(line) && line.includes('by mount')),
    told.join('\n'),
  )
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Observations)
  t.strictSame(
    lines.map(({ sources }) => sources[0]?.name),
    ['default/line/one'],
  )
  writeFileSync(at('log'), `seccomp-gen: recording\n${stdout}\n${stdout}`)
  t.match((await seccomp('observe', at('log'))).stderr, /from 2 sources|from 1 source/)
})
