// Measures how long `scan` takes, without and with its cache, beside `objdump -d` of the same files: medians of pairs,
// clock and processor time, and the memory of the run without cache. Measures the built command.
// Run: npm run build && npx tsx bench/scan.ts PAIRS PROGRAM…
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { directoryTree } from '../src/commands/scan-directory.ts'
import { isElf, scanPrograms, type Tree } from '../src/scan/index.ts'
import { measure, median, type Measure } from './measure.ts'

const [pairs = '5', ...programs] = process.argv.slice(2)
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const cache = mkdtempSync(join(tmpdir(), 'seccomp-gen-bench-'))

/** The files that a scan of a program follows. */
async function filesOf(program: string): Promise<readonly string[]> {
  const found = new Set<string>()
  const machine = directoryTree('/')
  const tree: Tree = {
    entry: async (path) => {
      const entry = await machine.entry(path)
      if (entry?.kind !== 'file') return entry
      const read = async (): Promise<Uint8Array> => {
        const bytes = await entry.read()
        if (isElf(bytes)) found.add(path)
        return bytes
      }
      return { ...entry, read }
    },
  }
  await scanPrograms(tree, [program])
  return [...found]
}

const ratio = (one: Measure, other: Measure, of: 'wall' | 'user'): number => one[of] / other[of]
const shown = (values: readonly number[]): string => median(values).toFixed(2)

try {
  console.log(
    '| program | files | objdump, s | cold / objdump, clock | user | cold, s | with the cache, s | memory, MB |\n|---|--:|--:|--:|--:|--:|--:|--:|',
  )
  for (const program of programs) {
    const files = await filesOf(program)
    const line = `XDG_CACHE_HOME=${cache} node "${cli}" scan "$FILE" -o /dev/null`
    spawnSync('bash', ['-c', `${line} 2>/dev/null`], { env: { ...process.env, FILE: program } })
    const measured = []
    for (let pair = 0; pair < Number(pairs); pair++)
      measured.push({
        objdump: await measure(`objdump -d ${files.join(' ')}`, program),
        cold: await measure(`${line} --no-cache`, program),
        warm: await measure(line, program),
      })
    const { stderr } = spawnSync('/usr/bin/time', ['-f', '%M', 'node', cli, 'scan', '--no-cache', program], {
      encoding: 'utf8',
    })
    const memory = Number(stderr.trim().split('\n').at(-1)) / 1024
    console.log(
      `| ${basename(program)} | ${files.length} | ${shown(measured.map(({ objdump }) => objdump.wall))} | ${shown(measured.map(({ cold, objdump }) => ratio(cold, objdump, 'wall')))} | ${shown(measured.map(({ cold, objdump }) => ratio(cold, objdump, 'user')))} | ${shown(measured.map(({ cold }) => cold.wall))} | ${shown(measured.map(({ warm }) => warm.wall))} | ${memory.toFixed(0)} |`,
    )
  }
} finally {
  rmSync(cache, { recursive: true, force: true })
}
