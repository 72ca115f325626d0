// Compares answers with the real libseccomp: it compiles random profiles, its BPF is interpreted, and every random and
// boundary call is compared. Then the kernel answers a call that ignores its arguments. SECCOMP_GEN_SEED repeats a run,
// SECCOMP_GEN_RUNS sets the number of profiles.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { syscallTable } from '../../src/abi/tables.ts'
import { answerTo } from '../../src/meaning/evaluate.ts'
import {
  answerText,
  contextOf,
  makeMeaning,
  refusalsOf,
  type Answer,
  type Meaning,
} from '../../src/meaning/index.ts'
import { architectures } from '../../src/abi/architectures.ts'
import { profileProblems } from '../../src/check/index.ts'
import { isKnownTo } from '../../src/meaning/versions/library.ts'
import { parseProfile } from '../../src/profile/index.ts'
import {
  callsAround,
  clashingProfile,
  profileText,
  prunedProfile,
  randomProfile,
  type Call,
  type RandomArgument,
  type RandomProfile,
} from './random.ts'
import { fc, seed } from '../seed.ts'

// Debian's module belongs to the system's Python, whatever other python3 PATH has.
const python = '/usr/bin/python3'
const found = spawnSync(
  python,
  [
    '-c',
    'import ctypes, seccomp; v = ctypes.CDLL("libseccomp.so.2").seccomp_version; v.restype = ctypes.POINTER(ctypes.c_uint); print("%d.%d.%d" % tuple(v()[:3]))',
  ],
  { encoding: 'utf8' },
)
/** The version of the library that answers here; it decides which calls are known. */
const libseccomp = found.stdout.trim()
const skip = found.status === 0 ? false : 'python3-seccomp is not installed'
const runs = Number(process.env['SECCOMP_GEN_RUNS'] ?? 3000)
const milliseconds = Math.max(60_000, runs * 20)

const getppid = syscallTable('x86_64').byName('getppid')?.number ?? -1
const skipKernel = process.arch === 'x64' ? skip : 'the calls of this test are x86_64 calls'

const nothing: RandomProfile['rules'][number] = {
  name: 'nosuchcall',
  action: 'SCMP_ACT_ALLOW',
  errnoRet: 1,
  args: [],
}

type Theirs = readonly (string | number)[] | { readonly refused: unknown } | null

/** libseccomp's answer to each input; it is killed when the time is up. */
function ask(inputs: readonly object[], timeout = milliseconds): readonly Theirs[] | 'killed' {
  const result = spawnSync(python, [fileURLToPath(new URL('libseccomp.py', import.meta.url))], {
    input: inputs.map((each) => JSON.stringify(each)).join('\n'),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    timeout,
    killSignal: 'SIGKILL',
  })
  if (result.signal === 'SIGKILL') return 'killed'
  if (result.status !== 0) throw new Error(result.stderr)
  return result.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Theirs)
}

t.test('libseccomp answers every call the same', { skip, timeout: 2 * milliseconds }, (t) => {
  answersTheSame(t, fc.sample(randomProfile, { seed, numRuns: runs }))
  t.end()
})

t.test('also where rules make others needless', { skip, timeout: 2 * milliseconds }, (t) => {
  answersTheSame(t, fc.sample(prunedProfile, { seed, numRuns: runs }))
  t.end()
})

t.test('of profiles that clash it refuses the same', { skip, timeout: 2 * milliseconds }, (t) => {
  const sampled = fc.sample(clashingProfile, { seed, numRuns: runs })
  const refused = answersTheSame(t, sampled)
  t.ok(refused > sampled.length / 4, 'a quarter of them is refused')
  t.end()
})

t.test('libseccomp does not return from what is set aside for that', { skip, timeout: milliseconds }, (t) => {
  const endless = fc
    .sample(clashingProfile, { seed, numRuns: runs })
    .filter((profile) => meaningOf(profile) === 'endless')
    .slice(0, runs / 1000)
  const returned = endless.filter(
    (profile) => ask([{ ...asRules(profile), order: 'by priority', calls: [] }], 3000) !== 'killed',
  )
  t.comment(`${endless.length} of them`)
  t.strictSame(returned.map(profileText), [])
  t.end()
})

