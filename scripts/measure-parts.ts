// Measures the calls that `--with` adds: those of programs that engines and people run beside a workload. Needs root,
// strace, script(1), docker-init, catatonit, dash, bash, busybox-static, gcc, musl-gcc and go, as Debian has them:
//   npx tsx scripts/measure-parts.ts > facts/parts.txt
//
// A program is traced from its execve on: one run by exec with all its children, an init (process 1 of a namespace, as
// in a container) with its children until they execute the workload. Rounds go on until five in a row add no call.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { observe } from '../src/observe/index.ts'

interface Program {
  readonly part: 'exec' | 'init' | 'tty'
  /** Its name, with the version if the program prints one. */
  readonly name: string
  /** The executed file, and each way to start it. */
  readonly file: string
  readonly ways: readonly Way[]
}

interface Way {
  readonly words: readonly string[]
  readonly terminal?: true
  /** Text typed at the terminal. */
  readonly typed?: string
  /** A signal sent to the program after a second. */
  readonly signal?: NodeJS.Signals
}

const quietRounds = 5
const directory = mkdtempSync(join(tmpdir(), 'measure-parts-'))

const probe = `#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(void) {
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr = { htonl(0x7f000001) } };
  int s = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(s, (struct sockaddr *)&to, sizeof to) != 0) { printf("not there\\n"); return 0; }
  char answer[64];
  write(s, "ping\\n", 5);
  read(s, answer, sizeof answer);
  close(s);
  return 0;
}
`
const goProbe = `package main

import (
	"fmt"
	"net"
	"time"
)

func main() {
	c, err := net.DialTimeout("tcp", "127.0.0.1:9", time.Second)
	if err != nil {
		fmt.Println("not there")
		return
	}
	c.Close()
}
`

