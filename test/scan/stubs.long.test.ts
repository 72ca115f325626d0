// Imports are found through the stubs of every linker, whatever the size and form of the stubs. A program calls two
// functions of a library and jumps to a third one; the library has a fourth, which nobody calls. Debian's binutils
// (also for aarch64), lld and mold link it; the rows of a missing linker are skipped.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { scanPrograms } from '../../src/index.ts'
import { func, memoryTree, noArm64Tools, noCompiler } from './assemble.ts'

const directory = mkdtempSync(join(tmpdir(), 'seccomp-gen-stubs-'))
t.teardown(() => rmSync(directory, { recursive: true, force: true }))

/** A note that the code is made for IBT (x86) or for BTI and PAC (aarch64); linkers choose their stubs by it. */
const note = (property: string): string =>
  `.section .note.gnu.property,"a"\n.p2align 3\n.long 4,16,5\n.asciz "GNU"\n.long ${property},4,3,0\n`

interface Machine {
  readonly prefix: string
  readonly skip: string | false
  /** Programs by name. */
  readonly programs: Readonly<Record<string, string>>
  /** The library, from the numbers of its four functions. */
  readonly calls: Readonly<Record<string, number>>
  readonly body: (number: number) => string
  readonly loader: string
  /** Linkers, each with the words that choose its stubs. */
  readonly linkers: readonly (readonly [linker: string, words: readonly string[]])[]
}

const kinds = ['', '-z now', '-z separate-code', '-z noseparate-code']
const bti = ['-z force-bti', '-z pac-plt', '-z force-bti -z pac-plt', '-z force-bti -z now']

const machines: Readonly<Record<'x86_64' | 'aarch64', Machine>> = {
  x86_64: {
    prefix: '',
    skip: noCompiler ?? false,
    programs: {
      plain: func('_start', 'call one@plt\n call two@plt\n jmp three@plt'),
      IBT: func('_start', 'call one@plt\n call two@plt\n jmp three@plt') + note('0xc0000002'),
      // A function that is called and whose address is taken has its stub in .plt.got.
      taken: func(
        '_start',
        'call one@plt\n mov one@gotpcrel(%rip), %rax\n mov two@gotpcrel(%rip), %rax\n call two@plt\n jmp three@plt',
      ),
    },
    calls: { one: 39, two: 102, three: 107, four: 104 },
    body: (number) => `mov $${number}, %eax\n syscall\n ret`,
    loader: '/lib64/ld-linux-x86-64.so.2',
    linkers: [
      ['ld', [...kinds, '-z ibtplt', '-z ibtplt -z now']],
      ['ld.gold', kinds.slice(0, 2)],
      ['ld.lld', [...kinds, '-z retpolineplt', '-z retpolineplt -z now']],
      ['mold', [...kinds, '-z ibtplt']],
    ],
  },
  aarch64: {
    prefix: 'aarch64-linux-gnu-',
    skip: noArm64Tools ?? false,
    programs: {
      plain: func('_start', 'bl one\n bl two\n b three'),
      BTI: func('_start', 'bl one\n bl two\n b three') + note('0xc0000000'),
      // Calls and jumps with pointer authentication, as -fno-plt and -mbranch-protection make them.
      authenticated: `.arch armv8.3-a\n${func(
        '_start',
        ['one', 'two', 'three']
          .map((name) => `adrp x16, :got:${name}\n ldr x16, [x16, :got_lo12:${name}]\n`)
          .map((load, index) => load + (['blraaz x16', 'blraa x16, sp', 'braaz x16'][index] as string))
          .join('\n'),
      )}`,
    },
    calls: { one: 172, two: 174, three: 175, four: 176 },
    body: (number) => `mov x8, #${number}\n svc #0\n ret`,
    loader: '/lib/ld-linux-aarch64.so.1',
    linkers: [
      ['aarch64-linux-gnu-ld', [...kinds, ...bti]],
      ['ld.lld', [...kinds, ...bti]],
      ['mold -m aarch64linux', [...kinds, ...bti]],
    ],
  },
}

