// Never wider than the ceiling: what a profile opens beyond it was seen, and each such call or value has a reason that
// says so; and what was seen, with the values that were seen, is allowed.
import * as fc from 'fast-check'
import t from 'tap'
import { architectures, isArchitecture, type Architecture } from '../../src/abi/architectures.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import { builtin, changesBetween, contextOf, makeMeaning, type Meaning } from '../../src/meaning/index.ts'
import { level } from '../../src/meaning/answer.ts'
import { countCalls, type ObservedCall, type Observations } from '../../src/observe/index.ts'
import { derivePolicy, type Policy, type PolicyOptions } from '../../src/policy/index.ts'
import { parseProfile, printPolicyAs } from '../../src/profile/index.ts'
import { ceilingLines } from '../../src/report/ceiling.ts'
import { filesOf, observeFile } from '../read/logs.ts'
import { observed, recordings, withoutTraces } from '../recordings.ts'

const hosts = ['x86_64', 'aarch64'] as const

function hostsOf({ architectures: targets }: Policy): readonly ('x86_64' | 'aarch64')[] {
  return hosts.filter((host) => targets.some((each) => architectures[each].host === host))
}

function meaningOf(policy: Policy, host: 'x86_64' | 'aarch64'): Meaning {
  return makeMeaning(
    parseProfile(printPolicyAs(policy, 'docker'), { name: 'app' }),
    contextOf({ architecture: host }),
  )
}

const { profile: ceiling } = builtin('docker')
const docker = {
  x86_64: makeMeaning(ceiling, contextOf({ architecture: 'x86_64' })),
  aarch64: makeMeaning(ceiling, contextOf({ architecture: 'aarch64' })),
}

/** Changes that the policy has no reason for. */
function unexplained(policy: Policy): readonly string[] {
  return hostsOf(policy).flatMap((host) => {
    const before = docker[host]
    const after = meaningOf(policy, host)
    const documents = { before: ceiling, after: ceiling }
    return changesBetween(before, after, documents)
      .changes.filter(({ direction }) => direction === 'wider')
      .filter((change) => !isExplained(policy, change.syscall, change.args))
      .map(({ architecture, syscall, args }) => `${architecture} ${syscall}(${args.join(', ')})`)
  })
}

function isExplained({ rules }: Policy, syscall: string, args: readonly bigint[]): boolean {
  return rules.some(
    (rule) =>
      rule.syscall === syscall &&
      rule.because.some(({ kind }) => kind === 'seen' || kind === 'equivalent' || kind === 'fallback') &&
      rule.because.some(
        (each) =>
          each.kind === 'beyond' &&
          (each.what === 'call' ||
            (each.what === 'value' &&
              (args[each.argument] ?? 0n) % 2n ** 32n === BigInt(each.value) % 2n ** 32n)),
      ),
  )
}

/** Calls that were seen and carried out, with each value that was seen, and that the profile refuses. */
function refused(policy: Policy, observations: Observations): readonly string[] {
  return Object.entries(observations.architectures).flatMap(([architecture, calls]) => {
    if (!isArchitecture(architecture) || !policy.architectures.includes(architecture)) return []
    const meaning = meaningOf(policy, architectures[architecture].host)
    return Object.entries(calls).flatMap(([name, call]) => {
      const number = syscallTable(architecture).byName(name)?.number
      if (number === undefined || call.count === call.enosys || name === 'clone3') return []
      return argumentsOf(call)
        .filter((args) => level(meaning.answer(architecture, number, args)) < 2)
        .map((args) => `${architecture} ${name}(${args.join(', ')})`)
    })
  })
}

/** For each known value of each argument a call; unknown ones are 0. */
function argumentsOf({ args = {} }: ObservedCall): readonly (readonly bigint[])[] {
  const known = Object.entries(args).flatMap(([index, values]) =>
    (values ?? []).map((value) => {
      const all = [0n, 0n, 0n, 0n, 0n, 0n]
      all[Number(index)] = BigInt(value)
      return all
    }),
  )
  return known.length > 0 || Object.keys(args).length > 0 ? known : []
}

async function* everyTrace(): AsyncGenerator<readonly [string, Observations]> {
  for (const folder of ['recorded/x86_64', 'recorded/aarch64', 'collected/strace'])
    for (const recording of recordings(folder)) yield [recording.name, await observed(recording)]
  for (const file of filesOf('recorded/audit', /\.truth\.json$/)) {
    yield [file, await observeFile(file.replace('.truth.json', ''))]
  }
}

