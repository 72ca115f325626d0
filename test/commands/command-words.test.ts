// A command in one word is split as a real shell splits it; syntax that only a shell understands is refused.
import { execa } from 'execa'
import fc from 'fast-check'
import t from 'tap'
import { commandWords } from '../../src/commands/command-words.ts'

/** The words as sh splits them, without expanding file names. */
async function byShell(text: string): Promise<readonly string[]> {
  const { stdout } = await execa('sh', ['-c', `set -f; printf '%s\\0' ${text}`], { stripFinalNewline: false })
  return stdout.split('\0').slice(0, -1)
}

const same = [
  './load.sh',
  ' a  b\tc ',
  `curl 'http://h/?a=1&b=2' "x y" z\\ z`,
  `a'b c'"d e"f`,
  `a ''`,
  `"\\$ \\\\ \\" \\a"`,
  `'\\' \\'`,
  'http://h/a?b*[c]#d',
  'a#b',
]
for (const text of same) t.test(text, async (t) => t.strictSame(commandWords(text), await byShell(text)))

for (const text of [
  'a | b',
  'a; b',
  'a & b',
  'a > b',
  'a < b',
  '(a)',
  'a $b',
  'a `b`',
  '"$a"',
  '"`a`"',
  'a\nb',
  'a # b',
  "'a",
  '"a',
  'a\\',
  '',
  '  ',
  "''",
  '"" a',
])
  t.throws(() => commandWords(text), { code: 'commander.invalidArgument' }, text)

t.test('whatever it takes, sh reads the same', async (t) => {
  const letters = fc.string({ unit: fc.constantFrom(...`ab '"\\\\ \t$|#=-`), minLength: 1, maxLength: 12 })
  let taken = 0
  await fc.assert(
    fc.asyncProperty(letters, async (text) => {
      let words: readonly string[]
      try {
        words = commandWords(text)
      } catch {
        return
      }
      taken++
      t.strictSame(words, await byShell(text), JSON.stringify(text))
    }),
    { numRuns: 1000 },
  )
  t.ok(taken > 50, `${taken} taken`)
})
