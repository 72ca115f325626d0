// Plain commands verified without ebpf: strace or audit records see the refusals, in runc, crun and bubblewrap, as root
// and as an ordinary user, for every refusing action. The filter for bubblewrap, compiled by libseccomp, refuses what
// the profile says.
import { execa } from 'execa'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { contextOf, resolve } from '../../src/meaning/index.ts'
import { parseProfile } from '../../src/profile/index.ts'
import { findProgram, whyNoAudit } from '../../src/record/index.ts'
import { AuditSocket } from '../../src/record/audit/socket.ts'
import type { RefusedCall, SeenBy } from '../../src/verify/index.ts'
import { verify } from '../../src/verify/index.ts'
import { compileTo, loadLibseccomp } from '../../src/verify/libseccomp.ts'
import { runtimeWords } from '../../scripts/bundle.ts'
import { noEbpf, noStrace, plainEnvironment, seccompGen } from './command.ts'

t.setTimeout(600_000)
const isRoot = process.getuid?.() === 0
const quietly = { reject: false, stdin: 'ignore' } as const
const missing = async (program: string): Promise<string | undefined> =>
  (await execa(program, ['--version'], quietly)).failed ? `${program} is not installed` : undefined
async function whyNoBubblewrap(): Promise<string | undefined> {
  const tried = await execa('bwrap', ['--dev-bind', '/', '/', '--', 'true'], quietly)
  return tried.failed ? `bubblewrap does not run here: ${tried.stderr || tried.shortMessage}` : undefined
}

const work = mkdtempSync('/tmp/sg-sandboxes-')
chmodSync(work, 0o755)
t.teardown(() => rmSync(work, { recursive: true, force: true }))
/** A PATH with this sandbox and no other. */
function pathWith(sandbox: string): string {
  const directory = join(work, sandbox)
  mkdirSync(directory)
  for (const program of [sandbox, 'strace', 'mkfifo', 'sh', 'ln', 'rm'])
    try {
      symlinkSync(findProgram(program, work, process.env['PATH']), join(directory, program))
    } catch {
      // The test that needs the program skips.
    }
  return directory
}
const [withCrun, withBubblewrap] = [pathWith('crun'), pathWith('bwrap')]

// The second half runs only if the first call was refused without killing the program.
const command = ['/bin/sh', '-c', 'ln -s a "$0" 2>/dev/null; rm -f "$0"; exit 0', join(work, 'link')] as const
const refusing = (action: string): string =>
  JSON.stringify({
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'],
    syscalls: [
      { names: ['symlink', 'symlinkat'], action },
      {
        names: ['socket'],
        action,
        args: [{ index: 0, value: '18446744073709551615', valueTwo: 16, op: 'SCMP_CMP_MASKED_EQ' }],
      },
    ],
  }).replace('"18446744073709551615"', '18446744073709551615')
const actions = ['SCMP_ACT_ERRNO', 'SCMP_ACT_TRAP', 'SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_KILL_THREAD']

const sandboxes: readonly {
  readonly name: string
  readonly path: string
  readonly why: string | undefined
  readonly recorder: SeenBy
}[] = [
  {
    name: 'runc',
    path: process.env['PATH'] ?? '',
    why: isRoot ? ((await missing('runc')) ?? (await noStrace())) : 'runc is run by root',
    recorder: 'strace',
  },
  {
    name: 'crun',
    path: withCrun,
    why: isRoot ? ((await missing('crun')) ?? (await noStrace())) : 'crun is run by root',
    recorder: 'strace',
  },
  {
    name: 'bubblewrap',
    path: withBubblewrap,
    why: (await whyNoBubblewrap()) ?? (await noStrace()),
    recorder: 'strace',
  },
  {
    name: 'bubblewrap',
    path: withBubblewrap,
    why: (await whyNoBubblewrap()) ?? (await noEbpf()),
    recorder: 'ebpf',
  },
  {
    name: 'runc',
    path: process.env['PATH'] ?? '',
    why: (await whyNoAudit()) ?? (await missing('runc')),
    recorder: 'audit',
  },
  {
    name: 'bubblewrap',
    path: withBubblewrap,
    why: (await whyNoAudit()) ?? (await whyNoBubblewrap()),
    recorder: 'audit',
  },
]

for (const { name, path, why, recorder } of sandboxes) {
  t.test(`${name}, seen by ${recorder}`, { skip: why ?? false }, async (t) => {
    // For audit all actions are the same: the calls are allowed and recorded.
    for (const action of recorder === 'audit' ? actions.slice(0, 1) : actions) {
      const found =
        name === 'crun' ? await fromCommandLine(action, path) : await verified(action, path, recorder)
      t.match(found, { target: new RegExp(`^${name} `), seenBy: recorder, started: true }, action)
      t.match(found.calls, [/^symlink(?:at)? ln 1$/], action)
    }
  })
}

