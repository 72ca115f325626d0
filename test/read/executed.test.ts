// The programs that a trace of strace shows executed: one row a form of execve. Authority: strace 6.1, tried.
import t from 'tap'
import { observeWith } from '../../src/observe/index.ts'
import type { ExecutedProgram } from '../../src/read/strace/executed.ts'
import { clientOf } from '../../src/record/strace/clients.ts'

async function executedIn(lines: readonly string[]): Promise<readonly ExecutedProgram[]> {
  const found: ExecutedProgram[] = []
  const bytes = [Buffer.from(`${lines.join('\n')}\n`)]
  const reports = { executed: (program: ExecutedProgram) => void found.push(program) }
  await observeWith(reports, [{ name: 'trace', bytes }], { format: 'strace', architecture: 'x86_64' })
  return found
}

const first = '7 [  59] execve("/usr/bin/sh", ["sh", "-c", "x"], 0x7ffd70213ca0 /* 35 vars */) = 0'
const shell = { path: '/usr/bin/sh', name: 'sh', words: ['-c', 'x'] }
const docker = { path: '/usr/bin/docker', name: 'docker', words: ['run', 'x'] }
const asked = 'execve("/usr/bin/docker", ["docker", "run", "x"], 0x55e0c1c07b08 /* 35 vars */'

t.test('each program that was executed, with its words', async (t) => {
  for (const [what, lines, programs] of [
    ['at once', [`8 [  59] ${asked}) = 0`], [docker]],
    ['failed', [`8 [  59] ${asked}) = -1 ENOENT (No such file or directory)`], []],
    [
      'in two halves, around the line of another process',
      [`8 [  59] ${asked} <unfinished ...>`, '7 [  39] getpid() = 7', '8 [  59] <... execve resumed>) = 0'],
      [docker],
    ],
    [
      'failed in two halves',
      [
        `8 [  59] ${asked} <unfinished ...>`,
        '7 [  39] getpid() = 7',
        '8 [  59] <... execve resumed>) = -1 EACCES (Permission denied)',
      ],
      [],
    ],
    [
      'in another thread than the first',
      [
        '8 [  39] getpid() = 8',
        `9 [  59] ${asked} <unfinished ...>`,
        '8 [????] +++ superseded by execve in pid 9 +++',
        '8 [  59] <... execve resumed>) = 0',
      ],
      [docker],
    ],
    [
      'killed meanwhile',
      [`8 [  59] ${asked} <unfinished ...>`, '8 [????] +++ killed by SIGKILL +++'],
      [docker],
    ],
    [
      'execveat of a descriptor',
      ['8 [ 322] execveat(4, "", ["runc", "run"], 0x7ffd /* 3 vars */, AT_EMPTY_PATH) = 0'],
      [{ path: '', name: 'runc', words: ['run'] }],
    ],
    [
      'escaped and cut',
      ['8 [  59] execve("/a b\\"c", ["\\n", "d"..., ...], 0x7ffd /* 3 vars */) = 0'],
      [{ path: '/a b"c', name: '\n', words: ['d', ''] }],
    ],
  ] as const)
    t.strictSame(await executedIn([first, ...lines]), [shell, ...programs], what)
})

t.test('clients among them', async (t) => {
  for (const [path, name, words, client] of [
    ['/usr/bin/docker', 'docker', ['run'], ['/usr/bin/docker', 'run']],
    ['/usr/bin/docker', 'exec -a', ['run'], ['/usr/bin/docker', 'run']],
    ['/proc/self/fd/4', 'runc', ['run'], ['runc', 'run']],
    ['/usr/bin/python3.11', 'python3', ['-u', '/bin/podman-compose', 'up'], ['/bin/podman-compose', 'up']],
    ['/bin/bash', 'bash', ['./docker-compose', 'up'], ['./docker-compose', 'up']],
    ['/bin/bash', 'bash', ['-c', 'docker run'], undefined],
    ['/bin/grep', 'grep', ['docker', 'run'], undefined],
    ['/proc/self/exe', '/proc/self/exe', ['init'], undefined],
  ] as const)
    t.strictSame(clientOf({ path, name, words }), client === undefined ? [] : [client], path)
})
