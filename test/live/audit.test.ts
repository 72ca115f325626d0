// The same program seen by strace and by a filter that logs every call: the kernel's records, read with dmesg, hold the
// same calls with the same counts.
import { execa } from 'execa'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { observe, type Observations } from '../../src/observe/index.ts'
import { noStrace } from './command.ts'

const rateLimit = '/proc/sys/kernel/printk_ratelimit'

async function whyNot(): Promise<string | false> {
  if (process.getuid?.() !== 0) return 'needs root to read the log of the kernel'
  const logged = await execa('cat', ['/proc/sys/kernel/seccomp/actions_logged'], { reject: false })
  if (!/\blog\b/.test(logged.stdout)) return 'this kernel does not log what filters see'
  const seccomp = await execa('/usr/bin/python3', ['-c', 'import seccomp'], { reject: false })
  if (seccomp.failed) return 'python3-seccomp is not here'
  const dmesg = await execa('dmesg', [], { reject: false })
  if (dmesg.failed) return `dmesg: ${dmesg.stderr}`
  return (await noStrace()) ?? false
}

const logging = `
import os, sys, seccomp
seccomp.SyscallFilter(seccomp.LOG).load()
os.execv(sys.argv[1], sys.argv[1:])
`

/**
 * The kernel's log once it has the last record of a process. kauditd writes records with a delay, milliseconds each on
 * a slow console. After ten seconds, the log as it is then.
 */
async function logWithEndOf(pid: number): Promise<string> {
  // Call 231 is exit_group of x86_64.
  const end = new RegExp(`type=1326 .* pid=${pid} .* syscall=231 `)
  for (let tries = 0; ; tries++) {
    const { stdout } = await execa('dmesg')
    if (tries === 100 || end.test(stdout)) return stdout
    await wait(100)
  }
}

const counts = ({ architectures }: Observations): Record<string, number> =>
  Object.fromEntries(Object.entries(architectures.x86_64 ?? {}).map(([name, { count }]) => [name, count]))

t.test('audit in LOG mode beside strace', { skip: await whyNot() }, async (t) => {
  const directory = t.testdir()
  const before = readFileSync(rateLimit, 'utf8')
  // Without a rate limit: the kernel drops records above it, and the reader then reports missing records.
  t.teardown(() => writeFileSync(rateLimit, before))
  writeFileSync(rateLimit, '0')
  for (const words of [['/bin/true'], ['/usr/bin/ls', '/'], ['/bin/dash', '-c', 'umask; cd /; pwd']]) {
    // Without a locale, Python would give its children one, and they would read its files.
    const env = { LC_ALL: 'C' }
    const logged = execa('/usr/bin/python3', ['-c', logging, ...words], { reject: false, env })
    const { pid = 0 } = logged
    t.equal((await logged).exitCode, 0, words.join(' '))
    const stdout = await logWithEndOf(pid)
    const file = join(directory, 'run.strace')
    await execa('strace', ['-f', '-o', file, ...words], { env })
    const [audit, strace] = await Promise.all([
      observe([{ name: 'dmesg', bytes: [Buffer.from(`${stdout}\n`)] }], { choice: { pid } }),
      observe([{ name: 'strace', bytes: [readFileSync(file)] }]),
    ])
    t.same(counts(audit), counts(strace), `${words.join(' ')}: the same calls, as often`)
    t.ok(Object.keys(counts(strace)).length > 10)
  }
})
