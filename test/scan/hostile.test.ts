// Damaged or malicious files: a quick refusal in one line that names the file, and nothing else.
import t from 'tap'
import { scanPrograms, UserError } from '../../src/index.ts'
import { cpuTime } from '../cpu-time.ts'
import { assembled, func, memoryTree, noCompiler } from './assemble.ts'
import { seed } from '../seed.ts'

const skip = noCompiler ?? false

async function outcome(bytes: Uint8Array): Promise<'scanned' | 'refused'> {
  try {
    await scanPrograms(memoryTree({ '/p': bytes }), ['/p'])
    return 'scanned'
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    if (/\n/.test(error.message) || !error.message.startsWith('/p'))
      throw new Error(`no line: ${error.message}`, { cause: error })
    return 'refused'
  }
}

const program = (): Uint8Array =>
  assembled(
    '.globl _start\n.type _start, @function\n_start: .cfi_startproc\nmov $60, %eax\n syscall\n.cfi_endproc\n.size _start, .-_start\n.data\n.quad _start\n',
    ['-pie', '-static-pie'],
  )

t.test('a file cut at any length is scanned or refused', { skip }, async (t) => {
  const whole = program()
  for (let size = 0; size < whole.length; size += size < 256 ? 1 : 97) await outcome(whole.subarray(0, size))
  t.pass()
})

t.test('any byte or word of the headers may be anything', { skip }, async (t) => {
  const whole = program()
  let state = typeof seed === 'number' ? seed : 1
  const random = (): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0)
  const spent = cpuTime()
  for (let round = 0; round < 3000; round++) {
    const copy = whole.slice()
    const view = new DataView(copy.buffer)
    for (let change = 0; change <= random() % 3; change++) {
      const sections = Number(view.getBigUint64(40, true))
      const area = random() % 3
      const at =
        area === 0
          ? random() % 64
          : area === 1
            ? 64 + (random() % 512)
            : (sections % copy.length) + (random() % 640)
      if (at + 8 > copy.length) continue
      if (random() % 2 === 0) copy[at] = random() & 255
      else
        view.setBigUint64(
          at,
          [0n, 0xffffffffffffffffn, 0x7fffffffffffffffn, BigInt(random())][random() % 4] as bigint,
          true,
        )
    }
    await outcome(copy)
  }
  t.ok(spent() < 240_000, 'and none takes long')
})

/** A change of the file through a view; returned bytes are appended. */
type Change = (view: DataView, whole: Uint8Array) => Uint8Array | void

/** Replaces the file's sections with sections of code behind the file. */
function sections(count: number, address: (index: number) => bigint, size: bigint): Change {
  return (view, whole) => {
    const table = new Uint8Array(count * 64)
    const own = new DataView(table.buffer)
    for (let index = 1; index < count; index++) {
      own.setUint32(index * 64 + 4, 1, true)
      own.setBigUint64(index * 64 + 8, 6n, true)
      own.setBigUint64(index * 64 + 16, address(index), true)
      own.setBigUint64(index * 64 + 32, size, true)
    }
    view.setBigUint64(40, BigInt(whole.length), true)
    view.setUint16(60, count, true)
    view.setUint16(62, 0, true)
    return Buffer.concat([whole, table])
  }
}

/** The offsets of the program headers of a type. */
const headers = (view: DataView, type: number): readonly number[] =>
  Array.from({ length: view.getUint16(56, true) }, (_, index) => Number(view.getBigUint64(32, true)) + index * 56).filter(
    (at) => view.getUint32(at, true) === type,
  ) // prettier-ignore

const [load, dynamic] = [1, 2]

/** Sets a value of the dynamic section. */
function tagged(name: bigint, value: bigint): Change {
  return (view) => {
    const [header = 0] = headers(view, dynamic)
    const from = Number(view.getBigUint64(header + 8, true))
    for (let at = from; view.getBigUint64(at, true) !== 0n; at += 16)
      if (view.getBigUint64(at, true) === name) view.setBigUint64(at + 8, value, true)
  }
}

/** Appends bytes to the file, in its last loaded segment; returns the file, and the address of the bytes. */
function grown(view: DataView, whole: Uint8Array, bytes: Uint8Array): readonly [Uint8Array, bigint] {
  const [data = 0] = headers(view, load).slice(-1)
  const [offset, address] = [view.getBigUint64(data + 8, true), view.getBigUint64(data + 16, true)]
  const file = Buffer.concat([whole, new Uint8Array((8 - (whole.length % 8)) % 8), bytes])
  const words = new DataView(file.buffer, file.byteOffset)
  const size = BigInt(file.length) - offset
  words.setBigUint64(data + 32, size, true)
  words.setBigUint64(data + 40, size, true)
  return [file, address + BigInt(file.length - bytes.length) - offset]
}

