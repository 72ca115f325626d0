// Tables of aarch64 code, assembled: the jump tables of gcc and clang (offsets of 4, 2 and 1 bytes), and differences
// between functions. Every case is reached; a number that such a table does not keep is reported.
import t from 'tap'
import { scanPrograms } from '../../src/index.ts'
import { assembledArm64, func, memoryTree, noArm64Tools } from './assemble.ts'

const exit = 'mov x8, 93\n svc 0\n brk 1\n'
const cases = `1: mov x8, 172\n svc 0\n${exit}2: mov x8, 173\n svc 0\n${exit}9: ${exit}`
const kept = `1: svc 0\n${exit}2: svc 0\n${exit}9: ${exit}`
const words = 'adrp x1, table\n add x1, x1, :lo12:table\n ldrsw x2, [x1, w0, uxtw 2]\n add x2, x1, x2\n br x2'
const halves =
  'adrp x1, table\n add x1, x1, :lo12:table\n ldrh w2, [x1, w0, uxtw 1]\n adr x1, 3f\n add x1, x1, w2, sxth 2\n br x1\n3:'
const bytes =
  'adrp x1, table\n add x1, x1, :lo12:table\n ldrb w2, [x1, w0, uxtw]\n adr x1, 3f\n add x1, x1, w2, sxtb 2\n br x1\n3:'
const checked = (last: number, code: string): string => `cmp w0, ${last}\n b.hi 9f\n ${code}`

interface Row {
  readonly what: string
  readonly code: string
  readonly table: string
  readonly calls: readonly string[]
  readonly unresolved?: readonly string[]
}

const four = 'table: .word 1b-table, 2b-table'

const rows: readonly Row[] = [
  {
    what: 'offsets of 4 bytes',
    code: `${checked(1, words)}\n${cases}`,
    table: four,
    calls: ['exit', 'getpid', 'getppid'],
  },
  {
    what: 'offsets of 2 bytes',
    code: `${halves}\n${cases}`,
    table: 'table: .hword (1b-3b)/4, (2b-3b)/4',
    calls: ['exit', 'getpid', 'getppid'],
  },
  {
    what: 'offsets of 1 byte',
    code: `${bytes}\n${cases}`,
    table: 'table: .byte (1b-3b)/4, (2b-3b)/4',
    calls: ['exit', 'getpid', 'getppid'],
  },
  {
    what: 'offsets of 4 bytes keep what is known',
    code: `mov x8, 172\n ${checked(1, words)}\n${kept}`,
    table: four,
    calls: ['exit', 'getpid'],
  },
  {
    what: 'offsets of 1 byte: what was known before is said',
    code: `mov x8, 172\n ${bytes}\n${kept}`,
    table: 'table: .byte (1b-3b)/4, (2b-3b)/4',
    calls: ['exit'],
    unresolved: ['_start: computed number'],
  },
  ...(
    [
      ['as many cases as the code compares', 1, ['exit', 'getpid', 'getppid']],
      // Another table that follows may be the rest of this one.
      ['fewer cases than the code compares', 2, ['exit', 'getpid', 'getppid', 'reboot']],
    ] as const
  ).map(([what, last, calls]) => ({
    what: `${what}, and another table behind`,
    code: `${checked(last, words)}\n${cases}`,
    table: four,
    calls,
  })),
]

const other = `${words.replaceAll('table', 'other')}\n8: mov x8, 142\n svc 0\n ret`

for (const { what, code, table, calls, unresolved = [] } of rows)
  t.test(what, { skip: noArm64Tools ?? false }, async (t) => {
    const inData = (text: string): string => `.section .rodata\n.p2align 2\n${text}\n.text\n.size`
    const program =
      func('_start', code).replace('.size', inData(table)) +
      func('unused', other).replace('.size', inData('other: .word 8b-other'))
    const found = await scanPrograms(memoryTree({ '/bin/program': assembledArm64(program) }), [
      '/bin/program',
    ])
    t.same(Object.keys(found.architectures.aarch64 ?? {}), calls)
    t.same(
      found.unresolved.map((each) => `${each.function}: ${each.why}`),
      unresolved,
    )
  })

t.test('a table of differences between functions', { skip: noArm64Tools ?? false }, async (t) => {
  const read = words.replace('br x2', `blr x2\n${exit}`)
  const program =
    func('_start', read).replace(
      '.size',
      '.section .rodata\n.p2align 2\ntable: .word one-table, two-table\n.text\n.size',
    ) +
    func('one', 'mov x8, 172\n svc 0\n ret') +
    func('two', 'mov x8, 173\n svc 0\n ret') +
    func('unused', 'mov x8, 142\n svc 0\n ret')
  const found = await scanPrograms(memoryTree({ '/bin/program': assembledArm64(program) }), ['/bin/program'])
  t.same(Object.keys(found.architectures.aarch64 ?? {}), ['exit', 'getpid', 'getppid'])
  t.equal(found.bound, true)
})
