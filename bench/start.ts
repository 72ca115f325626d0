// Measures how long short commands take, start included, as ratios to `node -e 0` run right before: CPU and clock time,
// medians of pairs. Measures the built command.
// Run: npm run build && npx tsx bench/start.ts [PAIRS] [DIRECTORY]
// DIRECTORY: another built tree, measured in the same pairs and printed in its own columns.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { syscallTable } from '../src/abi/tables.ts'

const [pairs = '31', other] = process.argv.slice(2)
const trees = [...(other === undefined ? [] : [other]), fileURLToPath(new URL('..', import.meta.url))]
const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-bench-'))
const profile = join(folder, 'app.json')
const changed = join(folder, 'changed.json')
const output = join(folder, 'output.txt')

/** The seconds of CPU and clock time of one run of node. */
function run(words: readonly string[]): { readonly cpu: number; readonly wall: number } {
  const before = performance.now()
  const { stderr, status } = spawnSync(
    'bash',
    ['-c', '"$@" >"$0" 2>&1; status=$?; times >&2; exit $status', output, process.execPath, ...words],
    { encoding: 'utf8' },
  )
  const wall = (performance.now() - before) / 1000
  if (status !== 0 && status !== 1) throw new Error(`status ${String(status)}: ${words.join(' ')}`)
  // `times` prints the shell's times on line 1, its children's on line 2: user and system, as 0m0.123s. bash counts
  // milliseconds; dash would count ticks of ten.
  const children = stderr.trim().split('\n').at(-1) ?? ''
  const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) => Number(m) * 60 + Number(s))
  return { cpu: seconds.reduce((sum, each) => sum + each, 0), wall }
}
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN
}

/** An allow-list of these calls for both architectures. */
function allowing(names: readonly string[]): string {
  return JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'],
    syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }],
  })
}

try {
  const names = syscallTable('x86_64').entries.map(({ name }) => name)
  writeFileSync(profile, allowing(names.slice(0, 300)))
  writeFileSync(changed, allowing(names.slice(1, 301)))
  const columns = trees.flatMap((_, index) => {
    const which = index === trees.length - 1 ? '' : ', DIRECTORY'
    return [`wall / node -e 0${which}`, `CPU / node -e 0${which}`]
  })
  console.log(`| command | ${columns.join(' | ')} |\n|---|${'---|'.repeat(columns.length)}`)
  for (const words of [
    ['--version'],
    ['validate', profile],
    ['eval', profile, 'socket', '16'],
    ['diff', profile, changed],
    ['diff', 'docker', profile],
    ['syscalls', 'openat'],
  ]) {
    const ratios = Array.from({ length: Number(pairs) }, () => {
      const base = run(['-e', '0'])
      return trees.map((tree) => {
        const ours = run([join(tree, 'dist/cli.js'), ...words])
        return { cpu: ours.cpu / base.cpu, wall: ours.wall / base.wall }
      })
    })
    const shown = words.map((word) => word.replace(`${folder}/`, '')).join(' ')
    const medians = trees.flatMap((_, index) =>
      (['wall', 'cpu'] as const).map((of) =>
        median(ratios.map((pair) => pair[index]?.[of] ?? NaN)).toFixed(2),
      ),
    )
    console.log(`| \`${shown}\` | ${medians.join(' | ')} |`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
