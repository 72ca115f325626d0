// Files that are damaged or made to do harm: one line that names the file, soon, and nothing else.
import t from 'tap'
import { scanPrograms, UserError } from '../../src/index.ts'
import { assembled, memoryTree, noCompiler } from './assemble.ts'
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
  const begun = performance.now()
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
  t.ok(performance.now() - begun < 120_000, 'and none takes long')
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
    [new Uint8Array(0), /no ELF file/],
    [new TextEncoder().encode('hello'), /no ELF file/],
    [header({ 4: 1 }), /32-bit/],
    [header({ 5: 2 }), /big-endian/],
    [header({ 18: 243 }), /ELF machine 243/],
    [header({ 16: 1 }), /object file/],
    [header({ 16: 4 }), /core dump/],
    [header({}), /no segment/],
    [new TextEncoder().encode('#!/bin/missing\n'), /interpreter/],
  ]
  for (const [bytes, expected] of rows)
    await t.rejects(scanPrograms(memoryTree({ '/p': bytes }), ['/p']), { message: expected, status: 2 })
  await t.rejects(scanPrograms(memoryTree({ '/a': '/b', '/b': '/a' }), ['/a']), { message: /no such file/ })
})
