// Calls through pointers that lie in data: the number is known as long as every use of the pointers is followed, and is
// reported as unknown as soon as one may get elsewhere.
import t from 'tap'
import { scanPrograms } from '../../src/index.ts'
import {
  assembled,
  assembledArm64,
  func,
  memoryTree,
  noArm64Tools,
  noCompiler,
  withLibc,
} from './assemble.ts'

interface Row {
  readonly what: string
  /** The code of _start before it exits, and what follows it. */
  readonly code: string
  readonly beside?: string
  /** The numbers that reach the kernel by the wrapper; undefined if they are not all known. */
  readonly numbers: readonly string[] | undefined
}

const rowsOfX86: readonly Row[] = [
  {
    what: 'the word is called',
    code: 'mov $39, %edi\n call *words(%rip)',
    numbers: ['getpid'],
  },
  {
    what: 'the word is loaded and called',
    code: 'mov $39, %edi\n mov words+8(%rip), %rax\n call *%rax',
    numbers: ['getpid'],
  },
  {
    what: 'the address of the words is passed on twice, and another address is computed from it',
    code: 'lea words(%rip), %rsi\n lea 8(%rsi), %rdi\n xor %esi, %esi\n call one',
    beside: func('one', 'jmp two') + func('two', 'mov %rdi, %rax\n mov $110, %edi\n call *(%rax)\n ret'),
    numbers: ['getppid'],
  },
  {
    what: 'the address waits on the stack and in a kept register',
    code: 'lea words(%rip), %rdi\n call one',
    beside:
      func(
        'one',
        'sub $24, %rsp\n mov %rdi, 8(%rsp)\n mov %rdi, %rbx\n call two\n mov 8(%rsp), %rax\n add $24, %rsp\n mov $39, %edi\n jmp *(%rax)',
      ) + func('two', 'xor %eax, %eax\n ret'),
    numbers: ['getpid'],
  },
  {
    what: 'the address is an argument on the stack',
    code: 'lea words(%rip), %rax\n push %rax\n call one',
    beside: func('one', 'mov 8(%rsp), %rax\n mov $39, %edi\n call *(%rax)\n ret'),
    numbers: ['getpid'],
  },
  {
    what: 'an index chooses the word',
    code: 'lea words(%rip), %rax\n mov $39, %edi\n call *(%rax,%rcx,8)',
    numbers: ['getpid'],
  },
  {
    what: 'only one of two paths has the address',
    code: 'lea words(%rip), %rbx\n test %rcx, %rcx\n je 1f\n mov (%rsp), %rbx\n1: mov $39, %edi\n call *(%rbx)',
    numbers: ['getpid'],
  },
  {
    what: 'another function is stored in the word',
    code: 'mov $39, %edi\n call *words(%rip)\n lea other(%rip), %rax\n mov %rax, words(%rip)',
    beside: func('other', 'ret'),
    numbers: ['getpid'],
  },
  {
    what: 'the number is one of the caller’s',
    code: 'mov $39, %edi\n call one\n mov $110, %edi\n call one',
    beside: func('one', 'jmp *words(%rip)'),
    numbers: ['getpid', 'getppid'],
  },
  { what: 'nothing calls it', code: 'cmpq $0, words(%rip)', numbers: [] },
  {
    what: 'the number at the call comes out of memory',
    code: 'mov 8(%rsp), %rdi\n mov (%rdi), %rdi\n call *words(%rip)',
    numbers: undefined,
  },
  ...(
    [
      ['the word is copied to another', 'mov words(%rip), %rax\n mov %rax, elsewhere(%rip)'],
      ['the address is stored elsewhere', 'lea words(%rip), %rax\n mov %rax, elsewhere(%rip)'],
      [
        'the address is stored where a pointer leads',
        'lea words(%rip), %rax\n mov (%rsp), %rcx\n mov %rax, (%rcx)',
      ],
      ['a vector takes the words', 'movups words(%rip), %xmm0\n movups %xmm0, elsewhere(%rip)'],
      ['a vector takes the word from a register', 'mov words(%rip), %rax\n movq %rax, %xmm0'],
      ['an unknown function gets the address', 'lea words(%rip), %rdi\n mov (%rsp), %rax\n call *(%rax)'],
      ['a function that may be replaced gets it', 'lea words(%rip), %rdi\n call *elsewhere(%rip)'],
      ['a function returns the address', 'call one', func('one', 'lea words(%rip), %rax\n ret')],
      ['a string instruction copies the words', 'lea words(%rip), %rsi\n lea elsewhere(%rip), %rdi\n movsq'],
      ['the address is hidden by arithmetic', 'lea words(%rip), %rax\n not %rax\n mov %rax, elsewhere(%rip)'],
      [
        'the address of the word of the stack that keeps it is passed',
        'lea words(%rip), %rax\n push %rax\n mov %rsp, %rdi\n call one',
        func('one', 'mov (%rdi), %rax\n mov %rax, elsewhere(%rip)\n ret'),
      ],
      ['the kernel gets it as a signal handler', 'lea words(%rip), %rsi\n mov $13, %eax\n syscall'],
      [
        'the kernel is entered with a number that is not known',
        'lea words(%rip), %rsi\n mov 8(%rsp), %rax\n syscall',
      ],
      ['data holds its address', 'mov holder(%rip), %rax', '.data\nholder: .quad words\n.text\n'],
      [
        'another file can name it',
        'cmpq $0, words(%rip)',
        '.globl words\n.type words, @object\n.size words, 16\n',
      ],
      [
        'code takes the address of the function as well',
        'lea wrapper(%rip), %rax\n mov %rax, elsewhere(%rip)',
      ],
    ] as const
  ).map(([what, code, beside]) => ({
    what,
    code: `mov $39, %edi\n call *words(%rip)\n ${code}`,
    ...(beside === undefined ? {} : { beside }),
    numbers: undefined,
  })),
]

