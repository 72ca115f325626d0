// Laws of comparing: nothing against itself, mirrored the other way round, every witness answers differently, and where
// nothing is reported no random or boundary call differs. What is called wider permits a call that was not permitted, as
// the kernel sees calls.
import fc from 'fast-check'
import t from 'tap'
import { answerText, contextOf, differencesOf, makeMeaning, type Meaning } from '../../src/meaning/index.ts'
import { parseProfile } from '../../src/profile/index.ts'
import { callsAround, profileText, randomProfile, type RandomProfile } from './random.ts'

const seed = Number(process.env['SECCOMP_GEN_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const runs = Number(process.env['SECCOMP_GEN_RUNS'] ?? 1000)

t.test('laws of comparing', { timeout: 240_000 }, (t) => {
  const sampled = fc.sample(fc.tuple(randomProfile, randomProfile, fc.nat(5)), { seed, numRuns: runs })
  let pairs = 0
  let calls = 0
  let changes = 0
  const broken: string[] = []
  sampled.forEach(([one, another, kind], index) => {
    // Half of the pairs differ by one rule only, so that most of their meaning is the same.
    const other =
      kind < 3 ? another : { ...one, rules: kind === 3 ? one.rules.toReversed() : one.rules.slice(1) }
    const [a, b] = [meaningOf(one), meaningOf({ ...other, native: one.native })]
    if (a === undefined || b === undefined) return
    pairs++
    const say = (law: string): void => void broken.push(`${law}: ${profileText(one)} ${profileText(other)}`)
    if (differencesOf(a, a).length > 0) say('against itself')
    const there = differencesOf(a, b)
    changes += there.length
    const key = (d: (typeof there)[number], back: boolean): string =>
      `${d.architecture} ${d.number} ${answerText(back ? d.after : d.before)} ${answerText(back ? d.before : d.after)}`
    const mirrored = differencesOf(b, a)
      .map((d) => key(d, true))
      .sort()
    if (
      mirrored.join() !==
      there
        .map((d) => key(d, false))
        .sort()
        .join()
    )
      say('mirror')
    for (const d of there) {
      const [before, after] = [a, b].map((m) => answerText(m.answer(d.architecture, d.number, d.args)))
      if (before !== answerText(d.before) || after !== answerText(d.after)) say('witness')
    }
    const reported = new Set(there.map((d) => key(d, false)))
    for (const { architecture, number, args } of callsAround([one, other], 20, seed + index)) {
      calls++
      const [before, after] = [a, b].map((m) => answerText(m.answer(architecture, number, args)))
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

function meaningOf(profile: RandomProfile): Meaning | undefined {
  try {
    return makeMeaning(parseProfile(profileText(profile)), contextOf({ architecture: profile.native }))
  } catch (error) {
    if (error instanceof Error && error.name === 'UserError' && /does not start/.test(error.message))
      return undefined
    throw error
  }
}
