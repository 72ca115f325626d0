// The kernel's filter, read back from a container, answers every call as its profile does, and `eval` agrees. Also:
// several filters at once, none, and that the process is left as it was.
import { execa, execaSync } from 'execa'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { version, whyNotRun, writeBundle } from '../../scripts/bundle.ts'
import { architectureNames } from '../../src/abi/architectures.ts'
import { numbersOf } from '../../src/abi/numbers.ts'
import {
  answerOfPrograms,
  answerText,
  builtin,
  contextOf,
  decodeProgram,
  makeMeaning,
  type RuntimeVersion,
} from '../../src/meaning/index.ts'
import { isKnownTo } from '../../src/meaning/versions/library.ts'
import { parseProfile } from '../../src/profile/index.ts'
import { filtersOf } from '../../src/record/index.ts'
import { statOf, statusOf } from '../../src/record/runner/processes.ts'
import { plainEnvironment, seccompGen } from './command.ts'
import { skipFile } from './skip.ts'

skipFile(process.arch === 'x64' ? whyNotRun('runc') : 'the profile here is one for x86_64')

t.setTimeout(600_000)
const work = mkdtempSync('/tmp/sg-filters-')
t.teardown(() => rmSync(work, { recursive: true, force: true }))
const [program, ...loading] = seccompGen
const seccomp = (...words: readonly string[]) =>
  execa(program, [...loading, ...words], { env: plainEnvironment, reject: false, stdin: 'ignore' })

// containerd's default as the engine passes it to the runtime, with its conditions, and one rule for each other action.
const named = ['reboot', 'keyctl', 'ptrace', 'clone3', 'mount']
const ofContainerd = makeMeaning(builtin('containerd').profile, contextOf()).resolved.rules.map(
  ({ names, answer, args }) => ({
    // Leaves out the calls of 2.5.5 that Debian's 2.5.4 has and the upstream 2.5.4 lacks.
    names: names.filter((name) => !named.includes(name) && isKnownTo('2.5.4', name)),
    action: answer.action,
    ...(answer.errno !== undefined && { errnoRet: answer.errno }),
    args: args.map(({ index, value, valueTwo, op }) => ({
      index,
      value: Number(value),
      valueTwo: Number(valueTwo),
      op,
    })),
  }),
)
const profile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  syscalls: [
    ...ofContainerd,
    { names: ['reboot'], action: 'SCMP_ACT_KILL_PROCESS' },
    { names: ['keyctl'], action: 'SCMP_ACT_LOG' },
    { names: ['ptrace'], action: 'SCMP_ACT_TRAP' },
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
    { names: ['mount'], action: 'SCMP_ACT_TRACE' },
  ].filter(({ names }) => names.length > 0),
}

/** The version of libseccomp that the runtime reports. */
function libraryOf(runtime: string): string {
  return /^libseccomp: (\S+)$/m.exec(execaSync(runtime, ['--version']).stdout)?.[1] ?? '2.5.4'
}

/** Runs busybox's sleep in a container under the profile and passes its pid. */
async function inContainer(check: (pid: number) => Promise<void>): Promise<void> {
  mkdirSync(join(work, 'bundle'))
  writeBundle(join(work, 'bundle'), { args: ['/bin/sleep', '600'], noNewPrivileges: true }, profile)
  const runc = (...words: readonly string[]) => execaSync('runc', ['--root', join(work, 'state'), ...words])
  const name = `filters-${process.pid}`
  const running = execa(
    'runc',
    ['--root', join(work, 'state'), 'run', '--bundle', join(work, 'bundle'), name],
    {
      reject: false,
      stdin: 'ignore',
    },
  )
  try {
    let pid = 0
    for (let tries = 0; tries < 200; tries++, await wait(50)) {
      const state = execaSync('runc', ['--root', join(work, 'state'), 'state', name], { reject: false })
      if (state.exitCode === 0) pid = (JSON.parse(state.stdout) as { pid: number }).pid
      if (pid > 0 && statusOf(pid, 'Name') === 'sleep') break
    }
    await check(pid)
  } finally {
    runc('kill', name, 'KILL')
    await running
  }
}

t.test('every call of every architecture, as the profile answers it', async (t) => {
  await inContainer(async (pid) => {
    const programs = (await filtersOf(pid)).map(decodeProgram)
    t.ok(programs.length > 0)
    const word = `runc@${version('runc') ?? ''}` as RuntimeVersion
    const meaning = makeMeaning(
      parseProfile(JSON.stringify(profile)),
      contextOf({ runtime: word, libseccomp: libraryOf('runc') }),
    )
    const values = [0n, 1n, 2n, 40n, 17n, 0x20000n, 0x7e020011n, 0x100000001n, 2n ** 64n - 1n]
    const wrong: unknown[] = []
    let asked = 0
    for (const architecture of architectureNames.filter((each) => each.startsWith('x')))
      for (const number of numbersOf(architecture))
        for (const value of values) {
          asked++
          const args = [value, value ^ 3n]
          const expected = answerText(meaning.answer(architecture, number, args))
          const found = answerText(answerOfPrograms(programs, architecture, number, args))
          if (found !== expected) wrong.push({ architecture, number, value, expected, found })
        }
    t.strictSame(wrong.slice(0, 5), [])
    t.ok(asked > 20_000)
    for (const [words, expected] of [
      ['socket AF_UNIX', 'SCMP_ACT_ALLOW'],
      ['clone CLONE_NEWUSER', 'SCMP_ACT_ERRNO(1)'],
      ['clone3', 'SCMP_ACT_ERRNO(38)'],
      ['reboot', 'SCMP_ACT_KILL_PROCESS'],
    ] as const) {
      const told = await seccomp('eval', '--pid', String(pid), ...words.split(' '))
      t.equal(told.stdout, expected, words)
      t.match(told.stderr, /has \d+ filters?, of \d+/)
    }
    const file = join(work, 'profile.json')
    writeFileSync(file, JSON.stringify(profile))
    const same = await seccomp('diff', file, '--pid', String(pid), '--json')
    t.equal(same.exitCode, 0, same.stdout + same.stderr)
    t.equal((JSON.parse(same.stdout) as { verdict: string }).verdict, 'equivalent')
    writeFileSync(file, JSON.stringify({ ...profile, syscalls: profile.syscalls.slice(1) }))
    const other = await seccomp('diff', file, '--pid', String(pid))
    t.equal(other.exitCode, 1, other.stdout)
    t.match(other.stdout, /EPERM -> allowed on/)
    const explained = await seccomp('explain', '--pid', String(pid), 'clone3', 'reboot')
    t.match(explained.stdout, /^clone3 +x86_64 +ERRNO\(38\)/m)
    t.match(explained.stdout, /^reboot +x86_64 +KILL_PROCESS/m)
    t.match(statOf(pid)?.[0], /^[SR]$/, 'the process is not left stopped')
  })
})

t.test('no filter, and no process', async (t) => {
  const sleep = execa('sleep', ['100'], { reject: false })
  t.strictSame(await filtersOf(sleep.pid ?? 0), [])
  const told = await seccomp('eval', '--pid', String(sleep.pid), 'reboot')
  t.equal(told.stdout, 'SCMP_ACT_ALLOW')
  t.match(told.stderr, /has no seccomp filter: every call is allowed/)
  sleep.kill()
  await sleep
  await t.rejects(filtersOf(sleep.pid ?? 0), /there is no process/)
  const both = await seccomp('eval', '--pid', '1', '--pod', 'a/b', 'read')
  t.equal(both.exitCode, 2)
})
