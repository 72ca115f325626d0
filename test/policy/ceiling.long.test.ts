// Never wider than the ceiling: a profile exceeds it only by calls and values that were seen, each with a reason that
// says so. And seen calls are allowed with their seen values.
import assert from 'node:assert/strict'
import t from 'tap'
import {
  architectures,
  hostNames,
  isArchitecture,
  type Architecture,
  type Host,
} from '../../src/abi/architectures.ts'
import { isNarrowArgument } from '../../src/abi/narrow-arguments.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import {
  builtin,
  changesBetween,
  contextOf,
  makeMeaning,
  type Builtin,
  type Meaning,
} from '../../src/meaning/index.ts'
import { permissiveness } from '../../src/meaning/answer.ts'
import type { ObservedCall, Observations } from '../../src/observe/index.ts'
import { derivePolicy, type Policy, type PolicyOptions } from '../../src/policy/index.ts'
import { architecturesSeen } from '../../src/policy/seen.ts'
import { printPolicyAs } from '../../src/print/index.ts'
import { parseProfile } from '../../src/profile/index.ts'
import { ceilingLines } from '../../src/report/ceiling.ts'
import { filesOf, observeFile } from '../read/logs.ts'
import { observed, recordings } from '../recordings.ts'
import { fc, seed } from '../seed.ts'

function hostsOf({ architectures: targets }: Policy): readonly Host[] {
  return hostNames.filter((host) => targets.some((each) => architectures[each].host === host))
}

function meaningOf(policy: Policy, host: Host, capabilities?: readonly string[]): Meaning {
  return makeMeaning(
    parseProfile(printPolicyAs(policy, 'oci'), { name: 'app' }),
    contextOf({ architecture: host, ...(capabilities && { capabilities }) }),
  )
}

interface Limit {
  readonly builtin: Builtin
  readonly on: Readonly<Record<Host, Meaning>>
}

function limit(name: string): Limit {
  const its = builtin(name)
  const { capabilities } = its
  const on = (architecture: Host): Meaning =>
    makeMeaning(its.profile, contextOf({ architecture, capabilities }))
  const meanings = Object.fromEntries(hostNames.map((each) => [each, on(each)])) as Limit['on']
  return { builtin: its, on: meanings }
}

const docker = limit('docker')
const others = ['podman', 'containerd', 'cri-o'].map(limit)

/** Changes for which the policy gives no reason. */
function unexplained(policy: Policy, { builtin: { profile, capabilities }, on }: Limit): readonly string[] {
  return hostsOf(policy).flatMap((host) =>
    changesBetween(on[host], meaningOf(policy, host, capabilities), { before: profile, after: profile })
      // Only architectures of this host: the host never makes another's calls.
      .changes.filter((each) => each.direction === 'wider' && architectures[each.architecture].host === host)
      .filter((change) => !isExplained(policy, change.syscall, change.args))
      .map(({ architecture, syscall, args }) => `${architecture} ${syscall}(${args.join(', ')})`),
  )
}

/** Whether the trace shows the call (on i386 also a member of its family), and the ceiling refuses it or this value. */
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
              BigInt.asUintN(32, args[each.argument] ?? 0n) === BigInt.asUintN(32, BigInt(each.value)))),
      ),
  )
}

/** Seen calls that the kernel has, with each seen value, that the profile refuses. */
function refused(policy: Policy, observations: Observations): readonly string[] {
  return Object.entries(observations.architectures).flatMap(([architecture, calls]) => {
    if (!isArchitecture(architecture) || !policy.architectures.includes(architecture)) return []
    const meaning = meaningOf(policy, architectures[architecture].host)
    return Object.entries(calls).flatMap(([name, call]) => {
      const number = syscallTable(architecture).byName(name)?.number
      if (number === undefined || call.count === call.enosys || name === 'clone3') return []
      return argumentsOf(call)
        .filter((args) => permissiveness(meaning.answer(architecture, number, args)) < 2)
        .map((args) => `${architecture} ${name}(${args.join(', ')})`)
    })
  })
}

