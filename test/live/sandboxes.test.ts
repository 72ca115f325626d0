// Plain commands verified where ebpf is not used: refusals seen by strace, in runc and in bubblewrap, by root and by an
// ordinary user, for every way in which a filter refuses; and bubblewrap's filter, compiled through libseccomp, refuses
// what the profile says.
import { execa } from 'execa'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { findProgram } from '../../src/record/index.ts'
import type { Verification } from '../../src/verify/index.ts'
import { verify } from '../../src/verify/index.ts'
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
/** A PATH on which runc is not. */
const withoutRunc = join(work, 'bin')
mkdirSync(withoutRunc)
for (const program of ['bwrap', 'strace', 'mkfifo', 'sh', 'ln'])
  try {
    symlinkSync(findProgram(program, work, process.env['PATH']), join(withoutRunc, program))
  } catch {
    // The test that needs it skips.
  }

// Its second half runs only where the first was refused and left it alive.
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
  readonly recorder: 'strace' | 'ebpf'
}[] = [
  {
    name: 'runc',
    path: process.env['PATH'] ?? '',
    why: isRoot ? ((await missing('runc')) ?? (await noStrace())) : 'runc is run by root',
    recorder: 'strace',
  },
  {
    name: 'bubblewrap',
    path: withoutRunc,
    why: (await whyNoBubblewrap()) ?? (await noStrace()),
    recorder: 'strace',
  },
  {
    name: 'bubblewrap',
    path: withoutRunc,
    why: (await whyNoBubblewrap()) ?? (await noEbpf()),
    recorder: 'ebpf',
  },
]

for (const { name, path, why, recorder } of sandboxes) {
  t.test(`${name}, seen by ${recorder}`, { skip: why ?? false }, async (t) => {
    for (const action of actions) {
      const found = await verify({
        command,
        profile: refusing(action),
        recorder,
        env: { ...process.env, PATH: path },
        cwd: work,
        streams: 'ignore',
      })
      t.match(told(found), { target: new RegExp(`^${name} `), seenBy: recorder, started: true }, action)
      t.match(told(found).calls, [/^symlink(?:at)? ln 1$/], action)
    }
  })
}

function told({ target, seenBy, started, refusals }: Verification): {
  readonly target: string
  readonly seenBy: string
  readonly started: boolean
  readonly calls: readonly string[]
} {
  const calls = refusals.map(({ syscall, processes, count }) => `${syscall} ${processes[0]?.comm} ${count}`)
  return { target, seenBy, started, calls }
}

const whyNoOther = isRoot
  ? ((await whyNoBubblewrap()) ?? (await noStrace()))
  : 'only root can become an ordinary user'
t.test('an ordinary user, from the command line', { skip: whyNoOther ?? false }, async (t) => {
  const profile = join(work, 'profile.json')
  writeFileSync(profile, refusing('SCMP_ACT_ERRNO'))
  const nobody = { uid: 65534, gid: 65534, cwd: '/', env: { ...plainEnvironment, TMPDIR: '/tmp' } } as const
  const [node, ...words] = seccompGen
  const reached = await execa(node, [...words, '--version'], { ...quietly, ...nobody })
  if (reached.failed) return t.comment(`skipped: an ordinary user cannot run ${node} here`)
  const out = await execa(
    node,
    [...words, 'verify', '--report', 'json', '--within', 'none', '--repair', profile, '--', ...command],
    { ...quietly, ...nobody },
  )
  if (/ERR_MODULE_NOT_FOUND|EACCES: permission denied, (?:open|scandir)/.test(out.stderr))
    return t.comment(`skipped: ${out.stderr}`)
  t.match(out.stderr, /^seccomp-gen: running in bubblewrap .*; refusals are seen by strace \(no ebpf: /m)
  const { repair, verdict } = JSON.parse(out.stdout)
  t.equal(verdict, 'suffices')
  t.match(repair.added, [{ syscall: /^symlink/, errno: 'EPERM', round: 1 }])
})
