// The table of workloads: each server is recorded at its work in a container of Docker's with runc, three runs, and then
// started afresh under its profile, has its work to do and is stopped, so many times under each engine, every other
// time with no-new-privileges. What was run stands in bench/results/workloads.md and is not run again; with names, these
// are run anew. As root: npx tsx bench/workloads.ts [--starts N] [NAME...]
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { importImage, startEngines, type Engine, type Runtime } from '../test/live/engines.ts'
import { allowedBy, image, makeRoot, Prepared, whyNot } from '../test/live/workloads/run.ts'
import { workloads } from '../test/live/workloads/table.ts'

const words = process.argv.slice(2)
const starts = words[0] === '--starts' ? Number(words.splice(0, 2)[1]) : 20
const file = resolve(import.meta.dirname, 'results/workloads.md')
const rows = new Map(
  existsSync(file)
    ? [...readFileSync(file, 'utf8').matchAll(/^\| `(\S+)` \|.*$/gm)].map(([row, name = '']) => [name, row])
    : [],
)
const asked = words.length > 0 ? words : Object.keys(workloads).filter((name) => !rows.has(name))

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

/** Its row; undefined where it is not recorded. */
async function measure(name: string): Promise<string | undefined> {
  const directory = mkdtempSync(join(work, 'workload-'))
  const prepared = await Prepared.make(name, workloads[name] as (typeof workloads)[string], directory)
  const profile = join(directory, 'profile.json')
  const failed = await prepared.record(docker, 'runc', profile, 3)
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
  return `| \`${name}\` | ${allowedBy(profile)} | ${cells.join(' | ')} |`
}

function write(name: string, row: string): void {
  rows.set(name, row)
  const ordered = Object.keys(workloads).flatMap((each) => rows.get(each) ?? [])
  writeFileSync(
    file,
    `# Workloads under their profiles

\`npx tsx bench/workloads.ts\`, as root, on Debian 12. Each server was recorded in a container of Docker's with runc, three
runs of its work (\`trace --load --repeat 3\`), then started afresh under that profile, given the same work, and stopped:
every other start with no-new-privileges. A start counts where its work was done and it ended as it should.

| workload | calls allowed | Docker, runc | Podman, runc | Docker, crun |
|---|---|---|---|---|
${ordered.join('\n')}
`,
  )
}
