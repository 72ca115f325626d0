// Both recorders see the same: for deterministic programs the same calls on the same architecture, with the same values
// of the arguments that conditions use.
import { execa } from 'execa'
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { unifiedMount } from '../../src/record/cgroups.ts'
import { Session } from '../../src/record/ebpf/session.ts'
import { makeFifo } from '../../src/record/strace/fifo.ts'
import { record } from '../../src/record/index.ts'
import { noEbpf, noStrace, plainEnvironment } from './command.ts'
import { skipFile } from './skip.ts'

skipFile((await noEbpf()) ?? (await noStrace()))

const directory = t.testdir()
const at = (name: string): string => join(directory, name)

const c = `
#define _GNU_SOURCE
#include <linux/sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
  close(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  socket(AF_NETLINK, SOCK_RAW, 0);
  personality(0xffffffff);
  setresuid(65534, 65534, 65534);
  socket(AF_PACKET, SOCK_RAW, 0); /* EPERM, whatever its values are */
  syscall(SYS_keyctl, 11, -1, 0, 0); /* no such key, or no permission */
  struct clone_args made = { .flags = CLONE_NEWUTS, .exit_signal = SIGCHLD };
  (void)made;
  if (syscall(SYS_clone3, CLONE3) == 0) _exit(0);
  syscall(1000); /* beyond every table */
  if (fork() == 0) { setsid(); if (fork() == 0) { usleep(50000); getppid(); _exit(0); } _exit(0); }
  wait(0);
  return 0;
}`

/** Why the program of this source does not run here; undefined if it does. */
async function build(name: string, ...options: string[]): Promise<string | undefined> {
  writeFileSync(at('program.c'), c)
  const made = await execa('gcc', [...options, '-o', at(name), at('program.c')], { reject: false })
  if (made.failed) return `gcc ${options.join(' ')} does not work here`
  const run = await execa(at(name), { reject: false })
  return run.exitCode === 0 ? undefined : `a program of gcc ${options.join(' ')} does not run here`
}

const skips = new Map([
  ['daemon', await build('daemon', '-DCLONE3=0, 0')],
  ['namespace', await build('namespace', '-DCLONE3=&made, sizeof made')],
  ['static', await build('static', '-static', '-DCLONE3=0, 0')],
  ['i386', await build('i386', '-m32', '-DCLONE3=0, 0')],
])

const programs: Readonly<Record<string, readonly [string, ...string[]]>> = {
  true: ['/bin/true'],
  ls: ['/bin/ls', '-l', '/etc'],
  pipeline: ['/bin/sh', '-c', 'echo one two | tr a-z A-Z | cat >/dev/null; exit 0'],
  find: ['/usr/bin/find', '/etc/apt'],
  tar: ['/bin/tar', '-C', '/etc', '-cf', '/dev/null', 'apt'],
  sed: ['/bin/sed', '-n', '1p', '/etc/passwd'],
  daemon: [at('daemon')],
  namespace: [at('namespace')],
  static: [at('static')],
  i386: [at('i386')],
  refused: ['/usr/bin/setpriv', '--reuid', '65534', '--clear-groups', 'unshare', '-n', 'true'],
}

for (const [name, command] of Object.entries(programs)) {
  t.test(`${name}: ebpf and strace give the same calls`, { skip: skips.get(name) ?? false }, async (t) => {
    const seen = []
    for (const recorder of ['strace', 'ebpf'] as const) {
      const { observations } = await record({ command, recorder, streams: 'ignore' })
      const tables = Object.entries(observations.architectures).map(([architecture, calls]) => [
        architecture,
        Object.entries(calls)
          // The loader and libc make it after a signal or a lost race, so it is no part of the program.
          .filter(([call]) => call !== 'restart_syscall')
          .map(([call, { args, enosys, eperm, eacces, refused }]) => [
            call,
            args?.['0'] ?? [],
            { enosys, eperm, eacces, refused },
          ]),
      ])
      seen.push({ tables, unknown: Object.keys(observations.unknown['x86_64'] ?? {}) })
    }
    t.strictSame(seen[1], seen[0])
  })
}

