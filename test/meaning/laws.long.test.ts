// Laws of comparing: a profile does not differ from itself, the reverse comparison mirrors, every witness gets
// different answers, and without a reported difference no random or boundary call differs. A `wider` profile permits a
// call that was not permitted, as the kernel sees calls.
import t from 'tap'
import { architectures } from '../../src/abi/architectures.ts'
import { isNarrowArgument } from '../../src/abi/narrow-arguments.ts'
import {
  answerText,
  contextOf,
  differencesOf,
  permissiveness,
  makeMeaning,
  type Difference,
  type Meaning,
} from '../../src/meaning/index.ts'
import { parseProfile } from '../../src/profile/index.ts'
import { callsAround, profileText, randomProfile, type RandomProfile } from './random.ts'
import { fc, seed } from '../seed.ts'

const runs = Number(process.env['SECCOMP_GEN_RUNS'] ?? 2100)

const mirror = { wider: 'narrower', narrower: 'wider', sideways: 'sideways' } as const

t.test('laws of comparing', { timeout: 540_000 }, (t) => {
  const sampled = fc.sample(fc.tuple(randomProfile, randomProfile, fc.nat(5)), { seed, numRuns: runs })
  let pairs = 0
  let calls = 0
  let changes = 0
  const broken: string[] = []
  sampled.forEach(([one, another, kind], index) => {
    // Half of the pairs differ by one rule only, so most of their meaning is equal.
    const other =
      kind < 3 ? another : { ...one, rules: kind === 3 ? one.rules.toReversed() : one.rules.slice(1) }
    const [a, b] = [meaningOf(one), meaningOf({ ...other, native: one.native })]
    if (a === undefined || b === undefined) return
    pairs++
    const say = (law: string): void => void broken.push(`${law}: ${profileText(one)} ${profileText(other)}`)
    if (differencesOf(a, a).length > 0) say('against itself')
    const there = differencesOf(a, b)
    changes += there.length
    const key = (d: Difference, back: boolean): string =>
      `${d.architecture} ${d.number} ${answerText(back ? d.after : d.before)} ${answerText(back ? d.before : d.after)}`
    const said = (d: Difference, back: boolean): string =>
      `${key(d, back)} ${back ? mirror[d.direction] : d.direction}`
    // Whether the narrower side permits these arguments as much as the wider side permits the witness.
    const permits = (d: Difference, args: readonly bigint[]): boolean => {
      const [lesser, greater] = d.direction === 'wider' ? [a, d.after] : [b, d.before]
      return permissiveness(lesser.answer(d.architecture, d.number, args)) >= permissiveness(greater)
    }
    const mirrored = differencesOf(b, a)
      .map((d) => said(d, true))
      .sort()
    if (
      mirrored.join() !==
      there
        .map((d) => said(d, false))
        .sort()
        .join()
    )
      say('mirror')
    for (const d of there) {
      const [before, after] = [a, b].map((m) => answerText(m.answer(d.architecture, d.number, d.args)))
      if (before !== answerText(d.before) || after !== answerText(d.after)) say('witness')
      // If the dropped halves are zero, the answer counts as it is. Else the narrower side must permit no such call.
      const isUsual = narrowOf(d).every((index) => (d.args[index] ?? 0n) >> 32n === 0n)
      if (d.direction !== 'sideways' && !isUsual && sameToTheKernel(d).some((args) => permits(d, args)))
        say('direction')
    }
    const reported = new Set(there.map((d) => key(d, false)))
    for (const { architecture, number, args } of callsAround([one, other], 20, seed + index)) {
      if (architectures[architecture].host !== one.native) continue
      calls++
      const [before, after] = [a, b].map((m) => answerText(m.answer(architecture, number, args)))
      const its = there.find(
        (d) => d.number === number && key(d, false) === `${architecture} ${number} ${before} ${after}`,
      )
      if (
        its !== undefined &&
        its.direction === 'sideways' &&
        permissiveness(its.before) !== permissiveness(its.after)
      )
        if (narrowOf(its).every((index) => (args[index] ?? 0n) >> 32n === 0n))
          say('a usual call goes sideways')
      const unlisted = number === 3000 ? 2000 : number === 0x40000000 + 3000 ? 0x40000000 + 2000 : number
      if (
        before !== after &&
        !reported.has(`${architecture} ${unlisted} ${before} ${after}`) &&
        (a.filter.architectures.has(architecture) || b.filter.architectures.has(architecture))
      )
        say(`unreported ${architecture} ${number} ${args.join(' ')}`)
    }
  })
  t.comment(`seed ${seed}: ${pairs} pairs, ${changes} changes, ${calls} calls, ${broken.length} broken laws`)
  t.ok(pairs > runs / 2, 'pairs were compared')
  t.strictSame(broken.slice(0, 3), [])
  t.end()
})

/** The arguments whose upper half the kernel drops. */
function narrowOf({ architecture, syscall, args }: Difference): readonly number[] {
  if (architectures[architecture].bits === 32) return []
  return [...args.keys()].filter((index) => isNarrowArgument(architecture, syscall, index))
}

/** The witness with other upper halves in these arguments. */
function sameToTheKernel(difference: Difference): readonly (readonly bigint[])[] {
  const narrow = narrowOf(difference)
  return [0n, 1n, 2n, 0x80000000n, 0xffffffffn].map((upper) =>
    difference.args.map((each, index) =>
      narrow.includes(index) ? BigInt.asUintN(32, each) | (upper << 32n) : each,
    ),
  )
}

function meaningOf(profile: RandomProfile): Meaning | undefined {
  try {
    return makeMeaning(parseProfile(profileText(profile)), contextOf({ architecture: profile.native }))
  } catch (error) {
    if (error instanceof Error && error.name === 'UserError' && /does not start/.test(error.message))
      return undefined
    throw error
  }
}
