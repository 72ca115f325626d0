// Runs that never end by themselves and runs that never began, in `trace` and `verify`. Real programs run on the host's
// root, without an engine.
import { execa } from 'execa'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { whyNotRun } from '../../scripts/bundle.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import { parseProfile } from '../../src/profile/index.ts'
import { statusOf } from '../../src/record/runner/processes.ts'
import { record, verify } from '../../src/run.ts'
import { noEbpf, noStrace, plainEnvironment, seccompGen } from './command.ts'
import { orphanedCgroups } from './left.ts'
import { skipFile } from './skip.ts'

skipFile((await noEbpf()) ?? whyNotRun('runc'))
t.setTimeout(300_000)
const directory = t.testdir()
const at = (name: string): string => join(directory, name)
const [node, ...words] = seccompGen
const quietly = { env: plainEnvironment, reject: false, stdin: 'ignore', cwd: directory } as const
const ours = (...more: readonly string[]) => execa(node, [...words, ...more], quietly)

const source = `
#include <pthread.h>
static void *work(void *x) { return x; }
int main(void) {
  pthread_t thread;
  if (pthread_create(&thread, 0, work, 0)) return 3;
  pthread_join(thread, 0);
  return 0;
}`
writeFileSync(at('thread.c'), source)
const made = await execa('gcc', ['-pthread', '-o', at('thread'), at('thread.c')], { reject: false })
const noThread = made.failed ? `gcc: ${made.shortMessage}` : false
/** Spins with -EPERM in the register of results until a signal's handler returns. */
const interrupted = `
#include <signal.h>
#include <sys/time.h>
static volatile int over;
static void handle(int signal) { over = 1; }
int main(void) {
  struct itimerval soon = {{0, 0}, {0, 50000}};
  signal(SIGALRM, handle);
  setitimer(ITIMER_REAL, &soon, 0);
#ifdef __x86_64__
  __asm__ volatile("1: cmpl $0, %1; je 1b" : : "a"(-1L), "m"(over) : "cc");
#else
  __asm__ volatile("mov x0, -1\\n1: ldr w1, %0; cbz w1, 1b" : : "m"(over) : "x0", "x1");
#endif
  return 0;
}`
writeFileSync(at('interrupted.c'), interrupted)
await execa('gcc', ['-o', at('interrupted'), at('interrupted.c')], { reject: false })
const without = (call: string): string =>
  JSON.stringify({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: [call], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
  })

for (const recorder of ['ebpf', 'strace'] as const)
  t.test(
    `${recorder}: a thread whose end is refused ends the round`,
    { skip: noThread || ((recorder === 'strace' && (await noStrace())) ?? false) },
    async (t) => {
      // libc repeats the call forever (nptl/pthread_create.c, start_thread: while (1) exit).
      const settings = { profile: without('exit'), command: [at('thread')] as const, recorder }
      const found = await verify({ ...settings, streams: 'ignore' })
      t.match(found, {
        endless: { syscall: 'exit' },
        refusals: [{ syscall: 'exit' }],
        ending: { byUs: true },
      })
      t.ok((found.endless?.count ?? 0) > 10_000)
      const { repair, refusals, ending } = await verify({ ...settings, streams: 'ignore', repair: true })
      t.strictSame([refusals, ending], [[], { kind: 'exited', status: 0 }])
      t.notMatch(repair?.text, /"exit"/)
    },
  )

t.test(
  'a handler that returns into code with an errno in its register is no refusal',
  { skip: noThread },
  async (t) => {
    const names = syscallTable(process.arch === 'x64' ? 'x86_64' : 'aarch64').entries.map(({ name }) => name)
    const profile = JSON.stringify({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }],
    })
    const found = await verify({ command: [at('interrupted')], profile, streams: 'ignore' })
    t.strictSame([found.refusals, found.ending], [[], { kind: 'exited', status: 0 }])
  },
)

t.test(
  'clone3 is answered as one that is not there, as the default answers it',
  { skip: noThread },
  async (t) => {
    const settings = { command: [at('thread')] as const, streams: 'ignore', repair: true } as const
    const { repair, refusals, withheld, ending } = await verify({ ...settings, profile: without('clone3') })
    t.strictSame([refusals, ending], [[], { kind: 'exited', status: 0 }])
    t.match(withheld, [{ syscall: 'clone3' }])
    t.match(repair?.added, [{ withheld: true, within: true, refusal: { syscall: 'clone3' } }])
    const { syscalls } = parseProfile(repair?.text ?? '').profile
    t.match(syscalls, [{ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 }])
  },
)

t.test(
  'options may follow the profile, and the file that is written is named',
  { skip: noThread },
  async (t) => {
    writeFileSync(at('app.json'), without('exit'))
    const ran = await ours('verify', 'app.json', '--repair', '-o', 'fixed.json', '--', at('thread'))
    t.equal(ran.exitCode, 0, ran.stderr)
    t.match(ran.stdout, /^passes: fixed\.json suffices: nothing was refused/)
    t.notMatch(readFileSync(at('fixed.json'), 'utf8'), /"exit"/)
    const shown = await ours('verify', 'app.json', '--repair', '--', at('thread'))
    t.match(shown.stdout, /^passes: app\.json with the patch below suffices/)
    const wrong = await ours('verify', 'app.json', '--repair', 'other.json', '--', 'true')
    t.strictSame([wrong.exitCode, wrong.stdout], [125, ''])
    t.match(wrong.stderr, /^seccomp-gen: other\.json: give one profile/)
  },
)

