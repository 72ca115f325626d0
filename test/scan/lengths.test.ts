// The decoder's lengths equal objdump's over all code of large programs, inside known functions only, because data may
// stand between them.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
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

for (const path of files)
  t.test(path, { skip: existsSync(path) ? false : 'not here', timeout: 300_000 }, async (t) => {
    const bytes = new Uint8Array(readFileSync(path))
    const image = readElf(path, bytes)
    const decoder = new Decoder(bytes)
    const covered = new Uint8Array(Math.max(...image.code.map(({ to }) => to)))
    for (const { from, to } of readFrames(image)) covered.fill(1, from, to)
    const objdump = spawn('objdump', ['-d', '-w', path], { stdio: ['ignore', 'pipe', 'ignore'] })
    let isMissing = false
    objdump.on('error', () => (isMissing = true))
    const differing: string[] = []
    let compared = 0
    for await (const line of createInterface({ input: objdump.stdout })) {
      const [, place, code, text = ''] = /^\s+([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*(.*)$/.exec(line) ?? []
      if (place === undefined || code === undefined || text.includes('(bad)')) continue
      const address = Number.parseInt(place, 16)
      if (covered[address] !== 1) continue
      // objdump's lone prefixes end a function that a symbol cuts; objdump joins FWAIT with the next instruction.
      if (/^(?:rex|data16$|cs$|ds$|\.byte)/.test(text) || code.startsWith('9b ')) continue
      const offset = image.offsetOf(address)
      const length = decoder.decode(offset, bytes.length)
      compared++
      if (length !== code.trim().split(' ').length && differing.length < 5) differing.push(line)
    }
    if (isMissing) {
      t.pass('no objdump here')
      return
    }
    t.same(differing, [])
    t.ok(compared > 100_000, `${compared} instructions`)
  })
