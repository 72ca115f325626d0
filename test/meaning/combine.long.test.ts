// Combined profiles, for random profiles and for calls around every number in them: the intersection answers as the
// kernel does with both filters installed; the union answers as the more permissive one. If no profile can state the
// result, an error says so.
import t from 'tap'
import {
  builtinProfile,
  compareProfiles,
  evaluate,
  intersectProfiles,
  mergeProfiles,
  parseProfile,
  printProfile,
  UserError,
  type CombinedProfile,
} from '../../src/index.ts'
import { answerText, type Answer } from '../../src/meaning/index.ts'
import { fc, seed } from '../seed.ts'
import { callsAround, profileText, randomProfile } from './random.ts'

/** As in seccomp(2), highest first. */
const precedence = 'KILL_PROCESS KILL_THREAD TRAP ERRNO NOTIFY TRACE LOG ALLOW'
  .split(' ')
  .map((word) => `SCMP_ACT_${word}`)
const rank = ({ action }: Answer): number => precedence.indexOf(action)
const ways = [
  ['intersection', intersectProfiles, (a: Answer, b: Answer) => (rank(a) < rank(b) ? a : b), 'wider'],
  ['union', mergeProfiles, (a: Answer, b: Answer) => (rank(a) > rank(b) ? a : b), 'narrower'],
] as const

/** Undefined if it is refused with this reason. */
function tried(
  combine: typeof intersectProfiles,
  profiles: Parameters<typeof intersectProfiles>[0],
  host: 'x86_64' | 'aarch64',
): CombinedProfile | undefined {
  try {
    return combine(profiles, { architecture: host })
  } catch (error) {
    if (
      error instanceof UserError &&
      /^(?:profiles-not-combined|conditions-beyond-comparing)$/.test(error.code)
    )
      return undefined
    if (error instanceof UserError && /does not start/.test(error.message)) return undefined
    throw error
  }
}

t.test('random profiles: every call is answered as by both together', { timeout: 300_000 }, (t) => {
  const runs = Number(process.env['SECCOMP_GEN_RUNS'] ?? 60)
  const sampled = fc.sample(fc.tuple(randomProfile, randomProfile), { seed, numRuns: runs })
  for (const [name, combine, choice, never] of ways) {
    let [stated, calls] = [0, 0]
    const broken: string[] = []
    sampled.forEach(([one, another], index) => {
      const other = { ...another, native: one.native, architectures: one.architectures }
      const profiles = [one, other].map((each) => parseProfile(profileText(each), { name }))
      const made = tried(combine, profiles, one.native)
      if (made === undefined) return
      stated++
      for (const { architecture, number, args } of callsAround([one, other], 60, seed + index)) {
        calls++
        const call = { architecture, syscall: number, args }
        const host = { architecture: one.native }
        const [a, b, both] = [...profiles, made.profile].map((each) => evaluate(each, call, host)) as [
          Answer,
          Answer,
          Answer,
        ]
        if (answerText(choice(a, b)) !== answerText(both))
          broken.push(
            `${architecture} ${number} ${args.join(' ')}: ${answerText(both)}, of ${profiles.map(() => '').length} ${profileText(one)} ${profileText(other)}`,
          )
      }
      for (const before of profiles)
        if (
          compareProfiles(before, made.profile, { architecture: one.native }).changes.some(
            ({ direction }) => direction === never,
          )
        )
          broken.push(`${never}: ${profileText(one)} ${profileText(other)}`)
    })
    t.comment(`seed ${seed}: ${name}: ${stated} of ${runs} pairs stated, ${calls} calls`)
    t.ok(stated > runs / 5, `${name}: profiles were made`)
    t.strictSame(broken.slice(0, 2), [], name)
  }
  t.end()
})

t.test('the engines’ defaults with each other, printed and read again', (t) => {
  const names = ['docker', 'podman', 'containerd', 'cri-o', 'docker@20.10', 'containerd@1.6.20']
  for (const one of names) {
    for (const other of names) {
      const profiles = [one, other].map((each) => builtinProfile(each).profile)
      const { document, profile, changes } = intersectProfiles(profiles)
      t.notOk(
        changes.some((each) => each.changes.some(({ direction }) => direction === 'wider')),
        `${one} ${other}`,
      )
      const again = parseProfile(printProfile(document), { name: 'again.json' })
      t.equal(compareProfiles(profile, again).verdict, 'identical', `${one} ${other}: printed`)
      if (one === other)
        t.strictSame(
          changes.map((each) => each.changes.length),
          [0, 0],
          `${one} with itself`,
        )
    }
  }
  t.end()
})

t.test('of equal actions the errno of the filter installed last, as kernel/seccomp.c has it', (t) => {
  const refusing = (errno: number) =>
    parseProfile(
      `{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["mount"],"action":"SCMP_ACT_ERRNO","errnoRet":${errno}}]}`,
    )
  const killing = parseProfile(
    '{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["mount"],"action":"SCMP_ACT_KILL_PROCESS"}]}',
  )
  const said = (...profiles: Parameters<typeof intersectProfiles>[0]): string =>
    answerText(evaluate(intersectProfiles(profiles).profile, { syscall: 'mount' }))
  t.equal(said(refusing(1), refusing(38)), 'SCMP_ACT_ERRNO(38)')
  t.equal(said(refusing(38), refusing(1)), 'SCMP_ACT_ERRNO(1)')
  t.equal(said(killing, refusing(1)), 'SCMP_ACT_KILL_PROCESS')
  t.equal(said(refusing(1), killing, refusing(38)), 'SCMP_ACT_KILL_PROCESS')
  t.end()
})

t.test('what one profile cannot state is refused, with the reason', (t) => {
  const on = (architectures: string, action: string): ReturnType<typeof parseProfile> =>
    parseProfile(
      `{"defaultAction":"${action}","architectures":[${architectures}],"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}`,
    )
  // One kills a thread on x86, the other the process: a filter kills the thread on an architecture that it lacks.
  const both = on('"SCMP_ARCH_X86_64","SCMP_ARCH_X86"', 'SCMP_ACT_KILL_PROCESS')
  const one = on('"SCMP_ARCH_X86_64"', 'SCMP_ACT_ERRNO')
  t.throws(() => intersectProfiles([both, one]), { code: 'profiles-not-combined' })
  t.throws(() => intersectProfiles([]), { code: 'nothing-to-combine' })
  const listener = (path: string) =>
    parseProfile(
      `{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64"],"listenerPath":"${path}","syscalls":[{"names":["mount"],"action":"SCMP_ACT_NOTIFY"}]}`,
    )
  t.throws(() => intersectProfiles([listener('/a'), listener('/b')]), { code: 'two-listeners' })
  t.equal(
    intersectProfiles([listener('/a'), on('"SCMP_ARCH_X86_64"', 'SCMP_ACT_ALLOW')]).document.listenerPath,
    '/a',
  )
  t.end()
})
