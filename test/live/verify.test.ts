// Real programs recorded once; then each call that they need is taken out of the profile: verify names it, and --repair
// gives back a profile that answers every call as the recorded one does. Containers of Docker, Podman and crun, and
// plain programs on the host's root. SECCOMP_GEN_VERIFY_ALL=1 takes every call instead of a sample of each program.
import { spawn, type ChildProcess } from 'node:child_process'
import { execa } from 'execa'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { derivePolicy } from '../../src/policy/index.ts'
import { buildProfile, parseProfile, printProfile } from '../../src/profile/index.ts'
import { compareProfiles, evaluate } from '../../src/meaning/index.ts'
import { record } from '../../src/record/index.ts'
import { cgroupMounts } from '../../src/record/cgroups.ts'
import { verify } from '../../src/verify/index.ts'
import { runtimeWords, whyNotRun, writeBundle } from '../../scripts/bundle.ts'
import { noEbpf, plainEnvironment } from './command.ts'

const reason = (await noEbpf()) ?? whyNotRun('runc')
if (reason !== undefined) {
  t.comment(reason)
  t.plan(0, reason)
  process.exit(0)
}
// Hundreds of starts, where every call is taken.
t.setTimeout(3_600_000)
const all = process.env['SECCOMP_GEN_VERIFY_ALL'] === '1'
const work = mkdtempSync('/tmp/sg-verify-')
const at = (name: string): string => join(work, name)
const env: Record<string, string> = {
  ...(process.env as Record<string, string>),
  ...plainEnvironment,
  DOCKER_HOST: `unix://${at('socket')}`,
  TMPDIR: work,
}
const quietly = { env, reject: false, stdin: 'ignore', cwd: work } as const
mkdirSync(at('bundle'))
writeBundle(at('bundle'), { args: ['/bin/ls', '/'], noNewPrivileges: false }, undefined)

let daemon: ChildProcess | undefined
async function whyNoDocker(): Promise<string | undefined> {
  if ((await execa('dockerd', ['--version'], quietly)).failed) return 'dockerd is not installed'
  const words = ['--iptables=false', '--ip6tables=false', '--bridge=none', '--storage-driver=vfs']
  const places = ['--data-root', at('data'), '--exec-root', at('exec'), '-p', at('pid')]
  daemon = spawn('dockerd', [...words, ...places, '-H', `unix://${at('socket')}`], { stdio: 'ignore' })
  for (let tries = 0; tries < 150; tries++) {
    if (!(await execa('docker', ['info'], quietly)).failed) return importInto(['docker'])
    await wait(200)
  }
  return 'dockerd does not start here'
}
async function whyNoPodman(): Promise<string | undefined> {
  if ((await execa('podman', ['--version'], quietly)).failed) return 'podman is not installed'
  return importInto(podman)
}
async function importInto(client: readonly string[]): Promise<string | undefined> {
  const [engine = '', ...words] = client
  const tar = execa('tar', ['-C', at('bundle/rootfs'), '-c', '.'], { encoding: 'buffer' })
  const image = await execa(engine, [...words, 'import', '-', 'seccomp-gen-test:latest'], {
    ...quietly,
    stdin: 'pipe',
    input: (await tar).stdout,
  })
  return image.failed ? `${engine} cannot import an image: ${image.stderr}` : undefined
}
const podman = ['podman', '--root', at('podman'), '--runroot', at('podman-run'), '--runtime', 'runc']
const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024']
const inContainer = ['run', '--rm', '--network', 'none']
const python = `
import socket, threading, os, hashlib, tempfile
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
  /** How many of its calls are taken out in a run of CI. */
  readonly sample: number
}
const programs: Readonly<Record<string, Program>> = {
  'docker, busybox sh': {
    command: ['docker', ...inContainer, 'seccomp-gen-test', 'sh', '-c', 'ls / | cat'],
    why: await whyNoDocker(),
    sample: 2,
  },
  'podman, busybox id': {
    command: [...podman, ...inContainer, ...limits, 'seccomp-gen-test', 'id'] as unknown as [string],
    why: await whyNoPodman(),
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
rmSync(at('bundle/empty.c'), { force: true })
await execa('sh', ['-c', `echo 'int main(void){return 0;}' > ${at('bundle/empty.c')}`])

const settings = { env, cwd: work, streams: 'ignore' } as const

for (const [name, { command, why, sample }] of Object.entries(programs)) {
  t.test(name, { skip: why ?? false }, async (t) => {
    const recordings = [await record({ ...settings, command }), await record({ ...settings, command })]
    const [first, second] = recordings.map(({ observations }) => observations)
    if (first === undefined || second === undefined) return t.fail('two recordings')
    const profile = printProfile(buildProfile(derivePolicy(first)))
    const recorded = parseProfile(profile)
    const full = await verify({ ...settings, command, profile })
    t.match(full, { started: true, ending: { kind: 'exited', status: 0 }, refusals: [] })

    const inBoth = Object.keys(first.architectures.x86_64 ?? {}).filter(
      (call) =>
        second.architectures.x86_64?.[call] !== undefined &&
        evaluate(recorded, { syscall: call }).action === 'SCMP_ACT_ALLOW',
    )
    const step = all ? 1 : Math.max(1, Math.floor(inBoth.length / sample))
    const taken = inBoth.filter((_, index) => index % step === 0).slice(0, all ? undefined : sample)
    t.comment(`${taken.length} of ${inBoth.length} calls that both of two recordings made`)
    for (const call of taken) {
      const without = printProfile(withoutCall(recorded.profile, call) as never)
      const { repair, ...found } = await verify({ ...settings, command, profile: without, repair: true })
      const added = repair?.added.map(({ refusal }) => refusal.syscall) ?? []
      t.ok(added.includes(call), `${call} is named`)
      t.strictSame(found.refusals, [], `${call}: nothing is refused in the end`)
      const { verdict, changes } = compareProfiles(recorded, parseProfile(repair?.text ?? ''))
      t.match(
        verdict,
        /identical|equivalent/,
        `${call}: ${changes.map(({ syscall }) => syscall).join()} differ`,
      )
    }
    t.strictSame(leftovers(), [])
  })
}

function withoutCall(
  { syscalls, ...rest }: ReturnType<typeof parseProfile>['profile'],
  call: string,
): unknown {
  return {
    ...rest,
    syscalls: syscalls.map((rule) => ({ ...rule, names: rule.names.filter((each) => each !== call) })),
  }
}

function leftovers(): readonly string[] {
  const cgroups = cgroupMounts().flatMap(({ path }) =>
    readdirSync(path).filter((name) => name.startsWith('seccompgen')),
  )
  return [...cgroups, ...readdirSync(work).filter((name) => name.startsWith('seccomp-gen-'))]
}

t.teardown(async () => {
  const gone = daemon && new Promise((resolve) => daemon?.once('exit', resolve))
  daemon?.kill('SIGTERM')
  await gone
  const [first = '', ...rest] = podman
  await execa(first, [...rest, 'rmi', '--all', '--force'], quietly)
  for (const mount of readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? ''))
    if (mount.startsWith(work)) await execa('umount', ['-l', mount], quietly)
  rmSync(work, { recursive: true, force: true })
})
