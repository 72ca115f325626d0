// Sound: what a program was seen to call, its scan reaches, or a gap stands in the account of the scan. Programs of this
// machine under strace, each by itself: calls of programs that it starts are left out by their process.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { scanPrograms, type RecordCache, type Records } from '../../src/index.ts'
import { directoryTree } from '../../src/commands/scan-directory.ts'
import { compiled } from '../scan/assemble.ts'
import { writeFileSync } from 'node:fs'

const skip =
  process.platform === 'linux' && process.arch === 'x64' && spawnSync('strace', ['-V']).status === 0
    ? false
    : 'no strace here'

/** A program and its operands. */
const programs: readonly (readonly [string, ...string[]])[] = [
  ['/bin/true'],
  ['/bin/ls', '-lR', '/etc/default'],
  ['/bin/cat', '/etc/passwd'],
  ['/bin/bash', '-c', 'for i in 1 2; do :; done; cd /; kill -0 $$; trap : EXIT; wait; echo $(echo x)'],
  ['/usr/bin/curl', '-s', '-m', '3', 'http://127.0.0.1:1/'],
  ['/usr/bin/git', '--version'],
  ['/usr/bin/python3.11', '-S', '-c', 'print(1)'],
  ['/usr/bin/perl', '-e', 'print "x"; open F, "</etc/passwd"; my @a = <F>'],
  ['/usr/bin/busybox', 'sh', '-c', 'echo hi | cat; sleep 0.1'],
  ['/usr/bin/openssl', 'rand', '-hex', '4'],
  ['/usr/bin/tar', 'cf', '/dev/null', '/etc/default'],
  ['/usr/bin/find', '/etc/default', '-name', '*.conf'],
  ['/usr/bin/sort', '-R', '/etc/passwd'],
  ['/usr/bin/mawk', '{print $1}', '/etc/passwd'],
  ['/usr/bin/sed', '-n', '1p', '/etc/passwd'],
  ['/usr/bin/grep', '-r', 'root', '/etc/passwd'],
  ['/usr/bin/id'],
  ['/usr/bin/date'],
  ['/usr/bin/stat', '/'],
  ['/usr/bin/dd', 'if=/dev/zero', 'of=/dev/null', 'bs=1k', 'count=3'],
  ['/usr/bin/gzip', '-c', '/etc/passwd'],
  ['/bin/ps', 'aux'],
  ['/usr/sbin/nginx', '-t', '-c', '/dev/null'],
  ['/usr/bin/redis-server', '--version'],
  ['/usr/sbin/sshd', '-T'],
  ['/usr/lib/postgresql/15/bin/postgres', '--version'],
  ['/usr/bin/sqlite3', ':memory:', 'select 1'],
]

/** The names of calls of the first process and its threads, before any other program is started. */
function seenIn(trace: string): ReadonlySet<string> {
  const started = new Map<string, number>()
  const found = new Set<string>()
  let first: string | undefined
  for (const line of trace.split('\n')) {
    const [, pid = '', call] = /^(\d+) +(?:<\.\.\. )?([a-z_0-9]+)(?:\(| resumed>)/.exec(line) ?? []
    if (call === undefined) continue
    first ??= pid
    if (call === 'execve' && line.endsWith(' = 0')) started.set(pid, (started.get(pid) ?? 0) + 1)
    if ((started.get(pid) ?? 0) <= (pid === first ? 1 : 0) && call !== 'execve') found.add(call)
  }
  found.delete('restart_syscall')
  return found
}

/** Libraries that several programs load are walked over once. */
const kept = new Map<string, Records>()
const cache: RecordCache = {
  get: async (sha256) => kept.get(sha256),
  put: async (sha256, records) => void kept.set(sha256, records),
}

const directory = mkdtempSync(join(tmpdir(), 'seccomp-gen-scan-'))
t.teardown(() => rmSync(directory, { recursive: true, force: true }))

async function sound(t: Test, words: readonly string[]): Promise<void> {
  const [program = ''] = words
  const file = join(directory, 'trace')
  spawnSync('timeout', ['30', 'strace', '-f', '-qq', '-o', file, ...words], { stdio: 'ignore', input: '' })
  const seen = seenIn(readFileSync(file, 'utf8'))
  const found = await scanPrograms(directoryTree('/'), [realpathSync(program)], { cache })
  const reachable = found.architectures.x86_64 ?? {}
  t.ok(seen.size >= 10, `${seen.size} calls seen, ${Object.keys(reachable).length} reachable`)
  t.same(
    [...seen].filter((call) => !Object.hasOwn(reachable, call)),
    [],
    `${program}: nothing seen that is not reachable`,
  )
  t.ok(Object.keys(reachable).length < 260, 'and not everything is')
}

for (const words of programs)
  t.test(
    words[0],
    { skip: skip || (existsSync(words[0]) ? false : 'not here'), timeout: 120_000 },
    async (t) => sound(t, words),
  )

const threads =
  '#include <stdio.h>\n#include <unistd.h>\n#include <pthread.h>\n#include <netdb.h>\nvoid *f(void *x) { return x; }\nint main() { pthread_t t; pthread_create(&t, 0, f, 0); pthread_join(t, 0); setuid(0); struct addrinfo *r; getaddrinfo("localhost", "80", 0, &r); return 0; }'

for (const flags of [['-O2'], ['-O2', '-static', '-s'], ['-O0', '-static-pie'], ['-O2', '-no-pie', '-s']])
  t.test(`a C program, ${flags.join(' ')}`, { skip, timeout: 120_000 }, async (t) => {
    const file = join(directory, `c${flags.join('')}`)
    writeFileSync(file, compiled(threads, flags), { mode: 0o755 })
    await sound(t, [file])
  })
