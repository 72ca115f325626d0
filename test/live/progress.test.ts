// The progress line of long work: shown on a real terminal (script(1)), and nowhere else.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { noStrace, seccompGen } from './command.ts'
import { lineInTerminal, noTerminal, quoted } from './terminal.ts'

const withoutStrace = await noStrace()
const command = seccompGen
const folder = t.testdir()
/** The text sent to the terminal, with escapes as "ESC". */
async function shown(line: string, env: Record<string, string> = {}): Promise<string> {
  const running = lineInTerminal(line, { cwd: folder, env: { TERM: 'xterm', CI: '', ...env } })
  running.stdin.end()
  return (await running).stdout.replaceAll('\x1b', 'ESC')
}
const terminal = (words: readonly string[], after = '', env: Record<string, string> = {}): Promise<string> =>
  shown(`${quoted([...command, ...words])} ${after}`, env)
const start = '10 execve("/bin/true", ["true"], 0x7ffd /* 3 vars */) = 0\n'
const calls = gzipSync('10 read(0, "", 1) = 0\n'.repeat(3 << 20), { level: 1 })
writeFileSync(
  join(folder, 'large.gz'),
  Buffer.concat([gzipSync(start), ...Array.from({ length: 10 }, () => calls)]),
)
writeFileSync(join(folder, 'small'), start)

t.test('a large file: how much, how fast, how long; the result after it on a clean line', { skip: noTerminal }, async (t) => {
  const sent = await terminal(['observe', 'large.gz', '-o', 'large.json'])
  t.match(sent, /\r[\d.]+ MB of [\d.]+ MB read, [\d.]+ MB\/s, \d+ s left *ESC\[K/)
  t.match(sent, /\rESC\[Kseccomp-gen: /, 'taken away before what is said')
  t.match(sent, /31457281 calls/)
}) // prettier-ignore

t.test('a pipe, whose size nobody knows', { skip: noTerminal }, async (t) => {
  const line = `(cat small; sleep 4) | ${quoted([...command, 'generate'])} >/dev/null`
  const stdout = await shown(line)
  t.match(stdout, /\r0\.0 MB read, 0\.0 MB\/s *ESC\[K/)
  t.notMatch(stdout, /left/)
})

t.test('none for what is short, none without a terminal, in CI or on a dumb one', { skip: noTerminal }, async (t) => {
  t.notMatch(await terminal(['observe', 'small']), /ESC/)
  const large = ['observe', 'large.gz', '-o', 'large.json']
  const [redirected, inCi, dumb] = await Promise.all([
    terminal(large, '2>said; cat said'),
    terminal(large, '', { CI: 'true' }),
    terminal(large, '', { TERM: 'dumb' }),
  ])
  for (const sent of [redirected, inCi, dumb]) {
    t.match(sent, /31457281 calls/)
    t.notMatch(sent, /ESC| read,/)
  }
}) // prettier-ignore

t.test('trace --for: how long it takes still, beside what the command writes', { skip: noTerminal || withoutStrace || false }, async (t) => {
  const sent = await terminal(['trace', '--recorder', 'strace', '--for', '4s', '-o', 'p.json', '--', 'sh', '-c', 'printf "a prompt: "; exec sleep 60'])
  t.match(sent, /a prompt: /)
  t.match(sent, /ESC7ESC\[999GESC\[\d+Drecording, [123] s left *ESC8/, 'at the right edge, the cursor put back')
  t.match(sent, /ESC\[KESC8seccomp-gen: not seen in this run/, 'taken away at the end')
}) // prettier-ignore
