// A cgroup as a target. Containers: the calls under their filter, from the first one if the recording began before
// them. And recording from inside a container with its own cgroup and pid namespaces.
import { execa } from 'execa'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { whyNotRun, writeBundle } from '../../scripts/bundle.ts'
import { findCgroup, processesIn, removeEnded, unifiedMount } from '../../src/record/cgroups.ts'
import { Collector } from '../../src/record/collect/index.ts'
import { record, type RecordNotice } from '../../src/record/index.ts'
import { textOf } from '../../src/record/runner/processes.ts'
import { noEbpf, plainEnvironment, seccompGen } from './command.ts'
import { skipFile } from './skip.ts'

skipFile((await noEbpf()) ?? whyNotRun('runc'))

t.setTimeout(240_000)
const work = mkdtempSync('/tmp/sg-cgroups-')
const group = `seccomp-gen-cgroups-${process.pid}`
const mount = unifiedMount()
mkdirSync(join(work, 'bundle'))
t.teardown(async () => {
  await removeEnded(group)
  rmSync(work, { recursive: true, force: true })
})

/** Promise.withResolvers, which Node 20 lacks. */
function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve: () => resolve() }
}

t.test('a container that was gone before anybody looked, and what was in it', async (t) => {
  mkdirSync(join(mount, group), { recursive: true })
  const collector = await Collector.start(findCgroup(`/${group}`))
  t.teardown(() => collector.close())
  const [id, beside] = ['a'.repeat(64), 'b'.repeat(64)]
  const made = [`pod/${id}`, `pod/${id}/inner`, `${group}-beside/${beside}`].map((each) =>
    join(mount, group, each),
  )
  // Within one turn of the event loop, so that no watch of a directory can tell of it.
  for (const each of made) mkdirSync(each, { recursive: true })
  for (const each of made.toReversed()) rmdirSync(each)
  collector.refresh()
  t.strictSame(
    collector.containers().map((each) => [each.id, each.ended, each.wasThere]),
    [
      [id, true, false],
      [beside, true, false],
    ],
  )
})

const allowAll = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] }
/** Runs busybox in a container in the group. */
async function container(name: string, args: readonly string[], seccomp: unknown): Promise<unknown> {
  const bundle = join(work, name)
  mkdirSync(bundle, { recursive: true })
  writeBundle(bundle, { args, noNewPrivileges: false }, seccomp)
  const file = join(bundle, 'config.json')
  const config = JSON.parse(readFileSync(file, 'utf8')) as { linux: Record<string, unknown> }
  config.linux['cgroupsPath'] = `/${group}/${name}`
  writeFileSync(file, JSON.stringify(config))
  return execa('runc', ['--root', join(work, 'runc'), 'run', '--bundle', bundle, name], {
    stdin: 'ignore',
    stdout: 'ignore',
  })
}
const called = (recording: Awaited<ReturnType<typeof record>>): readonly string[] =>
  Object.keys(
    recording.observations.architectures.x86_64 ?? recording.observations.architectures.aarch64 ?? {},
  )

t.test('begun before a container: its runtime is not in the record, and its start is', async (t) => {
  mkdirSync(join(mount, group), { recursive: true })
  const stop = new AbortController()
  const { promise: begun, resolve } = withResolvers()
  const notice = ({ code }: RecordNotice): void => void (code === 'waiting' && resolve())
  const recording = record({ cgroup: `/${group}`, stop: stop.signal, notice })
  await begun
  await container('early', ['/bin/ls', '/'], allowAll)
  stop.abort()
  const done = await recording
  t.ok(called(done).includes('execve'), 'the program starts under the filter')
  t.ok(called(done).includes('getdents64') || called(done).includes('getdents'))
  for (const setUp of ['pivot_root', 'mount', 'umount2', 'keyctl', 'unshare', 'setns'])
    t.notOk(called(done).includes(setUp), setUp)
  t.notOk(done.observations.diagnostics.some(({ code }) => code === 'startup-missing'))
})

/** Starts a container that never ends, calls `during` once it makes calls, and ends it. */
async function endless(
  [name, script, filter]: readonly [name: string, script: string, filter: unknown],
  during: (pid: number) => Promise<void>,
): Promise<void> {
  const running = container(name, ['/bin/sh', '-c', `while :; do ${script}; sleep 0.2; done`], filter)
  const ended = running.catch(() => undefined)
  const directory = join(mount, group, name)
  const shell = (): number | undefined =>
    (existsSync(directory) ? processesIn(directory) : []).find((pid) => textOf(pid, 'comm') === 'sh\n')
  try {
    for (let tries = 0; tries < 600 && shell() === undefined; tries++) await wait(50)
    await during(shell() ?? 0)
  } finally {
    await execa('runc', ['--root', join(work, 'runc'), 'kill', name, 'KILL'], { reject: false })
    await ended
  }
}

