// Compiles assembly/plain.ts, which reads the commonest lines of strace, to what src/read/strace/plain.ts runs.
// Run: npx tsx scripts/make-plain.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { compileString } from 'assemblyscript/asc'

export const plainFile = new URL('../src/read/strace/data/plain.ts', import.meta.url)

export async function plainText(): Promise<string> {
  const source = readFileSync(new URL('../assembly/plain.ts', import.meta.url), 'utf8')
  const { error, binary, stderr } = await compileString(
    { 'plain.ts': source },
    { runtime: 'stub', optimizeLevel: 3, enable: ['simd'] },
  )
  if (error !== null || binary === null) throw error ?? new Error(stderr.toString())
  return `// WebAssembly in base64; made by scripts/make-plain.ts from assembly/plain.ts.\nexport const plainCode =\n  '${Buffer.from(binary).toString('base64')}'\n`
}

if (import.meta.filename === process.argv[1]) writeFileSync(plainFile, await plainText())
