// The companions of each call: a C library whose every call is known, and a program that makes some of them.
import t from 'tap'
import { scanPrograms } from '../../src/index.ts'
import { dominatorsOf } from '../../src/scan/dominators.ts'
import { func, noCompiler, withLibc } from './assemble.ts'

const call = (number: number): string => `mov $${number}, %eax\n syscall\n`
const [brk, exit, getpid, madvise, mount, munmap, reboot, tgkill] = [12, 60, 39, 28, 165, 11, 169, 234]

const library = [
  // Calls getpid, then a private function and an exported one.
  func('make', `${call(getpid)} call undo\n call give_back@plt\n ret`),
  func('undo', `${call(munmap)} call die@plt\n ret`, false),
  func('give_back', `${call(madvise)} call far\n ret`),
  func('far', `${call(mount)} ret`, false),
  func('die', `${call(tgkill)} ret`),
  func('one', `${call(brk)} call unused\n ret`),
  func('other', `${call(brk)} ret`),
  func('unused', `${call(reboot)} ret`, false),
].join('')

const program = (...functions: readonly string[]): string =>
  func('_start', `${functions.map((each) => `call ${each}@plt\n`).join('')}${call(exit)}`)

interface Row {
  readonly what: string
  readonly calls: readonly string[]
  readonly of: string
  readonly companions: readonly string[] | undefined
}

const rows: readonly Row[] = [
  {
    what: 'what the function, its private part and those that these call make; not what is behind an exported one',
    calls: ['make'],
    of: 'getpid',
    companions: ['madvise', 'munmap', 'tgkill'],
  },
  {
    what: 'a private part shows that the function was run',
    calls: ['make'],
    of: 'munmap',
    companions: ['getpid', 'madvise', 'tgkill'],
  },
  { what: 'of one function that makes it', calls: ['one'], of: 'brk', companions: ['reboot'] },
  {
    what: 'of two that make it neither was run for certain',
    calls: ['one', 'other'],
    of: 'brk',
    companions: undefined,
  },
  {
    what: 'an exported function was run whoever led to it',
    calls: ['make', 'give_back'],
    of: 'madvise',
    companions: ['mount'],
  },
  { what: 'what the program makes itself shows nothing', calls: ['make'], of: 'exit', companions: undefined },
]

for (const { what, calls, of, companions } of rows)
  t.test(what, { skip: noCompiler ?? false }, async (t) => {
    const found = await scanPrograms(withLibc(program(...calls), library), ['/bin/program'])
    t.same(found.architectures.x86_64?.[of]?.companions, companions)
  })

t.test('dominators: what every way passes, loops and all', async (t) => {
  // 1 → 2 → 3 → 5, 1 → 4 → 5 → 2 (a loop), 5 → 6; 7 is another entry and leads to 6.
  const next = new Map([
    [1, [2, 4]],
    [2, [3]],
    [3, [5]],
    [4, [5]],
    [5, [2, 6]],
    [7, [6]],
  ])
  t.same(
    [...dominatorsOf([1], next)].sort(([a], [b]) => a - b),
    [[1, -1], [2, 1], [3, 2], [4, 1], [5, 1], [6, 5]], // prettier-ignore
  )
  t.equal(dominatorsOf([1, 7], next).get(6), -1)
})
