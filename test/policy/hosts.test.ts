// Hosts besides x86_64 and aarch64, one row each: reading their records, the policy, its profile in each dialect, and
// the profile's answers there.
import t from 'tap'
import { architectures, hostNames, type Architecture } from '../../src/abi/architectures.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import { answerText, builtin, contextOf, makeMeaning } from '../../src/meaning/index.ts'
import { derivePolicy, isFloorMeasured } from '../../src/policy/index.ts'
import { parseProfile } from '../../src/profile/index.ts'
import { printPolicyAs } from '../../src/print/index.ts'
import { observeText } from '../read/logs.ts'

interface Row {
  readonly architecture: Architecture
  /** The digits of AUDIT_ARCH as the kernel prints them in records. */
  readonly audit: string
  readonly openat: number
  readonly clone: number
  /** clone(SIGCHLD) as a filter sees its arguments. */
  readonly fork: readonly bigint[]
  /** clone(CLONE_NEWUSER | SIGCHLD). */
  readonly namespace: readonly bigint[]
}

const sigchld = 17n
const newUser = 0x10000011n
const flagsFirst = { fork: [sigchld, 0n], namespace: [newUser, 0n] } as const

// Numbers: asm-generic/unistd.h, arch/powerpc and arch/s390 syscall.tbl. AUDIT_ARCH: uapi/linux/audit.h.
const rows: readonly Row[] = [
  { architecture: 'riscv64', audit: 'c00000f3', openat: 56, clone: 220, ...flagsFirst },
  { architecture: 'ppc64le', audit: 'c0000015', openat: 286, clone: 120, ...flagsFirst },
  {
    architecture: 's390x',
    audit: '80000016',
    openat: 288,
    clone: 120,
    // The stack is the first argument here, and may have the bits of namespaces.
    fork: [newUser, sigchld],
    namespace: [0n, newUser],
  },
  { architecture: 'loongarch64', audit: 'c0000102', openat: 56, clone: 220, ...flagsFirst },
]

const record = (audit: string, call: number, a0: bigint, a1: bigint): string =>
  `type=SYSCALL msg=audit(1700000000.000:${call}): arch=${audit} syscall=${call} success=yes exit=3 a0=${a0.toString(16)} a1=${a1.toString(16)} a2=0 a3=0 items=0 ppid=1 pid=2 auid=0 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=1 comm="app" exe="/app" key="x"\n`

for (const { architecture, audit, openat, clone, fork, namespace } of rows) {
  t.test(architecture, async (t) => {
    const [a0 = 0n, a1 = 0n] = fork
    const seen = await observeText(record(audit, openat, 0n, 0n) + record(audit, clone, a0, a1))
    const calls = seen.architectures[architecture] ?? {}
    t.same(Object.keys(calls).sort(), ['clone', 'openat'], 'records are read by its table')
    const { cloneFlags, scmp } = architectures[architecture]
    t.same(calls['clone']?.args?.[String(cloneFlags)], ['17'], 'the flags, where it passes them')

    const policy = derivePolicy(seen)
    t.same(policy.architectures, [architecture])
    for (const dialect of ['oci', 'docker', 'spo', 'kubernetes'] as const) {
      const text = printPolicyAs(policy, dialect)
      t.match(text, scmp, `${dialect} names it`)
      t.match(text, 'openat', `${dialect} has rules`)
    }
    for (const dialect of ['oci', 'docker'] as const) {
      const profile = parseProfile(printPolicyAs(policy, dialect), { name: 'p.json' })
      const meaning = makeMeaning(profile, contextOf({ architecture, runtime: 'runc' }))
      const answer = (call: number, args: readonly bigint[] = []): string =>
        answerText(meaning.answer(architecture, call, args))
      t.equal(answer(openat), 'SCMP_ACT_ALLOW', dialect)
      t.equal(answer(clone, fork), 'SCMP_ACT_ALLOW')
      t.equal(
        answer(clone, namespace),
        'SCMP_ACT_ERRNO(1)',
        "the condition of Docker's default, on the flags",
      )
      t.equal(answer(435), 'SCMP_ACT_ERRNO(38)', 'clone3, which goes on to clone')
      t.equal(answer(9999), 'SCMP_ACT_ERRNO(38)', "runc's stub")
    }
    t.notOk(isFloorMeasured(architecture), 'its floor is inferred, and said to be')
    const floor = policy.rules.filter(({ because }) => because.some(({ kind }) => kind === 'floor'))
    t.ok(
      floor.some(({ syscall }) => syscall === 'execve'),
      'and there is one',
    )
    t.same(
      floor.filter(({ syscall }) => syscallTable(architecture).byName(syscall) === undefined),
      [],
    )
  })
}

t.test("the engines' own profiles, on each host", async (t) => {
  const table: readonly (readonly [
    host: Architecture,
    call: string,
    args: readonly bigint[],
    answer: string,
  ])[] = [
    ['riscv64', 'clone3', [], 'SCMP_ACT_ERRNO(38)'],
    ['riscv64', 'riscv_flush_icache', [], 'SCMP_ACT_ALLOW'],
    ['ppc64le', 'swapcontext', [], 'SCMP_ACT_ALLOW'],
    ['ppc64le', 'spu_run', [], 'SCMP_ACT_ERRNO(1)'],
    ['s390x', 's390_runtime_instr', [], 'SCMP_ACT_ALLOW'],
    ['s390x', 'clone', [0n, newUser], 'SCMP_ACT_ERRNO(1)'],
    ['s390x', 'clone', [newUser, sigchld], 'SCMP_ACT_ALLOW'],
    ['riscv64', 'clone', [newUser, 0n], 'SCMP_ACT_ERRNO(1)'],
    ['loongarch64', 'socket', [2n], 'SCMP_ACT_ALLOW'],
    ['loongarch64', 'socket', [40n], 'SCMP_ACT_ERRNO(1)'],
  ]
  const { profile, capabilities } = builtin('docker')
  for (const [architecture, call, args, answer] of table) {
    const meaning = makeMeaning(profile, contextOf({ architecture, capabilities, libseccomp: '2.6' }))
    const number = syscallTable(architecture).byName(call)?.number ?? -1
    t.equal(answerText(meaning.answer(architecture, number, args)), answer, `${architecture} ${call}`)
  }
})

t.test('byte orders are never mixed in one filter', async (t) => {
  const [little, big] = await Promise.all(
    rows
      .filter(({ architecture }) => ['riscv64', 's390x'].includes(architecture))
      .map(({ audit, openat }) => observeText(record(audit, openat, 0n, 0n))),
  )
  const both = { ...little!, architectures: { ...little!.architectures, ...big!.architectures } }
  const policy = derivePolicy(both)
  for (const dialect of ['oci', 'spo', 'kubernetes'] as const)
    t.throws(() => printPolicyAs(policy, dialect), { code: 'byte-orders-mixed' }, dialect)
  const { archMap } = JSON.parse(printPolicyAs(policy, 'docker')) as {
    archMap: readonly { architecture: string }[]
  }
  t.same(
    archMap.map(({ architecture }) => architecture),
    ['SCMP_ARCH_RISCV64', 'SCMP_ARCH_S390X'],
    'Docker keeps them apart by host',
  )
  t.ok(hostNames.length > 2)
})
