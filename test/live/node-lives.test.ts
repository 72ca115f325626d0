// Containers that come and go in other ways than a pod's first ones: ephemeral containers, restarts, containers that see
// the host's processes, many short pods one after another, and hosts without cgroups of version 2.
// Authority: k8s.io/cri-api v1 (NamespaceOption: TARGET is an ephemeral container, NODE is hostPID; ContainerMetadata:
// a restart is a new container with the next attempt); cgroups(7).
import { execa } from 'execa'
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { Observations } from '../../src/observe/index.ts'
import { cgroupMounts } from '../../src/record/cgroups.ts'
import { noEbpf, plainEnvironment, said, seccompGen } from './command.ts'
import { Node, seccompOn, whyNoNode } from './node.ts'
import { skipFile } from './skip.ts'

skipFile((await noEbpf()) ?? (await whyNoNode()))

t.setTimeout(600_000)
const node = await Node.start()
t.teardown(() => node.stop())
const at = (name: string): string => join(node.directory, name)
const seccomp = (...words: readonly string[]) => seccompOn(node, 120_000, words)
type Running = ReturnType<typeof seccomp>

/** The numbers of the files that a process has open, by what they are. */
function openFiles({ pid }: Running): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((each) => readlinkSync(`/proc/${pid}/fd/${each}`))
  } catch {
    return []
  }
}
/** Waits until `trace`, which says nothing then, has attached the kernel's programs and opens nothing more. */
async function attached(running: Running): Promise<void> {
  const count = (): number => openFiles(running).filter((each) => each.includes('bpf')).length
  for (let [tries, same] = [0, 0]; tries < 1200 && same < 20; tries++) {
    const before = count()
    await wait(100)
    same = before > 0 && count() === before ? same + 1 : 0
  }
}
const json = <T>(file: string): T => JSON.parse(readFileSync(at(file), 'utf8')) as T
const callsIn = ({ architectures }: Observations): readonly string[] => [
  ...new Set(Object.values(architectures).flatMap((calls) => Object.keys(calls))),
]
const collected = (directory: string): readonly Observations[] =>
  readdirSync(at(directory))
    .filter((file) => file.endsWith('.json'))
    .map((file) => json<Observations>(join(directory, file)))
const runsOf = ({ runs = 1 }: Observations): number => runs
const nameOf = ({ sources }: Observations): string => sources[0]?.name ?? ''
async function collect(into: string, select: string): Promise<{ readonly collecting: Running }> {
  const where = ['--root', node.cgroup, '--cri', node.socket, '-o', into] as const
  const collecting = seccomp('collect', ...where, '--select', select)
  await said(collecting, /recording below/)
  return { collecting }
}
async function ends(collecting: Running): Promise<string> {
  collecting.kill('SIGTERM')
  const { exitCode, stderr } = await collecting
  t.equal(exitCode, 0, stderr)
  return stderr
}
const shell = (script: string): readonly string[] => ['/bin/sh', '-c', script]
const loop = shell('while :; do ls /; sleep 0.2; done')
/** Waits, for two minutes at most. */
async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1200 && !isSo(); tries++) await wait(100)
}

t.test('an ephemeral container is one more container of its pod', async (t) => {
  const pod = await node.pod('ephemeral')
  const main = await pod.container('main', loop)
  const { collecting } = await collect('ephemeral', 'default/ephemeral')
  const file = ['--observations', 'ephemeral.json', '-o', 'p.json'] as const
  const tracing = seccomp('trace', '--pod', 'default/ephemeral', '--for', '90s', ...file)
  await attached(tracing)
  const debug = await pod.container('debugger', shell('ps | grep -q "while :" && mkdir /tmp/made'), {
    target: main,
  })
  t.equal(await node.ended(debug), 0, 'it sees the processes of the other')
  await until(() => collected('ephemeral').some((each) => callsIn(each).includes('mkdir')))
  await ends(collecting)
  await pod.remove()
  const traced = await tracing
  t.equal(traced.exitCode, 0, traced.stderr)
  const [first, second, ...others] = [...collected('ephemeral')].sort((a, b) =>
    nameOf(a) < nameOf(b) ? -1 : 1,
  )
  t.strictSame(others, [])
  if (first === undefined || second === undefined) return t.fail('two recordings')
  t.strictSame([nameOf(first), runsOf(first), first.diagnostics], ['default/ephemeral/debugger', 1, []])
  t.strictSame([nameOf(second), runsOf(second)], ['default/ephemeral/main', 0])
  t.notOk(callsIn(second).includes('mkdir'), 'each by itself')
  const both = json<Observations>('ephemeral.json')
  t.strictSame(both.sources.map(({ name }) => name).sort(), [
    'default/ephemeral/debugger',
    'default/ephemeral/main',
  ])
  t.ok(callsIn(both).includes('mkdir'), 'trace --pod has it too')
})

