// The compiled code that classifies the commonest lines of strace; laws.long.test.ts shows that it does so correctly.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { modules, moduleText, overlap } from '../../scripts/make-compiled.ts'
import { printedNames } from '../../src/abi/spellings.ts'
import { compiledLines, type CompiledLines } from '../../src/read/strace/compiled-lines.ts'
import { layout } from '../../src/read/strace/layout.ts'

const { callLine, slow, endOfInput } = layout.u8
const code = compiledLines() as CompiledLines
const noCare = new Uint8Array(printedNames().length)

t.test('the code is compiled as it stands', async (t) => {
  for (const [name, file] of modules) t.equal(readFileSync(file, 'utf8'), await moduleText(name), name)
})

t.test('the data of no module reach into what the memory has behind them', async (t) => {
  for (const [name] of modules) t.equal(await overlap(name), undefined, name)
  t.match(await overlap('records', 1 << 20), /records\.ts end at \d+, behind 1048576$/)
})

/** The kind of the first line that the compiled code does not count itself. */
function kindOf(line: string): number {
  const bytes = Buffer.from(line)
  return code.read(bytes, 0, bytes.length, 1, noCare)
}

t.test('every name of the tables is known, and none that only begins or ends like it', (t) => {
  for (const [id, name] of printedNames().entries()) {
    if (kindOf(`7 ${name}(3) = 0\n`) !== callLine || code.call !== id) t.fail(name)
    for (const other of [
      `${name}\0`,
      `${name}_x`,
      `x_${name}`,
      name.slice(0, -1),
      `${name}${'x'.repeat(40)}`,
    ]) {
      if (kindOf(`7 ${other}(3) = 0\n`) !== slow && printedNames()[code.call] !== other)
        t.fail(JSON.stringify(other))
    }
  }
  t.pass(`${printedNames().length} names`)
  t.end()
})

t.test('more lines than there is room for are read in several times', (t) => {
  const line = '7 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---\n'
  const bytes = Buffer.from(line.repeat(20_000))
  let [lines, at, times] = [0, 0, 0]
  for (; at < bytes.length; at = code.at, times++) {
    if (code.read(bytes, at, bytes.length, 1, noCare) !== endOfInput) break
    lines += code.lines
  }
  t.same([lines, at], [20_000, bytes.length])
  t.ok(times > 1, `in ${times}`)
  t.end()
})

t.test('calls are counted where the host says, and those that are not, it is given', (t) => {
  const ids = ['read', 'write'].map((name) => printedNames().indexOf(name))
  // More threads than rows, and two pids that share a place (1024 apart).
  const threads = Array.from({ length: 40 }, (_, index) => ({
    pid: index === 39 ? 1 + 1024 : index + 1,
    ids,
    entries: Object.assign([], Object.fromEntries(ids.map((id) => [id, { count: 5 }]))) as {
      count: number
    }[],
    given: 0,
    pending: -1,
  }))
  const lines = threads.flatMap(({ pid }) => [`${pid} read(3) = 0`, `${pid} write(3) = 0`])
  const bytes = Buffer.from(`${lines.join('\n')}\n`.repeat(3))
  for (let at = 0; at < bytes.length;) {
    const kind = code.read(bytes, at, bytes.length, 1, noCare)
    at = code.at
    if (kind === endOfInput) continue
    const thread = threads.find(({ pid }) => pid === code.pid)
    if (kind !== callLine || thread === undefined) return void t.fail(`${kind} at ${at}`)
    thread.given++
    code.count(thread.pid, thread, thread, false)
    at = code.next
  }
  code.flush()
  for (const { pid, entries, given } of threads)
    t.equal(
      ids.reduce((sum, id) => sum + (entries[id]?.count ?? 0), given),
      6 + 2 * 5,
      `thread ${pid}`,
    )
  t.ok(threads.every(({ given }) => given >= 1))
  t.equal(kindOf('1 read(3) = 0\n'), callLine, 'after settling, the host is given all')
  t.end()
})

t.test(
  'the first calls of names that are open are counted too, with their lines, as far as there is room',
  (t) => {
    const names = printedNames().filter((name) => /^[a-z]\w{1,20}$/.test(name))
    const [shut = '', ...others] = names.slice(0, 80)
    const bytes = Buffer.from([shut, ...others, shut, ...others].map((name) => `1 ${name}(3) = 0\n`).join(''))
    const ids: number[] = []
    const entries: { count: number }[] = []
    const lines = new Map<number, number>()
    const cells = new Uint32Array(printedNames().length).fill(layout.u32.unopened)
    cells[printedNames().indexOf(shut)] = 0
    const make = (id: number, line: number): { count: number } => {
      ids.push(id)
      lines.set(id, line)
      return (entries[id] = { count: 0 })
    }
    const thread = { pending: -1 }
    let [at, line, given] = [0, 1000, 0]
    while (at < bytes.length) {
      const kind = code.read(bytes, at, bytes.length, 1, noCare, undefined, line)
      line += code.lines
      at = code.at
      if (kind === endOfInput) continue
      line++
      given++
      code.lend(1)
      ;(entries[code.call] ?? make(code.call, line)).count++
      code.count(1, { ids, entries }, thread, false, { cells, open: make })
      at = code.next
    }
    code.flush()
    const all = [shut, ...others].map((name) => printedNames().indexOf(name))
    t.same(
      all.map((id) => entries[id]?.count),
      all.map(() => 2),
      'each twice',
    )
    t.same(all.map((id) => lines.get(id)), all.map((_, index) => 1001 + index), 'first where they stand') // prettier-ignore
    t.ok(given >= 2 && given < 10, `${given} are given to the host`)
    t.end()
  },
)

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

t.test(
  'where WebAssembly may not run, every line is read with care',
  { skip: existsSync(cli) ? false : 'the command is not built: npm run build' },
  (t) => {
    const trace = fileURLToPath(new URL('../../traces/web-server/web-server.strace', import.meta.url))
    const observed = (...flags: string[]): string =>
      execFileSync(process.execPath, [...flags, cli, 'observe', trace], { encoding: 'utf8', stdio: 'pipe' })
    t.equal(observed('--jitless'), observed())
    t.end()
  },
)