/** One call for each known value of each argument; other arguments are 0. No call if no value is known. */
function argumentsOf({ args = {} }: ObservedCall): readonly (readonly bigint[])[] {
  const known = Object.entries(args).flatMap(([index, values]) =>
    (values ?? []).map((value) => {
      const all = [0n, 0n, 0n, 0n, 0n, 0n]
      all[Number(index)] = BigInt(value)
      return all
    }),
  )
  return known.length > 0 || Object.keys(args).length > 0 ? known : [[]]
}

const logs = ['recorded/audit', 'recorded/hook', 'recorded/other', 'collected/audit', 'collected/other']

async function* everyTrace(): AsyncGenerator<readonly [string, Observations]> {
  for (const folder of ['recorded/x86_64', 'recorded/aarch64', 'collected/strace'])
    for (const recording of recordings(folder)) yield [recording.name, await observed(recording)]
  for (const file of logs.flatMap((folder) => filesOf(folder, /(?<!\.truth\.json|\.cmd|\.md|\.py|\.sh)$/))) {
    const observations = await readable(file)
    if (observations !== undefined) yield [file, observations]
  }
  for (const file of filesOf('collected/profiles', /\.json$/)) {
    const observations = await readable(file, 'profile')
    if (observations !== undefined) yield [file, observations]
  }
}

/** Undefined if the file is no trace. */
async function readable(
  file: string,
  format: 'auto' | 'profile' = 'auto',
): Promise<Observations | undefined> {
  try {
    return await observeFile(file, { format })
  } catch (error) {
    if (error instanceof Error && error.name === 'UserError') return undefined
    throw error
  }
}

t.test('every trace: wider than the ceiling only where the trace shows it', async (t) => {
  const counted = { traces: 0, profiles: 0, comparisons: 0, beyond: 0 }
  const met = new Set<string>()
  for await (const [name, observations] of everyTrace()) {
    if (architecturesSeen(observations).length === 0) continue
    counted.traces++
    // Every trace under docker's conditions; some also with the seen values, or under one of the other ceilings.
    const other = others[(counted.traces / 3) % others.length] as Limit
    const turns: readonly (readonly [Limit, PolicyOptions])[] = [
      [docker, {}],
      ...(counted.traces % 5 === 0 ? [[docker, { conditions: 'observed' }] as const] : []),
      ...(counted.traces % 3 === 0 ? [[other, {}] as const] : []),
    ]
    for (const [ceiling, options] of turns) {
      const policy = derivePolicy(observations, {
        ...options,
        architectures: oneByteOrder(architecturesSeen(observations)),
        within: ceiling.builtin.name,
      })
      // Many recordings are of the same program: each different profile is compared once.
      const key = `${ceiling.builtin.name} ${printPolicyAs(policy, 'oci')}`
      const wrong = [...(met.has(key) ? [] : unexplained(policy, ceiling)), ...refused(policy, observations)]
      if (!met.has(key)) counted.comparisons++
      met.add(key)
      if (wrong.length > 0) t.same(wrong, [], `${name}, ${ceiling.builtin.name}, ${options.conditions}`)
      counted.beyond += policy.rules.filter(({ because }) =>
        because.some(({ kind }) => kind === 'beyond'),
      ).length
    }
  }
  t.comment(
    `${counted.traces} traces, ${counted.comparisons} different profiles compared, ${counted.beyond} rules beyond the ceiling`,
  )
  t.ok(counted.traces > 500 && counted.beyond > 0, `${counted.traces} traces`)
})

/** Collected profiles also cover s390x, and a plain profile cannot cover two byte orders. */
function oneByteOrder(targets: readonly Architecture[]): readonly Architecture[] {
  const [first] = targets
  return targets.filter(
    (each) => first !== undefined && architectures[each].byteOrder === architectures[first].byteOrder,
  )
}

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
    for (const architecture of hostNames.slice(0, 2)) {
      const index = '0'
      const policy = derivePolicy(seen({ [call]: { [index]: values } }, architecture), options)
      t.same(ceilingLines(policy), says === '' ? [] : [says], `${name}: what is said`)
      const meaning = meaningOf(policy, architecture)
      const number = syscallTable(architecture).byName(call)?.number ?? -1
      for (const [args, allowed] of asks)
        t.equal(
          permissiveness(meaning.answer(architecture, number, args)) === 2,
          allowed,
          `${name}: ${call}(${args.join(', ')})`,
        )
    }
  }
  t.end()
})

