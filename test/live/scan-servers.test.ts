// The scan is sound for servers at their work and for what other compilers made: postgres with its tools, redis,
// memcached, haproxy, apt (C++), ripgrep (Rust). Each is recorded here under strace with all that it starts, and every
// program of the recording is scanned.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
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
  /** The user that runs it, if not root. */
  readonly user?: string
}

const postgres = '/usr/lib/postgresql/15/bin'
/** Ends a server of the script, and waits. */
const end = 'kill $!; wait'

const rows: Readonly<Record<string, Row>> = {
  'postgres with its tools': {
    programs: ['postgres', 'initdb', 'pg_ctl', 'psql', 'pg_dump'].map((each) => `${postgres}/${each}`),
    user: 'postgres',
    script: `PATH=${postgres}:$PATH; initdb -D db >/dev/null; pg_ctl -w -D db -l log -o "-k $PWD -c listen_addresses=" start
psql -h $PWD -d postgres -c "create table t as select generate_series(1, 20000) n" -c "create index on t (n)" -c "select sum(n) from t" -c "do \\$\\$ begin perform pg_sleep(0.1); end \\$\\$" -c "copy t to '$PWD/t'" -c checkpoint -c "vacuum t"
pg_dump -h $PWD postgres >dump; pg_ctl -D db -m fast stop`,
  },
  redis: {
    programs: ['/usr/bin/redis-server', '/usr/bin/redis-cli'],
    script: `redis-server --port 0 --unixsocket own --dir . --appendonly yes & sleep 3; redis-cli -s own set a 1; redis-cli -s own bgsave; redis-cli -s own bgrewriteaof; sleep 1; redis-cli -s own lpush l 1 2 3; redis-cli -s own shutdown; wait`,
  },
  memcached: {
    programs: ['/usr/bin/memcached'],
    script: `memcached -u root -s own & sleep 2; printf 'set a 0 0 1\\r\\n1\\r\\nget a\\r\\nstats\\r\\nquit\\r\\n' | busybox nc local:own || :; ${end}`,
  },
  haproxy: {
    programs: ['/usr/sbin/haproxy'],
    script: `printf 'global\\nstats socket %s/own\\ndefaults\\nmode http\\ntimeout client 1s\\ntimeout server 1s\\ntimeout connect 1s\\nfrontend f\\nbind unix@%s/front\\nhttp-request return status 200\\n' $PWD $PWD >c; haproxy -W -f c & sleep 3; curl -s --unix-socket front http://a/; kill -USR2 $!; sleep 1; ${end}`,
  },
  'apt (C++)': {
    programs: ['/usr/bin/apt-cache', '/usr/bin/apt-get', '/usr/bin/apt-config'],
    script: `apt-cache policy bash; apt-cache search --names-only '^bash$'; apt-get -s install bash; apt-config dump`,
  },
  'ripgrep (Rust)': {
    programs: ['/usr/bin/rg'],
    script: `rg root /etc/passwd; rg --files /etc; rg --mmap -j 4 x /usr/include || :; rg -z root /etc; echo a | rg a`,
  },
} // prettier-ignore

/** Programs of the system's own, which other recordings have. */
const least = 12

for (const [what, { programs, script, user }] of Object.entries(rows)) {
  const tree = directoryTree('/')
  t.test(what, { skip: noStraceHere, timeout: 600_000 }, async (t) => {
    for (const each of programs)
      if ((await locate(tree, each)) === undefined) return void t.pass(what, { skip: `no ${each} here` })
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-gen-servers-'))
    t.teardown(() => rmSync(directory, { recursive: true, force: true }))
    chmodSync(directory, 0o755)
    const work = join(directory, 'work')
    mkdirSync(work)
    chmodSync(work, 0o777)
    const recorded = spawnSync(
      'timeout',
      ['240', 'strace', '-f', '-qq', ...(user === undefined ? [] : ['-u', user]), '-o', join(directory, 'own.strace'), 'sh', '-ec', script],
      { cwd: work, encoding: 'utf8', input: '' },
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
