// The scan is sound for a server at its work and for what other compilers made: redis with its client, postgres with
// its tools, apt with dpkg (C++), ripgrep (Rust), ls where the name service switch asks a service. Each is recorded here under strace with all that it starts, and its
// programs are scanned.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
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
  /** Calls of the first program without which it was not at the work that the row is about. */
  readonly calls?: readonly string[]
  readonly script: string
  readonly skip?: string | false
}

function asksSystemd(): boolean {
  const place = '/etc/nsswitch.conf'
  return existsSync(place) && /^passwd:.*\bsystemd\b/m.test(readFileSync(place, 'utf8'))
}

/** Debian 12 has this version. */
const postgres = '/usr/lib/postgresql/15/bin'

const rows: Readonly<Record<string, Row>> = {
  redis: {
    programs: ['/usr/bin/redis-server', '/usr/bin/redis-cli'],
    script: `redis-server --port 0 --unixsocket own --dir . --appendonly yes & sleep 3; redis-cli -s own set a 1; redis-cli -s own bgsave; redis-cli -s own bgrewriteaof; sleep 1; redis-cli -s own lpush l 1 2 3; redis-cli -s own shutdown; wait`,
  },
  'postgres with its tools': {
    programs: ['postgres', 'initdb', 'pg_ctl', 'psql', 'pg_dump'].map((each) => `${postgres}/${each}`),
    script: `chown postgres .; own='setpriv --reuid=postgres --regid=postgres --init-groups'; PATH=${postgres}:$PATH
$own initdb --no-sync -D db >made; $own pg_ctl -w -D db -l log -o "-k $PWD -c listen_addresses=" start
$own psql -h $PWD -d postgres -c "create table t as select generate_series(1, 20000) n" -c "create index on t (n)" -c "select sum(n) from t" -c "select pg_sleep(0.1)" -c "copy t to '$PWD/t'" -c checkpoint -c "vacuum t"
$own pg_dump -h $PWD postgres >dump; $own pg_ctl -D db -m fast stop`,
  },
  // apt downloads from a repository that the script makes, and starts `true` in place of dpkg.
  'apt (C++)': {
    programs: ['/usr/bin/apt-get', '/usr/bin/apt-cache', '/usr/lib/apt/methods/file', '/usr/bin/dpkg-deb'],
    script: `mkdir -p none repo p/DEBIAN p/usr/share state/lists/partial cache/archives/partial
printf 'Package: own\\nVersion: 1\\nArchitecture: all\\nMaintainer: a <a@b>\\nDescription: own\\n' >p/DEBIAN/control; echo a >p/usr/share/own; dpkg-deb -b p repo/own.deb
{ dpkg-deb -f repo/own.deb; printf 'Filename: own.deb\\nSize: %s\\nSHA256: %s\\n' $(stat -c %s repo/own.deb) $(sha256sum repo/own.deb | cut -d' ' -f1); } >repo/Packages
echo "deb [trusted=yes] file:$PWD/repo ./" >list; touch status; export APT_CONFIG=$PWD/conf
printf 'Dir::State "%s/state"; Dir::State::status "%s/status"; Dir::Cache "%s/cache"; Dir::Etc::sourcelist "%s/list"; Dir::Etc::sourceparts "%s/none"; Dir::Etc::parts "%s/none"; Dir::Log "%s";\\n' $PWD $PWD $PWD $PWD $PWD $PWD $PWD >conf
apt-get -q update; apt-get -q -y --download-only install own; apt-get -q -y -o Dir::Bin::dpkg=/bin/true install own; apt-get -q -s install own; apt-get download own; apt-cache policy own; apt-cache search own; apt-get clean`,
  },
  // libnss_systemd asks each socket of this directory for a user (docs/USER_RECORD.md of systemd: userdb). The socket
  // that the script makes knows nobody.
  'a service behind the name service switch': {
    programs: ['/usr/bin/ls'],
    skip: asksSystemd() ? false : 'the name service switch of this machine asks no service',
    calls: ['epoll_create1', 'epoll_ctl', 'epoll_wait', 'readlinkat', 'timerfd_create', 'timerfd_settime'],
    script: `touch f; chown 4711:4711 f
unshare -m sh -ec 'mount -t tmpfs none /run; mkdir -p /run/systemd/userdb
python3 -c "import socket
s = socket.socket(socket.AF_UNIX); s.bind(\\"/run/systemd/userdb/own\\"); s.listen(5); print(1, flush=True)
for _ in (1, 2): c = s.accept()[0]; c.recv(4096); c.sendall(b\\"{}\\\\0\\")" | { read ready; /usr/bin/ls -l f; }'`,
  },
  'ripgrep (Rust)': {
    programs: ['/usr/bin/rg'],
    script: `rg root /etc/passwd; rg --files /etc; rg --mmap -j 4 x /usr/include || :; rg -z root /etc || :; echo a | rg a`,
  },
} // prettier-ignore

/** A program that only began and ended made fewer calls. */
const least = 12

for (const [what, { programs, calls = [], script, skip = false }] of Object.entries(rows)) {
  const tree = directoryTree('/')
  t.test(what, { skip: noStraceHere === false ? skip : noStraceHere, timeout: 600_000 }, async (t) => {
    for (const each of programs)
      if ((await locate(tree, each)) === undefined) return void t.pass(what, { skip: `no ${each} here` })
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-gen-servers-'))
    t.teardown(() => rmSync(directory, { recursive: true, force: true }))
    const work = join(directory, 'work')
    mkdirSync(work)
    // apt and postgres work here as users of their own.
    chmodSync(directory, 0o755)
    const recorded = spawnSync(
      'timeout',
      ['240', 'strace', '-f', '-qq', '-o', join(directory, 'own.strace'), 'sh', '-ec', script],
      { cwd: work, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
    ) // prettier-ignore
    if (!t.equal(recorded.status, 0, 'the script succeeds')) t.comment(recorded.stderr.slice(-2000))
    const found = recordedCalls(directory)
    const [first = ''] = programs
    const absent = calls.filter((each) => found.get(first)?.calls.has(each) !== true)
    t.same(absent, [], `${first} was at this work`)
    for (const each of programs) {
      const its = found.get(each)
      t.ok((its?.calls.size ?? 0) >= least, `${each} was recorded at its work`)
      if (its !== undefined) await explained(t, tree, 'x86_64', each, its)
    }
  })
}