const run = (command: string, ...words: readonly string[]): string | undefined => {
  const [program = '', ...first] = command.split(' ')
  const { status, stderr, error } = spawnSync(program, [...first, ...words], { encoding: 'utf8' })
  return status === 0 ? undefined : (error?.message ?? stderr.trim())
}

for (const [name, machine] of Object.entries(machines))
  t.test(name, { skip: machine.skip, timeout: 240_000 }, async (t) => {
    const file = (each: string): string => join(directory, `${name}-${each}`)
    const assemble = (each: string, text: string): void => {
      writeFileSync(file(`${each}.s`), text)
      const failed = run(`${machine.prefix}as`, file(`${each}.s`), '-o', file(`${each}.o`))
      if (failed !== undefined) throw new Error(failed)
    }
    const functions = Object.entries(machine.calls).map(([each, number]) => func(each, machine.body(number)))
    assemble('library', functions.join(''))
    const library = file('library.so')
    run(`${machine.prefix}ld`, '-shared', '-soname', 'library.so', file('library.o'), '-o', library)
    for (const [each, text] of Object.entries(machine.programs)) assemble(each, text)

    for (const [linker, forms] of machine.linkers) {
      const missing = run(linker, '--version')
      if (missing !== undefined) {
        t.pass(linker, { skip: `no ${linker} here` })
        continue
      }
      for (const program of Object.keys(machine.programs))
        for (const kind of ['-pie', '-no-pie'])
          for (const form of forms) {
            const what = `${linker} ${kind} ${form}, ${program}`
            const out = file('out')
            const words = [kind, ...form.split(' ').filter((each) => each !== '')]
            const input = [file(`${program}.o`), library, '--dynamic-linker', machine.loader, '-o', out]
            const failed = run(linker, ...words, ...input)
            if (failed !== undefined) {
              t.pass(what, { skip: `the linker refuses it: ${failed.split('\n')[0]}` })
              continue
            }
            for (const [how, change] of [
              ['', (bytes: Buffer) => bytes],
              [', without a table of sections', withoutSections],
            ] as const) {
              const files = {
                '/program': change(readFileSync(out)),
                '/lib/library.so': readFileSync(library),
              }
              const { architectures } = await scanPrograms(memoryTree(files), ['/program'])
              t.same(
                Object.keys(architectures[name as 'x86_64'] ?? {}).sort(),
                ['geteuid', 'getpid', 'getuid'],
                what + how,
              )
            }
          }
    }
  })

function withoutSections(bytes: Buffer): Buffer {
  bytes.writeBigUInt64LE(0n, 40)
  bytes.writeUInt32LE(0, 60)
  return bytes
}

t.test('a section that only has the name of stubs is code', { skip: machines.x86_64.skip }, async (t) => {
  // Both functions use a slot: one does more before it jumps, the other calls through the slot and goes on.
  writeFileSync(
    join(directory, 'named.s'),
    `${func('_start', 'call before\n call after\n ret')}
.section .plt, "ax", @progbits
before: mov $39, %eax
 syscall
 jmp *slot(%rip)
after: call *slot(%rip)
 mov $102, %eax
 syscall
 ret
.data
slot: .quad end
.text
${func('end', 'mov $107, %eax\n syscall\n ret')}`,
  )
  const [source, object, out] = ['named.s', 'named.o', 'named'].map((each) => join(directory, each))
  run('as', source as string, '-o', object as string)
  t.equal(run('ld', '-pie', object as string, '-o', out as string), undefined)
  const { architectures } = await scanPrograms(memoryTree({ '/named': readFileSync(out as string) }), [
    '/named',
  ])
  t.same(Object.keys(architectures.x86_64 ?? {}).sort(), ['geteuid', 'getpid', 'getuid'])
})
