// The recorder's tests on a kernel, run as the only work of an emulated machine; each uses the recorder's own code.
// Prints one line of JSON. kernels.test.ts bundles this file and knows the expected results.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmdirSync } from 'node:fs'
import { release } from 'node:os'
import { hardenContext } from '../../../src/harden/index.ts'
import type { Observations } from '../../../src/observe/index.ts'
import { record, whyNoEbpf, type Watch } from '../../../src/record/index.ts'
import { recorders } from '../../../src/record/recorders.ts'
import { run } from '../../../src/record/runner/index.ts'
import { told } from '../contexts/told.ts'

const found: Record<string, unknown> = { release: release() }

async function step(name: string, work: () => Promise<unknown>): Promise<void> {
  try {
    found[name] = await work()
  } catch (error) {
    found[name] = `failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
}

/** The calls whose counts and values are compared, because the programs make them themselves. */
const asked =
  'getppid socket socketpair socketcall ipc shmget personality clone3 getuid32 mkdir rmdir keyctl'.split(' ')
const counted = ({ architectures, unknown, diagnostics }: Observations): unknown => ({
  calls: Object.fromEntries(
    Object.entries(architectures).map(([architecture, calls]) => [
      architecture,
      Object.fromEntries(
        asked.flatMap((name) => {
          const call = calls[name]
          return call === undefined ? [] : [[name, [call.count, call.args?.['0'] ?? null]]]
        }),
      ),
    ]),
  ),
  unknown: Object.fromEntries(Object.entries(unknown).map(([name, calls]) => [name, Object.keys(calls)])),
  diagnostics: diagnostics.map(({ code }) => code),
})

const native = ['/t/native'] as const
const quietly = { recorder: 'ebpf', streams: 'ignore' } as const

await step('ebpf', async () => (await whyNoEbpf()) ?? 'works')
await step('native', async () => counted((await record({ ...quietly, command: native })).observations))
await step('busy', async () => {
  const { architectures, diagnostics } = (await record({ ...quietly, command: ['/t/busy'] })).observations
  const lost = diagnostics.find(({ code }) => code === 'calls-lost')?.count ?? 0
  return { count: Object.values(architectures)[0]?.['getppid']?.count, lost }
})
await step('compat', async () => {
  execFileSync('/t/compat')
  return counted((await record({ ...quietly, command: ['/t/compat'] })).observations)
})
/** Records an empty cgroup. `begun`: the recording has begun, or has failed, which is reported where it is awaited. */
function watching(cgroup: string) {
  let begin = (): void => undefined
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const recording = record({ ...quietly, cgroup, notice: ({ code }) => code === 'waiting' && begin() })
  recording.catch(() => begin())
  return { recording, begun }
}

await step('cgroup', async () => {
  const cgroup = '/sys/fs/cgroup/inside'
  mkdirSync(cgroup)
  const { recording, begun } = watching('inside')
  await begun
  execFileSync('/t/native')
  execFileSync('/bin/busybox', ['sh', '-c', `echo $$ >${cgroup}/cgroup.procs; exec /t/native`])
  rmdirSync(cgroup)
  return counted((await recording).observations)
})
await step('own', async () => {
  const cgroup = '/sys/fs/cgroup/refusing'
  mkdirSync(cgroup)
  const { recording, begun } = watching('refusing')
  await begun
  execFileSync('/bin/busybox', ['sh', '-c', `echo $$ >${cgroup}/cgroup.procs; exec /t/refused`])
  rmdirSync(cgroup)
  return (await recording).observations.diagnostics
    .filter(({ code }) => code === 'refused-by-filter')
    .map(({ facts, count = 1 }) => [facts?.['call'], count])
    .sort()
})
await step('refused', async () => {
  // The program's filter refuses mkdir and rmdir of x86_64, or mkdirat and unlinkat of aarch64.
  const watch: Watch = { results: [-1], traps: false, calls: [] }
  const options = { ...quietly, command: ['/t/refused'] as const }
  const recording = await run(recorders.ebpf, { name: 'refused', options, scope: 'filtered', watch })
  const suspects = (recording.refusals?.suspects ?? []).map(({ number, result, count }) => [
    number ?? null,
    result,
    count,
  ])
  return { suspects, lost: recording.refusals?.lost, programs: recording.programs }
})
await step('context', async () => {
  const options = { ...quietly, command: ['/t/context'] as const }
  const recording = await run(recorders.ebpf, { name: 'context', options, scope: 'filtered' })
  const [context] = recording.observations.context ?? []
  return {
    recorder: context?.starts.map(({ recorder }) => recorder),
    checks: context?.checks
      .filter(({ started, own }) => started && own)
      .map(({ capability, granted, call, functions, argument }) =>
        [granted ? 'had' : 'refused', capability, call, argument, functions.join(' ')].join(' '),
      ),
    changes: context?.changes.map(({ kind, path, mount, refused = 'done', fileMode, granted = [] }) =>
      [kind, path, mount, refused, fileMode, ...granted].join(' '),
    ),
    reads: context?.reads.map(({ kind, path, mount }) => [kind, path, mount].join(' ')),
    identities: context?.identities.map(({ call, uid, gid, groups = [] }) => [call, uid, gid, ...groups]),
    binds: context?.binds.map(({ port, family }) => [port, family]),
    executions: context?.executions.map(({ path, program, started }) => [path, program, started]),
    blind: context?.blind.map(({ what }) => what),
    why: context?.blind.map(({ first }) => first),
    lost: context?.lost,
  }
})
/** The same source as an own, a 32-bit and an x32 program. */
for (const kind of ['wide', 'narrow', 'x32'])
  await step(kind, async () => {
    const [program, place] = [`/t/${kind}/steps`, `/tmp/${kind}`]
    mkdirSync(place)
    const options = { ...quietly, command: [program, place] as const }
    const recording = await run(recorders.ebpf, { name: kind, options, scope: 'filtered' })
    const { context: [context] = [] } = recording.observations
    if (context === undefined) return 'no evidence'
    const [container] = hardenContext(recording.observations).containers
    const { needed, tolerated } = container?.capabilities ?? {}
    const text = JSON.stringify({ ...told(context), needed, tolerated })
    return JSON.parse(text.replaceAll(place, '/place').replaceAll(program, '/program'))
  })
console.log(`found ${JSON.stringify(found)}`)
