// The calls of small programs, of which every call is known: a table of ways to compute a call's number.
import t from 'tap'
import { scanPrograms, type Reachable } from '../../src/index.ts'
import { assembled, compiled, func, memoryTree, noCompiler, withLibc } from './assemble.ts'

const skip = noCompiler ?? false

async function scanned(bytes: Uint8Array): Promise<Reachable> {
  return scanPrograms(memoryTree({ '/bin/program': bytes }), ['/bin/program'])
}

interface Row {
  readonly what: string
  readonly code: string
  readonly calls: readonly string[]
  /** `function: why`, as in the document. */
  readonly unresolved?: readonly string[]
}

const exit = 'mov $60, %eax\n syscall\n'

const rows: readonly Row[] = [
  {
    what: 'a number in a register',
    code: func('_start', `mov $39, %eax\n syscall\n${exit}`),
    calls: ['exit', 'getpid'],
  },
  {
    what: 'zero by xor, by a test that found it, and by a byte',
    code: func(
      '_start',
      `xor %eax, %eax\n syscall\n mov %rdi, %rax\n test %rax, %rax\n jne 1f\n syscall\n1: xor %eax, %eax\n movb $56, %al\n syscall\n${exit}`,
    ),
    calls: ['clone', 'exit', 'read'],
  },
  {
    what: 'one of two, by cmov and by a branch',
    code: func(
      '_start',
      `mov $102, %eax\n mov $104, %ecx\n cmovne %ecx, %eax\n syscall\n mov $107, %eax\n je 1f\n mov $108, %eax\n1: syscall\n${exit}`,
    ),
    calls: ['exit', 'getegid', 'geteuid', 'getgid', 'getuid'],
  },
  {
    what: 'set before a loop that the kernel is entered in',
    code: func(
      '_start',
      `mov $231, %r9d\n mov $60, %r10d\n1: mov %r9d, %eax\n syscall\n mov %r10d, %eax\n syscall\n jmp 1b`,
    ),
    calls: ['exit', 'exit_group'],
  },
  {
    what: 'of a wrapper, through two functions',
    code:
      func('_start', `mov $39, %edi\n call outer\n mov $110, %edi\n call outer\n${exit}`) +
      func('outer', 'jmp inner') +
      func('inner', 'mov %rdi, %rax\n syscall\n ret'),
    calls: ['exit', 'getpid', 'getppid'],
  },
  {
    what: 'on the stack, as Go passes it',
    code:
      func('_start', `sub $16, %rsp\n movq $39, (%rsp)\n call wrapper\n${exit}`) +
      func('wrapper', 'mov 8(%rsp), %rax\n syscall\n ret'),
    calls: ['exit', 'getpid'],
  },
  {
    what: 'in a structure whose address is passed',
    code:
      func('_start', `sub $40, %rsp\n movl $105, 8(%rsp)\n lea 8(%rsp), %rdi\n call wrapper\n${exit}`) +
      func('wrapper', 'movslq (%rdi), %rax\n syscall\n ret'),
    calls: ['exit', 'setuid'],
  },
  {
    what: 'padding behind a jump does not flow into the next label',
    code: func('_start', `mov $60, %eax\n jmp 1f\n.p2align 5\n nop\n1: syscall\n hlt`),
    calls: ['exit'],
  },
  {
    what: 'nothing flows on behind a call that does not come back',
    code:
      func(
        '_start',
        `mov $39, %r9d\n jmp 2f\n1: call die\n2: mov %r9d, %eax\n syscall\n test %eax, %eax\n je 1b\n${exit}`,
      ) + func('die', '1: mov $231, %eax\n syscall\n hlt\n jmp 1b'),
    calls: ['exit', 'exit_group', 'getpid'],
  },
  {
    what: 'a case of a jump table',
    code: func(
      '_start',
      `lea table(%rip), %rdx\n movslq (%rdx,%rdi,4), %rax\n add %rdx, %rax\n jmp *%rax\n1: mov $39, %eax\n syscall\n${exit}\n2: mov $110, %eax\n syscall\n${exit}`,
    ).replace('.size', '.section .rodata\n.p2align 2\ntable: .long 1b-table, 2b-table\n.text\n.size'),
    calls: ['exit', 'getpid', 'getppid'],
  },
  ...(
    [
      ['at most 1', 'cmp $1, %edi\n ja 9f', ['exit', 'getpid', 'getppid']],
      ['below 2', 'cmp $2, %edi\n jae 9f', ['exit', 'getpid', 'getppid']],
      ['the lowest bit', 'and $1, %edi', ['exit', 'getpid', 'getppid']],
      // Another table that follows may be the rest of this one.
      ['any number', '', ['exit', 'getpid', 'getppid', 'reboot']],
      ['at most 2', 'cmp $2, %edi\n ja 9f', ['exit', 'getpid', 'getppid', 'reboot']],
    ] as const
  ).map(([which, bound, calls]) => ({
    what: `a jump table of two cases, another one behind it, and code that lets pass ${which}`,
    code:
      func(
        '_start',
        `${bound}\n lea table(%rip), %rdx\n movslq (%rdx,%rdi,4), %rax\n add %rdx, %rax\n jmp *%rax\n1: mov $39, %eax\n syscall\n2: mov $110, %eax\n syscall\n9: ${exit}`,
      ).replace('.size', '.section .rodata\n.p2align 2\ntable: .long 1b-table, 2b-table\n.text\n.size') +
      func(
        'unused',
        `lea other(%rip), %rdx\n movslq (%rdx,%rdi,4), %rax\n add %rdx, %rax\n jmp *%rax\n1: mov $169, %eax\n syscall\n ret`,
      ).replace('.size', '.section .rodata\nother: .long 1b-other\n.text\n.size'),
    calls,
  })),
  {
    what: 'a table of functions counts where code refers to it, another does not',
    code:
      func('_start', `call *used(,%rdi,8)\n${exit}`) +
      func('one', 'mov $39, %eax\n syscall\n ret') +
      func('two', 'mov $110, %eax\n syscall\n ret') +
      func('three', 'mov $169, %eax\n syscall\n ret') +
      '.data\n.p2align 3\nused: .quad one, two\n.zero 64\nunused: .quad three\n.globl after\nafter: .quad 0\n.type unused, @object\n.size unused, 8\n.type used, @object\n.size used, 16\n',
    calls: ['exit', 'getpid', 'getppid'],
  },
  {
    what: 'a function that nothing leads to is not reached',
    code: func('_start', exit) + func('dead', 'mov $169, %eax\n syscall\n ret'),
    calls: ['exit'],
  },
  {
    what: 'a number out of memory that nobody knows is said',
    code: func('_start', `mov 8(%rsp), %rax\n mov (%rax), %rax\n syscall\n${exit}`),
    calls: ['exit'],
    unresolved: ['_start: number from memory'],
  },
  {
    what: 'a wrapper whose address is loaded and called',
    code:
      func(
        '_start',
        `mov $39, %edi\n mov $wrapper, %eax\n call *%rax\n mov $110, %edi\n call wrapper\n${exit}`,
      ) + func('wrapper', 'mov %rdi, %rax\n syscall\n ret'),
    calls: ['exit', 'getpid', 'getppid'],
  },
  ...(
    [
      ['is stored', 'movq $wrapper, kept'],
      ['is stored out of a register', 'mov $wrapper, %eax\n mov %rax, kept'],
      ['is pushed', 'push $wrapper'],
      ['is passed on', 'mov $wrapper, %esi\n mov (%rsp), %rax\n call *(%rax)'],
    ] as const
  ).map(([which, code]) => ({
    what: `a wrapper that is called, and whose address ${which}: what is known counts, and the rest is said`,
    code:
      func('_start', `mov $39, %edi\n call wrapper\n ${code}\n${exit}`) +
      func('wrapper', 'mov %rdi, %rax\n syscall\n ret') +
      '.bss\n.globl kept\nkept: .zero 8\n.text\n',
    calls: ['exit', 'getpid'],
    unresolved: ['wrapper: number of a caller through a pointer'],
  })),
  {
    what: 'a word that holds a function that does not come back, until code stores another: what is kept is said',
    code:
      func(
        '_start',
        `lea two, %rax\n mov %rax, kept\n mov $39, %ebx\n call *kept(%rip)\n mov %ebx, %eax\n syscall\n hlt`,
      ) +
      func('two', 'mov $110, %eax\n syscall\n ret') +
      func('die', '1: mov $231, %eax\n syscall\n hlt\n jmp 1b') +
      '.data\n.p2align 3\n.globl kept\nkept: .quad die\n.text\n',
    calls: ['exit_group', 'getppid'],
    unresolved: ['_start: computed number'],
  },
  {
    what: 'int 0x80 is a call of 32-bit x86',
    code: func('_start', `mov $20, %eax\n int $0x80\n${exit}`),
    calls: ['exit', 'x86 getpid'],
  },
  {
    what: 'a number with bit 30 is a call of x32, which a program for x86_64 may make',
    code: func('_start', `mov $0x400000a9, %eax\n syscall\n${exit}`),
    calls: ['exit', 'x32 reboot'],
  },
]

