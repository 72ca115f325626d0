// Compares a program's own calls under strace with the scan of the same file: every recorded call is reachable.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { directoryTree } from '../../src/commands/scan-directory.ts'
import { scanPrograms, type Reachable, type RecordCache, type Records } from '../../src/index.ts'

/** Why recording and scanning cannot run here; false if they can. */
export const noStraceHere =
  process.platform === 'linux' && process.arch === 'x64' && spawnSync('strace', ['-V']).status === 0
    ? false
    : 'no strace for x86_64 here'

/** The calls of the first process and its threads before another program is started. */
function seenIn(trace: string): ReadonlySet<string> {
  const started = new Map<string, number>()
  const found = new Set<string>()
  let first: string | undefined
  for (const line of trace.split('\n')) {
    const [, pid = '', call] = /^(\d+) +(?:<\.\.\. )?([a-z_0-9]+)(?:\(| resumed>)/.exec(line) ?? []
    if (call === undefined) continue
    first ??= pid
    if (call === 'execve' && line.endsWith(' = 0')) started.set(pid, (started.get(pid) ?? 0) + 1)
    if ((started.get(pid) ?? 0) <= (pid === first ? 1 : 0) && call !== 'execve') found.add(call)
  }
  found.delete('restart_syscall')
  return found
}

/** The records of libraries, so that each is scanned once for all programs. */
const kept = new Map<string, Records>()
const cache: RecordCache = {
  get: async (sha256) => kept.get(sha256),
  put: async (sha256, records) => void kept.set(sha256, records),
}

/** `words`: a program's absolute path and its operands. Returns the scan. */
export async function sound(t: Test, words: readonly [string, ...string[]]): Promise<Reachable> {
  const [program] = words
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-gen-sound-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'trace')
  spawnSync('timeout', ['60', 'strace', '-f', '-qq', '-o', file, ...words], {
    stdio: 'ignore',
    input: '',
    cwd: directory,
  })
  const seen = seenIn(readFileSync(file, 'utf8'))
  const found = await scanPrograms(directoryTree('/'), [realpathSync(program)], { cache })
  const reachable = found.architectures.x86_64 ?? {}
  t.ok(seen.size >= 10, `${seen.size} calls seen, ${Object.keys(reachable).length} reachable`)
  t.same(
    [...seen].filter((call) => !Object.hasOwn(reachable, call)),
    [],
    `${program}: nothing seen that is not reachable`,
  )
  t.ok(Object.keys(reachable).length < 260, 'and not everything is')
  return found
}
