// Decisions made from kernel filters: they answer as the program of random instructions does, and a sampled decision is
// marked as sampled.
import t from 'tap'
import { familyOf } from '../../src/abi/architectures.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import {
  answerOfPrograms,
  answerText,
  appliedFilter,
  appliedMeaning,
  appliedProfile,
  compareProfiles,
  contextOf,
  decodeProgram,
  type BpfProgram,
} from '../../src/meaning/index.ts'
import { answerTo } from '../../src/meaning/evaluate.ts'
import { parseProfile } from '../../src/profile/index.ts'
import { fc, seed } from '../seed.ts'

const ret = [0x7fff0000, 0x00050001, 0x00050026, 0x80000000, 0x00030000, 0x7ffc0000]
/** A few numbers, so that comparisons are often true. */
const constants = [0, 1, 2, 16, 41, 0xc000003e, 0x40000003, 0x7e020000, 0xffffffff]
const constant = fc.constantFrom(...constants)

/** Forward jumps only and a return at the end, as the kernel demands. */
const program: fc.Arbitrary<BpfProgram> = fc
  .array(
    fc.oneof(
      fc.constantFrom(0, 4, 16, 20, 24, 28, 32, 40, 56, 60).map((k) => ({ code: 0x20, jt: 0, jf: 0, k })),
      constant.map((k) => ({ code: 0x54, jt: 0, jf: 0, k })),
      fc.record({
        code: fc.constantFrom(0x15, 0x25, 0x35, 0x45),
        jt: fc.nat(5),
        jf: fc.nat(5),
        k: constant,
      }),
      fc.record({
        code: fc.constantFrom(0x02, 0x60, 0x61),
        jt: fc.constant(0),
        jf: fc.constant(0),
        k: fc.nat(3),
      }),
      fc.constantFrom({ code: 0x07, jt: 0, jf: 0, k: 0 }, { code: 0x87, jt: 0, jf: 0, k: 0 }),
      fc.constantFrom(...ret).map((k) => ({ code: 0x06, jt: 0, jf: 0, k })),
    ),
    { minLength: 1, maxLength: 30 },
  )
  .map((lines) => {
    const length = lines.length
    const end = { code: 0x06, jt: 0, jf: 0, k: 0x00050001 }
    return [
      ...lines.map((line, at) => {
        const room = length - at - 1
        return (line.code & 7) === 5
          ? { ...line, jt: Math.min(line.jt, room), jf: Math.min(line.jf, room) }
          : line
      }),
      end,
    ]
  })

t.test('followed decisions answer as the programs do', async (t) => {
  let asked = 0
  fc.assert(
    fc.property(
      fc.array(program, { minLength: 1, maxLength: 3 }),
      fc.array(fc.array(constant, { minLength: 12, maxLength: 12 }), { minLength: 20, maxLength: 20 }),
      (programs, words) => {
        const { filter } = appliedFilter(programs, 'x86_64')
        if (filter === undefined) return true
        return familyOf('x86_64').every((architecture) =>
          [0, 1, 2, 16, 41, 59].every((place) => {
            const number = syscallTable(architecture).entries[place]?.number ?? 0
            return words.every((halves) => {
              const args = Array.from(
                { length: 6 },
                (_, index) =>
                  (architecture === 'x86_64' ? BigInt(halves[index * 2 + 1] ?? 0) << 32n : 0n) |
                  BigInt(halves[index * 2] ?? 0),
              )
              asked++
              const expected = answerText(answerOfPrograms(programs, architecture, number, args))
              return answerText(answerTo(filter, architecture, number, args)) === expected
            })
          }),
        )
      },
    ),
    { numRuns: 150, seed },
  )
  t.ok(asked > 5000, `${asked} calls`)
})

t.test('a filter that computes with arguments is sampled, and answers exactly all the same', async (t) => {
  // Refuses a call if a0 + 1 == 17.
  const computing = [
    [0x20, 0, 0, 16],
    [0x04, 0, 0, 1],
    [0x15, 0, 1, 17],
    [0x06, 0, 0, 0x00050001],
    [0x06, 0, 0, 0x7fff0000],
  ].map(([code = 0, jt = 0, jf = 0, k = 0]) => ({ code, jt, jf, k }))
  const applied = appliedFilter([computing], 'x86_64')
  t.equal(applied.filter, undefined)
  t.equal(answerText(applied.answer('x86_64', 41, [16n])), 'SCMP_ACT_ERRNO(1)')
  const meaning = appliedMeaning(applied, 'x', contextOf())
  t.equal(answerText(meaning.answer('x86_64', 41, [15n])), 'SCMP_ACT_ALLOW')
})

t.test('it stands for a profile in a comparison', async (t) => {
  // Refuses mkdir and allows all else, on any architecture.
  const bytes = Buffer.alloc(32)
  for (const [at, [code, jt, jf, k]] of (
    [
      [0x20, 0, 0, 0],
      [0x15, 0, 1, 83],
      [0x06, 0, 0, 0x00050001],
      [0x06, 0, 0, 0x7fff0000],
    ] as const
  ).entries()) {
    bytes.writeUInt16LE(code, at * 8)
    bytes.writeUInt8(jt, at * 8 + 2)
    bytes.writeUInt8(jf, at * 8 + 3)
    bytes.writeUInt32LE(k, at * 8 + 4)
  }
  const held = appliedProfile(appliedFilter([decodeProgram(bytes)], 'x86_64'), 'process 1')
  const profile = parseProfile('{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64"]}')
  const { changes } = compareProfiles(profile, held)
  const native = changes.filter(({ architecture }) => architecture === 'x86_64')
  t.strictSame(
    native.map(({ syscall, direction }) => [syscall, direction]),
    [['mkdir', 'narrower']],
  )
  t.ok(changes.some(({ architecture, direction }) => architecture === 'x86' && direction === 'wider'))
})
