// Compiles assembly/, the readers of the commonest lines of a format, to the modules that src/read runs.
// Run: npx tsx scripts/make-compiled.ts
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { main } from 'assemblyscript/asc'
import { memoryPlan, shapesPlan } from '../src/read/compiled.ts'
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

/** The compiled module in base64. `read` returns the text of a file in assembly/, or null if there is none. */
export async function compiled(
  name: Module,
  read: (file: string) => string | null,
  rows = ownRows,
  optimize: readonly string[] = ['-O3'],
): Promise<string> {
  let binary: Uint8Array | undefined
  const { error, stderr } = await main(
    [
      `${name}.ts`,
      '--runtime',
      'stub',
      ...optimize,
      '--enable',
      'simd',
      ...memoryOptions(name),
      '--outFile',
      `${name}.wasm`,
    ],
    {
      readFile: (file) => (file === 'layout.ts' ? layoutText(rows) : read(file)),
      writeFile: (_, contents) => void (binary = contents as Uint8Array),
      listFiles: () => [],
    },
  )
  if (error !== null || binary === undefined) throw new Error(stderr.toString())
  return Buffer.from(binary).toString('base64')
}

export function assembly(file: string): string | null {
  return existsSync(source(file)) ? readFileSync(source(file), 'utf8') : null
}

export async function moduleText(name: Module): Promise<string> {
  const code = await compiled(name, assembly)
  return `// WebAssembly in base64; made by scripts/make-compiled.ts from assembly/${name}.ts.\nexport const ${name}Code =\n  '${code}'\n`
}

if (import.meta.filename === process.argv[1])
  for (const [name, file] of modules) writeFileSync(file, await moduleText(name))
