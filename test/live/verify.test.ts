// Real programs are recorded once. Then each needed call is removed from the profile: verify names the call, and
// --repair restores a profile that answers every call as the recorded one does. Containers of Docker, Podman and crun,
// and plain programs on the host's root. SECCOMP_GEN_VERIFY_ALL=1 removes every call instead of a sample;
// SECCOMP_GEN_VERIFY_ALL=python3 removes every call of the programs of that name only.
import { execa } from 'execa'
import { realpathSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { derivePolicy } from '../../src/policy/index.ts'
import { buildProfile, printProfile } from '../../src/print/index.ts'
import { parseProfile } from '../../src/profile/index.ts'
import { compareProfiles } from '../../src/meaning/index.ts'
import { record, verify } from '../../src/run.ts'
import { runtimeWords, whyNotRun } from '../../scripts/bundle.ts'
import { noEbpf } from './command.ts'
import { skipFile } from './skip.ts'

skipFile((await noEbpf()) ?? whyNotRun('runc'))
// Removing every call takes hundreds of starts.
t.setTimeout(3_600_000)
const asked = process.env['SECCOMP_GEN_VERIFY_ALL'] ?? ''
const all = asked !== ''
const {
  at,
  close,
  engines,
  env: more,
  leftovers,
  limits,
  podman,
  quietly,
  work,
} = await import('./containers.ts')
const env = { ...(process.env as Record<string, string>), ...more }
const inContainer = ['run', '--rm', '--network', 'none']
const python = `
import socket, threading, os, hashlib, tempfile
socket.socket(socket.AF_INET).close()
a, b = socket.socketpair(); a.sendall(b"x"); b.recv(1)
thread = threading.Thread(target=lambda: os.getpid()); thread.start(); thread.join()
with tempfile.TemporaryFile() as f: f.write(hashlib.sha256(b"x").digest()); f.seek(0); f.read()
`
const installed = async (program: string): Promise<string | undefined> =>
  (await execa(program, ['--version'], quietly)).failed ? `${program} is not installed` : undefined
const hybrid = runtimeWords('crun', ['x']).length > 1

interface Program {
  readonly command: readonly [string, ...string[]]
  readonly why: string | undefined
  /** The number of its calls that CI removes. */
  readonly sample: number
}
const programs: Readonly<Record<string, Program>> = {
  'docker, busybox sh': {
    command: ['docker', ...inContainer, 'seccomp-gen-test', 'sh', '-c', 'ls / | cat'],
    why: engines[0]?.[1],
    sample: 2,
  },
  'podman, busybox id': {
    command: [...podman, ...inContainer, ...limits, 'seccomp-gen-test', 'id'],
    why: engines[1]?.[1],
    sample: 1,
  },
  'runc run, busybox ls': {
    command: ['runc', '--root', at('state'), 'run', '-b', at('bundle'), `seccomp-gen-${process.pid}`],
    why: whyNotRun('runc'),
    sample: 2,
  },
  'crun run, busybox ls': {
    command: ['crun', '--root', at('state'), 'run', '-b', at('bundle'), `seccomp-gen-${process.pid}`],
    why: whyNotRun('crun') ?? (hybrid ? 'crun does not run on this hybrid cgroup hierarchy' : undefined),
    sample: 2,
  },
  'a pipeline of sh, sort and sed': {
    command: ['sh', '-c', 'echo b a | tr " " "\\n" | sort | sed 1d; exit 0'],
    why: undefined,
    sample: 3,
  },
  'python3 with a thread, a socket and a file': {
    command: ['/usr/bin/python3', '-c', python],
    why: await installed('/usr/bin/python3'),
    sample: 3,
  },
  'gcc, which starts others': {
    command: ['gcc', '-x', 'c', '-o', at('made'), at('bundle/empty.c')],
    why: await installed('gcc'),
    sample: 1,
  },
}
writeFileSync(at('bundle/empty.c'), 'int main(void){return 0;}')

const settings = { env, cwd: work, streams: 'ignore' } as const

/** Go's scheduler and locks make these only when two threads meet. */
const mayBeMissing = new Set([
  'futex',
  'epoll_pwait',
  'nanosleep',
  'sched_yield',
  'tgkill',
  'madvise',
  'rt_sigreturn',
])

for (const [name, { command, why, sample }] of Object.entries(programs)) {
  if (all && asked !== '1' && !name.includes(asked)) continue
  t.test(name, { skip: why ?? false }, async (t) => {
    const recordings = [await record({ ...settings, command }), await record({ ...settings, command })]
    const [first, second] = recordings.map(({ observations }) => observations)
    if (first === undefined || second === undefined) return t.fail('two recordings')
    const profile = printProfile(buildProfile(derivePolicy(first)))
    const recorded = parseProfile(profile)
    const full = await verify({ ...settings, command, profile })
    t.match(full, { started: true, ending: { kind: 'exited', status: 0 }, refusals: { length: 0 } })

    const named = new Set(
      recorded.profile.syscalls.flatMap(({ action, names }) => (action === 'SCMP_ACT_ALLOW' ? names : [])),
    )
    const inBoth = Object.keys(first.architectures.x86_64 ?? {}).filter(
      (call) => second.architectures.x86_64?.[call] !== undefined && named.has(call),
    )
    // Conditional calls first: for clone and socket the ceiling allows some arguments only.
    const conditional = inBoth.filter((call) =>
      recorded.profile.syscalls.some(({ names, args }) => names.includes(call) && (args ?? []).length > 0),
    )
    const inOrder = [...conditional, ...inBoth.filter((call) => !conditional.includes(call))]
    const step = all ? 1 : Math.max(1, Math.floor(inOrder.length / sample))
    const taken = inOrder.filter((_, index) => index % step === 0).slice(0, all ? undefined : sample)
    const outcomes: Record<'exactly' | 'beside' | 'hiding' | 'unnoticed', string[]> = {
      exactly: [],
      beside: [],
      hiding: [],
      unnoticed: [],
    }
    for (const call of taken) {
      const without = printProfile(withoutCall(recorded.profile, call) as never)
      const rounds: (readonly string[])[] = []
      const { repair, ...found } = await verify({
        ...settings,
        command,
        profile: without,
        repair: true,
        notice: (each) => each.code === 'round' && each.dropped === undefined && rounds.push(each.added),
      })
      const [told = []] = rounds
      const outcome =
        told.length === 0
          ? 'unnoticed'
          : !told.includes(call)
            ? 'hiding'
            : told.length === 1
              ? 'exactly'
              : 'beside'
      const others = told.filter((each) => each !== call)
      outcomes[outcome].push(others.length === 0 ? call : `${call} (${others.join(' ')})`)
      t.strictSame(found.refusals, [], `${call}: nothing is refused in the end`)
      // Two runs made the call and a third did not: it was not refused, so there is nothing to notice.
      if (outcome === 'unnoticed') {
        t.ok(mayBeMissing.has(call), `${call} is made in every run`)
        continue
      }
      const added = repair?.added.map(({ refusal }) => refusal.syscall) ?? []
      t.ok(added.includes(call), `${call} is named`)
      const { verdict, changes } = compareProfiles(recorded, parseProfile(repair?.text ?? ''))
      t.match(
        verdict,
        /identical|equivalent/,
        `${call}: ${changes.map(({ syscall }) => syscall).join()} differ`,
      )
    }
    t.comment(`${taken.length} of ${inBoth.length} calls that both of two recordings made were taken out:`)
    t.comment(`${outcomes.exactly.length} named exactly, alone: ${outcomes.exactly.join(', ')}`)
    t.comment(`${outcomes.beside.length} with what was tried instead: ${outcomes.beside.join(', ')}`)
    t.comment(`${outcomes.hiding.length} after another that hid it: ${outcomes.hiding.join(', ')}`)
    t.comment(`${outcomes.unnoticed.length} not made in that run: ${outcomes.unnoticed.join(', ')}`)
    const rest = [...named].filter((call) => !inBoth.includes(call))
    t.comment(
      `${rest.length} of the profile’s calls are the floor’s or equivalents, and not made: ${rest.join(', ')}`,
    )
    t.strictSame(leftovers(process.pid), [])
  })
}

const isDash = realpathSync('/bin/sh').endsWith('/dash')
t.test('a shell waits for a child that still runs, though the recording had none', {
  skip: isDash ? false : '/bin/sh is not dash',
}, async (t) => {
  const { observations } = await record({
    ...settings,
    command: ['/bin/sh', '-c', '/bin/true & sleep 0.3; wait'],
  })
  t.notOk(observations.architectures.x86_64?.['rt_sigsuspend'], 'the recording lacks the call')
  const under = (margin: 'none' | 'libc') =>
    verify({
      ...settings,
      command: ['/bin/sh', '-c', 'sleep 0.3 & wait'],
      profile: printProfile(buildProfile(derivePolicy(observations, { margin }))),
    })
  t.match(await under('libc'), { started: true, ending: { kind: 'exited', status: 0 }, refusals: { length: 0 } })
  t.match(await under('none'), { endless: { syscall: 'rt_sigsuspend' } }, 'without the margin it spins')
  t.strictSame(await containersOfRunc(), [], 'the runtime is killed with it, and its container is gone')
}) // prettier-ignore

/** Those of this process: other tests have containers at the same time. */
async function containersOfRunc(): Promise<readonly string[]> {
  const { stdout } = await execa('runc', ['list', '--quiet'], { reject: false })
  return stdout.split('\n').filter((name) => name.startsWith(`seccompgen${process.pid}x`))
}

function withoutCall(
  { syscalls, ...rest }: ReturnType<typeof parseProfile>['profile'],
  call: string,
): unknown {
  return {
    ...rest,
    syscalls: syscalls
      .map((rule) => ({ ...rule, names: rule.names.filter((each) => each !== call) }))
      .filter(({ names }) => names.length > 0),
  }
}

t.teardown(close)