t.test('who asks a second time kills what takes no notice', async (t) => {
  writeFileSync(at('all.json'), '{"defaultAction":"SCMP_ACT_ALLOW"}')
  const stubborn = `trap '' INT TERM; : >${at('up')}; while :; do sleep 0.1; done`
  const recorder = ours('verify', 'all.json', '--', 'sh', '-c', stubborn)
  while (!existsSync(at('up'))) await wait(50)
  recorder.kill('SIGINT')
  await wait(700)
  t.equal(recorder.exitCode ?? null, null, 'the first is passed on, and the command decides')
  recorder.kill('SIGINT')
  const { exitCode, stdout } = await recorder
  t.equal(exitCode, 137)
  t.match(stdout, /a signal ended the run/)
  t.strictSame(orphanedCgroups(), [], 'and of its container nothing is left')
})

t.test('--for: what we ended has succeeded', async (t) => {
  writeFileSync(at('all.json'), '{"defaultAction":"SCMP_ACT_ALLOW"}')
  const endless = ['sh', '-c', 'while :; do sleep 0.1; done']
  const traced = await ours('trace', '--for', '1s', '-o', 'for.json', '--', ...endless)
  t.equal(traced.exitCode, 0, traced.stderr)
  t.match(traced.stderr, /the command was ended when its time was up$/m)
  t.ok(existsSync(at('for.json')))
  const own = await ours('trace', '--for', '60s', '-o', 'own.json', '--', 'sh', '-c', 'exit 4')
  t.equal(own.exitCode, 4, 'its own status where it ended before')
  const verified = await ours('verify', '--for', '1s', 'all.json', '--', ...endless)
  t.equal(verified.exitCode, 0, verified.stdout)
  writeFileSync(at('some.json'), without('getppid'))
  const refusing = ['perl', '-e', 'getppid; sleep 60']
  const refused = await ours('verify', '--for', '1s', 'some.json', '--', ...refusing)
  t.equal(refused.exitCode, 1, refused.stdout)
})

t.test(
  'a script around an engine: neither its client’s calls nor its profile pass for the container’s',
  async (t) => {
    if ((await execa('docker', ['--version'], { reject: false })).failed)
      return t.pass('not run here', { skip: 'docker is not installed' })
    // No daemon answers at that socket; it suffices that the client is started.
    const script = ['sh', '-c', `env -i docker -H unix://${at('none')} run --rm image ls; exit 0`]
    const traced = await ours('trace', '-o', 'script.json', '--', ...script)
    t.equal(traced.exitCode, 125)
    t.match(
      traced.stderr,
      /^seccomp-gen: the command started docker -H unix:\S+ …, and the recording holds the calls of docker itself, not those of its container/m,
    )
    t.notOk(existsSync(at('script.json')))
    const asked = await ours('trace', '-o', 'ps.json', '--', 'sh', '-c', 'docker ps >/dev/null 2>&1; exit 0')
    t.equal(asked.exitCode, 0, `a client that starts nothing: ${asked.stderr}`)
    writeFileSync(at('all.json'), '{"defaultAction":"SCMP_ACT_ALLOW"}')
    const verified = await ours('verify', 'all.json', '--', ...script)
    t.strictSame([verified.exitCode, verified.stdout], [125, ''])
    t.match(verified.stderr, /the profile applied to docker itself, not to its container/)
  },
)

t.test('a client is told however short it lives, whatever it is called', async (t) => {
  const isThere = async (program: string): Promise<boolean> =>
    !(await execa(program, ['--version'], { reject: false, stdin: 'ignore' })).failed
  for (const [recorder, client, script] of [
    ['strace', 'runc', 'runc run none'],
    ['strace', 'crun', 'crun run none'],
    ['strace', 'runc', 'exec -a other runc run none'],
    ['strace', 'systemd-run', 'systemd-run --user true'],
    ['ebpf', 'runc', 'exec -a other runc run none'],
    ['ebpf', 'systemd-run', 'systemd-run --user true'],
  ] as const) {
    const name = `${recorder}: ${script}`
    const why = recorder === 'strace' ? await noStrace() : undefined
    if (why !== undefined) t.pass(name, { skip: why })
    else if (!(await isThere(client))) t.pass(name, { skip: `${client} is not installed` })
    else {
      const words = ['bash', '-c', `(${script}) >/dev/null 2>&1; exit 0`]
      const traced = await ours('trace', '--recorder', recorder, '-o', 'client.json', '--', ...words)
      t.equal(traced.exitCode, 125, `${name}: ${traced.stderr}`)
      t.match(traced.stderr, `seccomp-gen: the command started ${client} `)
      t.notOk(existsSync(at('client.json')))
    }
  }
})

t.test('a client of a process that is recorded from its middle', async (t) => {
  for (const recorder of ['strace', 'ebpf'] as const) {
    const why = recorder === 'strace' ? await noStrace() : undefined
    if (why !== undefined) {
      t.pass(recorder, { skip: why })
      continue
    }
    const go = at(`go-${recorder}`)
    const waiting = `until [ -e ${go} ]; do sleep 0.1; done; runc run none >/dev/null 2>&1; exit 0`
    const shell = execa('sh', ['-c', waiting], { stdin: 'ignore' })
    const { pid = 0 } = shell
    const begun = () => writeFileSync(go, '')
    const traced = setInterval(() => {
      if (recorder === 'strace' && statusOf(pid, 'TracerPid') !== '0') begun()
    }, 50)
    await t.rejects(record({ recorder, pid, begun }), { code: 'inner-client-recorded' }, recorder)
    clearInterval(traced)
    begun()
    await shell
  }
})
