// Random profiles whose rules libseccomp must merge, and calls around every number in their conditions.
import fc from 'fast-check'
import type { Architecture } from '../../src/abi/architectures.ts'
import { multiplexers } from '../../src/abi/multiplexers.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import { operators } from '../../src/profile/words.ts'
import type { Operator } from '../../src/profile/document.ts'

export interface RandomArgument {
  readonly index: number
  readonly op: Operator
  readonly value: bigint
  readonly valueTwo: bigint
}

export interface RandomRule {
  readonly name: string
  readonly action: string
  readonly errnoRet: number
  readonly args: readonly RandomArgument[]
}

export interface RandomProfile {
  readonly native: 'x86_64' | 'aarch64'
  readonly defaultAction: string
  readonly defaultErrnoRet: number
  readonly architectures: readonly Architecture[]
  readonly rules: readonly RandomRule[]
}

/**
 * A few calls, so that rules meet: plain ones, members of families of i386, calls of one architecture only, of
 * architectures without a table here, of libseccomp 2.5.6, and of no table.
 */
const names = [
  'read',
  'clone',
  'socket',
  'socket',
  'accept',
  'semop',
  'socketcall',
  'mmap2',
  'open',
  'breakpoint',
  's390_runtime_instr',
  'switch_endian',
  'sys_debug_setcontext',
  'mseal',
  'nosuchcall',
]

const values = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt(0n, 5n) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      0x7fffffffn,
      0x80000000n,
      0xffffffffn,
      0x100000000n,
      0x100000001n,
      0x200000002n,
      0xffffffff00000000n,
      0x8000000000000000n,
      0xfffffffffffffffen,
      0xffffffffffffffffn,
    ),
  },
  { weight: 1, arbitrary: fc.bigInt(0n, 2n ** 64n - 1n) },
)

const argument: fc.Arbitrary<RandomArgument> = fc.record({
  index: fc.constantFrom(0, 0, 0, 1, 1, 2, 5),
  op: fc.constantFrom(...operators),
  value: values,
  valueTwo: values,
})

const actions = fc.constantFrom(
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_LOG',
  'SCMP_ACT_TRAP',
)

const rule: fc.Arbitrary<RandomRule> = fc.record({
  name: fc.constantFrom(...names),
  action: actions,
  errnoRet: fc.constantFrom(1, 1, 38),
  args: fc.oneof(
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 8, arbitrary: fc.array(argument, { minLength: 1, maxLength: 3 }) },
  ),
})

export const randomProfile: fc.Arbitrary<RandomProfile> = fc.record({
  native: fc.constantFrom('x86_64', 'x86_64', 'x86_64', 'aarch64'),
  defaultAction: fc.constantFrom(
    'SCMP_ACT_ERRNO',
    'SCMP_ACT_ERRNO',
    'SCMP_ACT_ALLOW',
    'SCMP_ACT_KILL_PROCESS',
  ),
  defaultErrnoRet: fc.constantFrom(1, 38),
  architectures: fc.uniqueArray(fc.constantFrom('x86_64', 'x86', 'x32', 'aarch64', 'arm'), { maxLength: 4 }),
  // Without clashing actions, so that most profiles are accepted, or with them, for the order of merging.
  rules: fc.oneof(
    fc.array(rule, { maxLength: 7 }),
    fc
      .array(rule, { maxLength: 9 })
      .map((rules) => rules.map((each) => ({ ...each, action: 'SCMP_ACT_ALLOW' }))),
  ),
})