for (const { what, code, calls, unresolved = [] } of rows)
  t.test(what, { skip }, async (t) => {
    const found = await scanned(assembled(code))
    t.same(
      [
        ...Object.keys(found.architectures.x86_64 ?? {}),
        ...(['x86', 'x32'] as const).flatMap((each) =>
          Object.keys(found.architectures[each] ?? {}).map((name) => `${each} ${name}`),
        ),
      ],
      calls,
    )
    t.same(
      found.unresolved.map((each) => `${each.function}: ${each.why}`),
      unresolved,
    )
  })

t.test(
  'values of arguments, back through a wrapper; a value that is not known is none',
  { skip },
  async (t) => {
    const found = await scanned(
      assembled(
        func(
          '_start',
          `mov $2, %edi\n call socket\n mov $10, %edi\n call socket\n mov (%rsp), %edi\n mov $157, %eax\n syscall\n${exit}`,
        ) + func('socket', 'mov $41, %eax\n syscall\n ret'),
      ),
    )
    t.same(found.architectures.x86_64?.['socket']?.args?.['0'], ['2', '10'])
    t.equal(found.architectures.x86_64?.['prctl']?.args, undefined)
    t.same(found.architectures.x86_64?.['socket']?.path, ['program:_start', 'program:socket'])
  },
)

