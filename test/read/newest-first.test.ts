// Traces whose lines come newest first, as searches of logs print them: they are told, and sound traces are not.
// Authority: grafana.com, "Loki HTTP API", query_range (`direction`, backward by default).
import t from 'tap'
import { observe } from '../../src/observe/index.ts'

const bytes = (lines: readonly string[]): readonly Uint8Array[] => [Buffer.from(`${lines.join('\n')}\n`)]
const isTold = async (lines: readonly string[]): Promise<boolean> => {
  const { diagnostics } = await observe([{ name: 'a', bytes: bytes(lines) }])
  return diagnostics.some(({ code }) => code === 'newest-first')
}

const alone = [
  'execve("/bin/true", ["true"], 0x7ffc /* 3 vars */) = 0',
  'brk(NULL) = 0x1000',
  'exit_group(0) = ?',
  '+++ exited with 0 +++',
]
const withPids = alone.map((line) => `10    ${line}`)
const threads = [
  '10    execve("/bin/a", ["a"], 0x7ffc /* 3 vars */) = 0',
  '10    clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 11',
  '11    read(3,  <unfinished ...>',
  '10    wait4(-1,  <unfinished ...>',
  '11    <... read resumed>"", 1) = 0',
  '11    write(1, "", 0 <unfinished ...>',
  '10    <... wait4 resumed>NULL, 0, NULL) = 11',
  '11    <... write resumed>) = 0',
  '11    exit_group(0) = ?',
  '11    +++ exited with 0 +++',
  '10    exit_group(0) = ?',
  '10    +++ exited with 0 +++',
]

t.test('a reversed trace is told, whether threads are cut or not', async (t) => {
  for (const lines of [alone, withPids, threads]) {
    t.notOk(await isTold(lines), `in order: ${lines[0]}`)
    t.ok(await isTold(lines.toReversed()), `reversed: ${lines[0]}`)
  }
})

t.test(
  'a thread may be inside a call when strace attaches, and a log may begin with the end of an earlier run',
  async (t) => {
    t.notOk(
      await isTold(['strace: Process 10 attached', '<... read resumed>"", 1) = 0', 'write(1, "", 0) = 0']),
    )
    t.notOk(await isTold(['+++ exited with 0 +++', ...alone]))
    t.notOk(await isTold(['10    +++ exited with 0 +++', ...alone.map((line) => `11    ${line}`)]))
  },
)
