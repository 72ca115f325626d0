// Parts: `--with exec,init,tty` allows the measured calls of the programs beside a workload, each with its reason and
// within the ceiling. Without `--with` no such call is added.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { generatedParts } from '../../scripts/make-parts.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import { parseProfile } from '../../src/profile/parse.ts'
import { derivePolicy, partNames, type PartName, type PolicyOptions } from '../../src/policy/index.ts'
import { parts as measured } from '../../src/policy/data/parts.ts'

const parts = measured.map((each) => ({ ...each, calls: each.calls.split(' ') }))
const repository = fileURLToPath(new URL('../..', import.meta.url))
const seen = {
  version: 1,
  architectures: {
    x86_64: { getppid: { count: 1, first: 'a:1' }, kill: { count: 1, first: 'a:2', enosys: 1 } },
  },
  unknown: {},
  sources: [],
  diagnostics: [],
} as const
const plain: PolicyOptions = { runtime: 'none', margin: 'none' }
const rulesOf = (options: PolicyOptions) => derivePolicy(seen, { ...plain, ...options }).rules
const allowed = (options: PolicyOptions): ReadonlySet<string> =>
  new Set(rulesOf(options).flatMap(({ syscall, action }) => (action.type === 'allow' ? [syscall] : [])))

t.test('the generated file is what scripts/make-parts.ts makes of facts/parts.txt', async (t) => {
  const [path, text] = generatedParts()
  t.equal(readFileSync(join(repository, path), 'utf8'), text)
  for (const { part, program, calls } of parts) {
    t.ok(partNames.includes(part))
    for (const call of calls) t.ok(syscallTable('x86_64').byName(call), `${program}: ${call}`)
  }
})

t.test('each part allows what its programs make, and says which', async (t) => {
  const without = allowed({})
  for (const part of partNames) {
    const beside = allowed({ with: [part] })
    const own = parts.filter((each) => each.part === part)
    for (const { program, calls } of own)
      for (const call of calls) {
        if (call === 'clone3' || call === 'kill') continue
        t.ok(beside.has(call), `${program}: ${call}`)
        const rule = rulesOf({ with: [part] }).find(
          ({ syscall, action }) => syscall === call && action.type === 'allow',
        )
        t.ok(
          rule?.because.some(
            (reason) => reason.kind === 'part' && reason.part === part && reason.program === program,
          ),
          `${program}: the reason of ${call}`,
        )
      }
    t.notOk(beside.has('clone3'), 'clone3 is answered as it is elsewhere')
    for (const call of without) t.ok(beside.has(call))
  }
})

t.test('what they cannot work without', async (t) => {
  const rows: readonly (readonly [part: PartName, calls: string])[] = [
    // tini waits for its child and for signals with sigtimedwait, reaps with wait4 and passes signals on with kill.
    ['init', 'rt_sigtimedwait wait4 kill clone execve'],
    ['tty', 'ioctl read write wait4 setpgid'],
    ['exec', 'getdents64 read write openat execve wait4 pipe2'],
  ]
  for (const [part, calls] of rows)
    for (const call of calls.split(' ')) {
      const made = parts.some((each) => each.part === part && each.calls.includes(call))
      t.ok(made, `${part}: ${call}`)
    }
})

t.test('never beyond the ceiling, and no answer that was recorded is changed', async (t) => {
  const text = JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [{ names: ['getppid', 'read'], action: 'SCMP_ACT_ALLOW' }],
  })
  const ceiling = [{ name: 'small', profile: parseProfile(text, { name: 'small' }) }]
  const policy = derivePolicy(seen, { ...plain, with: partNames, within: ceiling })
  const calls = policy.rules.flatMap(({ syscall, action }) => (action.type === 'allow' ? [syscall] : []))
  t.strictSame(
    calls.filter((call) => !['getppid', 'read'].includes(call)),
    [],
  )
  t.ok(policy.left.some(({ syscall, why }) => syscall === 'wait4' && why === 'beyond-ceiling'))
  const answered = rulesOf({ with: partNames }).filter(({ syscall }) => syscall === 'kill')
  t.strictSame(
    answered.map(({ action }) => action),
    [{ type: 'errno', errno: 38 }],
  )
})

t.test('aarch64 has the calls that libc makes there; 32-bit programs have none', async (t) => {
  const arm64 = allowed({ with: ['exec'], architectures: ['aarch64'] })
  t.ok(arm64.has('ppoll') || arm64.has('getdents64'))
  t.notOk(arm64.has('arch_prctl'))
})