t.test('an ephemeral container without a filter is named', async (t) => {
  const pod = await node.pod('bare')
  await pod.container('main', loop)
  const tracing = seccomp('trace', '--pod', 'default/bare', '--for', '90s', '-o', 'p.json')
  await attached(tracing)
  await pod.container('debugger', shell('ls /; sleep 2'), { filter: 'unconfined' })
  await wait(3000)
  await pod.remove()
  const { exitCode, stderr } = await tracing
  t.equal(exitCode, 0, stderr)
  t.match(stderr, /default\/bare\/debugger: without a seccomp filter, so no profile holds/)
})

t.test('a restart while it is recorded', async (t) => {
  const pod = await node.pod('again')
  const first = await pod.container('web', loop)
  const { collecting } = await collect('restarts', 'default/again')
  const file = ['--observations', 'again.json', '-o', 'again-profile.json'] as const
  const tracing = seccomp('trace', '--pod', 'default/again', '--for', '110s', ...file)
  const watching = seccomp('watch', '--pod', 'default/again', '--for', '110s')
  await Promise.all([attached(tracing), said(watching, /watching/)])
  await node.ask('StopContainer', { 1: first })
  t.equal(await node.ended(first), 137, 'killed')
  // As the kubelet waits before it starts a container again.
  await wait(1500)
  const refusing = at('refuses-mount.json')
  const refused = [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }]
  writeFileSync(refusing, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: refused }))
  const second = await pod.container('web', shell('mkdir /tmp/made; mount -t tmpfs x /tmp; exit 0'), {
    filter: { file: refusing },
  })
  t.equal(await node.ended(second), 0)
  await until(() => collected('restarts').some((each) => callsIn(each).includes('mkdir')))
  await ends(collecting)
  await pod.remove()
  const [traced, watched] = [await tracing, await watching]
  t.equal(traced.exitCode, 0, traced.stderr)
  const both = json<Observations>('again.json')
  t.ok(callsIn(both).includes('mkdir'), 'what the second made')
  t.equal(runsOf(both), 1, 'the start of the second was seen')
  t.strictSame([...new Set(both.sources.map(({ name }) => name))], ['default/again/web'])
  t.match(watched.stdout, /mount/, `watch goes on too: ${watched.stderr}`)
  const found = collected('restarts')
  t.ok(found.some((each) => runsOf(each) === 1 && callsIn(each).includes('mkdir')))
  t.ok(found.every((each) => nameOf(each) === 'default/again/web'))
})

t.test('a container that sees the processes of the host', async (t) => {
  const { collecting } = await collect('host', 'default/*')
  const pods = await Promise.all(
    [true, false].map((hostPid) => node.pod(hostPid ? 'host' : 'own', { hostPid })),
  )
  for (const pod of pods) {
    const seen = `[ -d /proc/${process.pid} ]`
    const script = pod.name === 'host' ? seen : `! ${seen}`
    t.equal(await node.ended(await pod.container('main', shell(`${script} && ls /`))), 0, pod.name)
  }
  await until(() => collected('host').length >= 2)
  await ends(collecting)
  const found = new Map(collected('host').map((each) => [nameOf(each), each]))
  t.strictSame([...found.keys()].sort(), ['default/host/main', 'default/own/main'])
  const [host, own] = ['host', 'own'].map((name) => found.get(`default/${name}/main`))
  if (host === undefined || own === undefined) return
  t.strictSame([runsOf(host), host.diagnostics], [1, []])
  // Calls of the programs alone: those of runc differ from run to run.
  const counts = ({ architectures }: Observations) =>
    ['execve', 'getdents64'].map((call) =>
      Object.values(architectures).map((calls) => calls[call]?.count ?? 0),
    )
  t.strictSame(counts(host), counts(own), 'the same programs, the same calls')
  const refusing = at('refuses-mount.json')
  const [hostPod] = pods
  await hostPod?.container('web', loop, { filter: { file: refusing } })
  const answer = await seccomp('eval', '--pod', 'default/host/web', 'mount')
  t.match(answer.stdout, /ERRNO/, answer.stderr)
  const traced = await seccomp('trace', '--pod', 'default/host/web', '--for', '2s', '-o', 'p.json')
  t.equal(traced.exitCode, 0, traced.stderr)
  const watching = seccomp('watch', '--pod', 'default/host/web', '--for', '20s')
  await said(watching, /watching/)
  // The host's own processes, which the container sees, are not watched.
  await execa('mount', ['-t', 'nothing', 'x', '/tmp'], { reject: false })
  await pods[0]?.container('late', shell('mount -t tmpfs x /tmp; sleep 1'), { filter: { file: refusing } })
  await wait(2000)
  await Promise.all(pods.map((pod) => pod.remove()))
  const { stdout, stderr } = await watching
  t.notMatch(stdout, /mount/, `only the container that was named: ${stderr}`)
})

