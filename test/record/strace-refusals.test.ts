// Calls that strace's lines show are those that the filter sees: seccomp_data.nr has 32 bits, and arch is AUDIT_ARCH's.
import t from 'tap'
import { KeptRefusals, refusalsIn, wantedFor } from '../../src/record/strace/refusals.ts'

const call = {
  architecture: 'x86_64',
  number: undefined,
  args: [],
  result: 38,
  pid: 7,
  program: 'a',
  count: 1,
} as const
const minusOne = { ...call, name: 'syscall_0xffffffffffffffff' } as const
// strace says that the process runs in x32 mode, because bit 30 is set. libseccomp's x32 numbers end at 0x7fffffff.
const minus16 = { ...call, architecture: 'x32', name: 'syscall_0xfffffffffffffff0' } as const
const marked = { ...call, architecture: 'x32', name: 'syscall_0x400003e7' } as const

const expected = [
  { architecture: 'x86_64', number: 2 ** 32 - 1 },
  { architecture: 'x86_64', number: 2 ** 32 - 16 },
  { architecture: 'x32', number: 2 ** 30 + 999 },
]

t.test('numbers beyond the tables keep all their digits, with -n and without', async (t) => {
  const given = [minusOne, minus16, marked]
  const told = (calls: Parameters<typeof refusalsIn>[0]['calls']) =>
    refusalsIn({ calls, lost: 0, programs: 1, ownFilter: false }).suspects.map(
      ({ architecture, number }) => ({
        architecture,
        number,
      }),
    )
  t.same(told(given), expected)
  t.same(told(given.map((each, index) => ({ ...each, number: expected[index]?.number }))), expected)
  const kept = new KeptRefusals()
  for (const each of given) kept.add(each)
  t.same(
    kept.suspects.map(({ architecture, number }) => ({ architecture, number })),
    expected,
  )
})

t.test('a call that the profile allows is found by the number that the filter sees', async (t) => {
  const watch = {
    calls: [{ architecture: 'x86_64', number: 2 ** 32 - 16, arguments: [] }],
    results: [38],
    traps: false,
  } as const
  const wanted = wantedFor(watch, () => undefined)
  t.equal(wanted(minus16), undefined)
  t.same(wanted(minusOne), [])
})