/** Compares the answers and returns the number of profiles that both refuse. */
function answersTheSame(t: Test, sampled: readonly RandomProfile[]): number {
  // libseccomp 2.5 does not return from such profiles: see the tests below.
  const profiles = sampled.filter((profile) => meaningOf(profile) !== 'endless')
  // runc uses the other order for a profile with many rules, so rules without effect fill these up.
  const orders = profiles.map((_, index) => (index % 3 === 0 ? 'by number' : 'by priority'))
  const calls = profiles.map((profile, index) => callsAround([profile], 25, seed + index))
  const theirs = ask(
    profiles.map((profile, index) => ({
      ...asRules(profile),
      order: orders[index],
      calls: asCalls(calls[index] ?? []),
    })),
  )
  if (theirs === 'killed') {
    t.fail(`libseccomp has no answer after ${milliseconds} ms`)
    return 0
  }
  let compared = 0
  let refused = 0
  const disagreements: unknown[] = []
  const laws: unknown[] = []
  profiles.forEach((profile, index) => {
    const its = theirs[index]
    const order = orders[index] as 'by number' | 'by priority'
    const ours = meaningOf(profile, order)
    const told = refusalsIn(profile).length > 0
    // `order` adds rules without effect only, so it does not change this result.
    if (told !== !Array.isArray(its))
      laws.push({ profile: profileText(profile), native: profile.native, told, theirs: its })
    const said = { profile: profileText(profile), native: profile.native, order }
    if (typeof ours === 'string' || !Array.isArray(its)) {
      if (typeof ours === 'string' && its !== null && !Array.isArray(its)) refused++
      else disagreements.push({ ...said, theirs: its, ours: typeof ours === 'string' ? ours : 'accepted' })
      return
    }
    calls[index]?.forEach(({ architecture, number, args }, at) => {
      compared++
      const answer = answerText(answerWithoutStub(ours, { architecture, number, args }))
      if (answer === its[at]) return
      disagreements.push({
        ...said,
        call: `${architecture} ${number} ${args.join(' ')}`,
        ours: answer,
        theirs: its[at],
      })
    })
  })
  t.comment(
    `seed ${seed}: ${profiles.length} profiles, ${refused} refused by both, ${sampled.length - profiles.length} set aside, ${compared} calls, ${disagreements.length} disagreements`,
  )
  t.ok(compared > runs, 'calls were compared')
  t.strictSame(disagreements.slice(0, 3), [], 'zero disagreements')
  t.strictSame(laws.slice(0, 3), [], 'what is refused is told without making the filter, and nothing else')
  return refused
}

/** The refusals of `validate` on a host of this architecture, if the profile is for this host only. */
function refusalsIn(profile: RandomProfile): readonly string[] {
  const parsed = parseProfile(profileText(profile))
  const { native: architecture } = profile
  const isRefusal = (code: string): boolean =>
    /^(?:rules-(?:clash|endless|beyond)|filter-|architectures-mixed)/.test(code)
  const told = refusalsOf(parsed, contextOf({ architecture, libseccomp }))
    .map(({ code }) => code)
    .filter(isRefusal)
  const hosts = new Set(profile.architectures.map((each) => architectures[each].host))
  if (hosts.size === 1 && hosts.has(architecture)) {
    const found = profileProblems(parsed, { libseccomp }).filter(
      ({ code, severity }) => severity === 'error' && isRefusal(code),
    )
    if (found.length > 0 !== told.length > 0) return ['validate says otherwise']
  }
  return told
}

t.test('and the kernel', { skip: skipKernel }, (t) => {
  // An errno identifies each refusal. All other calls must go on, so that the child can answer.
  const profiles = fc
    .sample(randomProfile, { seed, numRuns: 100 })
    .map((profile): RandomProfile => ({
      ...profile,
      native: 'x86_64',
      defaultAction: 'SCMP_ACT_ALLOW',
      architectures: profile.architectures.filter((each) => each !== 'aarch64' && each !== 'arm'),
      rules: profile.rules.map((rule, index) => ({
        ...rule,
        name: 'getppid',
        action: 'SCMP_ACT_ERRNO',
        errnoRet: index % 2 === 0 ? 77 : 78,
      })),
    }))
    .filter((profile) => typeof meaningOf(profile) !== 'string' && profile.rules.length > 1)
  const calls = profiles.map((profile, index) =>
    callsAround([profile], 25, seed + index).map((call): Call => ({
      ...call,
      architecture: 'x86_64',
      number: getppid,
    })),
  )
  const theirs = ask(
    profiles.map((profile, index) => ({
      ...asRules(profile),
      order: 'by priority',
      kernel: true,
      calls: asCalls(calls[index] ?? []),
    })),
  )
  const ours = profiles.map((profile, index) => {
    const meaning = meaningOf(profile) as Meaning
    return (calls[index] ?? []).map(({ args }) => meaning.answer('x86_64', getppid, args).errno ?? 0)
  })
  const wrong = profiles.flatMap((profile, index) =>
    JSON.stringify(theirs[index]) === JSON.stringify(ours[index])
      ? []
      : [{ profile: profileText(profile), ours: ours[index], theirs: theirs[index] }],
  )
  const all = ours.flat()
  t.comment(
    `seed ${seed}: ${profiles.length} filters loaded, ${all.length} calls made, ${all.filter((each) => each !== 0).length} of them refused, ${wrong.length} filters answer otherwise`,
  )
  t.ok(profiles.length > 20, 'filters were loaded')
  t.strictSame(wrong.slice(0, 3), [], 'zero disagreements')
  t.end()
})

