// Runs the tests and lists the lines of src that no test reached in any process: the test's own, and the bundled
// command's. Each such line needs a reason in test/coverage.ts, and each reason such a line.
// Generated files (src/*/data) do not count. A file may run in several translations; their reached lines are united.
// Run: npm run coverage [-- TEST FILE…], as root, where .ci/run has installed what the live tests use.
import { transformSync } from 'esbuild'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exceptions } from '../test/coverage.ts'

/** The parts used here of what Node writes into NODE_V8_COVERAGE when a process ends. */
interface Written {
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly {
      readonly ranges: readonly {
        readonly startOffset: number
        readonly endOffset: number
        readonly count: number
      }[]
    }[]
  }[]
  readonly 'source-map-cache'?: Readonly<
    Record<string, { readonly lineLengths: readonly number[]; readonly data: Payload }>
  >
}
type Payload = ConstructorParameters<typeof SourceMap>[0]

/** The offset in a translation, in characters, where the code of a line of src begins. */
interface Piece {
  readonly offset: number
  readonly file: string
  readonly line: number
}

const root = resolve(import.meta.dirname, '..')
const folder = join(root, '.tap/lines')
const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !/(^|\/)data\//.test(file))
  .map((file) => `src/${file}`)
  .sort()

/** The pieces of a translation in order. Node's SourceMap cannot list them, so it is queried backwards. */
function pieces(payload: Payload, lineLengths: readonly number[], url: string): Piece[] {
  const starts = [0]
  for (const length of lineLengths) starts.push((starts.at(-1) ?? 0) + length + 1)
  const map = new SourceMap(payload)
  const found: Piece[] = []
  for (let [line, column] = [lineLengths.length, 0]; ;) {
    const entry = map.findEntry(line, column)
    if (!('originalSource' in entry)) break
    const file = relative(root, fileURLToPath(new URL(entry.originalSource, url)))
    found.push({
      offset: (starts[entry.generatedLine] ?? 0) + entry.generatedColumn,
      file,
      line: entry.originalLine + 1,
    })
    ;[line, column] =
      entry.generatedColumn > 0
        ? [entry.generatedLine, entry.generatedColumn - 1]
        : [entry.generatedLine - 1, Number.MAX_SAFE_INTEGER]
  }
  return found.toReversed()
}

const translations = new Map<string, Piece[]>()
const reached = new Map(files.map((file) => [file, new Set<number>()]))

/** Adds the lines that one process reached. */
function read(path: string): void {
  const text = readFileSync(path, 'utf8')
  // The process was killed while it wrote, or the disk was full.
  if (!text.endsWith('}')) return
  const written = JSON.parse(text) as Written
  for (const { url, functions } of written.result) {
    const source = written['source-map-cache']?.[url]
    if (source === undefined || !url.startsWith(`file://${root}/`) || url.includes('/node_modules/')) continue
    const known = `${source.data.sources[0]} ${source.data.mappings}`
    const all = translations.get(known) ?? pieces(source.data, source.lineLengths, url)
    translations.set(known, all)
    // Ranges nest: the innermost range around a piece counts.
    const ranges = functions.flatMap(({ ranges }) => ranges)
    ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset)
    const open: typeof ranges = []
    let next = 0
    for (const { offset, file, line } of all) {
      for (; (ranges[next]?.startOffset ?? Infinity) <= offset; next++) {
        const range = ranges[next]
        if (range !== undefined) open.push(range)
      }
      while (open.length > 0 && (open.at(-1)?.endOffset ?? 0) <= offset) open.pop()
      if ((open.at(-1)?.count ?? 0) > 0) reached.get(file)?.add(line)
    }
  }
}

/** The lines of a file with code, as a loader maps them, without those that only close a bracket or name a case. */
function linesOf(file: string, text: readonly string[]): readonly number[] {
  const { map } = transformSync(text.join('\n'), { loader: 'ts', sourcemap: 'external', sourcefile: file })
  const payload = JSON.parse(map) as Payload
  const lengths = payload.mappings.split(';').map(() => 0)
  const numbers = new Set(pieces(payload, lengths, `file://${root}/`).map(({ line }) => line))
  return [...numbers]
    .filter((line) => !/^\s*(?:[)\]}]|(?:case .+|default):$)/.test(text[line - 1] ?? ''))
    .sort((a, b) => a - b)
}

/** The line numbers of an exception: the block that the line opens, or the rest of the block around the line. */
function excepted(text: readonly string[], line: string): readonly number[] {
  const first = text.findIndex((each) => each.trim() === line)
  if (first < 0) return []
  const depth = (text[first] as string).search(/\S/) + (/[[({]$/.test(line) ? 1 : 0)
  const length = text.slice(first + 1).findIndex((each) => each !== '' && each.search(/\S/) < depth)
  return Array.from(
    { length: length < 0 ? text.length - first : length + 1 },
    (_, index) => first + 1 + index,
  )
}

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
// Commands run as other users write there too.
chmodSync(folder, 0o777)
const given = process.argv.slice(2)
const rooms = ['commands', 'print', 'registry', 'live', 'package', 'browser'].join(',')
const all = ['*', `{${rooms}}/**/*`, '**/*.long'].map((files) => `--include=test/${files}.test.ts`)
const { status } = spawnSync('npx', ['tap', ...(given.length === 0 ? [...all, '--exclude=none'] : given)], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, NODE_V8_COVERAGE: folder },
})
for (const file of readdirSync(folder)) read(join(folder, file))

const sum = { lines: 0, missed: 0, excepted: 0 }
const wrong: string[] = status === 0 ? [] : ['a test failed: what it did not reach is no news']
for (const file of files) {
  const text = readFileSync(join(root, file), 'utf8').split('\n')
  const lines = linesOf(file, text)
  const missed = new Set(lines.filter((line) => !reached.get(file)?.has(line)))
  sum.lines += lines.length
  sum.missed += missed.size
  for (const { line, why } of exceptions[file] ?? []) {
    const found = excepted(text, line).filter((each) => missed.delete(each))
    sum.excepted += found.length
    if (found.length === 0 && given.length === 0)
      wrong.push(`test/coverage.ts: ${file} has no such line, or it is reached: ${line} (${why})`)
  }
  for (const line of missed) wrong.push(`${file}:${line}: ${text[line - 1]}`)
}
for (const file of Object.keys(exceptions))
  if (!files.includes(file)) wrong.push(`test/coverage.ts: no ${file}`)
console.log(wrong.join('\n'))
console.log(
  `${sum.lines} lines, ${sum.lines - sum.missed} reached, ${sum.excepted} with a reason why not, ${sum.missed - sum.excepted} not`,
)
process.exitCode = wrong.length === 0 ? 0 : 1
