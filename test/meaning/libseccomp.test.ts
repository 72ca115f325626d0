// The same answers as the real libseccomp, apart from the places in accumulator.ts, which are counted: random profiles compiled by it, its BPF interpreted, every random and
// boundary call compared. SECCOMP_GEN_SEED repeats a run, SECCOMP_GEN_RUNS says how many profiles.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import t from 'tap'
import { answerText, contextOf, makeMeaning, type Meaning } from '../../src/meaning/index.ts'
import { parseProfile } from '../../src/profile/index.ts'
import { callsAround, profileText, randomProfile, type RandomProfile } from './random.ts'

// Debian's module is the system's Python's, whatever other python3 stands in PATH.
const python = '/usr/bin/python3'
const found = spawnSync(python, ['-c', 'import seccomp'])
const skip = found.status === 0 ? false : 'python3-seccomp is not installed'

t.test('libseccomp answers every call the same', { skip, timeout: 240_000 }, (t) => {
  const seed = Number(process.env['SECCOMP_GEN_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  const runs = Number(process.env['SECCOMP_GEN_RUNS'] ?? 3000)
  const sampled = fc.sample(randomProfile, { seed, numRuns: runs })
  // libseccomp 2.5 does not return from these: see the test below.
  const profiles = sampled.filter((profile) => meaningOf(profile) !== 'endless')
  const calls = profiles.map((profile, index) => callsAround([profile], 25, seed + index))
  const input = profiles
    .map((profile, index) =>
      JSON.stringify({
        ...asRules(profile),
        calls: (calls[index] ?? []).map(({ architecture, number, args }) => [
          architecture,
          number,
          args.map(String),
        ]),
      }),
    )
    .join('\n')
  const result = spawnSync(python, [fileURLToPath(new URL('libseccomp.py', import.meta.url))], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: 120_000,
  })
  t.equal(result.status, 0, result.stderr)
  const outputs = result.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as readonly string[] | { readonly refused: unknown })
  let compared = 0
  let refused = 0
  const disagreements: unknown[] = []
  profiles.forEach((profile, index) => {
    const theirs = outputs[index]
    const ours = meaningOf(profile)
    if (typeof ours === 'string' || theirs === undefined || 'refused' in theirs) {
      if (typeof ours === 'string' && theirs !== undefined && 'refused' in theirs) refused++
      else
        disagreements.push({
          profile: profileText(profile),
          theirs,
          ours: typeof ours === 'string' ? ours : 'accepted',
        })
      return
    }
    calls[index]?.forEach(({ architecture, number, args }, at) => {
      compared++
      const answer = answerText(ours.answer(architecture, number, args))
      if (answer === theirs[at]) return
      disagreements.push({
        profile: profileText(profile),
        native: profile.native,
        call: `${architecture} ${number} ${args.join(' ')}`,
        ours: answer,
        theirs: theirs[at],
      })
    })
  })
  t.comment(
    `seed ${seed}: ${profiles.length} profiles, ${refused} refused by both, ${sampled.length - profiles.length} set aside, ${compared} calls, ${disagreements.length} disagreements`,
  )
  t.ok(compared > runs, 'calls were compared')
  t.strictSame(disagreements.slice(0, 3), [], 'zero disagreements')
  t.end()
})

function meaningOf(profile: RandomProfile): Meaning | 'clash' | 'endless' {
  try {
    return makeMeaning(parseProfile(profileText(profile)), contextOf({ architecture: profile.native }))
  } catch (error) {
    if (error instanceof Error && error.name === 'UserError' && /does not start/.test(error.message))
      return /loop without end/.test(error.message) ? 'endless' : 'clash'
    throw error
  }
}

/** As runc hands the rules to libseccomp: none that says what the default says, a repeated index makes alternatives. */
function asRules({ native, defaultAction, defaultErrnoRet, architectures, rules }: RandomProfile): object {
  const word = (action: string, errno: number): string =>
    action === 'SCMP_ACT_ERRNO' ? `${action}(${errno})` : action
  const fallback = word(defaultAction, defaultErrnoRet)
  return {
    native,
    default: fallback,
    architectures,
    rules: rules
      .filter(({ action, errnoRet, name }) => word(action, errnoRet) !== fallback && name !== 'nosuchcall')
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
