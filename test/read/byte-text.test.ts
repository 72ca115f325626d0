// Bytes become the same text in Node.js and in browsers, whose latin1 has other characters between 0x80 and 0x9f.
import t from 'tap'
import * as ofNode from '../../src/read/byte-text.ts'
import * as ofBrowsers from '../../src/read/byte-text-web.ts'
import { joined, littleEndian, utf8 } from '../../src/read/pieces.ts'

const all = Uint8Array.from({ length: 256 }, (_, index) => index)
const text = Array.from(all, (code) => String.fromCharCode(code)).join('')

for (const [name, { viewOf, latin1, latin1Bytes, base64Bytes }] of Object.entries({ ofNode, ofBrowsers }))
  t.test(name, (t) => {
    t.equal(latin1(all), text)
    t.equal(latin1(all.subarray(100), 20, 60), text.slice(120, 160), 'a part of a part')
    t.equal(latin1(viewOf(all.subarray(100)), 20, 60), text.slice(120, 160))
    t.equal(latin1(all, 7, 7), '')
    t.strictSame([...latin1Bytes(text)], [...all])
    t.strictSame(
      [...latin1Bytes('\u0141\u{1f600}')],
      [0x41, 0x3d, 0x00],
      'the lower bits of wider characters',
    )
    const part = all.subarray(9, 12)
    const view = viewOf(part)
    t.not(view, part, 'a new object')
    t.strictSame([...view], [9, 10, 11])
    t.equal(view.indexOf(10), 1)
    view[0] = 200
    t.equal(part[0], 200, 'of the same bytes')
    view[0] = 9
    t.strictSame([...base64Bytes('AP+Af2E=')], [0, 255, 128, 127, 97])
    t.end()
  })

t.test('pieces', (t) => {
  t.strictSame(joined([]), new Uint8Array())
  t.strictSame(joined([Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3)]), Uint8Array.of(1, 2, 3))
  t.equal(utf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0xc3, 0xa9, 0xff)), '\ufeff\u00e9\ufffd')
  t.equal(littleEndian(new Uint8Array()), 0n)
  t.equal(littleEndian(Uint8Array.of(0x01, 0x80)), 0x8001n)
  t.equal(littleEndian(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 0xff)), 0xff07060504030201n)
  t.end()
})