/** Replaces the dynamic section. */
function dynamicSection(entries: readonly (readonly [name: bigint, value: bigint])[]): Change {
  return (view, whole) => {
    const table = new BigUint64Array([...entries.flat(), 0n, 0n])
    const [file, address] = grown(view, whole, new Uint8Array(table.buffer))
    const words = new DataView(file.buffer, file.byteOffset)
    const [header = 0] = headers(words, dynamic)
    const offset = BigInt(file.length - table.byteLength)
    for (const [at, value] of [
      [8, offset],
      [16, address],
      [32, BigInt(table.byteLength)],
      [40, BigInt(table.byteLength)],
    ] as const)
      words.setBigUint64(header + at, value, true)
    return file
  }
}

/** Appends tables, then a dynamic section that is made of their addresses. */
function withTables(
  tables: readonly Uint8Array[],
  entries: (addresses: readonly bigint[]) => readonly (readonly [bigint, bigint])[],
): Change {
  return (_, whole) => {
    let file = whole
    const addresses: bigint[] = []
    for (const each of tables) {
      const [next, address] = grown(new DataView(file.buffer, file.byteOffset), file, each)
      file = next
      addresses.push(address)
    }
    return dynamicSection(entries(addresses))(new DataView(file.buffer, file.byteOffset), file)
  }
}

/** Repeats a piece of words of 32 bits. */
const repeated = (count: number, piece: (index: number) => readonly number[]): Uint8Array =>
  new Uint8Array(Uint32Array.from(Array.from({ length: count }, (_, index) => piece(index)).flat()).buffer)

const longName = new Uint8Array(200_000).fill(97)
/** Symbols of functions, each with a name that begins one byte later, so that each is 4,096 bytes long. */
const symbols = repeated(100_000, (index) => [index, 0x10012, 0x1000 + (index % 16), 0, 1, 0])