t.test('a signal that the command ends with is followed by nothing', async (t) => {
  let send: (signal: 'SIGINT') => void = () => undefined
  const recording = record({
    command: ['/bin/sh', '-c', `trap 'exit 5' INT; : >${at('up')}; while :; do sleep 0.02; done`],
    recorder: 'ebpf',
    streams: 'ignore',
    signals: (listener) => {
      send = listener
      return () => undefined
    },
  })
  while (!existsSync(at('up'))) await wait(10)
  const shell = (await execa('pgrep', ['-f', `exit 5.*${at('up')}`])).stdout.split('\n')[0]
  process.kill(Number(shell), 'SIGINT')
  // This signal comes from elsewhere too; whether to pass it on is decided when the command has ended.
  send('SIGINT')
  t.strictSame((await recording).ending, { kind: 'exited', status: 5 })
  await wait(300)
})

t.test('--pid: what the process has started already is recorded, by both', async (t) => {
  const endless = 'while :; do ls / >/dev/null; sleep 0.1; done'
  const parent = execa('sh', ['-c', `(${endless}) & while :; do sleep 1; done`], {
    reject: false,
    detached: true,
    stdio: 'ignore',
  })
  t.teardown(() => process.kill(-(parent.pid ?? 0), 'SIGKILL'))
  await wait(300)
  for (const recorder of ['ebpf', 'strace'] as const) {
    const { observations } = await record({ pid: parent.pid ?? 0, recorder, for: 2000 })
    const calls = Object.values(observations.architectures).flatMap((each) => Object.keys(each))
    t.ok(calls.includes('getdents64'), recorder)
  }
})

t.test('--cgroup: what runs in it, until its directory goes away', async (t) => {
  const name = `seccomp-gen-recorders-${process.pid}`
  const cgroup = join(unifiedMount(), name)
  mkdirSync(cgroup)
  const refusal = { name: 'UserError', status: 125 }
  await t.rejects(record({ cgroup: name, for: 300 }), {
    ...refusal,
    message: `nothing in cgroup ${name} made a call while it was recorded: record it for longer`,
  })
  const recording = record({ cgroup })
  const inside = `echo $$ >${cgroup}/cgroup.procs; ls /; ls /; ls /`
  await wait(1000)
  await execa('sh', ['-c', inside])
  rmdirSync(cgroup)
  const { observations, ending } = await recording
  t.ok(Object.values(observations.architectures).some((calls) => calls['getdents64']))
  t.strictSame(ending, { kind: 'released' })
  await t.rejects(record({ cgroup: name }), {
    ...refusal,
    message: `${name}: no cgroup of this name below ${unifiedMount()}`,
  })
})

t.test('--pid: a process that makes no call, and one that has ended meanwhile', async (t) => {
  const busy = execa('sh', ['-c', 'while :; do :; done'], { reject: false })
  await wait(300)
  for (const recorder of ['ebpf', 'strace'] as const)
    await t.rejects(record({ pid: busy.pid ?? 0, recorder, for: 500 }), {
      name: 'UserError',
      status: 125,
      message: `process ${busy.pid} made no call while it was recorded: record it for longer`,
    })
  busy.kill('SIGKILL')
  await busy
  const session = await Session.start(
    { who: 'tree', underFilter: false },
    { processes: [busy.pid ?? 0, process.pid] },
  )
  t.strictSame(session.members(), [process.pid])
  session.close()
})

t.test('no directory for temporary files: one line that says what to set', async (t) => {
  await t.rejects(makeFifo(at('nowhere')), {
    name: 'UserError',
    status: 125,
    message: /^cannot make a temporary directory: ENOENT.*; set TMPDIR$/,
  })
})

t.test(
  'a strace that starts when its recorder was killed waits for no reader, and no file is left',
  async (t) => {
    const module = JSON.stringify(import.meta.resolve('../../src/record/strace/fifo.ts'))
    const script = `
    const { makeFifo } = await import(${module})
    console.log((await makeFifo(process.cwd())).path)
    setInterval(() => undefined, 1000)`
    mkdirSync(at('place'))
    const words = ['--import', import.meta.resolve('tsx/esm'), '--input-type=module', '-e', script]
    const recorder = execa(process.execPath, words, {
      cwd: at('place'),
      env: plainEnvironment,
      reject: false,
      stdin: 'ignore',
    })
    let path = ''
    for await (const line of recorder.iterable()) {
      path = line
      recorder.kill('SIGKILL')
    }
    const { signal } = await recorder
    t.equal(signal, 'SIGKILL')
    const tracer = await execa('strace', ['-o', path, 'true'], {
      reject: false,
      timeout: 20_000,
      forceKillAfterDelay: 100,
    })
    t.strictSame([tracer.timedOut, tracer.exitCode], [false, 1], `${path}: ${tracer.stderr}`)
    t.strictSame(readdirSync(at('place')), [])
  },
)
