// Measures the overhead of recording, in one run: ebpf, strace, strace for a second run (--add-to), perf trace -s and
// bpftrace beside the untraced program. The program runs untraced before and after each recorded run; the ratio is to
// the mean of these two, so that other load weighs on both. `untraced` is the program against itself: its quartiles are
// the noise. `empty` are programs that return at once, at the recorder's two tracepoints of system calls: no recorder
// at these tracepoints costs less. Prints the median ratio with quartiles, and the seconds that the whole command takes
// beyond the program (starting, attaching, reading out, writing the profile).
// As root, built: npm run build && npx tsx bench/recorders.ts [ROUNDS [calls|dd|forks]]
import { execa } from 'execa'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { assemble, exit, set } from '../src/record/ebpf/assembler.ts'
import { BpfCalls } from '../src/record/ebpf/kernel.ts'
import { possibleProcessors, thisMachine } from '../src/record/ebpf/session.ts'

const rounds = Number(process.argv[2] ?? 9)
const asked = process.argv[3]
if (asked !== undefined && !['calls', 'dd', 'forks'].includes(asked)) throw new Error(`no program ${asked}`)
const cli = resolve(import.meta.dirname, '../dist/cli.js')
if (!existsSync(cli)) throw new Error('run npm run build first')
const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-bench-'))
const at = (name: string): string => join(folder, name)

/**
 * Does its work so many times and writes the seconds from its start to its end, by its own clock; of dd the processor
 * time. All that a program in the kernel costs dd is in its processor time, and other load weighs less on that.
 */
const source = `
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv) {
  struct timespec a, b;
  clock_gettime(CLOCK_MONOTONIC, &a);
  long n = atol(argv[2]);
  char byte = 0;
  if (argv[1][0] == 'c') {
    int in = open("/dev/zero", O_RDONLY), out = open("/dev/null", O_WRONLY);
    for (long i = 0; i < n; i++) { read(in, &byte, 1); write(out, &byte, 1); }
  } else if (argv[1][0] == 'd') {
    char count[32];
    snprintf(count, sizeof count, "count=%ld", n);
    if (fork() == 0) {
      execlp("dd", "dd", "if=/dev/zero", "of=/dev/null", "bs=1", count, "status=none", (char *)0);
      _exit(1);
    }
    wait(0);
  } else
    for (long i = 0; i < n; i++) { if (fork() == 0) { execl("/bin/true", "true", (char *)0); _exit(1); } wait(0); }
  clock_gettime(CLOCK_MONOTONIC, &b);
  double seconds = (b.tv_sec - a.tv_sec) + (b.tv_nsec - a.tv_nsec) / 1e9;
  if (argv[1][0] == 'd') {
    struct rusage of;
    getrusage(RUSAGE_CHILDREN, &of);
    seconds = of.ru_utime.tv_sec + of.ru_stime.tv_sec + (of.ru_utime.tv_usec + of.ru_stime.tv_usec) / 1e6;
  }
  FILE *f = fopen(argv[3], "w");
  fprintf(f, "%f", seconds);
  fclose(f);
}`
writeFileSync(at('load.c'), source)
await execa('gcc', ['-O2', '-o', at('load'), at('load.c')])

type Words = readonly string[]
const load = (kind: string, times: number): Words => [at('load'), kind, String(times), at('took')]
const trace = (...options: Words): Words => [
  process.execPath,
  cli,
  'trace',
  '-o',
  at('profile.json'),
  ...options,
  '--',
]
const counting = 'tracepoint:raw_syscalls:sys_enter { @[args->id] = count(); }'

/** The words that run a command under each recorder. */
const ways: Readonly<Record<string, (command: Words) => Words>> = {
  untraced: (command) => command,
  'empty at entry': (command) => command,
  'empty at both': (command) => command,
  ebpf: (command) => [...trace('--recorder', 'ebpf'), ...command],
  'strace, second run': (command) => [
    ...trace('--recorder', 'strace', '--add-to', at(`${command[1] ?? ''}.json`)),
    ...command,
  ],
  strace: (command) => [...trace('--recorder', 'strace'), ...command],
  'strace -f -o': (command) => ['strace', '-f', '-o', at('trace'), ...command],
  'perf trace -s': (command) => ['perf', 'trace', '-s', '-o', at('perf'), '--', ...command],
  bpftrace: (command) => ['bpftrace', '-e', counting, '-c', command.join(' ')],
}