const hostile: readonly (readonly [what: string, change: Change, RegExp | 'scanned'])[] = [
  ['10,000 sections, one behind the other', sections(10_000, (index) => 0x10000n + BigInt(index) * 16n, 16n), 'scanned'],
  ['10,000 sections, all of them the same place', sections(10_000, () => 0x1000n, 64n), 'scanned'],
  ['65,000 sections that hold the whole file', sections(65_000, (index) => BigInt(index), 4096n), 'scanned'],
  ['a table of sections that begins behind the file', (view) => view.setBigUint64(40, 2n ** 62n, true), 'scanned'],
  ['2^63 sections', (view, whole) => {
    sections(4, () => 0n, 0n)(view, whole)
    view.setBigUint64(40, 0n, true)
    view.setUint16(60, 0, true)
    view.setBigUint64(32, 2n ** 63n, true)
  }, /^\/p: .*program headers/],
  ['65,535 segments', (view) => view.setUint16(56, 0xffff, true), /^\/p: .*program headers/],
  ['program headers behind the file', (view) => view.setBigUint64(32, 2n ** 40n, true), /^\/p: .*program headers/],
  ['a segment larger than the file', (view) => {
    view.setBigUint64((headers(view, load)[0] as number) + 32, 2n ** 40n, true)
  }, /^\/p: .*segment/],
  ['a segment that begins behind the file', (view) => {
    view.setBigUint64((headers(view, load)[0] as number) + 8, 2n ** 50n, true)
  }, /^\/p: .*segment/],
  ['memory of 2^62 bytes', (view) => {
    view.setBigUint64((headers(view, load)[0] as number) + 40, 2n ** 62n, true)
  }, /^\/p: /],
  ['segments that overlap', (view) => {
    const all = headers(view, load)
    for (const at of all.slice(1)) view.setBigUint64(at + 16, view.getBigUint64((all[0] as number) + 16, true), true)
  }, 'scanned'],
  ['relocations of 2^40 bytes', tagged(8n, 2n ** 40n), 'scanned'],
  ['relocations that are the dynamic section itself', (view, whole) => {
    const [header = 0] = headers(view, dynamic)
    tagged(7n, view.getBigUint64(header + 16, true))(view, whole)
  }, 'scanned'],
  ['relocations of one word, whose pointers are each other', (view, whole) => {
    const [header = 0] = headers(view, dynamic)
    const from = Number(view.getBigUint64(header + 8, true))
    const place = view.getBigUint64(header + 16, true)
    const table = new Uint8Array(24 * 5000)
    const own = new DataView(table.buffer)
    for (let index = 0; index < 5000; index++) {
      own.setBigUint64(index * 24, place + BigInt(index % 8) * 8n, true)
      own.setBigUint64(index * 24 + 8, 8n, true)
      own.setBigUint64(index * 24 + 16, place + BigInt((index + 1) % 8) * 8n, true)
    }
    const [data = 0] = headers(view, load).slice(-1)
    const grown = Buffer.concat([whole, table])
    const [offset, address] = [view.getBigUint64(data + 8, true), view.getBigUint64(data + 16, true)]
    const size = BigInt(grown.length) - offset
    const words = new DataView(grown.buffer, grown.byteOffset)
    words.setBigUint64(data + 32, size, true)
    words.setBigUint64(data + 40, size, true)
    for (let at = from; words.getBigUint64(at, true) !== 0n; at += 16) {
      if (words.getBigUint64(at, true) === 7n)
        words.setBigUint64(at + 8, address + BigInt(whole.length) - offset, true)
      if (words.getBigUint64(at, true) === 8n) words.setBigUint64(at + 8, BigInt(table.length), true)
    }
    return grown
  }, 'scanned'],
  ['200,000 needed libraries with long names', withTables([longName], ([names = 0n]) => [
    ...Array.from({ length: 200_000 }, (_, index) => [1n, BigInt(index % 190_000)] as const),
    [5n, names],
  ]), /^\/p: needs more than \d+ libraries/],
  ['needed libraries whose names are no text', withTables([Uint8Array.of(10, 27, 91, 0)], ([names = 0n]) => [[1n, 0n], [5n, names]]), 'scanned'],
  ['100,000 symbols with names of 4,096 bytes', withTables([longName, symbols], ([names = 0n, table = 0n]) => [
    [5n, names], [6n, table], [4n, table],
  ]), /^\/p: .*symbol/],
  ['versions that overlap each other', withTables([repeated(60_000, () => [0x00010001, 1, 1, 1])], ([table = 0n]) => [
    [5n, table], [0x6ffffffen, table], [0x6fffffffn, 60_000n],
  ]), 'scanned'],
  ['versions of versions, each one byte behind the other', withTables([new Uint8Array(600_000).fill(1)], ([table = 0n]) => [
    [5n, table], [0x6ffffffen, table], [0x6fffffffn, 2n ** 40n], [0x6ffffffcn, table], [0x6ffffffdn, 2n ** 40n],
  ]), 'scanned'],
  ['packed relocations that all fill the same words', withTables([repeated(300_000, (index) => index % 2 === 0 ? [0x3000, 0] : [0xffffffff, 0xffffffff])], ([table = 0n]) => [
    [36n, table], [35n, 2_400_000n],
  ]), 'scanned'],
  ['a hash table that names 2^32 symbols', withTables([repeated(4, () => [0xffffffff])], ([table = 0n]) => [
    [5n, table], [6n, table], [4n, table],
  ]), 'scanned'],
  ['a GNU hash table with 2^32 buckets', withTables([repeated(4, () => [0xffffffff])], ([table = 0n]) => [
    [5n, table], [6n, table], [0x6ffffef5n, table],
  ]), 'scanned'],
  ['functions to run at start, as many as the file has words', withTables([repeated(200_000, (index) => [0x1000 + (index % 16), 0])], ([table = 0n]) => [
    [25n, table], [27n, 2n ** 40n],
  ]), 'scanned'],
  ['sections whose entries have 2^63 bytes, or none', (view, whole) => {
    const bytes = sections(64, (index) => 0x1000n + BigInt(index), 4096n)(view, whole) as Uint8Array
    const words = new DataView(bytes.buffer, bytes.byteOffset)
    for (let index = 1; index < 64; index++) {
      const at = whole.length + index * 64
      words.setUint32(at + 4, [2, 4, 5, 6, 7, 11, 19][index % 7] as number, true)
      words.setUint32(at + 40, 0xffffffff, true)
      words.setBigUint64(at + 56, index % 2 === 0 ? 2n ** 63n : 0n, true)
    }
    return bytes
  }, 'scanned'],
  ['an unwind table of functions within each other', (view, whole) => {
    // Each entry declares a function that begins one byte later, up to the end of everything.
    const table = repeated(100_000, (index) => index === 0 ? [20, 0, 0x00527a01, 0x1b017801, 0, 0] : [20, index * 24 + 4, (0x1000 - 0x10000 - index * 24 - 8 + (index % 16)) | 0, 0x7fffffff, 0, 0])
    const bytes = sections(3, () => 0n, 0n)(view, Buffer.concat([whole, table])) as Uint8Array
    const words = new DataView(bytes.buffer, bytes.byteOffset)
    const at = Number(words.getBigUint64(40, true)) + 64
    const name = bytes.length
    words.setBigUint64(at + 16, 0x10000n, true)
    words.setBigUint64(at + 24, BigInt(whole.length), true)
    words.setBigUint64(at + 32, BigInt(table.length), true)
    words.setBigUint64(at + 64 + 24, BigInt(name), true)
    words.setBigUint64(at + 64 + 32, 10n, true)
    words.setUint16(62, 2, true)
    return Buffer.concat([bytes, new TextEncoder().encode('.eh_frame\0')])
  }, 'scanned'],
] // prettier-ignore

