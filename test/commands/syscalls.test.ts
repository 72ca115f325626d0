// `syscalls`: the text and the data read from the tables.
import t from 'tap'
import { architectureNames, isArchitecture } from '../../src/abi/architectures.ts'
import { syscallsReport } from '../../src/commands/syscalls.ts'
import { similarWords } from '../../src/report/similar.ts'

const text = { report: 'text' } as const
const json = { report: 'json' } as const

t.test('a table with a row a call, in the order of the words', async (t) => {
  const words = ['openat', 'open', 'umount2', 'uselib', 'semop', 'openat', 'set_tls']
  t.equal(
    syscallsReport(words, text),
    [
      'name     x86_64  aarch64  x86         x32     arm  riscv64  ppc64le  s390x  loongarch64  since   notes',
      'openat      257       56  295  1073742081     322       56      286    288           56  2.6.16',
      'open          2        -    5  1073741826       5        -        5      5            -  1.0     aarch64: openat',
      'umount2     166       39   52  1073741990      52       39       52     52           39  2.2     printed as umount',
      'uselib      134        -   86           -      86        -       86     86            -  1.0     no implementation on x86_64, ppc64le, s390x',
      'semop        65      193    -  1073741889     298      193        -      -          193  2.0     x86, ppc64le, s390x: ipc',
      'set_tls       -        -    -           -  983045        -        -      -            -  2.6.11',
      '',
    ].join('\n'),
  )
})

t.test('columns for the architectures asked for, in the order of all tables', async (t) => {
  t.equal(
    syscallsReport(['mmap2', 'vserver'], { ...text, architectures: ['arm', 'x86'] }),
    [
      'name     x86  arm  since  notes',
      'mmap2    192  192  2.4',
      'vserver  273  313  -      no implementation',
      '',
    ].join('\n'),
  )
})

t.test('a number is every architecture’s call of that number', async (t) => {
  const names = (word: string): readonly string[] =>
    (JSON.parse(syscallsReport([word], json)) as readonly { readonly name: string }[]).map(({ name }) => name)
  t.same(names('56'), ['clone', 'openat', 'mpx'])
  t.same(names('0x38'), names('56'))
  t.same(names('0x40000208'), ['execve'])
})

t.test('without --arch every architecture has a column', async (t) => {
  const [heads = '', row = ''] = syscallsReport(['openat'], text).split('\n')
  t.same(
    heads.split(/ +/).filter((each) => isArchitecture(each)),
    architectureNames,
  )
  const numbers = row.split(/ +/).slice(1)
  // Numbers: Linux arch/powerpc and arch/s390 syscall.tbl, include/uapi/asm-generic/unistd.h.
  for (const [architecture, number] of Object.entries({
    riscv64: 56,
    ppc64le: 286,
    s390x: 288,
    loongarch64: 56,
  }))
    t.equal(numbers[heads.split(/ +/).indexOf(architecture) - 1], String(number), architecture)
})

t.test('JSON holds the same as an array', async (t) => {
  t.same(JSON.parse(syscallsReport(['open', 'uselib'], { ...json })), [
    {
      name: 'open',
      numbers: { x86_64: 2, x86: 5, x32: 1073741826, arm: 5, ppc64le: 5, s390x: 5 },
      since: { x86_64: '1.0', x86: '1.0', x32: '3.4', arm: '1.0' },
      unimplemented: [],
      spellings: [],
      aarch64: ['openat'],
    },
    {
      name: 'uselib',
      numbers: { x86_64: 134, x86: 86, arm: 86, ppc64le: 86, s390x: 86 },
      since: { x86_64: '1.0', x86: '1.0', arm: '1.0' },
      unimplemented: ['x86_64', 'ppc64le', 's390x'],
      spellings: [],
      aarch64: [],
    },
  ])
})

t.test('without words all calls, by name, each once', async (t) => {
  const rows = JSON.parse(syscallsReport([], json)) as readonly { readonly name: string }[]
  const names = rows.map(({ name }) => name)
  t.same(names, [...new Set(names)].sort())
  t.ok(names.includes('read') && names.includes('set_tls') && names.includes('socketcall'))
  t.equal(syscallsReport([], text).split('\n').length, rows.length + 2)
})

t.test('what a logger prints is understood', async (t) => {
  t.equal(syscallsReport(['newuname'], text), syscallsReport(['uname'], text))
  t.equal(syscallsReport(['old_mmap'], text), syscallsReport(['mmap'], text))
})

t.test('a word that no table knows is said in one line', async (t) => {
  const rows: readonly (readonly [string, string])[] = [
    ['opne', "no architecture has a call named 'opne'; did you mean open, openat, openat2?"],
    ['fstatat', "no architecture has a call named 'fstatat'; did you mean newfstatat?"],
    ['Socktet', "no architecture has a call named 'Socktet'; did you mean socket?"],
    ['xyzzy', "no architecture has a call named 'xyzzy'; seccomp-gen syscalls lists all of them"],
    ['__proto__', "no architecture has a call named '__proto__'; seccomp-gen syscalls lists all of them"],
    ['99999', 'no architecture has a call of number 99999'],
  ]
  for (const [word, message] of rows)
    t.throws(() => syscallsReport([word], text), { name: 'UserError', message }, word)
  t.throws(() => syscallsReport(['set_tls'], { ...text, architectures: ['x86_64'] }), {
    name: 'UserError',
    message: "x86_64 does not have a call named 'set_tls'; arm has it",
  })
})

t.test('similar words: slips and beginnings, at most three, none for noise', async (t) => {
  const known = ['clone', 'clone3', 'close', 'close_range', 'read', 'readahead', 'readv', 'write']
  t.same(similarWords('clnoe', known), ['clone', 'clone3'])
  t.same(similarWords('READ', known), ['read', 'readv', 'readahead'])
  t.same(similarWords('zzzzzz', known), [])
  // One wrong letter of three leaves two, which begin many words. A beginning without an error names what it begins.
  const architectures = ['loong64', 'loongarch64', 'arm', 'x32']
  t.same(similarWords('foo', architectures), [])
  t.same(similarWords('loo', architectures), ['loong64', 'loongarch64'])
  t.same(similarWords('loomg', architectures), ['loong64', 'loongarch64'])
  t.same(similarWords('amr', architectures), ['arm'])
  t.same(similarWords('z', ['a', 'b', 'ab']), [])
  t.same(similarWords('', known), [])
  t.same(similarWords('r'.repeat(1_000_000), known), [])
})