interface Told {
  readonly target: string
  readonly seenBy: string
  readonly started: boolean
  readonly calls: readonly string[]
}

type Refused = readonly Pick<RefusedCall, 'syscall' | 'processes' | 'count'>[]

const callsOf = (refused: Refused): readonly string[] =>
  refused.map(({ syscall, processes, count }) => `${syscall} ${processes[0]?.comm} ${count}`)

async function verified(action: string, path: string, recorder: SeenBy): Promise<Told> {
  const { target, seenBy, started, refusals } = await verify({
    command,
    profile: refusing(action),
    recorder,
    env: { ...process.env, PATH: path },
    cwd: work,
    streams: 'ignore',
  })
  return { target, seenBy, started, calls: callsOf(refusals) }
}

/** Runs in a separate process, which sees a cgroup hierarchy that crun accepts. */
async function fromCommandLine(action: string, path: string): Promise<Told> {
  const profile = join(work, 'profile.json')
  writeFileSync(profile, refusing(action))
  const options = ['--recorder', 'strace', '--report', 'json', '--within', 'none', profile]
  const words = [...seccompGen, 'verify', ...options, '--', ...command]
  const [first, ...rest] = runtimeWords('crun', ['env', `PATH=${path}`, ...words])
  const out = await execa(first, rest, { ...quietly, cwd: work, env: { ...plainEnvironment } })
  const report = JSON.parse(out.stdout || `{"target":${JSON.stringify(out.stderr)}}`) as Told & {
    refused?: Refused
  }
  return { ...report, calls: callsOf(report.refused ?? []) }
}