t.test('every trace: wider than docker only where the trace shows it', { skip: withoutTraces }, async (t) => {
  let checked = 0
  let beyond = 0
  for await (const [name, observations] of everyTrace()) {
    if (countCalls(observations) === 0 || Object.keys(observations.architectures).length === 0) continue
    // Each comparison follows every call of five architectures: the narrower kind for some of the traces.
    for (const conditions of checked % 5 === 0 ? (['within', 'observed'] as const) : (['within'] as const)) {
      const policy = derivePolicy(observations, { conditions })
      const wrong = [...unexplained(policy), ...refused(policy, observations)]
      if (wrong.length > 0) t.same(wrong, [], `${name}, ${conditions}`)
      beyond += policy.rules.filter(({ because }) => because.some(({ kind }) => kind === 'beyond')).length
    }
    checked++
  }
  t.comment(`${checked} traces, ${beyond} rules beyond the ceiling`)
  t.ok(checked > 150 && beyond > 0, `${checked} traces`)
})

function seen(
  calls: Readonly<Record<string, ObservedCall['args'] | undefined>>,
  architecture: Architecture = 'x86_64',
): Observations {
  const all = Object.entries(calls).map(([name, args], index) => [
    name,
    { count: 1, first: `app.strace:${index + 1}`, ...(args && { args }) },
  ])
  return {
    version: 1,
    architectures: { [architecture]: Object.fromEntries(all) as Record<string, ObservedCall> },
    unknown: {},
    sources: [],
    diagnostics: [],
  }
}

t.test('single calls under a ceiling', (t) => {
  type Row = readonly [
    name: string,
    call: string,
    values: readonly string[] | null,
    options: PolicyOptions,
    asks: readonly (readonly [args: readonly bigint[], allowed: boolean])[],
    says: string,
  ]
  const upper = 2n ** 32n
  const CLONE_NEWUSER = 0x10000000n
  const table: readonly Row[] = [
    [
      'a value inside',
      'socket',
      ['2'],
      {},
      [
        [[2n], true],
        [[40n], false],
        [[upper + 40n], false],
        [[41n], true],
      ],
      '',
    ],
    [
      'a value outside opens itself alone',
      'socket',
      ['2', '40'],
      {},
      [
        [[2n], true],
        [[40n], true],
        [[38n], false],
      ],
      'wider than docker: socket with argument 0 = 40 was seen; docker refuses it',
    ],
    [
      'a value that is not known opens nothing',
      'socket',
      null,
      {},
      [
        [[2n], true],
        [[40n], false],
      ],
      'with which arguments these were called is not known, so that the conditions of docker stay: socket',
    ],
    [
      'a family that no kernel has, seen',
      'socket',
      ['200'],
      {},
      [
        [[200n], true],
        [[201n], false],
      ],
      '',
    ],
    [
      'clone without namespaces',
      'clone',
      ['17'],
      {},
      [
        [[17n], true],
        [[CLONE_NEWUSER], false],
        [[0x3d0f00n], true],
      ],
      '',
    ],
    [
      'clone with a namespace',
      'clone',
      ['268435473'],
      {},
      [
        [[17n + CLONE_NEWUSER], true],
        [[CLONE_NEWUSER], false],
        [[17n], true],
      ],
      'wider than docker: clone with argument 0 = 268435473 was seen; docker allows it only with CAP_SYS_ADMIN',
    ],
    [
      'the same with its capability',
      'clone',
      ['268435473'],
      { capabilities: ['CAP_SYS_ADMIN'] },
      [[[CLONE_NEWUSER], true]],
      '',
    ],
    [
      'personality',
      'personality',
      ['0'],
      {},
      [
        [[0n], true],
        [[8n], true],
        [[1n], false],
        [[upper], true],
        [[upper + 1n], false],
      ],
      '',
    ],
    [
      'a call that the ceiling refuses',
      'bpf',
      null,
      {},
      [[[0n], true]],
      'wider than docker: bpf was seen at app.strace:1; docker allows it only with CAP_BPF or CAP_SYS_ADMIN',
    ],
    [
      'an older kernel',
      'ptrace',
      null,
      { kernel: '4.7' },
      [[[0n], true]],
      'wider than docker: ptrace was seen at app.strace:1; docker allows it only with CAP_SYS_PTRACE',
    ],
    ['no ceiling', 'socket', ['2'], { within: 'none' }, [[[40n], true]], ''],
    [
      'no conditions',
      'socket',
      ['2'],
      { conditions: 'none' },
      [[[40n], true]],
      'wider than docker, which has conditions on them: socket',
    ],
    [
      'the values seen',
      'socket',
      ['2', '10'],
      { conditions: 'observed' },
      [
        [[2n], true],
        [[10n], true],
        [[1n], false],
        [[41n], false],
      ],
      '',
    ],
    [
      'the values seen, no ceiling',
      'socket',
      ['2'],
      { conditions: 'observed', within: 'none' },
      [
        [[2n], true],
        [[upper + 2n], true],
        [[1n], false],
      ],
      '',
    ],
    [
      'podman, two arguments',
      'socket',
      ['16'],
      { within: 'podman' },
      [
        [[16n, 0n, 0n], true],
        [[16n, 0n, 9n], false],
        [[40n], false],
        [[2n, 0n, 9n], true],
      ],
      'with which arguments these were called is not known, so that the conditions of podman stay: socket',
    ],
    [
      'cri-o',
      'clone',
      ['17'],
      { within: 'cri-o' },
      [
        [[17n], true],
        [[CLONE_NEWUSER], false],
      ],
      '',
    ],
  ]
  for (const [name, call, values, options, asks, says] of table) {
    for (const architecture of hosts) {
      const index = '0'
      const policy = derivePolicy(seen({ [call]: { [index]: values } }, architecture), options)
      t.same(ceilingLines(policy), says === '' ? [] : [says], `${name}: what is said`)
      const meaning = meaningOf(policy, architecture)
      const number = syscallTable(architecture).byName(call)?.number ?? -1
      for (const [args, allowed] of asks)
        t.equal(
          level(meaning.answer(architecture, number, args)) === 2,
          allowed,
          `${name}: ${call}(${args.join(', ')})`,
        )
    }
  }
  t.end()
})