/** Rules with the same conditions on many arguments, so that a shorter rule makes longer ones redundant. */
export const prunedProfile: fc.Arbitrary<RandomProfile> = fc
  .array(
    fc.tuple(
      fc.constantFrom('read', 'read', 'read', 'read', 'mmap2'),
      fc.uniqueArray(
        fc.record({
          index: fc.nat({ max: 2 }),
          op: fc.oneof(
            { weight: 3, arbitrary: fc.constant<Operator>('SCMP_CMP_EQ') },
            { weight: 1, arbitrary: fc.constantFrom<Operator[]>('SCMP_CMP_NE', 'SCMP_CMP_GT') },
          ),
          value: fc.bigInt(0n, 1n),
          valueTwo: fc.constant(0n),
        }),
        { selector: ({ index }) => index, minLength: 1, maxLength: 3 },
      ),
    ),
    { minLength: 2, maxLength: 9 },
  )
  .map((rules) => ({
    native: 'x86_64',
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    // The order of calls matters with x32: see libseccomp.test.ts.
    architectures: ['x86', 'x32'],
    rules: rules.map(([name, args]) => ({ name, action: 'SCMP_ACT_ALLOW', errnoRet: 1, args })),
  }))

/** A few operators and values, so that one condition gets two answers, or rules extend each other. */
const clashingArgument: fc.Arbitrary<RandomArgument> = fc.record({
  index: fc.constantFrom(0, 0, 0, 1, 2),
  op: fc.constantFrom(...operators),
  value: fc.constantFrom(0n, 1n, 1n, 2n, 0xffffffffn, 0x100000001n),
  valueTwo: fc.constantFrom(0n, 1n, 0x100000001n),
})

const clashingArguments = fc.array(clashingArgument, { maxLength: 3 })

/** Twins: two rules for the same call with different answers; at most one condition differs. */
const clashingRules: fc.Arbitrary<readonly RandomRule[]> = fc
  .record({
    // `send` and `socket` are the same call, i386's socketcall; `semop` and `msgget` are both ipc.
    names: fc.constantFrom(['read', 'read'], ['read', 'read'], ['socket', 'send'], ['semop', 'msgget']),
    args: clashingArguments,
    // Half of the twins differ, in the first condition or in the last.
    changed: fc.option(clashingArgument, { freq: 1 }),
    first: fc.boolean(),
    answers: fc.constantFrom(
      ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG'],
      ['SCMP_ACT_ALLOW', 'SCMP_ACT_ALLOW'],
      ['SCMP_ACT_ERRNO', 'SCMP_ACT_TRAP'],
      ['SCMP_ACT_ERRNO', 'SCMP_ACT_ERRNO'],
    ),
    errnos: fc.constantFrom([1, 1], [1, 38]),
  })
  .map(({ names, args, changed, first, answers, errnos }) =>
    [
      args,
      changed === null ? args : first ? [changed, ...args.slice(1)] : [...args.slice(0, -1), changed],
    ].map((each, index) => ({
      name: names[index] as string,
      action: answers[index] as string,
      errnoRet: errnos[index] as number,
      args: each,
    })),
  )

/** The same inequality beyond 32 bits with different further arguments: libseccomp 2.5 may loop forever. */
const growingRules: fc.Arbitrary<readonly RandomRule[]> = fc
  .tuple(
    fc.constantFrom<Operator[]>('SCMP_CMP_GT', 'SCMP_CMP_GE', 'SCMP_CMP_LT', 'SCMP_CMP_LE'),
    fc.uniqueArray(clashingArgument, { selector: ({ index }) => index, minLength: 2, maxLength: 3 }),
  )
  .map(([op, others]) =>
    others.map((other, at) => ({
      name: 'read',
      action: 'SCMP_ACT_ALLOW',
      errnoRet: 1,
      args: [
        { index: 0, op, value: 0x100000001n, valueTwo: 0n },
        { ...other, index: at + 1 },
      ],
    })),
  )