t.test(
  'the same program means the same, stripped or not, position-independent or not',
  { skip },
  async (t) => {
    const text =
      '#include <unistd.h>\n#include <stdio.h>\n#include <sys/socket.h>\nint main(int c, char **v) { printf("%d", getppid()); return socket(c, 1, 0); }'
    const names = async (flags: readonly string[]): Promise<readonly string[]> =>
      Object.keys((await scanned(compiled(text, ['-O2', '-static', ...flags]))).architectures.x86_64 ?? {})
    const plain = await names(['-no-pie'])
    t.ok(plain.includes('getppid') && plain.includes('socket') && plain.length < 70, `${plain.length} calls`)
    t.same(await names(['-no-pie', '-s']), plain)
    t.notOk(plain.includes('ptrace'))
  },
)

t.test(
  'a constructor that is exported is called as well: its pointer is relocated by its symbol',
  { skip },
  async (t) => {
    const found = await scanned(
      compiled(
        '__attribute__((constructor)) void begin(void) { long r; __asm__ volatile("syscall" : "=a"(r) : "0"(169L)); }',
        ['-O2', '-shared', '-fPIC', '-nostdlib'],
      ),
    )
    t.same(Object.keys(found.architectures.x86_64 ?? {}), ['reboot'])
  },
)