const rowsOfArm64: readonly Row[] = [
  {
    what: 'the word is loaded and called',
    code: 'mov x0, 172\n adrp x1, words\n ldr x1, [x1, :lo12:words]\n blr x1',
    numbers: ['getpid'],
  },
  {
    what: 'the address is passed on, and waits on the stack and in a kept register',
    code: 'adrp x0, words\n add x0, x0, :lo12:words\n bl one\n bl three',
    beside:
      func(
        'one',
        'stp x29, x30, [sp, -48]!\n mov x29, sp\n str x0, [sp, 40]\n bl two\n ldr x4, [sp, 40]\n ldp x29, x30, [sp], 48\n ldr x4, [x4, 8]\n mov x0, 173\n br x4',
      ) +
      func('two', 'mov x0, 0\n ret') +
      func(
        'three',
        'stp x29, x30, [sp, -32]!\n str x19, [sp, 16]\n adrp x19, words\n add x19, x19, :lo12:words\n mov x0, 0\n bl two\n mov x0, 172\n ldr x1, [x19]\n blr x1\n ldr x19, [sp, 16]\n ldp x29, x30, [sp], 32\n ret',
      ),
    numbers: ['getpid', 'getppid'],
  },
  ...(
    [
      [
        'the address is stored elsewhere',
        'adrp x1, words\n add x1, x1, :lo12:words\n adrp x2, elsewhere\n str x1, [x2, :lo12:elsewhere]',
      ],
      [
        'the word is copied to another',
        'adrp x2, elsewhere\n ldr x1, [x1, :lo12:words]\n str x1, [x2, :lo12:elsewhere]',
      ],
      ['a vector takes the words', 'ldr q0, [x1, :lo12:words]'],
      ['an unknown function gets it', 'add x0, x1, :lo12:words\n ldr x3, [sp]\n ldr x3, [x3]\n blr x3'],
      ['a function returns it', 'bl one', func('one', 'adrp x0, words\n add x0, x0, :lo12:words\n ret')],
      ['an atomic instruction exchanges it', 'add x1, x1, :lo12:words\n mov x2, 0\n swp x2, x3, [x1]'],
    ] as const
  ).map(([what, code, beside]) => ({
    what,
    code: `mov x0, 172\n adrp x1, words\n ldr x2, [x1, :lo12:words]\n blr x2\n adrp x1, words\n ${code}`,
    ...(beside === undefined ? {} : { beside }),
    numbers: undefined,
  })),
]

const data =
  '.data\n.p2align 4\n.globl before\nbefore: .quad 1, 1\nwords: .quad wrapper, wrapper\nelsewhere: .quad 0, 0\n.text\n'

for (const { skip, machine, rows, exit, wrapper, build } of [
  {
    skip: noCompiler ?? false,
    machine: 'x86_64',
    rows: rowsOfX86,
    exit: 'mov $60, %eax\n syscall\n hlt',
    wrapper: 'mov %rdi, %rax\n syscall\n ret',
    build: (text: string) => assembled(text, ['-static-pie', '-Wl,--export-dynamic']),
  },
  {
    skip: noArm64Tools ?? false,
    machine: 'aarch64',
    rows: rowsOfArm64,
    exit: 'mov x8, 93\n svc 0\n brk 1',
    wrapper: 'mov x8, x0\n svc 0\n ret',
    build: (text: string) =>
      assembledArm64(`.arch armv8.1-a\n${text}`, ['-pie', '--no-dynamic-linker', '--export-dynamic']),
  },
] as const)
  for (const { what, code, beside = '', numbers } of rows)
    t.test(`${machine}: ${what}`, { skip }, async (t) => {
      const text = func('_start', `${code}\n${exit}`) + beside + func('wrapper', wrapper, false) + data
      const found = await scanPrograms(memoryTree({ '/bin/program': build(text) }), ['/bin/program'])
      const unresolved = found.unresolved.map(({ module, function: name }) => `${module}:${name}`)
      t.equal(unresolved.includes('program:wrapper'), numbers === undefined, unresolved.join(' '))
      if (numbers === undefined) return
      const calls = Object.keys(found.architectures[machine] ?? {})
      t.same(calls.filter((each) => each !== 'exit').sort(), numbers)
      t.equal(found.bound, true)
    })

t.test(
  'what a caller passes through a table of stubs is reported as unknown',
  { skip: noCompiler ?? false },
  async (t) => {
    const program =
      func('_start', 'mov $39, %edi\n and $1, %ecx\n call *table(,%rcx,8)\n hlt') +
      '.section .rodata\n.p2align 3\ntable: .quad wrapper, wrapper\n'
    const library = func('wrapper', 'mov %rdi, %rax\n syscall\n ret')
    const found = await scanPrograms(withLibc(program, library, ['-no-pie']), ['/bin/program'])
    const unresolved = found.unresolved.map(({ module, function: name }) => `${module}:${name}`)
    t.same([found.bound, unresolved], [false, ['libc.so.6:wrapper']])
  },
)

t.test('the number of a function that runs on into another', { skip: noCompiler ?? false }, async (t) => {
  const inner = '.type inner, @function\ninner:\n syscall\n ret\n.size inner, .-inner'
  const program =
    func('_start', 'call outer\n mov $60, %eax\n syscall\n hlt') + func('outer', `mov $39, %eax\n${inner}`)
  const found = await scanPrograms(memoryTree({ '/bin/program': assembled(program) }), ['/bin/program'])
  t.same(Object.keys(found.architectures.x86_64 ?? {}), ['exit', 'getpid'])
  // The function inside may be called with another number, which nobody is seen to pass.
  t.equal(found.bound, false)
})