/** The rules of each allow a call or refuse it with 77; libseccomp's filter does the opposite. */
const telling = [
  {
    what: 'the upper half of the second comparison is compared with the lower half of the argument',
    architectures: [],
    rules: [
      { name: 'getppid', args: [argument(0, 'GE', 8589934594n)] },
      { name: 'getppid', args: [argument(0, 'LE', 1n)] },
    ],
    argument: 2n,
    answer: 77,
  },
  {
    what: 'the first call is none of the architecture, and the number of the call is not loaded',
    architectures: ['x32'],
    rules: [
      { name: 'mmap2', args: [] },
      { name: 'getppid', args: [argument(0, 'EQ', 5n)] },
    ],
    argument: 5n,
    answer: 0,
  },
  {
    what: 'the first call is one of an architecture that has no table here',
    architectures: ['x86', 'x32'],
    rules: [
      { name: 's390_runtime_instr', args: [] },
      { name: 'getppid', args: [argument(0, 'EQ', 5n)] },
    ],
    argument: 5n,
    answer: 0,
  },
] as const

t.test(
  "where the filter does not do what the rules say, the meaning is the kernel's",
  { skip: skipKernel },
  (t) => {
    for (const { what, architectures, rules, argument: value, answer } of telling) {
      const profile: RandomProfile = {
        native: 'x86_64',
        defaultAction: 'SCMP_ACT_ALLOW',
        defaultErrnoRet: 1,
        architectures,
        rules: rules.map((each) => ({ ...each, action: 'SCMP_ACT_ERRNO', errnoRet: 77 })),
      }
      const args = [value, 0n, 0n, 0n, 0n, 0n]
      const calls = asCalls([{ architecture: 'x86_64', number: getppid, args }])
      t.strictSame(
        ask([{ ...asRules(profile), order: 'by priority', kernel: true, calls }]),
        [[answer]],
        what,
      )
      const meaning = meaningOf(profile) as Meaning
      t.equal(meaning.answer('x86_64', getppid, args).errno ?? 0, answer, 'here as well')
    }
    t.end()
  },
)

t.test('rules that libseccomp 2.5 never returns from are refused here', { skip }, (t) => {
  const rule = { name: 'socket', action: 'SCMP_ACT_ALLOW', errnoRet: 1 }
  const profile: RandomProfile = {
    native: 'x86_64',
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    architectures: [],
    rules: [
      { ...rule, args: [argument(0, 'GT', 4294967297n), argument(1, 'GT', 0n)] },
      { ...rule, args: [argument(0, 'GT', 4294967297n), argument(2, 'LE', 4294967295n)] },
    ],
  }
  t.equal(meaningOf(profile), 'endless')
  t.equal(ask([{ ...asRules(profile), order: 'by priority', calls: [] }], 5000), 'killed')
  const alone = { ...profile, rules: profile.rules.slice(1) }
  t.strictSame(
    ask([{ ...asRules(alone), order: 'by priority', calls: [] }], 60_000),
    [[]],
    'one of them is fine',
  )
  t.end()
})

function meaningOf(
  profile: RandomProfile,
  order: 'by priority' | 'by number' = 'by priority',
): Meaning | 'clash' | 'endless' {
  const many = order === 'by number'
  const padded = {
    ...profile,
    rules: [...profile.rules, ...Array.from({ length: many ? 33 : 0 }, () => nothing)],
  }
  try {
    const context = contextOf({ architecture: profile.native, libseccomp, ...(many && { runtime: 'runc' }) })
    return makeMeaning(parseProfile(profileText(padded)), context)
  } catch (error) {
    if (error instanceof Error && error.name === 'UserError' && /does not start/.test(error.message))
      return /loop forever/.test(error.message) ? 'endless' : 'clash'
    throw error
  }
}

/** libseccomp does not make the stub; test/live/stub.test.ts compares it with runc. */
function answerWithoutStub({ filter }: Meaning, { architecture, number, args }: Call): Answer {
  return answerTo({ ...filter, stub: undefined }, architecture, number, args)
}

function argument(index: number, op: 'EQ' | 'GE' | 'GT' | 'LE', value: bigint): RandomArgument {
  return { index, op: `SCMP_CMP_${op}`, value, valueTwo: 0n }
}

function asCalls(calls: readonly Call[]): readonly unknown[] {
  return calls.map(({ architecture, number, args }) => [architecture, number, args.map(String)])
}

/** The rules as runc passes them to libseccomp: none that equals the default; a repeated index makes alternatives. */
function asRules({ native, defaultAction, defaultErrnoRet, architectures, rules }: RandomProfile): object {
  const word = (action: string, errno: number): string =>
    action === 'SCMP_ACT_ERRNO' ? `${action}(${errno})` : action
  const fallback = word(defaultAction, defaultErrnoRet)
  return {
    native,
    default: fallback,
    architectures,
    rules: rules
      .filter(
        ({ action, errnoRet, name }) => word(action, errnoRet) !== fallback && isKnownTo(libseccomp, name),
      )
      .flatMap(({ name, action, errnoRet, args }) => {
        const all = args.map(({ index, op, value, valueTwo }) => [
          index,
          op,
          String(value),
          op === 'SCMP_CMP_MASKED_EQ' ? String(valueTwo) : '0',
        ])
        const repeats = new Set(args.map(({ index }) => index)).size < args.length
        const sets = repeats ? all.map((each) => [each]) : [all]
        return sets.map((set) => ({ name, action: word(action, errnoRet), args: set }))
      }),
  }
}
