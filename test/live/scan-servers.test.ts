// The scan is sound for a server at its work and for what other compilers made: redis with its client, apt-cache (C++),
// ripgrep (Rust). Each is recorded here under strace with all that it starts, and its programs are scanned.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { directoryTree } from '../../src/commands/scan-directory.ts'
import { locate } from '../../src/scan/index.ts'
import { explained } from './explained.ts'
import { recordedCalls } from './recorded-calls.ts'
import { noStraceHere } from './sound.ts'

t.setTimeout(1_200_000)

interface Row {
  /** The programs that must be in the recording; without one of them the row is skipped. */
  readonly programs: readonly string[]
  readonly script: string
}

const rows: Readonly<Record<string, Row>> = {
  redis: {
    programs: ['/usr/bin/redis-server', '/usr/bin/redis-cli'],
    script: `redis-server --port 0 --unixsocket own --dir . --appendonly yes & sleep 3; redis-cli -s own set a 1; redis-cli -s own bgsave; redis-cli -s own bgrewriteaof; sleep 1; redis-cli -s own lpush l 1 2 3; redis-cli -s own shutdown; wait`,
  },
  'apt-cache (C++)': {
    programs: ['/usr/bin/apt-cache'],
    script: `apt-cache policy bash; apt-cache search --names-only '^bash$'`,
  },
  'ripgrep (Rust)': {
    programs: ['/usr/bin/rg'],
    script: `rg root /etc/passwd; rg --files /etc; rg --mmap -j 4 x /usr/include || :; rg -z root /etc || :; echo a | rg a`,
  },
} // prettier-ignore

/** A program that only began and ended made fewer calls. */
const least = 12

for (const [what, { programs, script }] of Object.entries(rows)) {
  const tree = directoryTree('/')
  t.test(what, { skip: noStraceHere, timeout: 600_000 }, async (t) => {
    for (const each of programs)
      if ((await locate(tree, each)) === undefined) return void t.pass(what, { skip: `no ${each} here` })
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-gen-servers-'))
    t.teardown(() => rmSync(directory, { recursive: true, force: true }))
    const work = join(directory, 'work')
    mkdirSync(work)
    const recorded = spawnSync(
      'timeout',
      ['240', 'strace', '-f', '-qq', '-o', join(directory, 'own.strace'), 'sh', '-ec', script],
      { cwd: work, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
    ) // prettier-ignore
    t.equal(recorded.status, 0, recorded.stderr.slice(-2000))
    const found = recordedCalls(directory)
    for (const each of programs) {
      const its = found.get(each)
      t.ok((its?.calls.size ?? 0) >= least, `${each} was recorded at its work`)
      if (its !== undefined) await explained(t, tree, 'x86_64', each, its)
    }
  })
}