function run(...[program = '', ...words]: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, { encoding: 'utf8', cwd: directory })
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${error?.message ?? stderr}`)
  return stdout
}

function versionOf(name: string): string {
  return run('dpkg-query', '-W', '-f', '${Version}', name)
    .replace(/^\d+:/, '')
    .replace(/[-+~].*$/, '')
}

function build(): void {
  writeFileSync(join(directory, 'probe.c'), probe)
  writeFileSync(join(directory, 'probe.go'), goProbe)
  run('gcc', '-static', '-O2', '-w', '-o', 'glibc-probe', 'probe.c')
  run('musl-gcc', '-static', '-O2', '-w', '-o', 'musl-probe', 'probe.c')
  run('env', 'CGO_ENABLED=0', `GOCACHE=${directory}/go`, 'go', 'build', '-o', 'go-probe', 'probe.go')
}

const script = 'ls -l / >/dev/null; cat /etc/passwd | cat >/dev/null; test -e /etc/passwd && echo there'

function programs(): readonly Program[] {
  const at = (name: string): string => join(directory, name)
  const init = (name: string, file: string, ...before: readonly string[]): Program => ({
    part: 'init',
    name,
    file,
    ways: [
      { words: [file, ...before, '/bin/true'] },
      { words: [file, ...before, '/bin/sh', '-c', '(true &); exit 3'] },
      { words: [file, ...before, '/bin/sleep', '30'], signal: 'SIGTERM' },
      { words: [file, ...before, '/bin/sleep', '30'], signal: 'SIGHUP' },
      { words: [file, ...before, '/bin/true'], terminal: true },
    ],
  })
  const exec = (name: string, file: string, ...ways: readonly (readonly string[])[]): Program => ({
    part: 'exec',
    name,
    file,
    ways: ways.flatMap((words) => [{ words: [file, ...words] }, { words: [file, ...words], terminal: true }]),
  })
  const shell = (name: string, file: string, ...words: readonly string[]): Program => ({
    part: 'tty',
    name,
    file,
    ways: [
      { words: [file, ...words], terminal: true, typed: 'echo a\nls /\n(sleep 1) & wait\nexit\n' },
      { words: [file, ...words], terminal: true, typed: 'sleep 2\nexit\n', signal: 'SIGWINCH' },
    ],
  })
  const busybox = `busybox ${versionOf('busybox-static')}`
  return [
    exec(
      `busybox ${versionOf('busybox-static')}`,
      '/bin/busybox',
      ['sh', '-c', script],
      ['ls', '-l', '/'],
      ['cat', '/etc/passwd'],
    ),
    exec(`cat of coreutils ${versionOf('coreutils')}`, '/bin/cat', ['/etc/passwd']),
    exec(`ls of coreutils ${versionOf('coreutils')}`, '/bin/ls', ['-l', '/']),
    exec(`sh of dash ${versionOf('dash')}`, '/bin/dash', ['-c', script]),
    exec(`a static probe of glibc ${versionOf('libc6')}`, at('glibc-probe'), []),
    exec(
      `a static probe of Go ${run('go', 'version').split(' ')[2]?.replace('go', '') ?? ''}`,
      at('go-probe'),
      [],
    ),
    exec(`a static probe of musl ${versionOf('musl')}`, at('musl-probe'), []),
    init(`catatonit ${versionOf('catatonit')}`, '/usr/bin/catatonit', '--'),
    init(`docker-init ${versionOf('tini')}`, '/usr/bin/docker-init', '--'),
    shell(`bash ${versionOf('bash')}`, '/bin/bash', '--norc', '-i'),
    shell(busybox, '/bin/busybox', 'sh', '-i'),
    shell(`dash ${versionOf('dash')}`, '/bin/dash', '-i'),
  ]
}

async function traced(
  program: Program,
  { words, terminal, typed, signal }: Way,
): Promise<ReadonlySet<string>> {
  const file = join(directory, 'trace')
  const own = program.part === 'init' ? ['unshare', '--pid', '--fork', ...words] : words
  const strace = ['strace', '-f', '-o', file, '--', ...own]
  const quoted = strace.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  const [first = '', ...rest] = terminal === true ? ['script', '-qec', quoted, '/dev/null'] : strace
  const child = spawn(first, rest, { stdio: [typed === undefined ? 'ignore' : 'pipe', 'ignore', 'ignore'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const lines = (): readonly string[] => {
    try {
      return readFileSync(file, 'latin1').split('\n')
    } catch {
      return []
    }
  }
  const started = (): string | undefined =>
    lines()
      .map((line) => /^(\d+) +execve\("([^"]*)"/.exec(line))
      .find((found) => found?.[2] === program.file)?.[1]
  if (typed !== undefined || signal !== undefined) await new Promise((resolve) => setTimeout(resolve, 1000))
  if (typed !== undefined)
    for (const line of typed.split(/(?<=\n)/)) {
      child.stdin?.write(line)
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
  const pid = started()
  if (signal !== undefined && pid !== undefined) process.kill(Number(pid), signal)
  const late = setTimeout(() => child.kill('SIGKILL'), 20_000)
  await ended
  clearTimeout(late)
  const all = lines()
  const begin = all.findIndex((line) => line.startsWith(`${started() ?? ' '} `) && line.includes('execve('))
  if (begin < 0) throw new Error(`${program.file} was not started: ${all.slice(0, 3).join('\n')}`)
  const wanted = program.part === 'init' ? ofInit(all.slice(begin)) : all.slice(begin)
  const seen = await observe([{ name: 'trace', bytes: [Buffer.from(`${wanted.join('\n')}\n`, 'latin1')] }], {
    format: 'strace',
  })
  return new Set(Object.values(seen.architectures).flatMap((each) => Object.keys(each)))
}

/** The calls of init itself, and those of its children until they execute another program. */
function ofInit(lines: readonly string[]): readonly string[] {
  const [own] = /^\d+ /.exec(lines[0] ?? '') ?? []
  const over = new Set<string>()
  return lines.filter((line) => {
    const [pid = ''] = /^\d+ /.exec(line) ?? []
    if (pid === own) return true
    if (over.has(pid)) return false
    if (/^\d+ +execve\(/.test(line)) over.add(pid)
    return true
  })
}

try {
  build()
  const rows: string[] = []
  for (const program of programs()) {
    const calls = new Set<string>()
    for (let quiet = 0; quiet < quietRounds; quiet++)
      for (const way of program.ways)
        for (const call of await traced(program, way)) {
          if (!calls.has(call)) quiet = -1
          calls.add(call)
        }
    process.stderr.write(`${program.part} ${program.name}: ${calls.size} calls\n`)
    rows.push(`${program.part}|${program.name}|${[...calls].sort().join(' ')}`)
  }
  process.stdout.write(`${rows.join('\n')}\n`)
} finally {
  rmSync(directory, { recursive: true, force: true })
}
