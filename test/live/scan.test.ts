// The scan is sound: it reaches every recorded call of a program, or its account names a gap. Each of this machine's
// programs runs under strace by itself; the calls of programs that it starts are left out by their pid.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import t from 'tap'
import { directoryTree } from '../../src/commands/scan-directory.ts'
import { scanPrograms } from '../../src/index.ts'
import { compiled } from '../scan/assemble.ts'
import { noStraceHere as skip, sound } from './sound.ts'

t.setTimeout(900_000)

/** Programs with their operands. */
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

const directory = mkdtempSync(join(tmpdir(), 'seccomp-gen-scan-'))
t.teardown(() => rmSync(directory, { recursive: true, force: true }))

for (const words of programs)
  t.test(
    words[0],
    { skip: skip || (existsSync(words[0]) ? false : 'not here'), timeout: 120_000 },
    async (t) => void (await sound(t, words)),
  )

t.test('what starts programs by the C library is no bound', { timeout: 300_000 }, async (t) => {
  const bounds = async (path: string): Promise<readonly [bound: boolean, starts: boolean]> => {
    const { bound, notFollowed } = await scanPrograms(directoryTree('/'), [path])
    return [
      bound,
      notFollowed.some(({ what, from }) => what === 'execve' && from.startsWith(`${basename(path)}:`)),
    ]
  }
  // By execvp and posix_spawnp, which ask for execve inside the library; the loader has an execve of its own.
  t.strictSame(await bounds('/usr/bin/env'), [false, true])
  t.strictSame(await bounds('/usr/bin/xargs'), [false, true])
  t.strictSame(await bounds('/bin/cat'), [true, false])
})

const threads =
  '#include <stdio.h>\n#include <unistd.h>\n#include <pthread.h>\n#include <netdb.h>\nvoid *f(void *x) { return x; }\nint main() { pthread_t t; pthread_create(&t, 0, f, 0); pthread_join(t, 0); setuid(0); struct addrinfo *r; getaddrinfo("localhost", "80", 0, &r); return 0; }'

for (const flags of [['-O2'], ['-O2', '-static', '-s'], ['-O0', '-static-pie'], ['-O2', '-no-pie', '-s']])
  t.test(`a C program, ${flags.join(' ')}`, { skip, timeout: 120_000 }, async (t) => {
    const file = join(directory, `c${flags.join('')}`)
    writeFileSync(file, compiled(threads, flags), { mode: 0o755 })
    await sound(t, [file])
  })
