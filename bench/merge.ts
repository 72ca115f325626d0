// Measures the merging of a fleet's observations, as a whole process:
//   npm run build && npx tsx bench/merge.ts [SHARDS] [TURNS] [OTHER-DIST]
// Makes shards as `collect` writes them for the pods of one Deployment. `observe` merges them as a directory, and as
// files in another order: the bytes must be equal. OTHER-DIST, the dist of another commit, takes turns with this one.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from './measure.ts'

const [most = 10_000, turns = 3] = process.argv.slice(2, 4).map(Number)
const own = fileURLToPath(new URL('../dist', import.meta.url))
const dists = [own, ...process.argv.slice(4, 5)]
const work = mkdtempSync(join(tmpdir(), 'seccomp-gen-merge-'))

/** Yields the same numbers each time: a linear congruential generator, the example of ISO C. */
let state = 1
const below = (limit: number): number => {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
  return (state >>> 8) % limit
}
const word = (alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet.charAt(below(alphabet.length))).join('')

function makeShards(count: number): string {
  const directory = join(work, String(count))
  mkdirSync(directory)
  const golden = fileURLToPath(new URL('../traces/web-server/golden/observations.json', import.meta.url))
  const [calls] = Object.values(
    (JSON.parse(readFileSync(golden, 'utf8')) as { architectures: Record<string, Record<string, object>> })
      .architectures,
  )
  for (let made = 0; made < count; made++) {
    const name = `shop/web-${word('456789bcdf', 9)}-${word('bcdfghjklmnpqrstvwxz2456789', 5)}/web`
    const seen = Object.entries(calls ?? {}).filter(() => below(50) > 0)
    const shard = {
      version: 1,
      architectures: {
        x86_64: Object.fromEntries(seen.map(([call, rest]) => [call, { ...rest, first: name }])),
      },
      unknown: {},
      sources: [
        { name, format: 'ebpf', lines: 0, calls: 9, ignored: 0, unparsed: 0, evidence: ['every-call'] },
      ],
      diagnostics: [],
    }
    writeFileSync(join(directory, `${made}.observations.json`), `${JSON.stringify(shard, null, 2)}\n`)
  }
  return directory
}

interface Run {
  readonly clock: number
  readonly cpu: number
  readonly resident: number
  readonly bytes: Buffer
}

function merge(dist: string, words: readonly string[]): Run {
  const out = join(work, 'merged.json')
  const told = `data:text/javascript,process.on('exit',()=>{const u=process.resourceUsage();process.stderr.write('used '+(u.userCPUTime+u.systemCPUTime)+' '+u.maxRSS)})`
  const begun = performance.now()
  const stderr = execFileSync(
    'bash',
    [
      '-c',
      'node --import "$0" "$@" 2>&1 >/dev/null',
      told,
      join(dist, 'cli.js'),
      'observe',
      '-q',
      '-o',
      out,
    ].concat(words),
    { encoding: 'utf8' },
  )
  const [, cpu = '', resident = ''] = /used (\d+) (\d+)/.exec(stderr) ?? []
  return {
    clock: (performance.now() - begun) / 1000,
    cpu: Number(cpu) / 1e6,
    resident: Number(resident) / 1024,
    bytes: readFileSync(out),
  }
}

try {
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}\n`)
  console.log('| shards | program | clock, s | processor time, s | memory, MB | result, bytes |')
  console.log('|--:|---|--:|--:|--:|--:|')
  for (const count of [most / 10, most]) {
    const directory = makeShards(count)
    const runs = dists.map(() => [] as Run[])
    for (let turn = 0; turn < turns; turn++)
      dists.forEach((dist, index) => runs[index]?.push(merge(dist, [directory])))
    runs.forEach((all, index) => {
      const of = (key: 'clock' | 'cpu' | 'resident'): string =>
        median(all.map((each) => each[key])).toFixed(1)
      const size = all[0]?.bytes.length
      console.log(
        `| ${count} | ${index === 0 ? 'this' : 'other'} | ${of('clock')} | ${of('cpu')} | ${of('resident')} | ${size} |`,
      )
    })
    const mixed = Array.from({ length: count }, (_, index) => index)
      .map((index) => ({ index, rank: below(1 << 22) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ index }) => join(directory, `${index}.observations.json`))
    // In two parts: a command line takes about two megabytes.
    const parts = [mixed.slice(0, count / 2), mixed.slice(count / 2)].map((words, index) => {
      const part = join(work, `part-${index}.json`)
      writeFileSync(part, merge(own, words).bytes)
      return part
    })
    const again = merge(own, parts)
    if (!again.bytes.equals(runs[0]?.[0]?.bytes ?? Buffer.alloc(0)))
      throw new Error('another order, other bytes')
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
