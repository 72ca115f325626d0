// The table's workloads that run in CI: each is recorded at its work with Docker and runc, then started afresh under
// its profile in each engine, with and without no-new-privileges. Workloads with rare work also run under the profile
// with the margin by scan. bench/workloads.ts measures the whole table.
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { noEbpf } from './command.ts'
import { importImage, startEngines, type Runtime } from './engines.ts'
import { skipFile } from './skip.ts'
import { image, makeRoot, ours, Prepared, whyNot } from './workloads/run.ts'
import { workloads, type Workload } from './workloads/table.ts'

skipFile(process.getuid?.() === 0 ? await noEbpf() : 'containers of Docker are run as root here')
t.setTimeout(900_000)
t.jobs = 2
const work = mkdtempSync('/tmp/sg-workloads-')
const { engines, end } = await startEngines(work)
t.teardown(end)
const root = join(work, 'root')
makeRoot(root)
for (const [, engine] of engines) if (engine.why === undefined) await importImage(engine, image, root)
const [[, docker], [, podman]] = engines
const places: readonly (readonly [name: string, engine: typeof docker, runtime: Runtime])[] = [
  ['docker, runc', docker, 'runc'],
  ['podman, runc', podman, 'runc'],
  ['docker, crun', docker, 'crun'],
]

for (const name of ['nginx', 'redis', 'haproxy', 'memcached', 'python', 'sshd'] as const) {
  const workload = workloads[name] as Workload
  const why = docker.why ?? (await whyNot(workload))
  t.test(name, { skip: why ?? false }, async (t) => {
    const directory = join(work, name)
    mkdirSync(directory)
    const prepared = await Prepared.make(name, workload, directory)
    const profile = join(directory, 'profile.json')
    const [observations, reasons] = [join(directory, 'observations.json'), join(directory, 'reasons.json')]
    const more = ['--observations', observations, '--explain', reasons]
    t.equal(await prepared.record(docker, 'runc', profile, 2, more), undefined, 'recorded')
    for (const [about, engine, runtime] of places)
      for (const noNewPrivileges of engine.why === undefined ? [false, true] : [])
        t.equal(
          await prepared.start(engine, runtime, profile, noNewPrivileges),
          undefined,
          `${about}, ${noNewPrivileges}`,
        )
    if (workload.rare === undefined) return
    // Every start calls kill, python's in any case; the recording of python does not have the call.
    if (name === 'python') t.same(becauseOf('kill', reasons), ['margin'], 'by the table of companions alone')
    t.not(becauseOf('kill', reasons).length, 0, 'kill is allowed')
    const reachable = join(directory, 'reachable.json')
    t.equal(await prepared.scan(reachable), undefined, 'scanned')
    const joined = ['--reachable', reachable, '--unseen', 'libc', '--explain', reasons, '-o', profile]
    t.equal(await ours('generate', observations, ...joined), undefined, 'joined')
    // The margin by scan contains those companions of the table that the code reaches.
    for (const call of ['kill', 'exit']) t.not(becauseOf(call, reasons).length, 0, `${call} is reachable`)
    t.equal(await prepared.start(docker, 'runc', profile, true), undefined, 'by the scan')
  })
}

/** The kinds of the reasons for which a policy allows the call. */
function becauseOf(call: string, policy: string): readonly string[] {
  const { rules } = JSON.parse(readFileSync(policy, 'utf8')) as {
    rules: readonly { syscall: string; because: readonly { kind: string }[] }[]
  }
  const its = rules.filter(({ syscall }) => syscall === call)
  return [...new Set(its.flatMap(({ because }) => because.map(({ kind }) => kind)))]
}
