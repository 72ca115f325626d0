// Imports follow the ordered list of rooms (rooms.ts): none goes up, packages stay in the rooms that may import them,
// and pure rooms import no code from acting ones.
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { rooms, type Room } from './rooms.ts'

const src = new URL('../src/', import.meta.url)
const sources = new Map<string, ts.SourceFile>()

interface Import {
  readonly from: string
  /** A type import, which the compiler erases. */
  readonly erased: boolean
}

t.test('every import of src follows the list of rooms', (t) => {
  const paths = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
  t.ok(paths.length > 200)
  t.same(
    paths.flatMap((path) => complaints(path, readFileSync(new URL(path, src), 'utf8'))),
    [],
  )
  t.end()
})

t.test('what the list forbids is seen, however it is imported', (t) => {
  const forbidden: readonly (readonly [path: string, text: string])[] = [
    ['record/containers/below.ts', "import { verify } from '../../verify/index.ts'"],
    ['record/containers/below.ts', "import type { RecordOptions } from '../index.ts'"],
    ['record/ebpf/session.ts', "export { recordBelow } from '../containers/below.ts'"],
    ['record/running.ts', "import { x } from './ebpf/index.ts'"],
    ['profile/parse.ts', "import { makeMeaning } from '../meaning/index.ts'"],
    ['profile/parse.ts', "type Policy = import('../policy/policy.ts').Policy"],
    ['meaning/answer.ts', "import '../check/index.ts'"],
    ['policy/derive.ts', "const { printProfile } = await import('../print/index.ts')"],
    ['policy/derive.ts', "import { record } from '../record/index.ts'"],
    ['index.ts', "export { record } from './record/index.ts'"],
    ['abi/tables.ts', "import { readFileSync } from 'node:fs'"],
    ['read/lines.ts', "import { execa } from 'execa'"],
    ['report/escape.ts', "import { Command } from 'commander'"],
    ['verify/index.ts', "import parse from 'yargs-parser'"],
    ['observe/fold.ts', "createRequire(import.meta.url)('koffi')"],
    ['nowhere/file.ts', ''],
  ]
  for (const [path, text] of forbidden) t.equal(complaints(path, text).length, 1, `${path}: ${text}`)
  const allowed: readonly (readonly [path: string, text: string])[] = [
    ['check/calls.ts', "import { makeMeaning } from '../meaning/index.ts'"],
    ['report/verification.ts', "import type { Verification } from '../verify/index.ts'"],
    ['verify/sandbox.ts', "import { execa } from 'execa'"],
  ]
  for (const [path, text] of allowed) t.same(complaints(path, text), [], `${path}: ${text}`)
  t.end()
})

t.test('pure rooms need no Buffer, which browsers lack', (t) => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && roomOf(path)?.acts !== true,
  )
  t.same(
    files.filter((path) => namesBuffer(path, readFileSync(new URL(path, src), 'utf8'))),
    ['read/byte-text.ts'],
    'but in the file that a bundle for browsers replaces',
  )
  t.ok(namesBuffer('a.ts', "globalThis.Buffer.from('')"))
  t.ok(namesBuffer('a.ts', 'let given: Buffer'))
  t.notOk(namesBuffer('a.ts', "// a Buffer\nnew ArrayBuffer(1); say('Buffer')"))
  t.end()
})

t.test('a type has a name of its own, so that a reader knows which one is meant', (t) => {
  const files = new Map<string, string[]>()
  for (const path of readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  ))
    for (const name of typesOf(path, readFileSync(new URL(path, src), 'utf8')))
      files.set(name, [...(files.get(name) ?? []), path])
  t.same(
    [...files].filter(([, paths]) => paths.length > 1),
    [['BehindGzip', ['read/gunzip-web.ts', 'read/gunzip.ts']]],
    'but in the file that a bundle for browsers replaces',
  )
  t.same(typesOf('a.ts', 'type A = B\ninterface C extends D {}\nexport class E {}\nconst F = 1'), [
    'A',
    'C',
    'E',
  ])
  t.end()
})

/** A file is parsed once for all tests. */
function sourceOf(path: string, text: string): ts.SourceFile {
  const source = sources.get(text) ?? ts.createSourceFile(path, text, ts.ScriptTarget.ESNext)
  sources.set(text, source)
  return source
}

/** The names of the types, interfaces and classes that a file declares at its top. */
function typesOf(path: string, text: string): readonly string[] {
  return sourceOf(path, text).statements.flatMap((node) =>
    ts.isTypeAliasDeclaration(node) || ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)
      ? (node.name?.text ?? [])
      : [],
  )
}

function namesBuffer(path: string, text: string): boolean {
  const names = (node: ts.Node): boolean =>
    (ts.isIdentifier(node) && node.text === 'Buffer') || (ts.forEachChild(node, names) ?? false)
  return names(sourceOf(path, text))
}

function complaints(path: string, text: string): readonly string[] {
  const room = roomOf(path)
  if (room === undefined) return [`${path} is in no room of test/rooms.ts`]
  return importsOf(path, text).flatMap(({ from, erased }) => {
    if (!from.startsWith('.')) {
      return room.packages?.includes(from) === true ? [] : [`${path}: ${room.path} may not import ${from}`]
    }
    const target = roomOf(posix.join(posix.dirname(path), from))
    if (target === undefined) return [`${path}: ${from} is in no room of test/rooms.ts`]
    if (rooms.indexOf(target) > rooms.indexOf(room)) return [`${path}: ${room.path} is below ${target.path}`]
    return target.acts === true && room.acts !== true && !erased
      ? [`${path}: ${room.path} is pure, ${target.path} acts`]
      : []
  })
}

function roomOf(path: string): Room | undefined {
  return rooms
    .filter((room) => path === room.path || path.startsWith(`${room.path}/`))
    .toSorted((one, other) => other.path.length - one.path.length)[0]
}

function importsOf(path: string, text: string): readonly Import[] {
  const found: Import[] = []
  const add = (node: ts.Node | undefined, erased: boolean): void => {
    if (node !== undefined && ts.isStringLiteralLike(node)) found.push({ from: node.text, erased })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword)
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true)
    else if (ts.isCallExpression(node) && loads(node.expression)) add(node.arguments[0], false)
    ts.forEachChild(node, visit)
  }
  visit(sourceOf(path, text))
  return found
}

/** `import(…)`, `require(…)`, `createRequire(…)(…)`. */
function loads(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true
  if (ts.isIdentifier(callee)) return callee.text === 'require'
  return (
    ts.isCallExpression(callee) &&
    ts.isIdentifier(callee.expression) &&
    callee.expression.text === 'createRequire'
  )
}