for (const [what, change, expected] of hostile)
  t.test(what, { skip }, async (t) => {
    const copy = program().slice()
    const bytes = change(new DataView(copy.buffer), copy) ?? copy
    const [spent, before] = [cpuTime(), process.memoryUsage().rss]
    const scan = scanPrograms(memoryTree({ '/p': new Uint8Array(bytes) }), ['/p'])
    if (expected === 'scanned') await t.resolves(scan)
    else await t.rejects(scan, { message: expected, status: 2 })
    t.ok(spent() < 30_000, `${spent()} ms`)
    t.ok(process.memoryUsage().rss - before < 256 * 2 ** 20, 'and little memory')
  })

t.test('much code in 60,000 sections', { skip, timeout: 600_000 }, async (t) => {
  const references = '1: lea 1b(%rip), %rax\n'.repeat(200_000)
  const whole = assembled(`.globl _start\n_start: ${references} hlt\n`, ['-static-pie'])
  const copy = whole.slice()
  const view = new DataView(copy.buffer)
  const bytes = sections(60_000, (index) => 0x1000n + BigInt(index) * 24n, 20n)(view, copy) as Uint8Array
  const spent = cpuTime()
  await scanPrograms(memoryTree({ '/p': new Uint8Array(bytes) }), ['/p'])
  t.ok(spent() < 60_000, `${spent()} ms`)
})

t.test('3,000 places that take their number from 3,000 callers', { skip, timeout: 600_000 }, async (t) => {
  const calls = Array.from({ length: 3000 }, (_, index) => func(`f${index}`, `mov $${index}, %eax\n jmp all`))
  const all = func('all', ' mov %eax, %ebx\n' + ' mov %ebx, %eax\n syscall\n'.repeat(3000) + ' ret')
  const start = func('_start', calls.map((_, index) => `call f${index}`).join('\n'))
  const whole = assembled(all + calls.join('') + start, ['-static-pie'])
  const spent = cpuTime()
  await scanPrograms(memoryTree({ '/p': whole }), ['/p'])
  t.ok(spent() < 60_000, `${spent()} ms`)
})

t.test('what is no program says what it is', async (t) => {
  const header = (changes: Readonly<Record<number, number>>): Uint8Array => {
    const bytes = new Uint8Array(64)
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
    bytes[16] = 2
    bytes[18] = 62
    for (const [at, value] of Object.entries(changes)) bytes[Number(at)] = value
    return bytes
  }
  const rows: readonly (readonly [Uint8Array, RegExp])[] = [
    [new Uint8Array(0), /not an ELF file/],
    [new TextEncoder().encode('hello'), /not an ELF file/],
    [header({ 4: 1 }), /32-bit/],
    [header({ 5: 2 }), /big-endian/],
    [header({ 18: 243 }), /ELF machine 243/],
    [header({ 16: 1 }), /object file/],
    [header({ 16: 4 }), /core dump/],
    [header({}), /no loadable segment/],
    [new TextEncoder().encode('#!/bin/missing\n'), /interpreter/],
  ]
  for (const [bytes, expected] of rows)
    await t.rejects(scanPrograms(memoryTree({ '/p': bytes }), ['/p']), { message: expected, status: 2 })
  await t.rejects(scanPrograms(memoryTree({ '/a': '/b', '/b': '/a' }), ['/a']), { message: /no such file/ })
})