t.test('a script stands for its interpreter, and for the program that env starts', { skip }, async (t) => {
  const files = {
    '/usr/bin/env': assembled(func('_start', `mov $59, %eax\n syscall\n${exit}`)),
    '/usr/local/bin/tool': assembled(func('_start', `mov $39, %eax\n syscall\n${exit}`)),
  }
  const called = async (firstLine: string): Promise<readonly [readonly string[], bound: boolean]> => {
    const script = new TextEncoder().encode(`${firstLine}\necho\n`)
    const { architectures, bound } = await scanPrograms(memoryTree({ ...files, '/script': script }), [
      '/script',
    ])
    return [Object.keys(architectures.x86_64 ?? {}).sort(), bound]
  }
  for (const [line, calls, bound = true] of [
    ['#!/usr/local/bin/tool', ['exit', 'getpid']],
    ['#! /usr/local/bin/tool -x', ['exit', 'getpid']],
    ['#!/usr/bin/env tool', ['execve', 'exit', 'getpid']],
    ['#!/usr/bin/env -S tool -x', ['execve', 'exit', 'getpid']],
    ['#!/usr/bin/env -vS -i -u NAME A=b tool -x', ['execve', 'exit', 'getpid']],
    ['#!/usr/bin/env --split-string=tool', ['execve', 'exit', 'getpid']],
    // The kernel gives env one argument, so there is no such program.
    ['#!/usr/bin/env tool -x', ['execve', 'exit'], false],
    ['#!/usr/bin/env', ['execve', 'exit'], false],
  ] as const)
    t.strictSame(await called(line), [calls, bound], line)
})

/** The place of a section's header in a file, by the section's name. */
function sectionHeader(bytes: Uint8Array, name: string): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const table = Number(view.getBigUint64(40, true))
  const header = (index: number): number => table + index * 64
  const names = Number(view.getBigUint64(header(view.getUint16(62, true)) + 24, true))
  for (let index = 0; index < view.getUint16(60, true); index++) {
    const at = names + view.getUint32(header(index), true)
    if (Buffer.from(bytes.subarray(at, at + name.length + 1)).toString('latin1') === `${name}\0`)
      return header(index)
  }
  throw new Error(`no section ${name}`)
}

t.test('stubs of .plt.got have 8 bytes, also where the linker left their size out', { skip }, async (t) => {
  // `*f@GOTPCREL` beside `f@PLT` puts the stub into .plt.got.
  const names = ['one', 'two', 'three', 'four']
  const numbers = [39, 102, 104, 107]
  const program = func(
    '_start',
    `${names.map((name) => `mov ${name}@GOTPCREL(%rip), %rbx\n call ${name}@PLT\n`).join('')}${exit}`,
  )
  const library = names
    .map((name, index) => func(name, `mov $${numbers[index]}, %eax\n syscall\n ret`))
    .join('')
  const tree = withLibc(program, library)
  const entry = await tree.entry('/bin/program')
  const bytes = entry?.kind === 'file' ? await entry.read() : new Uint8Array(0)
  const calls = async (): Promise<readonly string[]> =>
    Object.keys((await scanPrograms(tree, ['/bin/program'])).architectures.x86_64 ?? {})
  const header = new DataView(bytes.buffer, bytes.byteOffset + sectionHeader(bytes, '.plt.got'), 64)
  t.equal(header.getBigUint64(32, true), 32n, 'four stubs of 8 bytes')
  const expected = ['exit', 'geteuid', 'getgid', 'getpid', 'getuid']
  t.same((await calls()).toSorted(), expected)
  header.setBigUint64(56, 0n, true)
  t.same((await calls()).toSorted(), expected)
})

t.test(
  'a program that has its C library start another is no bound, whichever function it asks',
  { skip },
  async (t) => {
    const library = [
      func('execvp', 'call execve@PLT\n ret'),
      func('execve', 'mov $59, %eax\n syscall\n ret'),
      func('quiet', 'mov $39, %eax\n syscall\n ret'),
    ].join('')
    const asks = (name: string): Promise<Reachable> =>
      scanPrograms(withLibc(func('_start', `call ${name}@PLT\n${exit}`), library), ['/bin/program'])
    for (const name of ['execve', 'execvp'])
      t.match(
        await asks(name),
        { bound: false, notFollowed: [{ what: 'execve', from: 'program:_start' }] },
        name,
      )
    t.notOk((await asks('quiet')).notFollowed.some(({ what }) => what === 'execve'))
  },
)