t.test('begun later: the start is missing, and a container without a filter is named', async (t) => {
  await endless(['filtered', 'true', allowAll], () =>
    endless(['open', 'echo', undefined], async () => {
      const notices: RecordNotice[] = []
      const done = await record({ cgroup: `/${group}`, for: 3000, notice: (each) => notices.push(each) })
      t.ok(done.observations.diagnostics.some(({ code }) => code === 'startup-missing'))
      t.notOk(called(done).includes('write'), 'echo of the container without a filter')
      const [named] = notices.filter(({ code }) => code === 'without-filter')
      t.match(named, { code: 'without-filter', processes: /sh/ })
    }),
  )
})

t.test('what the container’s own filter refuses is told, by argument too', async (t) => {
  const filter = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [
      {
        names: ['personality'],
        action: 'SCMP_ACT_ERRNO',
        args: [{ index: 0, value: 0x40000, op: 'SCMP_CMP_EQ' }],
      },
      { names: ['ioprio_set'], action: 'SCMP_ACT_ERRNO' },
      { names: ['getrandom'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
    ],
  }
  // busybox's linux64 calls personality: with 0, which the filter allows, and with ADDR_NO_RANDOMIZE, which it refuses.
  const script =
    'for i in 1 2 3; do busybox linux64 true; done; busybox linux64 -R true; busybox linux64 -R true; busybox ionice -c 2 -n 4 true; cat /none; exit 0'
  const stop = new AbortController()
  const { promise: begun, resolve } = withResolvers()
  const notice = ({ code }: RecordNotice): void => void (code === 'waiting' && resolve())
  const recording = record({ cgroup: `/${group}`, stop: stop.signal, notice })
  await begun
  await container('refusing', ['/bin/sh', '-c', script], filter)
  stop.abort()
  const { observations } = await recording
  t.strictSame(
    observations.diagnostics
      .filter(({ code }) => code === 'refused-by-filter')
      .map(({ facts, count = 1 }) => [facts, count]),
    [
      [{ call: 'ioprio_set' }, 1],
      [{ call: 'personality', arguments: '0 is 262144' }, 2],
    ],
  )
})

/** The words that run seccomp-gen in its own namespaces; `prepare` sets up its mounts. */
const inside = (prepare: string): readonly [string, ...string[]] => [
  'sh',
  '-c',
  `mkdir -p "$1/${group}-own/deep" && echo $$ >"$1/${group}-own/deep/cgroup.procs" && shift &&
   exec unshare --cgroup --mount --pid --fork --mount-proc sh -c '${prepare} && exec "$@"' sh "$@"`,
  'sh',
  mount,
]

t.test('what the kernel refused, told from what the filter refused; by cgroup and by process', async (t) => {
  const filter = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['chroot'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
  }
  // Without capabilities the kernel refuses both; where the filter refuses, it comes first.
  await endless(['refused', 'hostname x; chroot / true', filter], async (pid) => {
    for (const target of [{ cgroup: `/${group}` }, { pid }]) {
      const { observations } = await record({ ...target, for: 3000 })
      const [calls = {}] = Object.values(observations.architectures)
      const { count = 0, eperm } = calls['sethostname'] ?? {}
      const by = Object.keys(target).join(' ')
      t.ok(count > 0, `${by}: the call was seen`)
      t.equal(eperm, count, `${by}: the kernel refused each`)
      t.notOk('chroot' in calls, `${by}: the filter refused each`)
    }
  })
})

t.test('in namespaces of its own: by the host’s hierarchy, and never by its own', async (t) => {
  const host = join(work, 'host')
  mkdirSync(host)
  const command = [...seccompGen, 'trace', '--cgroup', `/${group}`, '--within', 'none']
  const bound = `mount --bind ${mount} ${host} && umount -R /sys/fs/cgroup && mount -t tmpfs none /sys/fs/cgroup`
  const [shell, ...words] = inside(bound)
  const options = { stdin: 'ignore', reject: false, env: plainEnvironment, cwd: work } as const
  const tracing = execa(shell, [...words, ...command, '--for', '10s'], options)
  await new Promise<void>((resolve) =>
    tracing.stderr.on('data', (piece: Buffer) => piece.toString().includes('waiting for') && resolve()),
  )
  await container('seen', ['/bin/ls', '/'], allowAll)
  const traced = await tracing
  t.equal(traced.exitCode, 0, traced.stderr)
  t.match(traced.stdout, /"getdents(?:64)?"/)
  t.notMatch(traced.stdout, /"pivot_root"/)

  const own = `umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup`
  const [again, ...more] = inside(own)
  const refused = await execa(again, [...more, ...command], options)
  t.equal(refused.exitCode, 125)
  t.match(refused.stderr, /\/sys\/fs\/cgroup: only this container’s own part of the cgroups is mounted here/)
  rmdirSync(join(mount, `${group}-own/deep`))
  rmdirSync(join(mount, `${group}-own`))
})
