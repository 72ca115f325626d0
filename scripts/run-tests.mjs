// Runs tap with the given words and ends with one line of skipped tests and reasons. A test skips without its engine,
// kernel or root, and nobody reads twenty thousand lines to find out.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** The line: counts by reason, the commonest first. `tap`: the output of a run (testanything.org, "SKIP"). */
export function skippedLine(tap) {
  const reasons = new Map()
  for (const line of tap.split('\n')) {
    const [, reason] =
      /^ *(?:not )?ok \d.* # SKIP *(.*?)$/i.exec(line) ?? /^ *# skipped: (.*)$/.exec(line) ?? []
    if (reason === undefined) continue
    const plain = reason.replace(/ # time=.*$/, '').trim() || 'no reason given'
    reasons.set(plain, (reasons.get(plain) ?? 0) + 1)
  }
  if (reasons.size === 0) return 'skipped: nothing'
  const counts = [...reasons].sort(([, one], [, other]) => other - one)
  const total = counts.reduce((sum, [, count]) => sum + count, 0)
  return `skipped: ${total} (${counts.map(([reason, count]) => `${count}: ${reason}`).join('; ')})`
}

if (process.argv[1] === import.meta.filename) {
  const tap = join(root, 'node_modules/tap/dist/esm/run.mjs')
  // On a terminal tap draws its progress and writes TAP to a file; elsewhere it prints TAP.
  const isTerminal = process.stdout.isTTY === true
  const file = join(root, '.tap', `output-${process.pid}.tap`)
  mkdirSync(join(root, '.tap'), { recursive: true })
  const words = [tap, ...(isTerminal ? [`--output-file=${file}`] : []), ...process.argv.slice(2)]
  const running = spawn(process.execPath, words, {
    cwd: root,
    stdio: ['inherit', isTerminal ? 'inherit' : 'pipe', 'inherit'],
  })
  // The lines of the output about skipped tests.
  let told = ''
  let rest = ''
  running.stdout?.setEncoding('utf8')
  running.stdout?.on('data', (piece) => {
    process.stdout.write(piece)
    const lines = `${rest}${piece}`.split('\n')
    rest = lines.pop() ?? ''
    told += lines.map((line) => (/# skip/i.test(line) ? `${line}\n` : '')).join('')
  })
  running.on('close', (status) => {
    if (isTerminal && existsSync(file)) told = readFileSync(file, 'utf8')
    rmSync(file, { force: true })
    process.stdout.write(`${skippedLine(told)}\n`)
    process.exitCode = status ?? 1
  })
}