t.test('clone, to which libc goes on from clone3, is allowed the flags that clone3 was seen with', (t) => {
  const newUts = 0x4000000n
  const rows: readonly (readonly [
    flags: readonly string[] | null,
    of: { readonly usual: boolean; readonly uts: boolean },
    says: RegExp | undefined,
  ])[] = [
    [['16657'], { usual: true, uts: false }, undefined],
    [
      [String(newUts | 17n)],
      { usual: true, uts: true },
      /^wider than docker: clone with argument 0 = 67108881 is needed/,
    ],
    [
      null,
      { usual: true, uts: false },
      /^the flags of clone3 are in memory, and not known: libc falls back to clone/,
    ],
  ]
  for (const [flags, of, says] of rows) {
    const policy = derivePolicy(seen({ clone3: { 0: flags } }), { runtime: 'none' })
    const allows = (value: bigint): boolean =>
      permissiveness(meaningOf(policy, 'x86_64').answer('x86_64', 56, [value])) === 2
    t.same({ usual: allows(17n), uts: allows(newUts | 17n) }, of, String(flags))
    t.match(ceilingLines(policy), says === undefined ? { length: 0 } : [says])
    t.equal(ceilingLines(policy).length, says === undefined ? 0 : 1)
  }
  const narrow = derivePolicy(seen({ clone3: { 0: ['16657'] } }), {
    conditions: 'observed',
    allowClone3: true,
  })
  t.strictSame(
    narrow.rules.filter(({ syscall }) => syscall === 'clone3').map(({ conditions }) => conditions),
    [[]],
    'no condition on a pointer',
  )
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
  'a value outside of every case is within a ceiling only if that carries it out whatever the other arguments',
  (t) => {
    const rule = (index: number, op: string, value: number): unknown => ({
      names: ['socket'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index, op: `SCMP_CMP_${op}`, value }],
    })
    // Socket 200 is allowed with protocol 0 and refused with any other.
    const text = JSON.stringify({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [rule(0, 'NE', 200), rule(2, 'EQ', 0)],
    })
    const policy = derivePolicy(seen({ socket: { 0: ['200'], 2: ['6'] } }), {
      within: { name: 'any.json', profile: parseProfile(text, { name: 'any.json' }) },
      runtime: 'none',
    })
    t.equal(permissiveness(meaningOf(policy, 'x86_64').answer('x86_64', 41, [200n, 1n, 6n])), 2)
    t.match(ceilingLines(policy), [/^wider than any\.json: socket with argument 0 = 200 was seen/])
    t.end()
  },
)

