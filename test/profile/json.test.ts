import t from 'tap'
import { faultText } from '../../src/errors/documents.ts'
import { parseJson } from '../../src/profile/json.ts'
import { jsonText, type JsonValue } from '../../src/print/json-text.ts'
import { member, nodeAt, plainValue, type TreeNode } from '../../src/profile/tree.ts'
import { parseYaml } from '../../src/profile/yaml.ts'
import { fc } from '../seed.ts'

function root(text: string): TreeNode {
  const reading = parseJson(text)
  if (!reading.ok) throw new Error(`${reading.at.line}:${reading.at.column}: ${reading.why}`)
  return reading.root
}

t.test('an integer keeps every digit, and what is none is told apart', (t) => {
  for (const [text, integer] of [
    ['0', 0n],
    ['9007199254740993', 2n ** 53n + 1n],
    ['18446744073709551615', 2n ** 64n - 1n],
    ['18446744073709551616', 2n ** 64n],
    ['-1', -1n],
    ['1.0', undefined],
    ['1e3', undefined],
    ['9'.repeat(100_000), undefined],
  ] as const) {
    t.match(root(text), { kind: 'number', text, integer })
  }
  t.end()
})

t.test('every value knows its place and its pointer', (t) => {
  const tree = root('{\r\n  "a": [1,\n    {"b/c~": "é"}],\n  "a": 2\n}')
  const inner = nodeAt(tree, '/a')
  t.match(inner, { kind: 'number', text: '2', at: { line: 4, column: 8 } }, 'of repeated members the last')
  t.equal(tree.kind === 'object' && tree.members.length, 2, 'and both are kept')
  const first = tree.kind === 'object' ? tree.members[0]?.value : undefined
  t.match(first && nodeAt(first, '/a/1/b~1c~0'), {
    value: 'é',
    pointer: '/a/1/b~1c~0',
    at: { line: 3, column: 14, offset: 27 },
  })
  t.end()
})

t.test('what is no JSON is refused with its place', (t) => {
  for (const [text, place, why] of [
    ['', '1:1', /a value is expected/],
    ['{"a": 1,}', '1:9', /key in double quotes/],
    ['[1, 2', '1:6', /closing bracket/],
    ['{"a" 1}', '1:6', /colon/],
    ['{"a": 1 "b": 2}', '1:9', /comma/],
    ['{} x', '1:4', /follows the end|neither a value/],
    ['{}{}', '1:3', /follows the end/],
    ["{'a': 1}", '1:2', /neither a value nor punctuation/],
    ['// x\n{}', '1:1', /comments/],
    ['{"a": "x\ny"}', '1:7', /string does not end/],
    ['{"a": 01}', '1:8', /comma/],
    ['{"a": 1.}', '1:7', /digit/],
    ['{"a": NaN}', '1:7', /neither a value/],
    [String.raw`{"a": "\x"}`, '1:7', /escape/],
    ['[\n'.repeat(201), '201:1', /nested more than 200 deep/],
    ['['.repeat(1_000_000), '1:201', /nested more than 200 deep/],
    ['{"a":'.repeat(1_000_000), '1:1001', /nested more than 200 deep/],
  ] as const) {
    const reading = parseJson(text)
    if (reading.ok) t.fail(text.slice(0, 40))
    else {
      t.equal(`${reading.at.line}:${reading.at.column}`, place, text.slice(0, 40))
      t.match(faultText(reading.why), why)
    }
  }
  t.equal(parseJson('\uFEFF{}').ok, true, 'a byte order mark before it is no part of it')
  t.equal(
    parseJson('{ /* x */ "a": [1,], } // y', { comments: true }).ok,
    true,
    'comments where they are allowed',
  )
  t.equal(JSON.stringify(plainValue(root('{"__proto__": {"polluted": 1}}'))), '{"__proto__":{"polluted":1}}')
  t.equal(member(root('{"a": 1}'), '__proto__'), undefined)
  t.end()
})

t.test('what JSON.parse takes is taken, with the same value, and nothing else', (t) => {
  const near = fc.oneof(
    fc.json(),
    fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom(',', '}', ']', '"', '0', '-', '\\', 'e'))
      .map(([json, at, extra]) => {
        const cut = at % (json.length + 1)
        return json.slice(0, cut) + extra + json.slice(cut)
      }),
  )
  fc.assert(
    fc.property(near, (text) => {
      let expected: unknown
      try {
        expected = JSON.parse(text)
      } catch {
        return !parseJson(text).ok
      }
      const reading = parseJson(text)
      return reading.ok && JSON.stringify(plainValue(reading.root)) === JSON.stringify(expected)
    }),
    { numRuns: 1000 },
  )
  t.end()
})

