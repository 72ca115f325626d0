// Makes the table of workloads. Each server is recorded at its work in a Docker container under runc, three runs. It is
// then started afresh under its profile, does its work and is stopped, so many times under each engine, every other
// time with no-new-privileges. Workloads that bench/results has with so many starts are skipped; named ones are run
// anew, and notes below the table stay. --unseen libc: profiles whose margin comes from a scan of the programs (a table
// of its own).
// As root: npx tsx bench/workloads.ts [--starts N] [--unseen libc] [NAME...]
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { importImage, startEngines, type Engine, type Runtime } from '../test/live/engines.ts'
import { image, makeRoot, Prepared, whyNot } from '../test/live/workloads/run.ts'
import { workloads } from '../test/live/workloads/table.ts'
import { notesBelow, written } from './table-file.ts'
import { asRecorded, byScan } from './workloads-tables.ts'

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { starts: { type: 'string', default: '20' }, unseen: { type: 'string' } },
})
const starts = Number(options.starts)
const table = options.unseen === undefined ? asRecorded : byScan
const asked = names.length > 0 ? names : Object.keys(workloads).filter((name) => !stands(name))

const work = mkdtempSync('/tmp/sg-workloads-')
const { engines, end } = await startEngines(work)
const [[, docker], [, podman]] = engines
const places: readonly (readonly [engine: Engine, runtime: Runtime])[] = [
  [docker, 'runc'],
  [podman, 'runc'],
  [docker, 'crun'],
]
try {
  const root = join(work, 'root')
  makeRoot(root)
  for (const engine of [docker, podman]) if (engine.why === undefined) await importImage(engine, image, root)
  for (const name of asked) {
    const workload = workloads[name]
    if (workload === undefined) throw new Error(`no workload ${name}`)
    const why = await whyNot(workload)
    const row = why === undefined ? await measure(name) : undefined
    if (row !== undefined) write(name, row)
    else process.stdout.write(`${name}: ${why ?? 'not recorded'}\n`)
  }
} finally {
  await end()
}

/** The row of a workload; undefined if the recording failed. */
async function measure(name: string): Promise<string | undefined> {
  const directory = mkdtempSync(join(work, 'workload-'))
  const prepared = await Prepared.make(name, workloads[name] as (typeof workloads)[string], directory)
  const profile = join(directory, 'profile.json')
  const observations = join(directory, 'observations.json')
  const failed =
    (await prepared.record(docker, 'runc', profile, 3, ['--observations', observations])) ??
    (await table.derive(prepared, observations, profile))
  if (failed !== undefined) {
    process.stdout.write(`${name}: ${failed}\n`)
    return undefined
  }
  const cells: string[] = []
  for (const [engine, runtime] of places) {
    if (engine.why !== undefined) {
      cells.push('not here')
      continue
    }
    let good = 0
    for (let start = 0; start < starts; start++) {
      const wrong = await prepared.start(engine, runtime, profile, start % 2 === 1)
      if (wrong === undefined) good++
      else
        process.stdout.write(
          `${name}, ${engine === docker ? 'docker' : 'podman'} ${runtime}, start ${start + 1}: ${wrong}\n`,
        )
    }
    cells.push(`${good} of ${starts}`)
    process.stdout.write(`${name}: ${cells.join(', ')}\n`)
  }
  return `| \`${name}\` | ${[...table.counts(profile), ...cells].join(' | ')} |`
}

/** The rows of the file by name, read anew each time: several benchmarks may run at once. */
function standing(): ReadonlyMap<string, string> {
  const rows = written(table.file).matchAll(/^\| `(\S+)` \|.*$/gm)
  return new Map([...rows].map(([row, name = '']) => [name, row]))
}

function stands(name: string): boolean {
  const counts = [...(standing().get(name) ?? '').matchAll(/ of (\d+) \|/g)].map(([, of]) => Number(of))
  return counts.length > 0 && counts.every((of) => of >= starts)
}

function write(name: string, row: string): void {
  const rows = new Map([...standing(), [name, row]])
  const ordered = Object.keys(workloads).flatMap((each) => rows.get(each) ?? [])
  const head = ['workload', ...table.columns, 'Docker, runc', 'Podman, runc', 'Docker, crun']
  const lines = [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...ordered]
  writeFileSync(table.file, `${table.text}\n${lines.join('\n')}\n${notesBelow(written(table.file))}`)
}
