// Makes the table of security contexts. Each workload is recorded and its context derived; the same engine then runs it
// with all layers, and without each capability and each mount (`verify --context`). Without one, the run must break or
// something must be refused. With all, nothing may be refused: otherwise a refusal would prove nothing. Rows in
// bench/results/context.md are not measured again, unless they are named. Notes below them stay.
// npx tsx bench/context.ts [--root DIRECTORY] [--engine docker|podman] [--output FILE] [NAME...]
import { execa } from 'execa'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { hardenContext, printContext, type ContainerContext } from '../src/harden/index.ts'
import type { Observations } from '../src/observe/index.ts'
import { engineWords } from '../src/print/context/engine.ts'
import { plainEnvironment } from '../test/live/command.ts'
import { debianRoot, importWithCapabilities } from '../test/live/contexts/root.ts'
import { contextWorkloads } from '../test/live/contexts/table.ts'
import { startEngines, type Engine } from '../test/live/engines.ts'
import { notesBelow, written } from './table-file.ts'

const rounds = 5
const image = 'seccomp-gen-context'
const words = process.argv.slice(2)
const option = (name: string): string | undefined => {
  const at = words.indexOf(name)
  return at < 0 ? undefined : words.splice(at, 2)[1]
}
const [givenRoot, onlyEngine] = [option('--root'), option('--engine')]
const file = option('--output') ?? resolve(import.meta.dirname, 'results/context.md')
const seccompGen = [process.execPath, resolve(import.meta.dirname, '../dist/cli.js')] as const
const known = written(file)
const rows = new Map(
  [...known.matchAll(/^\| ([^|]+) \| (\w+) \|.*$/gm)].map(([row, a, b]) => [`${a} ${b}`, row]),
)

const work = mkdtempSync('/tmp/sg-context-')
const { engines, end } = await startEngines(work, ['runc'])
try {
  const root = givenRoot ?? join(work, 'root')
  const why = await debianRoot(root)
  if (why !== undefined) throw new Error(why)
  for (const [engineName, engine] of engines) {
    if (engine.why !== undefined || (onlyEngine ?? engineName) !== engineName) continue
    await importWithCapabilities(engine, image, root)
    for (const name of Object.keys(contextWorkloads)) {
      const key = `${name} ${engineName}`
      if (words.length > 0 ? !words.includes(name) : rows.has(key)) continue
      rows.set(key, `| ${name} | ${engineName} | ${(await measure(name, engineName, engine)).join(' | ')} |`)
      write()
    }
  }
} finally {
  await end()
}

interface Trial {
  readonly without: string
  readonly refused: readonly { readonly what: string; readonly tried: string }[]
  readonly ended: boolean
}
interface Report {
  readonly started: boolean
  readonly ending: { readonly status?: number }
  readonly context: { readonly refused: Trial['refused']; readonly trials: readonly Trial[] }
}

/** The cells of a row. If the recording failed, the only cell is the error. */
async function measure(name: string, engineName: string, engine: Engine): Promise<readonly string[]> {
  const { options = [], user, script, profile } = contextWorkloads[name] as (typeof contextWorkloads)[string]
  const at = (ending: string): string => join(work, `${name.replaceAll(/\W+/g, '-')}.${engineName}.${ending}`)
  const command = (more: readonly string[]): readonly string[] => [
    ...engine.client('runc'),
    'run',
    '--rm',
    '--network',
    'none',
    ...engine.options('runc'),
    ...options,
    ...more,
    image,
    'bash',
    '-ec',
    script,
  ]
  const run = async ([first = '', ...rest]: readonly string[]) => {
    const ended = await execa(first, rest, {
      env: { ...plainEnvironment, TMPDIR: work },
      reject: false,
      stdin: 'ignore',
      timeout: 900_000,
    })
    return { ...ended, worked: ended.exitCode === 0 && /^end$/m.test(ended.stdout) }
  }
  const times = async (more: readonly string[]): Promise<string> => {
    let good = 0
    for (let round = 1; round <= rounds; round++) {
      const { worked, exitCode, stderr } = await run(command(more))
      if (worked) good++
      else say(`${name}, ${engineName}, ${more.join(' ')}, round ${round}: ${exitCode} ${stderr.slice(-600)}`)
    }
    return `${good} of ${rounds}`
  }
  const observations = at('observations.json')
  // Podman's default has fewer capabilities than Docker's; the recording needs those that the workload asks for.
  const given =
    engineName === 'podman' ? ['AUDIT_WRITE', 'MKNOD', 'NET_RAW'].flatMap((each) => ['--cap-add', each]) : []
  const recording = (output: string): readonly string[] => [
    ...seccompGen,
    'trace',
    '--recorder',
    'ebpf',
    '--observations',
    output,
    '-o',
    at('profile.json'),
    '--',
  ]
  const recorded = await run([
    ...recording(observations),
    ...command([...given, ...(user === undefined ? [] : ['--user', user])]),
  ])
  if (!recorded.worked) return [`not recorded: ${recorded.exitCode} ${say(recorded.stderr.slice(-2000))}`]
  const context = hardenContext(JSON.parse(readFileSync(observations, 'utf8')) as Observations)
  const [container] = context.containers as readonly [ContainerContext]
  const { capabilities, mounts, readOnlyRoot, podSecurity } = container
  const needed = capabilities.needed.map((each) => each.replace('CAP_', ''))
  say(
    `${name}, ${engineName}: ${needed.join(' ')}; ${mounts.map(({ kind, path }) => `${kind} ${path}`).join(', ')}`,
  )

  const layers = engineWords(container, engineName === 'podman' ? 'podman' : 'docker')
  const all = await times(layers)
  let filtered = '-'
  if (profile === true) {
    // The workload makes other calls under its context, so the profile is recorded under it.
    const again = await run([...recording(at('again.json')), ...command(layers)])
    filtered = again.worked
      ? await times([...layers, '--security-opt', `seccomp=${at('profile.json')}`])
      : `not recorded: ${again.exitCode}`
  }
  const verify = async (given: ContainerContext, ...more: readonly string[]): Promise<Report> => {
    writeFileSync(at('context.json'), printContext({ ...context, containers: [given] }))
    const words = ['verify', '--report', 'json', ...more, '--context', at('context.json'), '--']
    const { stdout } = await run([...seccompGen, ...words, ...command([])])
    return JSON.parse(stdout.slice(stdout.indexOf('{\n'))) as Report
  }
  const clean = await verify(container)
  // Without mounts: they hide files of the image that somebody else owns, for which a capability is needed.
  const { context: alone } = await verify({ ...container, readOnlyRoot: false, mounts: [] }, '--minimize')
  const capabilityTrials = alone.trials.filter((each) => each.without.startsWith('CAP_'))
  const mountTrials: Trial[] = []
  for (const { path } of readOnlyRoot ? mounts : []) {
    const less = { ...container, mounts: mounts.filter((each) => each.path !== path) }
    const { started, ending, context: outcome } = await verify(less)
    mountTrials.push({ without: path, refused: outcome.refused, ended: started && ending.status === 0 })
  }
  return [
    `${needed.length}: ${needed.join(' ') || '-'}`,
    outcomes(capabilityTrials),
    readOnlyRoot ? mounts.map(({ kind, path }) => `${kind} ${path}`).join(', ') || '-' : 'root writable',
    all,
    cleanText(clean),
    outcomes(mountTrials),
    filtered,
    podSecurity,
  ]
}

