// Compiles what reads the commonest lines of a format from their bytes (assembly/) to what src/read runs.
// Run: npx tsx scripts/make-plain.ts
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { main } from 'assemblyscript/asc'
import * as grammar from '../src/read/strace/grammar.ts'
import * as plain from '../src/read/strace/plain.ts'
import * as result from '../src/read/strace/result.ts'
import * as text from '../src/read/text.ts'

const source = (name: string): URL => new URL(`../assembly/${name}`, import.meta.url)

/** The modules, with the file that each is written to. */
export const modules: readonly (readonly [name: string, file: URL])[] = [
  ['plain', new URL('../src/read/strace/data/plain.ts', import.meta.url)],
  ['records', new URL('../src/read/audit/data/records.ts', import.meta.url)],
]

/** What careful and compiled code must say alike: `limits` to the modules in assembly/. */
function limits(): string {
  const { lineLimit } = text
  const { resultReach } = result
  const { pidField, timeField } = grammar
  const { neverPlain, toldWhole, unnamed, noThread, noValue } = plain
  const { plainCall, plainUnfinished, plainResumed, plainSignal, plainExit, plainTold } = plain
  const { plainWhole, notPlain } = plain
  const typed = {
    usize: { lineLimit, resultReach },
    i32: { pidField, timeField, unnamed, noThread, noValue },
    u8: {
      neverPlain,
      toldWhole,
      plainCall,
      plainUnfinished,
      plainResumed,
      plainSignal,
      plainExit,
      plainTold,
      plainWhole,
      notPlain,
    },
  }
  return Object.entries(typed)
    .flatMap(([type, values]) =>
      Object.entries(values).map(([name, value]) => `export const ${name}: ${type} = ${value}`),
    )
    .join('\n')
}

export async function moduleText(name: string): Promise<string> {
  let binary: Uint8Array | undefined
  const { error, stderr } = await main(
    [`${name}.ts`, '--runtime', 'stub', '-O3', '--enable', 'simd', '--outFile', `${name}.wasm`],
    {
      readFile: (file) =>
        file === 'limits.ts'
          ? limits()
          : existsSync(source(file))
            ? readFileSync(source(file), 'utf8')
            : null,
      writeFile: (_, contents) => void (binary = contents as Uint8Array),
      listFiles: () => [],
    },
  )
  if (error !== null || binary === undefined) throw new Error(stderr.toString())
  return `// WebAssembly in base64; made by scripts/make-plain.ts from assembly/${name}.ts.\nexport const ${name}Code =\n  '${Buffer.from(binary).toString('base64')}'\n`
}

if (import.meta.filename === process.argv[1])
  for (const [name, file] of modules) writeFileSync(file, await moduleText(name))
