// Counts the calls that `scan` reaches in programs of this machine: all, and "own", without what the name service
// switch (/etc/nsswitch.conf) and the C library's character sets load. Names the modules that bring the other calls, so
// that the counts of two machines can be compared. A count does not depend on the machine's load.
// Run: npx tsx bench/scan-counts.ts PROGRAM…
import { basename } from 'node:path'
import { directoryTree } from '../src/commands/scan-directory.ts'
import { scanPrograms, type Reachable, type RecordCache, type Records, type Tree } from '../src/scan/index.ts'

const machine = directoryTree('/')
const withoutServices: Tree = {
  entry: async (path) =>
    path === '/etc/nsswitch.conf' || path.endsWith('/gconv') ? undefined : machine.entry(path),
}

const kept = new Map<string, Records>()
const cache: RecordCache = {
  get: async (sha256) => kept.get(sha256),
  put: async (sha256, records) => void kept.set(sha256, records),
}

const callsOf = ({
  architectures,
}: Reachable): Readonly<Record<string, { readonly path: readonly string[] }>> =>
  architectures.x86_64 ?? architectures.aarch64 ?? {}

console.log(
  '| program | calls reachable | own | the others, by the module that their path begins with |\n|---|--:|--:|---|',
)
for (const program of process.argv.slice(2)) {
  const all = callsOf(await scanPrograms(machine, [program], { cache }))
  const own = callsOf(await scanPrograms(withoutServices, [program], { cache }))
  const others = new Map<string, string[]>()
  for (const [call, { path }] of Object.entries(all)) {
    if (Object.hasOwn(own, call)) continue
    const [module = ''] = (path[0] ?? '').split(':')
    others.set(module, [...(others.get(module) ?? []), call])
  }
  const told = [...others].map(([module, calls]) => `${module}: ${calls.join(' ')}`).join('; ')
  console.log(`| ${basename(program)} | ${Object.keys(all).length} | ${Object.keys(own).length} | ${told} |`)
}