const machine = thisMachine()
if (machine === undefined) throw new Error(`the recorder knows no registers of ${process.arch}`)
const bpf = await BpfCalls.load(machine, possibleProcessors())
/** The tracepoints of the empty programs. */
const emptyAt: Readonly<Record<string, readonly string[]>> = {
  'empty at entry': ['sys_enter'],
  'empty at both': ['sys_enter', 'sys_exit'],
}

/** Runs the program under this recorder, or while the empty programs are attached. */
async function runUnder(way: string, command: Words): Promise<Took> {
  const words = ways[way]?.(command) ?? command
  try {
    for (const tracepoint of emptyAt[way] ?? [])
      bpf.attach(bpf.loadProgram('empty', assemble([set(0, 0), exit])), tracepoint)
    return await run(words)
  } finally {
    bpf.close()
  }
}

/** Seconds: the program's own, and those of the whole command beyond them. */
interface Took {
  readonly own: number
  readonly more: number
}

async function run(words: Words): Promise<Took> {
  const [first = '', ...rest] = words
  rmSync(at('took'), { force: true })
  const begun = performance.now()
  const { failed, shortMessage } = await execa(first, rest, {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
    reject: false,
  })
  const whole = (performance.now() - begun) / 1000
  if (failed || !existsSync(at('took'))) throw new Error(shortMessage ?? 'the program did not run')
  const own = Number(readFileSync(at('took'), 'utf8'))
  return { own, more: whole - own }
}

/** The value below which this part of three or more values lies. */
function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.round((sorted.length - 1) * part)] ?? Number.NaN
}

try {
  for (const [name, kind, times, target, only] of [
    ['call-heavy: 200,000 reads and writes of a byte', 'calls', 100_000, 1.5, undefined],
    [
      'dd bs=1 of a million bytes, processor time',
      'dd',
      1_000_000,
      1.35,
      ['untraced', ...Object.keys(emptyAt), 'ebpf'],
    ],
    ['fork-heavy: 100 times /bin/true', 'forks', 100, 1.1, undefined],
  ] as const) {
    if ((asked ?? kind) !== kind) continue
    const command = load(kind, times)
    // A first run: the second one need not trace what the first one has.
    if (only === undefined)
      await run([...trace('--recorder', 'strace', '--add-to', at(`${kind}.json`)), ...load(kind, 2)])
    // The other recorders stop the program at each of two million calls, so dd is not measured under them.
    const measured: readonly string[] = only ?? Object.keys(ways)
    const left = new Set(Object.keys(ways).filter((way) => measured.includes(way)))
    const ratios = new Map<string, number[]>()
    const more = new Map<string, number[]>()
    for (let round = 0; round < rounds; round++) {
      let before = await run(command)
      for (const way of left) {
        // A recorder whose median ratio is above 5 is measured in three rounds only.
        if (round >= 3 && quantile(ratios.get(way) ?? [], 0.5) > 5) continue
        try {
          const took = await runUnder(way, command)
          const after = await run(command)
          ratios.set(way, [...(ratios.get(way) ?? []), took.own / ((before.own + after.own) / 2)])
          more.set(way, [...(more.get(way) ?? []), took.more])
          before = after
        } catch (error) {
          left.delete(way)
          console.log(`${way}: not measured: ${(error as Error).message.split('\n')[0] ?? ''}`)
        }
      }
    }
    console.log(`${name}; ${rounds} rounds, load ${loadavg()[0]?.toFixed(1)}`)
    for (const [way, values] of ratios) {
      const [low, middle, high] = [0.25, 0.5, 0.75].map((part) => quantile(values, part).toFixed(2))
      const wanted = way === 'ebpf' ? target : way === 'strace, second run' ? 2 : undefined
      console.log(
        `  ${way.padEnd(20)} ${(middle ?? '').padStart(6)}  (${low} to ${high})` +
          `  and ${quantile(more.get(way) ?? [], 0.5).toFixed(2)} s` +
          (wanted === undefined ? '' : `  at most ${wanted.toFixed(2)} is wanted`),
      )
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
