// What keeps the tests honest: the line at the end of `npm test` about tests that did not run, no room whose tests nobody
// runs, and no pattern that every value matches. Authority: tap's `t.match` (https://tapjs.github.io/tapjs/modules/_tapjs_asserts.html).
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { skippedLine } from '../scripts/run-tests.mjs'

const output = `TAP version 14
# Subtest: test/live/a.test.ts
    ok 1 - traces # SKIP strace is not installed
    ok 2 - traces a container # SKIP runc is not installed # time=0.1ms
    ok 3 - prints "# SKIP nothing" in quotes
    not ok 4 - later # TODO
    # skipped: the registry does not give node@20 within a minute
ok 1 - test/live/a.test.ts # time=12ms
ok 2 - test/live/b.test.ts # SKIP strace is not installed
ok 3 - test/live/c.test.ts # SKIP
1..3
`

t.equal(
  skippedLine(output),
  'skipped: 5 (2: strace is not installed; 1: runc is not installed; 1: the registry does not give node@20 within a minute; 1: no reason given)',
)
t.equal(skippedLine('TAP version 14\nok 1 - a\n1..1\n'), 'skipped: nothing')

t.test('every test file is run by itself or with its room (together.ts), and by one of them', (t) => {
  const { tap } = JSON.parse(readFileSync('package.json', 'utf8')) as { tap: { include: readonly string[] } }
  const [, alone = ''] = /^test\/\{(.*)\}\/\*\.test\.ts$/m.exec(tap.include.join('\n')) ?? []
  const live = ['browser', 'live', 'package']
  const together = readdirSync('test').flatMap((name) => {
    if (!name.endsWith('.test.ts')) return []
    return /^await together\('(.*)'\)$/m.exec(readFileSync(`test/${name}`, 'utf8'))?.[1] ?? []
  })
  const rooms = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.includes('/') && path.endsWith('.test.ts') && !path.endsWith('.long.test.ts'))
    .map((path) => posix.dirname(path))
  t.strictSame([...alone.split(','), ...live, ...together].sort(), [...new Set(rooms)].sort())
  t.end()
})

t.test(
  'no pattern has an empty array, which every array matches: { length: 0 } is what an empty one matches',
  (t) => {
    const files = readdirSync('test', { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.ts'),
    )
    t.ok(files.length > 100)
    for (const file of files) t.strictSame(emptyPatterns(readFileSync(`test/${file}`, 'utf8')), [], file)
    t.strictSame(
      emptyPatterns('t.match(a, { b: [{ c: [] }] })\nt.match(a, b ? [] : [1])\nt.same(a, [])'),
      [1, 2],
    )
    t.end()
  },
)

/** The lines of empty arrays in patterns of `t.match`. */
function emptyPatterns(text: string): readonly number[] {
  if (!text.includes('t.match(') || !text.includes('[]')) return []
  const source = ts.createSourceFile('', text, ts.ScriptTarget.ESNext)
  const lines: number[] = []
  const inPattern = (node: ts.Node): void => {
    if (ts.isArrayLiteralExpression(node) && node.elements.length === 0)
      lines.push(source.getLineAndCharacterOfPosition(node.end).line + 1)
    ts.forEachChild(node, inPattern)
  }
  const visit = (node: ts.Node): void => {
    const [, pattern] = ts.isCallExpression(node) ? node.arguments : []
    if (pattern !== undefined && isMatch(node as ts.CallExpression)) inPattern(pattern)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return lines
}

function isMatch({ expression: called }: ts.CallExpression): boolean {
  return (
    ts.isPropertyAccessExpression(called) &&
    called.name.text === 'match' &&
    ts.isIdentifier(called.expression) &&
    called.expression.text === 't'
  )
}
