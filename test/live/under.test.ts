// Recording under a filter: refused calls are reported, not recorded; the program's other calls are recorded.
import { execa } from 'execa'
import { writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { whyNotRun } from '../../scripts/bundle.ts'
import { noEbpf } from './command.ts'
import { skipFile } from './skip.ts'

skipFile((await noEbpf()) ?? whyNotRun('runc'))
t.setTimeout(600_000)
const { allowed, at, close, engines, node, quietly, words } = await import('./containers.ts')
t.teardown(close)

const without = (...names: readonly string[]): string =>
  JSON.stringify({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names, action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
  })
writeFileSync(at('filter.json'), without('mkdir', 'mkdirat'))
const ours = (...more: readonly string[]) => execa(node, [...words, ...more], quietly)
const inShell = 'mkdir /tmp/one || rmdir /tmp/none; true'

const commands = [
  ['a plain command', false, [] as readonly string[]],
  ...engines.map(
    ([engine, why, client, options]) =>
      [
        engine,
        why ?? false,
        [...client, 'run', '--rm', '--network', 'none', ...options, 'seccomp-gen-test'] as readonly string[],
      ] as const,
  ),
] as const
for (const [about, skip, before] of commands)
  t.test(`${about}: what is refused is told, and what follows is recorded`, { skip }, async (t) => {
    const profile = at('under.json')
    const command = [...before, 'sh', '-c', inShell]
    const found = await ours('trace', '--under', at('filter.json'), '-o', profile, '--', ...command)
    t.equal(found.exitCode, 0, found.stderr)
    t.match(
      found.stderr,
      /refused by .*filter\.json, and so not in the recording: mkdir(at)? \(x86_64, EPERM\)/,
    )
    t.notOk(allowed(profile).some((call) => call.startsWith('mkdir')))
    t.ok(allowed(profile).some((call) => call === 'rmdir' || call === 'unlinkat'))
  })

// Makes io_uring_setup, which Docker's default always refuses.
const perl = (await execa('perl', ['-v'], { reject: false })).failed ? 'perl is not installed' : false
t.test('a built-in, and the ceiling itself', { skip: perl }, async (t) => {
  for (const under of ['docker', 'within']) {
    const tried = ['perl', '-e', 'syscall(425, 1, 0)']
    const found = await ours('trace', '--under', under, '-o', at('x.json'), '--', ...tried)
    t.equal(found.exitCode, 0, found.stderr)
    t.match(
      found.stderr,
      new RegExp(`refused by ${under}, and so not in the recording: io_uring_setup \\(x86_64, EPERM\\)`),
    )
    t.notOk(allowed(at('x.json')).includes('io_uring_setup'))
  }
  for (const [more, message] of [
    [
      ['--recorder', 'strace', '--', 'true'],
      /only ebpf distinguishes what a filter refuses from what it allows/,
    ],
    [['--pid', '1'], /--under starts the command itself under the filter/],
  ] as const) {
    const refused = await ours('trace', '--under', 'docker', ...more)
    t.equal(refused.exitCode, 125)
    t.match(refused.stderr, message)
  }
  const none = await ours('trace', '--under', 'within', '--within', 'none', '--', 'true')
  t.equal(none.exitCode, 125)
  t.match(none.stderr, /--under within uses the profile of --within/)
})

const [[, noDocker, docker, dockerOptions] = []] = engines
t.test('a running container under its own filter', { skip: noDocker ?? false }, async (t) => {
  const [client, ...rest] = docker as readonly [string, ...string[]]
  const ask = (...more: readonly string[]) => execa(client, [...rest, ...more], quietly)
  const loop = 'while :; do mkdir /tmp/one; ls /tmp; sleep 0.2; done'
  const security = ['--security-opt', `seccomp=${at('filter.json')}`]
  const run = ['run', '--detach', '--rm', '--network', 'none', ...(dockerOptions ?? []), ...security]
  const started = await ask(...run, 'seccomp-gen-test', 'sh', '-c', loop)
  t.equal(started.exitCode, 0, started.stderr)
  try {
    await wait(500)
    const found = await ours('trace', '--container', started.stdout, '--for', '2s', '-o', at('x.json'))
    t.equal(found.exitCode, 0, found.stderr)
    t.match(found.stderr, /mkdir(at)? was refused by a seccomp filter during the recording/)
    t.notOk(allowed(at('x.json')).some((call) => call.startsWith('mkdir')))
  } finally {
    await ask('rm', '--force', started.stdout)
  }
})