/** What was refused in a run from which nothing was removed. */
function cleanText({ started, ending, context }: Report): string {
  const { refused } = context
  for (const { tried, what } of refused) say(`  with all layers: ${tried} ${what}`)
  return `${refused.length}${started && ending.status === 0 ? '' : ', **breaks**'}`
}

/** Counts the runs that broke and those with a refusal, and names those with neither. */
function outcomes(trials: readonly Trial[]): string {
  for (const { without, ended, refused } of trials) {
    const what = refused.map((each) => `${each.tried} ${each.what}`).join(', ')
    say(`  without ${without}: ${ended ? 'ends well' : 'breaks'}; ${what}`)
  }
  if (trials.length === 0) return '-'
  const missed = trials.filter(({ ended, refused }) => ended && refused.length === 0)
  const broke = trials.filter(({ ended }) => !ended).length
  const told = trials.filter(({ refused }) => refused.length > 0).length
  const neither = missed.length === 0 ? '' : `, **${missed.map((each) => each.without).join(' ')} neither**`
  return `${trials.length}: ${broke} break, ${told} reported${neither}`
}

function say(text: string): string {
  process.stdout.write(`${text}\n`)
  return text.replaceAll(/[\n|]/g, ' ')
}

function write(): void {
  const ordered = engines.flatMap(([engine]) =>
    Object.keys(contextWorkloads).flatMap((name) => rows.get(`${name} ${engine}`) ?? []),
  )
  const sum = (engine: string): number =>
    ordered
      .filter((row) => row.includes(`| ${engine} |`))
      .reduce((total, row) => total + Number(/\| \w+ \| (\d+):/.exec(row)?.[1] ?? 0), 0)
  writeFileSync(
    file,
    `# Security contexts, derived and proved

\`npx tsx bench/context.ts\` after \`npm run build\`, as root, on Debian 12 with Docker 20.10, Podman 4.3 and runc 1.1. Each
workload (test/live/contexts/table.ts) was recorded once in a container of a Debian 12 root file system with Docker's
default capabilities, under Podman too. *All layers* is what \`harden\` says: the needed capabilities alone, user, no_new_privs, a read-only
root with the derived mounts, sysctls. *Each capability removed* is \`verify --context --minimize\`
under the capabilities alone (mounts hide what some are needed for), *each mount removed* is \`verify --context\` under all
layers: how many of those runs broke, and how many were reported as refused. *Clean* is \`verify --context\` with nothing
removed: how much was reported as refused, which must be 0. *Profile* is the seccomp profile recorded
under all layers, together with them.

Needed capabilities in sum: ${engines.map(([engine]) => `${sum(engine)} under ${engine}`).join(', ')}.

| workload | engine | needed | each capability removed | mounts | all layers | clean | each mount removed | profile | Pod Security |
|---|---|---|---|---|---|---|---|---|---|
${ordered.join('\n')}
${notesBelow(known)}`,
  )
}
