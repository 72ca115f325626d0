// Code that a walk in the order of addresses does not meet, or whose address is no pointer: it is followed, or its place
// is reported as unknown.
import t from 'tap'
import { scanPrograms } from '../../src/index.ts'
import { assembled, func, memoryTree, noCompiler } from './assemble.ts'

interface Row {
  readonly what: string
  readonly code: string
  readonly calls: readonly string[]
}

const exit = 'mov $60, %eax\n syscall\n'

const rows: readonly Row[] = [
  {
    what: 'code that only an address leads to, behind a call that does not come back',
    code:
      func(
        '_start',
        `lea 1f(%rip), %rcx\n test %edi, %edi\n je 2f\n jmp *%rcx\n call die\n1: mov $39, %eax\n syscall\n${exit}\n2: call die\n mov $110, %eax\n syscall`,
      ) + func('die', '1: mov $231, %eax\n syscall\n hlt\n jmp 1b'),
    calls: ['exit', 'exit_group', 'getpid', 'getppid'],
  },
  // Addresses of functions as differences of 4 bytes.
  ...(
    [
      [
        'from their table, which an index chooses',
        'lea 9f(%rip), %rdx\n movslq (%rdx,%rdi,4), %rax\n add %rdx, %rax\n call *%rax',
        '9: .long one-9b, two-9b',
      ],
      [
        'from their table, one by one',
        'lea 9f(%rip), %rdx\n movslq 9f(%rip), %rax\n add %rdx, %rax\n call *%rax\n movslq 9f+4(%rip), %rax\n add %rdx, %rax\n call *%rax',
        '9: .long one-9b, two-9b',
      ],
      [
        'from themselves',
        'lea 9f(%rip), %rdx\n movslq 4(%rdx), %rax\n lea 4(%rdx,%rax), %rax\n call *%rax',
        '9: .long one-., two-.',
      ],
      [
        'from another address in data',
        'lea 8f(%rip), %rdx\n movslq 9f(,%rdi,4), %rax\n add %rdx, %rax\n call *%rax',
        '8: .quad 1\n9: .long one-8b, two-8b',
      ],
      [
        'from a function',
        'lea three(%rip), %rdx\n movslq 9f(,%rdi,4), %rax\n add %rdx, %rax\n call *%rax',
        '9: .long one-three, two-three',
      ],
      [
        'of 8 bytes',
        'lea 9f(%rip), %rax\n add 9f(%rip), %rax\n add 9f+8(%rip), %rax\n call *%rax',
        '9: .quad one-9b, two-9b',
      ],
      ['from zero: whole addresses', 'mov 9f(,%rdi,4), %eax\n call *%rax', '9: .long one, two'],
      [
        'in a table to which a pointer leads',
        'mov 8f(%rip), %rdx\n movslq (%rdx,%rdi,4), %rax\n add %rdx, %rax\n call *%rax',
        '.p2align 3\n8: .quad 9f\n9: .long one-9b, two-9b',
      ],
    ] as const
  ).map(([which, code, data]) => ({
    what: `a table of differences ${which}`,
    code:
      func('_start', `${code}\n${exit}`).replace(
        '.size',
        `.section .rodata\n.p2align 2\n${data}\n.text\n.size`,
      ) +
      func('one', 'nop\n mov $39, %eax\n syscall\n ret') +
      func('two', 'xor %edi, %edi\n mov $110, %eax\n syscall\n ret') +
      func('three', 'nop\n nop\n nop\n mov $102, %eax\n syscall\n ret') +
      func('unused', 'mov $169, %eax\n syscall\n ret'),
    calls: ['exit', 'getpid', 'getppid', ...(which === 'from a function' ? ['getuid'] : [])],
  })),
  // Code that begins inside an instruction of the code before it: glibc jumps over a lock prefix.
  ...(
    [
      ['a jump', 'jmp 1f+1\n1: .byte 0xb9\n mov $169, %eax\n syscall', ['exit', 'reboot']],
      [
        'a branch over a prefix',
        'mov $39, %r8d\n cmp %eax, %ecx\n je 1f\n lock\n1: cmpxchg %rcx, (%rsp)\n mov %r8d, %eax\n syscall',
        ['exit', 'getpid'],
      ],
      [
        'a branch backwards',
        'jmp 2f\n1: .byte 0x3d\n mov $169, %eax\n syscall\n jmp 3f\n2: test %edi, %edi\n je 1b+1\n3:',
        ['exit', 'reboot'],
      ],
      ['a call', 'call 1f+1\n1: .byte 0xb9\n mov $169, %eax\n syscall', ['exit', 'reboot']],
      [
        'a jump into such code out of such code',
        'jmp 1f+1\n1: .byte 0xb9\n jmp 2f+2\n nop\n nop\n nop\n2: .byte 0x48, 0xb9\n mov $169, %eax\n syscall\n nop',
        ['exit', 'reboot'],
      ],
      [
        'an address in a register',
        'lea 1f+1(%rip), %rcx\n call *%rcx\n1: .byte 0xb9\n mov $169, %eax\n syscall',
        ['exit', 'reboot'],
      ],
      [
        'a pointer in data',
        'call *2f\n1: .byte 0xb9\n mov $169, %eax\n syscall\n.data\n.p2align 3\n2: .quad 1b+1\n.text',
        ['exit', 'reboot'],
      ],
      [
        'a jump of another function',
        'call other',
        ['exit', 'getpid', 'reboot'],
        func('other', 'jmp inside+1') +
          func('third', 'mov $39, %eax\n syscall\n ret\ninside: .byte 0xb9\n mov $169, %eax\n syscall\n ret'),
      ],
    ] as const
  ).map(([which, code, calls, beside = '']) => ({
    what: `code inside an instruction, to which ${which} leads`,
    code: func('_start', `${code}\n${exit}`) + beside,
    calls,
  })),
]

for (const { what, code, calls } of rows)
  t.test(what, { skip: noCompiler ?? false }, async (t) => {
    const found = await scanPrograms(memoryTree({ '/bin/program': assembled(code) }), ['/bin/program'])
    t.same(Object.keys(found.architectures.x86_64 ?? {}), calls)
    t.same(found.unresolved, [])
    t.equal(found.bound, true)
  })

// Code that the program itself makes can call anything.
for (const [what, code, flags] of [
  ['makes memory executable by the call itself', 'mov $10, %eax\n mov $7, %edx\n syscall', []],
  ['has code that it can overwrite', '', ['-Wl,-N']],
] as const)
  t.test(`a program that ${what} is no bound`, { skip: noCompiler ?? false }, async (t) => {
    const bytes = assembled(func('_start', `${code}\n${exit}`), ['-static', ...flags])
    const { bound, notFollowed } = await scanPrograms(memoryTree({ '/bin/program': bytes }), ['/bin/program'])
    t.equal(bound, false)
    t.same(
      notFollowed.map(({ what }) => what),
      ['jit'],
    )
  })
