// Compiles assembly/, the readers of the commonest lines of a format, to the modules that src/read runs.
// Run: npx tsx scripts/make-compiled.ts
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { main } from 'assemblyscript/asc'
import { compiledApart, memoryPlan, shapesPlan, type Compiled } from '../src/read/compiled.ts'
import { foundWords, layout } from '../src/read/strace/layout.ts'
import { fields, quick, type LineForm } from '../src/read/strace/lines.ts'
import { functionsOf } from './compile-pattern.ts'

type Module = 'lines' | 'records' | 'wrapped' | 'shapes'

export const source = (name: string): URL => new URL(`../assembly/${name}`, import.meta.url)

/** The modules, each with its output file. */
export const modules: readonly (readonly [name: Module, file: URL])[] = [
  ['lines', new URL('../src/read/strace/data/compiled-lines.ts', import.meta.url)],
  ['records', new URL('../src/read/audit/data/records.ts', import.meta.url)],
  ['wrapped', new URL('../src/read/data/wrapped.ts', import.meta.url)],
  ['shapes', new URL('../src/read/data/shapes.ts', import.meta.url)],
]

/** The rows whose patterns the compiled code runs. */
type Rows = Readonly<Record<string, LineForm>>
const ownRows: Rows = { ...fields, ...quick }

/** The module `layout`: the constants that the careful and the compiled readers share, for the files in assembly/. */
export function layoutText(rows = ownRows): string {
  const constants = Object.entries(layout).flatMap(([type, values]) =>
    Object.entries(values).map(([name, value]) => `export const ${name}: ${type} = ${value}`),
  )
  const words = foundWords.map(
    (name, index) => `export const found${name[0]?.toUpperCase()}${name.slice(1)}: usize = ${index * 4}`,
  )
  // The patterns of their rows read the optional fields of a prefix, and the starts of lines without one.
  const readers = Object.entries(rows).map(([name, { pattern }]) =>
    functionsOf(`after${name[0]?.toUpperCase()}${name.slice(1)}`, pattern),
  )
  return [
    "import { isDigit } from './bytes'",
    ...constants,
    ...words,
    ...readers,
    `export const foundSize: i32 = ${foundWords.length * 4}`,
  ].join('\n')
}

/** The host makes the memory; each module's data has a place of its own in it. */
function memoryOptions(name: Module): readonly string[] {
  const isApart = name === 'shapes'
  const pages = String(isApart ? shapesPlan.pages : memoryPlan.pages)
  const base = String(isApart ? shapesPlan.base : memoryPlan[name])
  const where = ['--memoryBase', base, '--initialMemory', pages, '--maximumMemory', pages]
  return ['--importMemory', '--zeroFilledMemory', ...where]
}

/** The text of a file in assembly/, or null if there is none. */
type ReadText = (file: string) => string | null

/** A module of these files in base64. */
async function moduleOf(
  name: Module,
  entries: readonly string[],
  readFile: ReadText,
  options: readonly string[],
): Promise<string> {
  let binary: Uint8Array | undefined
  const { error, stderr } = await main(
    [
      ...entries,
      '--runtime',
      'stub',
      ...options,
      '--enable',
      'simd',
      ...memoryOptions(name),
      '--outFile',
      `${name}.wasm`,
    ],
    {
      readFile,
      writeFile: (_, contents) => void (binary = contents as Uint8Array),
      listFiles: () => [],
    },
  )
  if (error !== null || binary === undefined) throw new Error(stderr.toString())
  return Buffer.from(binary).toString('base64')
}

/** The compiled module in base64. */
export async function compiled(
  name: Module,
  read: ReadText,
  rows = ownRows,
  optimize: readonly string[] = ['-O3'],
): Promise<string> {
  const withLayout: ReadText = (file) => (file === 'layout.ts' ? layoutText(rows) : read(file))
  return await moduleOf(name, [`${name}.ts`], withLayout, optimize)
}

/** Asks a module for the address behind its data, which only the compiler knows. */
class DataEnd {
  readonly address: number

  constructor(exports: Compiled & { readonly dataEnd: () => number }) {
    this.address = exports.dataEnd()
  }
}

async function dataEnd(name: Module): Promise<number> {
  const texts: Readonly<Record<string, string>> = {
    'layout.ts': layoutText(),
    'end.ts': 'export function dataEnd(): usize { return __heap_base }',
  }
  const read: ReadText = (file) => texts[file] ?? assembly(file)
  const code = await moduleOf(name, [`${name}.ts`, 'end.ts'], read, ['--use', 'abort='])
  const { pages } = name === 'shapes' ? shapesPlan : memoryPlan
  return (compiledApart(code, pages, DataEnd).take() as DataEnd).address
}

/** What the memory has behind the data of each module. */
const limits: Readonly<Record<Module, number>> = {
  lines: memoryPlan.records,
  records: memoryPlan.wrapped,
  wrapped: memoryPlan.chunks,
  shapes: shapesPlan.pages << 16,
}

/** Says that the data of a module reach too far; undefined if they do not. */
export async function overlap(name: Module, limit = limits[name]): Promise<string | undefined> {
  const end = await dataEnd(name)
  return end > limit ? `the data of assembly/${name}.ts end at ${end}, behind ${limit}` : undefined
}

export function assembly(file: string): string | null {
  return existsSync(source(file)) ? readFileSync(source(file), 'utf8') : null
}

export async function moduleText(name: Module): Promise<string> {
  const code = await compiled(name, assembly)
  return `// WebAssembly in base64; made by scripts/make-compiled.ts from assembly/${name}.ts.\nexport const ${name}Code =\n  '${code}'\n`
}

if (import.meta.filename === process.argv[1])
  for (const [name, file] of modules) {
    const fault = await overlap(name)
    if (fault !== undefined) throw new Error(fault)
    writeFileSync(file, await moduleText(name))
  }