t.test('many short pods, one after another', async (t) => {
  const [together, rounds] = [6, 10]
  const { collecting } = await collect('churn', 'churn/*')
  const watches = (): number =>
    readdirSync(`/proc/${collecting.pid}/fdinfo`).reduce((sum, each) => {
      try {
        return (
          sum +
          (readFileSync(`/proc/${collecting.pid}/fdinfo/${each}`, 'utf8').match(/^inotify wd/gm) ?? []).length
        )
      } catch {
        return sum
      }
    }, 0)
  const [filesBefore, watchesBefore] = [openFiles(collecting).length, watches()]
  for (let round = 0; round < rounds; round++)
    await Promise.all(
      Array.from({ length: together }, async (_, index) => {
        const pod = await node.pod(`short-${round}-${index}`, { namespace: 'churn' })
        await node.ended(await pod.container('main', ['/bin/true']))
        await pod.remove()
      }),
    )
  await wait(3000)
  const [files, watched] = [openFiles(collecting).length, watches()]
  t.ok(watched <= watchesBefore, `no watch of a cgroup stays: ${watchesBefore}, then ${watched}`)
  t.ok(files <= filesBefore + 2, `nor a file: ${filesBefore}, then ${files}`)
  const told = await ends(collecting)
  const [, lost = '0'] = /(\d+) containers? ended before the name could be read/.exec(told) ?? []
  const found = collected('churn')
  t.equal(found.length + Number(lost), together * rounds, `each is recorded, or counted as lost: ${told}`)
  t.comment(`${found.length} recorded, ${lost} without a name`)
  t.equal(new Set(found.map(nameOf)).size, found.length)
  for (const each of found) {
    t.strictSame([runsOf(each), each.diagnostics], [1, []], nameOf(each))
    t.ok(
      ['execve', 'exit_group'].every((call) => callsIn(each).includes(call)),
      nameOf(each),
    )
  }
})

t.test('a second signal does not wait for a registry that does not answer', async (t) => {
  // It takes the first push, and then nothing more.
  const server = createServer((asked, answer) => {
    if (asked.method === 'HEAD' && asked.url?.includes('/blobs/') === true) answer.writeHead(200).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => (server.closeAllConnections(), server.close()))
  const { port } = server.address() as AddressInfo
  const pod = await node.pod('silent')
  await pod.container('main', loop)
  const where = ['--root', node.cgroup, '--cri', node.socket, '--select', 'default/silent'] as const
  const collecting = seccomp('collect', ...where, '--push', `127.0.0.1:${port}/observations`)
  await said(collecting, /recording below/)
  await wait(4000)
  collecting.kill('SIGINT')
  await wait(1000)
  const asked = performance.now()
  collecting.kill('SIGINT')
  const { exitCode, stderr } = await collecting
  t.ok(performance.now() - asked < 10_000, `${(performance.now() - asked).toFixed(0)} ms`)
  t.equal(exitCode, 2, stderr)
  t.match(stderr, /1 recording could not be written: .*a second signal ended/)
  t.notMatch(stderr, /trying again/)
  await pod.remove()
})

t.test('a host without cgroups of version 2', async (t) => {
  const pod = await node.pod('old-host')
  await pod.container('main', loop)
  const mounts = cgroupMounts().filter(({ version }) => version === 2)
  const away = mounts.map(({ path }) => `umount -l ${path}`).join(' && ')
  for (const words of [
    ['collect', '-o', 'none'],
    ['collect', '--root', node.cgroup, '--cri', node.socket, '-o', 'none'],
    ['trace', '--pod', 'default/old-host', '--for', '1s'],
    ['trace', '--pod', 'default/old-host', '--wait', '--for', '1s'],
    ['trace', '--cgroup', node.cgroup, '--for', '1s'],
    ['watch', '--pod', 'default/old-host', '--for', '1s'],
    ['watch', '--cgroup', node.cgroup, '--for', '1s'],
  ]) {
    const script = `${away} && exec "$@"`
    const { exitCode, stdout, stderr } = await execa(
      'unshare',
      ['-m', '--propagation', 'private', 'sh', '-c', script, 'sh', ...seccompGen, ...words],
      {
        env: { ...plainEnvironment, CONTAINER_RUNTIME_ENDPOINT: `unix://${node.socket}` },
        reject: false,
        cwd: node.directory,
        timeout: 60_000,
      },
    )
    t.equal(exitCode, words[0] === 'trace' ? 125 : 2, `${words.join(' ')}: ${stderr}`)
    t.equal(stdout, '')
    const lines = stderr.split('\n').filter((line) => !line.endsWith('recording with ebpf'))
    t.strictSame(lines.length, 1, stderr)
    t.match(lines[0], /no cgroup version 2 hierarchy is mounted here/, words.join(' '))
  }
  await pod.remove()
})