t.test('what is written is read again, as JSON and as YAML, and safe to show', (t) => {
  const value = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: 'binary' }),
      fc.bigInt(0n, 2n ** 64n - 1n),
      fc.boolean(),
      fc.array(tie('value')),
      fc.dictionary(fc.string({ unit: 'binary' }), tie('value')),
    ),
  })).value
  const back = (node: TreeNode): JsonValue => {
    switch (node.kind) {
      case 'object':
        return Object.fromEntries(node.members.map(({ name, value }) => [name, back(value)]))
      case 'array':
        return node.items.map(back)
      case 'number':
        return node.integer as bigint
      case 'null':
        throw new Error('null was not written')
      default:
        return node.value
    }
  }
  fc.assert(
    fc.property(value, (value) => {
      const text = jsonText(value)
      return jsonText(back(root(text))) === text && !/[^\n\P{Cc}]|\p{Cf}/u.test(text)
    }),
  )
  t.equal(
    jsonText({ a: [], b: {}, c: undefined, d: [1n] }),
    '{\n  "a": [],\n  "b": {},\n  "d": [\n    1\n  ]\n}',
  )
  t.end()
})

t.test(
  'YAML has the values that Kubernetes takes: go-yaml 2, so YAML 1.1 with neither dates nor base 60',
  (t) => {
    const valueOf = (node: TreeNode | undefined): unknown =>
      node === undefined || node.kind === 'null' || node.kind === 'object' || node.kind === 'array'
        ? node?.kind
        : node.kind === 'number'
          ? node.integer
          : node.value
    for (const [written, taken] of [
      ['010', 8n],
      ['-010', -8n],
      ['0o10', 8n],
      ['0b11', 3n],
      ['08', 8n],
      ['1_000', 1000n],
      ['"010"', '010'],
      ['1:30', '1:30'],
      ['2020-01-01', '2020-01-01'],
      ['on', true],
      ['No', false],
      ['y', true],
      ['~', 'null'],
    ] as const) {
      const reading = parseYaml(`a: ${written}\n`)
      t.equal(valueOf(reading.ok ? member(reading.documents[0] as TreeNode, 'a') : undefined), taken, written)
    }
    const merged = parseYaml('a: &a {k: 1, l: 2}\nb:\n  <<: *a\n  l: 3\nc: {<<: [*a, {m: 4, k: 5}]}\n')
    const names = (of: string): unknown => {
      const node = merged.ok ? member(merged.documents[0], of) : undefined
      return node?.kind === 'object'
        ? node.members.map(({ name, value }) => [name, valueOf(value)])
        : undefined
    }
    t.same(names('b'), [
      ['l', 3n],
      ['k', 1n],
    ])
    t.same(names('c'), [
      ['k', 1n],
      ['l', 2n],
      ['m', 4n],
    ])
    t.end()
  },
)

t.test('YAML has the same tree, and hostile YAML is refused and not run out of memory', (t) => {
  const yaml = parseYaml(
    'a: 18446744073709551615\nb: 0x10\nc: 1.0\nd: [x, &k {e: 1}, *k]\nf:\n---\n---\ng: "yes"\n',
  )
  t.match(yaml, {
    ok: true,
    documents: [
      {
        members: [
          { name: 'a', value: { kind: 'number', integer: 2n ** 64n - 1n, at: { line: 1, column: 4 } } },
          { name: 'b', value: { integer: 16n } },
          { name: 'c', value: { text: '1.0', integer: undefined } },
          {
            name: 'd',
            value: { items: [{ value: 'x' }, { kind: 'object' }, { kind: 'object', pointer: '/d/2' }] },
          },
          { name: 'f', value: { kind: 'null' } },
        ],
      },
      { members: [{ name: 'g', value: { kind: 'string', value: 'yes' } }] },
    ],
  })
  const bomb = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`).join('\n')
  for (const [text, why] of [
    ['- '.repeat(20_000), /nested/],
    [Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''), /nested/],
    ['a: ' + '['.repeat(100_000), /nested/],
    ['a: &a [*a]', /nested|anchor/],
    [`a0: &a0 x\n${bomb}`, /too many values/],
    ['a: [1', /flow|end/i],
    ['? [a, b]\n: c', /key must be a plain word/],
    ['a: {<<: 1}', /merges mappings only/],
  ] as const) {
    const reading = parseYaml(text)
    if (reading.ok) t.fail(text.slice(0, 30))
    else t.match(faultText(reading.why), why)
  }
  t.end()
})
