// How long `observe` takes for 1 GB of audit log, and how much memory: the log of traces/audit-log again and again,
// with a line of 10 MB in its middle.
// Run: npm run build && npx tsx bench/audit.ts [MEGABYTES]
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const [megabytes = '1000'] = process.argv.slice(2)
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-bench-'))
const file = join(folder, 'large.audit.log')

try {
  const once = readFileSync(join(root, 'traces/audit-log/true.audit.log'))
  const times = Math.ceil((Number(megabytes) * 1e6) / once.length)
  const descriptor = openSync(file, 'w')
  for (let i = 0; i < times; i++) {
    writeSync(descriptor, once)
    if (i === Math.floor(times / 2)) writeSync(descriptor, `type=SECCOMP ${'x'.repeat(10e6)}\n`)
  }
  closeSync(descriptor)
  const start = process.hrtime.bigint()
  const { stderr } = await execa(
    process.execPath,
    [
      '--import',
      `data:text/javascript,process.on('exit',()=>process.stderr.write('maxrss '+process.resourceUsage().maxRSS+'\\n'))`,
      join(root, 'dist/cli.js'),
      'observe',
      file,
    ],
    { stdout: 'ignore' },
  )
  const took = Number(process.hrtime.bigint() - start) / 1e9
  console.log(stderr.replaceAll(folder, '').replace(/maxrss.*\n?/, ''))
  console.log(
    `${took.toFixed(1)} s, resident at most ${(Number(/maxrss (\d+)/.exec(stderr)?.[1] ?? 0) / 1024).toFixed(0)} MB`,
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}