t.test('any ceiling: nothing that it refuses is allowed, unless it was seen; what was seen is', (t) => {
  const calls = ['socket', 'mmap', 'ioctl'] as const
  const value = fc.oneof(
    fc.bigInt(0n, 40n),
    fc.constantFrom(2n ** 31n, 2n ** 32n - 1n, 2n ** 32n + 3n, 2n ** 64n - 1n),
  )
  const condition = fc.record({
    index: fc.nat(2),
    op: fc.constantFrom('NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ').map((each) => `SCMP_CMP_${each}`),
    value,
    valueTwo: fc.bigInt(0n, 7n),
  })
  const rule = fc.record({
    names: fc.constantFrom(...calls).map((name) => [name]),
    action: fc.constantFrom('SCMP_ACT_ALLOW', 'SCMP_ACT_ALLOW', 'SCMP_ACT_ERRNO'),
    args: fc.array(condition, { minLength: 1, maxLength: 2 }),
  })
  const tuple = fc.array(value, { minLength: 3, maxLength: 3 })
  const counted = { refused: 0, compared: 0, made: 0, tooMany: 0 }
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(...calls),
      fc.array(tuple, { minLength: 1, maxLength: 3 }),
      // Which values of each argument were recorded: all, some, or none.
      fc.array(fc.constantFrom('all', 'some', 'none'), { minLength: 3, maxLength: 3 }),
      fc.array(tuple, { minLength: 8, maxLength: 8 }),
      fc.constantFrom<readonly Architecture[]>(['x86_64'], ['x86_64', 'x86'], ['x86']),
      fc.constantFrom('within', 'observed'),
      (rules, name, made, known, asked, on, conditions) => {
        const text = JSON.stringify(
          {
            defaultAction: 'SCMP_ACT_ERRNO',
            architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
            syscalls: rules,
          },
          (_, each: unknown) => (typeof each === 'bigint' ? `#${each}#` : each),
        ).replaceAll(/"#(\d+)#"/g, '$1')
        const profile = parseProfile(text, { name: 'any.json' })
        const before = orRefused(() => makeMeaning(profile, contextOf()), /does not start/)
        if (before === undefined) return void counted.refused++
        const values = known.map((all, index) =>
          made.map((args) => String(args[index])).slice(all === 'all' ? 0 : 1),
        )
        const args = Object.fromEntries(
          values.flatMap((each, index) =>
            known[index] === 'none' ? [] : [[index, known[index] === 'all' && each.length > 0 ? each : null]],
          ),
        )
        const merged = on.map((each) => seen({ [name]: args }, each))
        const observations = {
          ...(merged[0] as Observations),
          architectures: Object.assign(
            {},
            ...merged.map((each) => each.architectures),
          ) as Observations['architectures'],
        }
        const options: PolicyOptions = { within: { name: 'any.json', profile }, runtime: 'none', conditions }
        const policy = orRefused(
          () => derivePolicy(observations, options),
          /too many|have different meanings/,
        )
        if (policy === undefined) return void counted.tooMany++
        const after = meaningOf(policy, 'x86_64')
        const isUnknown = policy.rules.some(({ because }) =>
          because.some((each) => each.kind === 'within' && each.values === 'unknown'),
        )
        for (const architecture of on) {
          const number = syscallTable(architecture).byName(name)?.number ?? -1
          for (const call of asked) {
            counted.compared++
            const seenByKernel = call.map((each, index) =>
              architecture === 'x86' || isNarrowArgument(architecture, name, index)
                ? BigInt.asUintN(32, each)
                : each,
            )
            if (
              permissiveness(after.answer(architecture, number, call)) === 2 &&
              permissiveness(before.answer(architecture, number, seenByKernel)) < 2
            )
              assert(
                isExplained(policy, name, call),
                `${architecture} ${name}(${call.join(', ')}) is allowed`,
              )
          }
          for (const call of made) {
            counted.made++
            if (permissiveness(after.answer(architecture, number, call)) < 2)
              assert(isUnknown, `${architecture} ${name}(${call.join(', ')}) was seen and is refused`)
          }
        }
      },
    ),
    { numRuns: 800, seed },
  )
  const { refused, compared, made, tooMany } = counted
  t.comment(
    `seed ${seed}: ${compared} calls compared, ${made} seen ones; libseccomp refuses ${refused} of 800 ceilings, ${tooMany} cannot be carried over`,
  )
  t.ok(compared > 4000 && tooMany < 240)
  t.end()
})

function orRefused<T>(make: () => T, why: RegExp): T | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof Error && error.name === 'UserError' && why.test(error.message)) return undefined
    throw error
  }
}

t.test('several ceilings: a profile is wider than none of them', (t) => {
  const one = { name: 'one', profile: parseProfile(list(['execve', 'exit_group', 'read', 'socket'])) }
  const other = { name: 'other', profile: parseProfile(list(['execve', 'exit_group', 'write', 'socket'])) }
  const names = ['execve', 'exit_group', 'read', 'write', 'socket']
  const observations: Observations = {
    version: 1,
    architectures: { x86_64: Object.fromEntries(names.map((name) => [name, { count: 1, first: 'a:1' }])) },
    unknown: {},
    sources: [],
    diagnostics: [],
  }
  const policy = derivePolicy(observations, { within: [one, other], beyond: 'never', runtime: 'none' })
  const allowed = (name: string): boolean =>
    policy.rules.some(({ syscall, action }) => syscall === name && action.type === 'allow')
  t.ok(allowed('socket') && allowed('execve'))
  t.notOk(allowed('read'), 'the other refuses it')
  t.notOk(allowed('write'), 'the one refuses it')
  t.match(
    policy.left.filter(({ why }) => why === 'not-within'),
    [{ syscall: 'read', ceiling: 'one and other' }, { syscall: 'write' }],
  )
  t.end()
})

function list(names: readonly string[]): string {
  return JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }],
  })
}
