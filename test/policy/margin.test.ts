// The margin: calls that libc and run-times make on rare paths are added to the seen ones, each with its reason, never
// beyond the ceiling, and never against a seen answer.
import { execa } from 'execa'
import t from 'tap'
import { companionRows } from '../../src/abi/companions.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import { mergeObservations, type ObservedCall, type Observations } from '../../src/observe/index.ts'
import { derivePolicy, type PolicyOptions } from '../../src/policy/index.ts'
import { parseProfile } from '../../src/profile/index.ts'
import { record } from '../../src/record/index.ts'
import { contentsLine } from '../../src/report/contents.ts'
import { noStrace } from '../live/command.ts'

function seen(calls: Readonly<Record<string, Partial<ObservedCall>>>): Observations {
  const entries = Object.entries(calls).map(([name, call]) => [name, { count: 1, first: 'a:1', ...call }])
  return {
    version: 1,
    architectures: { x86_64: Object.fromEntries(entries) as Record<string, ObservedCall> },
    unknown: {},
    sources: [],
    diagnostics: [],
  }
}

function allowed(observations: Observations, options: PolicyOptions = {}): readonly string[] {
  const { rules } = derivePolicy(observations, { runtime: 'none', ...options })
  return rules.filter(({ action }) => action.type === 'allow').map(({ syscall }) => syscall)
}

const thread = { args: { 0: [String(0x3d0f00)] } }
const process = { args: { 0: [String(0x1200011)] } }

t.test('what stands beside what was seen', (t) => {
  const rows: readonly (readonly [
    Readonly<Record<string, Partial<ObservedCall>>>,
    with_: string,
    without: string,
  ])[] = [
    [
      { read: {} },
      'exit exit_group tgkill gettid getpid rt_sigprocmask mremap munmap writev',
      'kill futex sendmmsg',
    ],
    [{ clone: thread }, 'exit madvise futex', 'kill wait4'],
    [{ clone3: thread }, 'exit madvise futex', 'kill wait4'],
    [{ clone: process }, 'kill wait4', 'futex sched_yield'],
    [{ vfork: {} }, 'kill wait4', 'futex'],
    [{ clone: { args: { 0: null } } }, 'kill wait4 futex', ''],
    [{ rt_sigaction: {} }, 'kill rt_sigreturn', 'wait4'],
    [{ connect: {}, sendmmsg: {} }, 'recvmsg poll bind', 'kill'],
    [{ connect: {} }, '', 'sendmmsg bind'],
    [{ timer_create: {} }, 'rt_sigtimedwait exit', ''],
    [{ setuid: {} }, 'tgkill futex', ''],
  ]
  for (const [calls, among, not] of rows) {
    const found = allowed(seen(calls))
    const name = JSON.stringify(calls)
    for (const call of among.split(' ').filter(Boolean)) t.ok(found.includes(call), `${name}: ${call}`)
    for (const call of not.split(' ').filter(Boolean)) t.notOk(found.includes(call), `${name}: no ${call}`)
    t.notOk(allowed(seen(calls), { margin: 'none' }).includes('mremap'), `${name}: none`)
  }
  t.end()
})

t.test('never beyond the ceiling, never against an answer, on aarch64 as on x86_64', (t) => {
  const ceiling = parseProfile(
    '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read","write","exit_group","mremap"],"action":"SCMP_ACT_ALLOW"}]}',
    { name: 'narrow.json' },
  )
  t.strictSame(allowed(seen({ read: {} }), { within: { name: 'narrow.json', profile: ceiling } }), [
    'exit_group',
    'mremap',
    'read',
    'write',
  ])
  const policy = derivePolicy(seen({ read: {}, mremap: { enosys: 1 } }), { runtime: 'none' })
  t.match(policy.rules.find(({ syscall }) => syscall === 'mremap')?.action, { type: 'errno', errno: 38 })
  t.strictSame(
    policy.left.filter(({ why }) => why === 'beyond-ceiling'),
    [],
  )
  const inferred = allowed(seen({ vfork: {}, write: {} }), { architectures: ['aarch64'] })
  for (const call of ['kill', 'wait4', 'exit', 'writev']) t.ok(inferred.includes(call), call)
  t.end()
})

t.test('whoever knows the code of the program gives another margin', (t) => {
  const margin: PolicyOptions['margin'] = (calls) =>
    calls.has('read')
      ? [
          { syscall: 'pidfd_open', why: 'child', of: 'read' },
          { syscall: 'nonsense', why: 'child' },
        ]
      : []
  const { rules } = derivePolicy(seen({ read: {} }), { runtime: 'none', margin })
  t.strictSame(rules.find(({ syscall }) => syscall === 'pidfd_open')?.because, [
    { kind: 'margin', why: 'child', of: 'read' },
  ])
  t.notOk(rules.some(({ syscall }) => syscall === 'mremap' || syscall === 'nonsense'))
  t.end()
})

t.test('every call of the table is one, and its line counts', (t) => {
  for (const { why, calls } of companionRows)
    for (const call of calls)
      t.ok(
        (['x86_64', 'x86', 'arm'] as const).some((each) => syscallTable(each).byName(call)),
        `${why}: ${call}`,
      )
  const policy = derivePolicy(seen({ read: {} }), { runtime: 'none' })
  const counts =
    /^(\d+) calls allowed: 1 seen, (\d+) the kernel’s, (\d+) in the margin; wrote app\.json$/.exec(
      contentsLine(policy, 'app.json'),
    )
  t.equal(Number(counts?.[1]), 1 + Number(counts?.[2]) + Number(counts?.[3]))
  t.equal(Number(counts?.[1]), policy.rules.filter(({ action }) => action.type === 'allow').length)
  t.match(contentsLine(derivePolicy(seen({ read: {} })), undefined), /\d+ for runc and crun, /)
  t.end()
})

const pool = `
import multiprocessing, sys, time
def work(n): return n * n
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        print(sum(pool.map(work, range(4))))
        RARE
`
const python = '/usr/bin/python3'
const runs = await execa(python, ['-c', 'import multiprocessing'], { reject: false })
const noTrace = (await noStrace()) ?? (runs.failed && 'no python3 here')

t.test('Python’s Pool: what terminate() calls on one run in ten', { skip: noTrace }, async (t) => {
  const run = async (rare: string): Promise<Observations> => {
    const command = [python, '-c', pool.replace('RARE', rare)] as const
    const { observations } = await record({ command, recorder: 'strace', streams: 'ignore' })
    return observations
  }
  const usual = await run('time.sleep(0.1); pool.close(); pool.join()')
  const rare = await run('pool.apply_async(time.sleep, (9,)); time.sleep(0.3)')
  const lacking = (options: PolicyOptions): readonly string[] => {
    const has = allowed(usual, options)
    return allowed(mergeObservations(rare), { margin: 'none' }).filter((call) => !has.includes(call))
  }
  t.ok(Object.hasOwn(rare.architectures.x86_64 ?? {}, 'kill'), 'kill is called')
  t.strictSame(lacking({}), [])
})
