// The rows of architectures: laws of the table, words that people write, and that no other file lists architectures.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import t from 'tap'
import {
  architectureNames,
  architectureOf,
  architectures,
  engineNames,
  familyOf,
  hostNames,
  hostOfNode,
  isHost,
} from '../../src/abi/architectures.ts'
import { isNarrowArgument } from '../../src/abi/narrow-arguments.ts'
import { indexOn } from '../../src/abi/scalars.ts'
import { syscallTable } from '../../src/abi/tables.ts'

t.test('an AUDIT_ARCH is made of the machine, the width and the byte order', async (t) => {
  // include/uapi/linux/audit.h: __AUDIT_ARCH_64BIT, __AUDIT_ARCH_LE; x32 shares x86_64's value.
  for (const name of architectureNames) {
    const { audit, machine, byteOrder, host, addressBits, numberBit } = architectures[name]
    const wide = numberBit === 0 ? addressBits === 64 : true
    const made = machine + (wide ? 0x80000000 : 0) + (byteOrder === 'little' ? 0x40000000 : 0)
    t.equal(audit, made, name)
    t.equal(architectures[host].bits, 64, `${name}: a host has 64 bits`)
    t.equal(isHost(name), host === name)
    t.equal(familyOf(host)[0], host, 'a host is the first of its family')
    t.equal(architectures[host].byteOrder, byteOrder)
  }
})

t.test('whether there are multiplexers is what the table of calls says', async (t) => {
  for (const name of architectureNames) {
    const both = ['socketcall', 'ipc'].map((each) => syscallTable(name).byName(each) !== undefined)
    const { multiplexes } = architectures[name]
    t.same(both, [multiplexes, multiplexes], name)
  }
})

t.test('no two rows share a word, a loader or a library directory', async (t) => {
  for (const words of [
    architectureNames.flatMap((each) => [each, ...architectures[each].spellings]),
    architectureNames.flatMap((each) => architectures[each].loaders),
    architectureNames.flatMap((each) => architectures[each].triplets),
    architectureNames.map((each) => architectures[each].scmp),
  ])
    t.same(words, [...new Set(words)])
})

t.test('what people write for an architecture', async (t) => {
  const words: Readonly<Record<string, string | undefined>> = {
    amd64: 'x86_64',
    'X86-64': 'x86_64',
    arm64: 'aarch64',
    i386: 'x86',
    386: 'x86',
    armv7: 'arm',
    ppc64el: 'ppc64le',
    loong64: 'loongarch64',
    riscv64: 'riscv64',
    S390X: 's390x',
    s390: undefined,
    mips: undefined,
    constructor: undefined,
    '': undefined,
  }
  for (const [word, name] of Object.entries(words)) t.equal(architectureOf(word), name, word)
  t.equal(hostOfNode('riscv64'), 'riscv64')
  t.equal(hostOfNode('ia32'), undefined, 'a kernel of 32 bits is none of ours')
  t.same(engineNames('loongarch64'), ['loongarch64', 'loong64'], "Docker's name and Podman's")
  t.same(hostNames, ['x86_64', 'aarch64', 'riscv64', 'ppc64le', 's390x', 'loongarch64'])
})

t.test('clone has its flags in the second argument on s390x', async (t) => {
  t.equal(indexOn('s390x', 'clone', 0), 1)
  t.equal(indexOn('s390x', 'clone', 1), 0)
  t.equal(indexOn('s390x', 'clone', 2), 2)
  t.equal(indexOn('s390x', 'socket', 0), 0)
  t.equal(indexOn('ppc64le', 'clone', 0), 0)
  t.ok(isNarrowArgument('s390x', 'clone', 1))
  t.notOk(isNarrowArgument('s390x', 'clone', 0), 'the stack')
  t.ok(isNarrowArgument('x86_64', 'clone', 0))
})

/** Places that name an architecture without listing architectures, each with its reason. */
const reasons: Readonly<Record<string, string>> = {
  'src/abi/': 'facts of single architectures: names, chains of libc, numbers',
  'src/meaning/versions/other-calls.ts':
    'calls of architectures without a table, said by what differs from a table that is here',
  'src/record/ebpf/': 'registers of two processors, and the modes of 32-bit programs on them',
  'src/scan/': 'decoders of the instructions of two processors',
  'src/read/strace/': 'what addresses and starts tell of two machines',
  'src/read/qemu/': 'where qemu maps the programs of one machine, and what libc of x86_64 calls first',
}

t.test('no file outside the table spells names of architectures or the bit of x32', async (t) => {
  const root = join(import.meta.dirname, '../..')
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((each) => relative(root, join(root, 'src', each)))
    .filter((each) => each.endsWith('.ts') && !each.includes('/data/'))
  const spelled = new RegExp(`'(?:${architectureNames.join('|')})'|0x4000_?0000\\b`)
  const found = files.filter((each) => spelled.test(readFileSync(join(root, each), 'utf8')))
  const reasonOf = (file: string): string | undefined =>
    Object.keys(reasons).find((each) => file.startsWith(each))
  t.same(
    found.filter((file) => reasonOf(file) === undefined),
    [],
  )
  for (const place of Object.keys(reasons))
    t.ok(
      found.some((file) => reasonOf(file) === place),
      `${place}: the reason still holds`,
    )
})

t.test('no script or source cites what an outsider does not have', async (t) => {
  const root = join(import.meta.dirname, '../..')
  const files = ['src', 'scripts'].flatMap((place) =>
    readdirSync(join(root, place), { recursive: true, encoding: 'utf8' }).map((each) => join(place, each)),
  )
  const cited = files
    .filter((each) => /\.(?:ts|mjs|sh)$/.test(each))
    .filter((each) =>
      /\.\.\/shared\b|beside the project|(?:^|[^-\w])name-map\.json/.test(
        readFileSync(join(root, each), 'utf8'),
      ),
    )
  t.same(cited, [])
})