t.test('what the runtime needs is left out where the ceiling refuses it, and said', (t) => {
  const profile = parseProfile(
    '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read","execve"],"action":"SCMP_ACT_ALLOW"}]}',
    { name: 'tiny.json' },
  )
  const policy = derivePolicy(seen({ read: undefined, write: undefined }), {
    within: { name: 'tiny.json', profile },
  })
  t.strictSame(
    policy.rules.filter(({ action }) => action.type === 'allow').map(({ syscall }) => syscall),
    ['execve', 'read', 'write'],
  )
  t.ok(policy.left.some(({ syscall, why }) => syscall === 'exit_group' && why === 'beyond-ceiling'))
  const [write, left] = ceilingLines(policy)
  t.equal(write, 'wider than tiny.json: write was seen at app.strace:2; tiny.json refuses it')
  t.match(left, /left out: .*exit_group/)
  t.throws(() => derivePolicy(seen({ read: undefined }), { within: 'dokcer' }), { name: 'UserError' })
  t.end()
})

t.test(
  'any ceiling: no value that it refuses is allowed, unless it was seen; those that were seen are',
  (t) => {
    const call = fc.constantFrom('socket', 'mmap', 'ioctl')
    const value = fc.oneof(
      fc.bigInt(0n, 40n),
      fc.constantFrom(2n ** 31n, 2n ** 32n - 1n, 2n ** 32n + 3n, 2n ** 64n - 1n),
    )
    const condition = fc.record({
      index: fc.nat(1),
      op: fc.constantFrom('NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ').map((each) => `SCMP_CMP_${each}`),
      value,
      valueTwo: fc.bigInt(0n, 7n),
    })
    const rule = fc.record({
      names: call.map((name) => [name]),
      action: fc.constantFrom('SCMP_ACT_ALLOW', 'SCMP_ACT_ALLOW', 'SCMP_ACT_ERRNO'),
      errnoRet: fc.constant(5),
      args: fc.array(condition, { minLength: 1, maxLength: 2 }),
    })
    const tuple = fc.array(value, { minLength: 2, maxLength: 2 })
    let compared = 0
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 1, maxLength: 4 }),
        call,
        tuple,
        fc.array(tuple, { minLength: 8, maxLength: 8 }),
        fc.boolean(),
        (rules, name, was, asked, observedOnly) => {
          const text = JSON.stringify(
            {
              defaultAction: 'SCMP_ACT_ERRNO',
              architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
              syscalls: rules.map((each) => ({
                ...each,
                ...(each.action === 'SCMP_ACT_ALLOW' ? { errnoRet: undefined } : {}),
              })),
            },
            (_, each: unknown) => (typeof each === 'bigint' ? `#${each}#` : each),
          ).replaceAll(/"#(\d+)#"/g, '$1')
          const profile = parseProfile(text, { name: 'any.json' })
          let before: Meaning
          try {
            before = makeMeaning(profile, contextOf())
          } catch {
            // Rules that libseccomp refuses.
            return true
          }
          const args = { 0: [`${was[0]}`], 1: [`${was[1]}`] }
          const policy = derivePolicy(seen({ [name]: args }), {
            within: { name: 'any.json', profile },
            runtime: 'none',
            conditions: observedOnly ? 'observed' : 'within',
          })
          const after = meaningOf(policy, 'x86_64')
          const number = syscallTable('x86_64').byName(name)?.number ?? -1
          if (level(after.answer('x86_64', number, was)) < 2) return false
          const refusesWhole = policy.rules.some(({ because }) =>
            because.some((each) => each.kind === 'beyond' && each.what === 'call'),
          )
          return (
            refusesWhole ||
            asked.every((each) => {
              compared++
              const isWider =
                level(after.answer('x86_64', number, each)) === 2 &&
                level(before.answer('x86_64', number, each)) < 2
              return !isWider || each.some((one, index) => one % 2n ** 32n === (was[index] ?? 0n) % 2n ** 32n)
            })
          )
        },
      ),
      { numRuns: 2000 },
    )
    t.comment(`${compared} calls compared`)
    t.ok(compared > 1000)
    t.end()
  },
)
