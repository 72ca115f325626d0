// The decoder's lengths equal objdump's over all code of large programs, inside known functions only, because data may
// stand between them.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { readFrames } from '../../src/scan/elf/frames.ts'
import { readElf } from '../../src/scan/elf/image.ts'
import { Decoder } from '../../src/scan/x86/decoder.ts'

const files = [
  '/lib/x86_64-linux-gnu/libc.so.6',
  '/usr/sbin/nginx',
  '/usr/bin/python3.11',
  '/lib/x86_64-linux-gnu/libcrypto.so.3',
]

const [newline, space, tab, colon] = [...'\n \t:'].map((each) => each.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
]

const digit = (byte: number): number =>
  byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1

/**
 * Visits the lines `  ADDRESS:\tBYTES \tTEXT` of a listing. They are read byte by byte: patterns over a million lines
 * take ten times as long as objdump.
 */
function eachInstruction(
  listing: Uint8Array,
  visit: (address: number, length: number, from: number, to: number) => void,
): void {
  for (let at = 0, end = 0; at < listing.length; at = end + 1) {
    end = listing.indexOf(newline, at)
    if (end < 0) end = listing.length
    let place = at
    while (listing[place] === space) place++
    if (place === at) continue
    let address = 0
    for (let value = digit(listing[place] as number); value >= 0; value = digit(listing[++place] as number))
      address = address * 16 + value
    if (listing[place] !== colon || listing[place + 1] !== tab) continue
    let length = 0
    for (place += 2; digit(listing[place] as number) >= 0 && listing[place + 2] === space; place += 3)
      length++
    if (length > 0) visit(address, length, at, end)
  }
}

/** What our decoder need not agree with: no instruction, or a lone prefix, which ends a function that a symbol cuts. */
const noInstruction = /\(bad\)|\t(?:rex|data16\s*$|cs\s*$|ds\s*$|\.byte)/

for (const path of files)
  t.test(path, { skip: existsSync(path) ? false : 'not here', timeout: 300_000 }, async (t) => {
    const bytes = new Uint8Array(readFileSync(path))
    const image = readElf(path, bytes)
    const decoder = new Decoder(bytes)
    const covered = new Uint8Array(Math.max(...image.code.map(({ to }) => to)))
    for (const { from, to } of readFrames(image)) covered.fill(1, from, to)
    const { stdout, status } = spawnSync('objdump', ['-d', '-w', path], { maxBuffer: 2 ** 30 })
    if (status !== 0) {
      t.pass('no objdump here')
      return
    }
    const differing: string[] = []
    let compared = 0
    eachInstruction(stdout, (address, length, from, to) => {
      if (covered[address] !== 1) return
      const offset = image.offsetOf(address)
      compared++
      // objdump joins FWAIT with the next instruction.
      if (decoder.decode(offset, bytes.length) === length || bytes[offset] === 0x9b) return
      const line = stdout.toString('latin1', from, to)
      if (!noInstruction.test(line) && differing.length < 5) differing.push(line)
    })
    t.same(differing, [])
    t.ok(compared > 100_000, `${compared} instructions`)
  })
