import t from 'tap'
import {
  escapeMarkdown,
  escapeTerminal,
  escapeWorkflowData,
  escapeWorkflowProperty,
} from '../../src/report/escape.ts'
import { fc } from '../seed.ts'

t.test('what could command a terminal is spelled out', (t) => {
  for (const [given, printed] of [
    ['read', 'read'],
    ['größe ✓', 'größe ✓'],
    ['\x1b]0;title\x07', String.raw`\x1b]0;title\x07`],
    ['a\nb\tc\rd', String.raw`a\x0ab\x09c\x0dd`],
    ['\x7f\x9b31m', String.raw`\x7f\x9b31m`],
    ['\u202egnp.exe', String.raw`\u202egnp.exe`],
    ['\u2028\u200b\ufeff', String.raw`\u2028\u200b\ufeff`],
    ['\u{e0041}', String.raw`\u{e0041}`],
    ['\ud800x', String.raw`\ud800x`],
    [String.raw`C:\x1b`, String.raw`C:\\x1b`],
    ['\u3164\u115f\ufe0f\u034f\u2800', String.raw`\u3164\u115f\ufe0f\u034f\u2800`],
    ['\u3000::error::x', '\u3000' + String.raw`\x3a:error::x`],
    ['😀', '😀'],
  ] as const) {
    t.equal(escapeTerminal(given), printed)
  }
  t.end()
})

t.test('no two texts are printed alike, and none has a control character', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
      const printed = escapeTerminal(one)
      return !/[\p{Cc}\p{Cf}]/u.test(printed) && (one === other) === (printed === escapeTerminal(other))
    }),
  )
  t.end()
})

t.test('Markdown shows the text and does nothing else', (t) => {
  t.equal(
    escapeMarkdown('a|b <img src=x> @me [x](http://y) `c`'),
    String.raw`a\|b &lt;img src=x&gt; &#64;me \[x\]\(http&#58;//y\) \`c\``,
  )
  t.equal(escapeMarkdown('www.example.org'), 'www&#46;example.org')
  t.end()
})

t.test('a workflow command cannot be ended or begun by a value', (t) => {
  t.equal(escapeWorkflowProperty('a,b:c%\n::error::x'), 'a%2Cb%3Ac%25\\x0a%3A%3Aerror%3A%3Ax')
  t.equal(escapeWorkflowData('50% \r\n::x'), '50%25 \\x0d\\x0a::x')
  t.end()
})
