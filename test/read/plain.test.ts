// The compiled code that tells plain lines of strace apart; that it tells them rightly, laws.test.ts shows.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { modules, moduleText } from '../../scripts/make-plain.ts'
import { printedNames } from '../../src/abi/spellings.ts'
import { plainLines, plainSignal, type PlainLines } from '../../src/read/strace/plain.ts'

const plain = plainLines() as PlainLines
const noCare = new Uint8Array(printedNames.length)

t.test('the code is compiled as it stands', async (t) => {
  for (const [name, file] of modules) t.equal(readFileSync(file, 'utf8'), await moduleText(name), name)
})

t.test('every name of the tables is known, and none that only begins or ends like it', (t) => {
  for (const [id, name] of printedNames.entries()) {
    const bytes = Buffer.from(`7 ${name}(3) = 0\n`)
    if (plain.read(bytes, 0, bytes.length, 1, noCare) !== 1 || plain.calls[0] !== id) t.fail(name)
    for (const other of [
      `${name}\0`,
      `${name}_x`,
      `x_${name}`,
      name.slice(0, -1),
      `${name}${'x'.repeat(40)}`,
    ]) {
      const line = Buffer.from(`7 ${other}(3) = 0\n`)
      if (plain.read(line, 0, line.length, 1, noCare) > 0 && printedNames[plain.calls[0] as number] !== other)
        t.fail(JSON.stringify(other))
    }
  }
  t.pass(`${printedNames.length} names`)
  t.end()
})

t.test('more lines than there is room for are read in several times', (t) => {
  const line = '7 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---\n'
  const bytes = Buffer.from(line.repeat(20_000))
  let [lines, at] = [0, 0]
  while (at < bytes.length) {
    const count = plain.read(bytes, at, bytes.length, 1, noCare)
    if (count === 0 || plain.kinds.subarray(0, count).some((kind) => kind !== plainSignal)) break
    lines += count
    at = plain.next(count - 1)
  }
  t.same([lines, at], [20_000, bytes.length])
  t.end()
})

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