/** The condition is the one under which the ceiling allows clone. */
const noClone = {
  names: ['clone'],
  action: 'SCMP_ACT_ERRNO',
  args: [{ index: 0, value: 2114060288, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
}
const [bubblewrap] = sandboxes.filter(({ name }) => name === 'bubblewrap')
t.test(
  'the same call of two runs is one, wherever its words lie',
  { skip: bubblewrap?.why ?? false },
  async (t) => {
    const settings = {
      command,
      env: { ...process.env, PATH: withBubblewrap },
      cwd: work,
      streams: 'ignore',
    } as const
    const twice = await verify({
      ...settings,
      profile: refusing('SCMP_ACT_ERRNO'),
      recorder: 'strace',
      runs: 2,
    })
    t.match(callsOf(twice.refusals), [/^symlink(?:at)? ln 2$/])
    t.match(twice, { runs: 2, refusals: [{ count: 2, processes: { length: 2 } }] })
    // libseccomp refuses a rule beside another with a different answer, so repair removes the call from that one.
    const [shell, option, , link] = command
    const against = await verify({
      ...settings,
      // This subshell is made with clone.
      command: [shell, option, '(ln -s a "$0"; exit 0); rm -f "$0"; exit 0', link],
      profile: refusing('SCMP_ACT_ERRNO')
        .replace('SCMP_ACT_ALLOW', 'SCMP_ACT_LOG')
        .replace('"syscalls":[', `"syscalls":[${JSON.stringify(noClone)},`),
      recorder: 'strace',
      repair: true,
    })
    const added = against.repair?.added.map(({ refusal }) => refusal.syscall) ?? []
    t.match(added, ['clone', /^symlink/])
    t.match(against, { refusals: { length: 0 }, rounds: 3 })
    for (const call of added) t.notMatch(against.repair?.text, `"${call}"`)
  },
)

t.test(
  'a signal reaches what bubblewrap runs, and no round follows',
  { skip: bubblewrap?.why ?? false },
  async (t) => {
    const up = join(work, 'up')
    const found = verify({
      command: ['/bin/sh', '-c', ': >"$0"; exec /bin/sleep 60', up],
      profile: refusing('SCMP_ACT_ERRNO'),
      recorder: 'strace',
      runs: 5,
      env: { ...process.env, PATH: withBubblewrap },
      cwd: work,
      streams: 'ignore',
      signals: (listener) => {
        const timer = setInterval(() => {
          if (!existsSync(up)) return
          clearInterval(timer)
          listener('SIGTERM')
        }, 50)
        return () => clearInterval(timer)
      },
    })
    t.match(await found, { interrupted: true, runs: 1, ending: { kind: 'exited', status: 143 } })
  },
)

t.test('libseccomp: what it refuses is told, and no file stays open', async (t) => {
  const library = await loadLibseccomp().catch((error: Error) => void t.comment(error.message))
  if (library === undefined) return
  const compiled = (name: string, ...actions: string[]): number => {
    const args = [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }]
    const syscalls = actions.map((action) => ({ names: ['read'], action, args }))
    const text = JSON.stringify({ defaultAction: 'SCMP_ACT_KILL', syscalls })
    return compileTo(library, resolve(parseProfile(text, { name: 'p' }), contextOf()), join(work, name))
  }
  t.throws(() => compiled('none.bpf', 'SCMP_ACT_ALLOW', 'SCMP_ACT_ERRNO'), {
    name: 'UserError',
    status: 125,
    message: 'p: libseccomp refuses read (error 17), and no filter is made',
  })
  const before = readdirSync('/proc/self/fd').length
  closeSync(compiled('one.bpf', 'SCMP_ACT_ALLOW'))
  t.equal(readdirSync('/proc/self/fd').length, before)
  // A sandbox that needs libseccomp reports that it does not load.
  mkdirSync(join(work, 'broken'))
  writeFileSync(join(work, 'broken/libseccomp.so.2'), '')
  const profile = join(work, 'broken/p.json')
  writeFileSync(profile, refusing('SCMP_ACT_ERRNO'))
  if ((await whyNoBubblewrap()) !== undefined) return
  const [node, ...words] = seccompGen
  const env = { ...plainEnvironment, PATH: withBubblewrap, LD_LIBRARY_PATH: join(work, 'broken') }
  const out = await execa(node, [...words, 'verify', profile, '--', '/bin/true'], { ...quietly, env })
  t.equal(out.exitCode, 125)
  t.match(out.stderr, /libseccomp\.so\.2 cannot be used through the optional package koffi \(/)
})

const flood = `
import os, seccomp
filter = seccomp.SyscallFilter(seccomp.ALLOW)
filter.add_rule(seccomp.LOG, 'getppid')
filter.load()
for _ in range(5000): os.getppid()
`
const whyNoFlood =
  (await whyNoAudit()) ??
  ((await execa('/usr/bin/python3', ['-c', 'import seccomp'], quietly)).failed
    ? 'python3-seccomp is not here'
    : undefined)
t.test('audit records that find no room are counted', { skip: whyNoFlood ?? false }, async (t) => {
  for (const room of [undefined, 1]) {
    let heard = 0
    let pid: number | undefined
    const socket = await AuditSocket.open((text) => {
      if (text.includes(` pid=${pid} `)) heard++
    }, room)
    const flooding = execa('/usr/bin/python3', ['-c', flood], quietly)
    pid = flooding.pid
    await flooding
    const lost = await socket.end()
    t.comment(`${heard} heard, ${lost} lost of any process`)
    t.ok(heard + lost >= 5000, 'none is missing unsaid')
    if (room !== undefined) t.ok(lost > 0 && heard < 5000, 'in so little room some are')
  }
})

const operatorProfile = `apiVersion: security-profiles-operator.x-k8s.io/v1
kind: SeccompProfile
metadata: {name: links}
spec:
  defaultAction: SCMP_ACT_ALLOW
  syscalls:
  - names: [reboot, symlink, symlinkat] # neither of them
    action: SCMP_ACT_ERRNO
`
const whyNoOther = isRoot
  ? ((await whyNoBubblewrap()) ?? (await noStrace()))
  : 'only root can become an ordinary user'
t.test('an ordinary user, from the command line', { skip: whyNoOther ?? false }, async (t) => {
  const profile = join(work, 'profile.yaml')
  writeFileSync(profile, operatorProfile)
  const nobody = { uid: 65534, gid: 65534, cwd: '/', env: { ...plainEnvironment, TMPDIR: '/tmp' } } as const
  const [node, ...words] = seccompGen
  const reached = await execa(node, [...words, '--version'], { ...quietly, ...nobody })
  if (reached.failed) return t.comment(`skipped: an ordinary user cannot run ${node} here`)
  const options = ['--report', 'json', '--within', 'none', '--repair', profile]
  // NODE_OPTIONS of the test runner would write to a directory of root's.
  const out = await execa(
    'env',
    ['-u', 'NODE_OPTIONS', node, ...words, 'verify', ...options, '--', ...command],
    { ...quietly, ...nobody },
  )
  if (/ERR_MODULE_NOT_FOUND|EACCES: permission denied, (?:open|scandir)/.test(out.stderr))
    return t.comment(`skipped: ${out.stderr}`)
  t.match(out.stderr, /^seccomp-gen: running in bubblewrap .*; refusals are seen by strace \(not by ebpf: /m)
  const { repair, verdict } = JSON.parse(out.stdout)
  t.equal(verdict, 'suffices')
  t.match(repair.added, [{ syscall: /^symlink/, errno: 'EPERM', round: 1 }])
  t.match(repair.patch, /^\+ {2}- names: \[reboot, symlink(?:at)?\] # neither of them$/m)
  writeFileSync(join(work, 'sudo'), '#!/bin/sh\nexit 9\n', { mode: 0o755 })
  const sudo = await execa(node, [...words, 'verify', profile, '--', join(work, 'sudo'), 'true'], {
    ...quietly,
    ...nobody,
  })
  t.equal(sudo.exitCode, 125)
  t.match(sudo.stderr, /sudo gains no privileges in a sandbox: run sudo seccomp-gen verify … instead/)
})