/** Profiles of which many are refused: clashes, endless loops, byte orders that cannot be combined. */
export const clashingProfile: fc.Arbitrary<RandomProfile> = fc
  .record({
    native: fc.constantFrom<RandomProfile['native'][]>('x86_64', 'x86_64', 'aarch64'),
    defaultAction: fc.constantFrom('SCMP_ACT_ERRNO', 'SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_ALLOW'),
    architectures: fc.uniqueArray(
      fc.oneof(
        { weight: 20, arbitrary: fc.constantFrom<Architecture[]>('x86_64', 'x86', 'x32', 'arm') },
        { weight: 1, arbitrary: fc.constantFrom<Architecture[]>('s390x', 'riscv64', 'ppc64le') },
      ),
      { maxLength: 3 },
    ),
    pairs: fc.array(
      fc.oneof({ weight: 9, arbitrary: clashingRules }, { weight: 1, arbitrary: growingRules }),
      { minLength: 1, maxLength: 3 },
    ),
    others: fc.array(
      fc.record({
        name: fc.constantFrom('read', 'socket', 'socketcall', 'mmap2'),
        action: fc.constantFrom('SCMP_ACT_ALLOW', 'SCMP_ACT_ERRNO'),
        errnoRet: fc.constant(1),
        args: clashingArguments,
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ pairs, others, ...profile }) => ({
    ...profile,
    defaultErrnoRet: 77,
    rules: [...others.slice(1), ...pairs.flat(), ...others.slice(0, 1)],
  }))

/** The profile as text. */
export function profileText({ defaultAction, defaultErrnoRet, architectures, rules }: RandomProfile): string {
  const number = (value: unknown): unknown => (typeof value === 'bigint' ? `bigint:${value}` : value)
  return JSON.stringify(
    {
      defaultAction,
      ...(defaultAction === 'SCMP_ACT_ERRNO' && { defaultErrnoRet }),
      architectures: architectures.map((each) => `SCMP_ARCH_${each.toUpperCase()}`),
      syscalls: rules.map(({ name, action, errnoRet, args }) => ({
        names: [name],
        action,
        ...(action === 'SCMP_ACT_ERRNO' && { errnoRet }),
        args,
      })),
    },
    (_, value: unknown) => number(value),
  ).replaceAll(/"bigint:(\d+)"/g, '$1')
}

export interface Call {
  readonly architecture: Architecture
  readonly number: number
  readonly args: readonly bigint[]
}

const all64 = 2n ** 64n - 1n

/** Calls around the profiles' numbers: each number, its neighbours and its halves, in any combination. */
export function callsAround(
  profiles: readonly RandomProfile[],
  count: number,
  seed: number,
): readonly Call[] {
  const random = generator(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const rules = profiles.flatMap((each) => each.rules)
  const numbers = rules.flatMap(({ args }) => args.flatMap(({ value, valueTwo }) => [value, valueTwo]))
  const boundaries = [
    0n,
    1n,
    all64,
    ...numbers.flatMap((each) => [
      each,
      each + 1n,
      each - 1n,
      each & 0xffffffffn,
      each ^ (1n << 32n),
      each ^ (1n << 40n),
    ]),
  ].map((each) => BigInt.asUintN(64, each))
  const members = Object.values(multiplexers.socketcall).map(BigInt)
  return Array.from({ length: count }, () => {
    const architecture = pick(['x86_64', 'x86', 'x32', 'aarch64', 'arm'] as const)
    const name = random() < 0.9 && rules.length > 0 ? pick(rules).name : pick(names)
    const wanted = architecture === 'x86' && random() < 0.3 ? pick(['socketcall', 'ipc']) : name
    const number =
      syscallTable(architecture).byName(wanted)?.number ?? (architecture === 'x32' ? 0x40000000 : 0) + 3000
    const args = Array.from({ length: 6 }, () =>
      random() < 0.05 ? BigInt.asUintN(64, BigInt(Math.floor(random() * 2 ** 52)) * 4096n) : pick(boundaries),
    )
    if (wanted === 'socketcall' || wanted === 'ipc') args[0] = pick([...members, ...args])
    return { architecture, number, args }
  })
}

/** A small separate generator (mulberry32), so that the seed determines everything. */
export function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
