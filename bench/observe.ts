// How quickly `observe` reads 500 MB of `strace -f -o`, beside mawk counting the second field of the same file: both
// in one run, taking turns. Prints the median ratio of the pairs (below 1: seccomp-gen is quicker) and the memory.
// Run: npm run build && npx tsx bench/observe.ts [MEGABYTES] [PAIRS] [TRACE]
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const [megabytes = '500', pairs = '5', given] = process.argv.slice(2)
const root = fileURLToPath(new URL('..', import.meta.url))
const trace = given ?? join(root, 'traces/web-server/web-server.strace')
const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-bench-'))
const file = join(folder, 'large.strace')

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] as number
}

async function seconds(command: string, args: readonly string[]): Promise<{ took: number; stderr: string }> {
  const start = process.hrtime.bigint()
  const { stderr } = await execa(command, args, { stdout: 'ignore' })
  return { took: Number(process.hrtime.bigint() - start) / 1e9, stderr }
}

try {
  const once = readFileSync(trace)
  const times = Math.ceil((Number(megabytes) * 1e6) / once.length)
  const descriptor = openSync(file, 'w')
  for (let i = 0; i < times; i++) writeSync(descriptor, once)
  closeSync(descriptor)

  const ratios: number[] = []
  let resident = 0
  for (let pair = 0; pair < Number(pairs); pair++) {
    const mawk = await seconds('mawk', [
      '{ calls[$2]++ } END { for (call in calls) print call, calls[call] }',
      file,
    ])
    const ours = await seconds(process.execPath, [
      '--import',
      `data:text/javascript,process.on('exit',()=>process.stderr.write('maxrss '+process.resourceUsage().maxRSS+'\\n'))`,
      join(root, 'dist/cli.js'),
      'observe',
      file,
    ])
    ratios.push(ours.took / mawk.took)
    resident = Math.max(resident, Number(/maxrss (\d+)/.exec(ours.stderr)?.[1] ?? 0))
    console.log(`pair ${pair + 1}: mawk ${mawk.took.toFixed(2)} s, observe ${ours.took.toFixed(2)} s`)
  }
  console.log(`${((times * once.length) / 1e6).toFixed(0)} MB of ${trace.replace(root, '')}`)
  console.log(`observe / mawk: median ${median(ratios).toFixed(2)}, best ${Math.min(...ratios).toFixed(2)}`)
  console.log(`resident at most ${(resident / 1024).toFixed(0)} MB`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
