// A node's container runtime is killed and started again while containers are recorded and watched, and a pod is made
// again under its old name. containerd's shims keep its containers running meanwhile.
// Authority: k8s.io/cri-api v1 (a pod's uid); StatefulSets, whose pods keep their names.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { Observations } from '../../src/observe/index.ts'
import { noEbpf, said } from './command.ts'
import { Node, seccompOn, whyNoNode } from './node.ts'
import { skipFile } from './skip.ts'

skipFile((await noEbpf()) ?? (await whyNoNode()))

t.setTimeout(600_000)
const node = await Node.start()
t.teardown(() => node.stop())
const seccomp = (...words: readonly string[]) => seccompOn(node, 240_000, words)
type Running = ReturnType<typeof seccomp>
const shell = (script: string): readonly string[] => ['/bin/sh', '-c', script]
const asking = shell('while :; do unshare -m true 2>/dev/null; sleep 0.2; done')
/** Asks it to end, without execa's SIGKILL after five seconds. */
function end({ pid }: Running): void {
  if (pid !== undefined) process.kill(pid, 'SIGTERM')
}
/** The refusals in what `watch --report json` printed, by where they were. */
const whereIn = (stdout: string): ReadonlySet<string> =>
  new Set(
    stdout
      .split('\n')
      .filter((line) => line.includes('"unshare"'))
      .map((line) => (JSON.parse(line) as { readonly where: string }).where),
  )

t.test('the runtime is killed and started again', async (t) => {
  const before = await node.pod('before')
  await before.container('web', asking)
  const collecting = seccomp('collect', '--root', node.cgroup, '--cri', node.socket, '-o', 'recorded')
  const watching = seccomp('watch', '--pod', 'default/before', '--report', 'json')
  const waiting = seccomp('watch', '--pod', 'default/after', '--wait', '--report', 'json')
  await Promise.all([
    said(collecting, /recording below/),
    said(watching, /watching/),
    said(waiting, /watching/),
  ])
  await wait(2000)
  await node.restart(3000)
  let since = ''
  watching.stdout?.on('data', (piece: Buffer) => (since += piece.toString()))
  const after = await node.pod('after')
  const short = await after.container('short', shell('mkdir /tmp/made'))
  t.equal(await node.ended(short), 0)
  await after.container('web', asking)
  for (let tries = 0; tries < 300 && whereIn(since).size === 0; tries++) await wait(100)
  await wait(3000)
  for (const each of [collecting, watching, waiting]) end(each)
  const [collected, watched, waited] = await Promise.all([collecting, watching, waiting])
  t.equal(collected.exitCode, 0, collected.stderr)
  t.match(collected.stderr, /recording below [^\n]+\nseccomp-gen: 3 containers recorded$/, 'and nothing else')
  const recorded = readdirSync(join(node.directory, 'recorded')).map(
    (file) => JSON.parse(readFileSync(join(node.directory, 'recorded', file), 'utf8')) as Observations,
  )
  t.strictSame(recorded.map(({ sources, runs = 1 }) => `${sources[0]?.name} ${runs}`).sort(), [
    'default/after/short 1',
    'default/after/web 1',
    'default/before/web 0',
  ])
  t.strictSame([watched.exitCode, [...whereIn(since)]], [1, ['default/before/web']], 'watched afterwards too')
  t.strictSame([waited.exitCode, [...whereIn(waited.stdout)]], [1, ['default/after/web']])
  await before.remove()
  await after.remove()
})

t.test('a pod that is made again under its name is another one', async (t) => {
  const first = await node.pod('web-0', { labels: { app: 'web' } })
  await first.container('web', asking)
  const watching = seccomp('watch', '--pod', 'default/web-0', '--for', '200s', '--report', 'json')
  const waiting = seccomp('watch', '--pod', 'default/web-0', '--wait', '--report', 'json')
  await Promise.all([said(watching, /watching/), said(waiting, /watching/)])
  await wait(3000)
  const begun = performance.now()
  await first.remove()
  const second = await node.pod('web-0', { labels: { app: 'web' } })
  await second.container('web', asking)
  const isThere = Date.now()
  const watched = await watching
  t.ok(performance.now() - begun < 120_000, 'what was watched has ended')
  t.equal(watched.exitCode, 1, watched.stderr)
  await wait(3000)
  end(waiting)
  const { stdout } = await waiting
  t.strictSame([...whereIn(stdout)], ['default/web-0/web'])
  const times = stdout.split('\n').flatMap((line) => /"at":"([^"]+)"/.exec(line)?.[1] ?? [])
  t.ok(
    times.some((time) => Date.parse(time) > isThere),
    'with --wait the new pod is watched',
  )
  t.notOk(
    watched.stdout.split('\n').some((line) => Date.parse(/"at":"([^"]+)"/.exec(line)?.[1] ?? '') > isThere),
    'without it, it is not',
  )
  await second.remove()
})
