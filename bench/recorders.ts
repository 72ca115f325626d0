// What recording costs: ebpf, strace, strace for a second run (--add-to), perf trace -s and bpftrace beside the
// untraced program, all in one run, taking turns. Prints the median of the ratios to the untraced run of the same
// round. The time is the program's own, from its start to its end; what starting a recorder takes is not in it.
// Run as root: npx tsx bench/recorders.ts [ROUNDS]
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { record } from '../src/record/index.ts'

const rounds = Number(process.argv[2] ?? 5)
const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-bench-'))
const source = `
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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
  } else
    for (long i = 0; i < n; i++) { if (fork() == 0) { execl("/bin/true", "true", (char *)0); _exit(1); } wait(0); }
  clock_gettime(CLOCK_MONOTONIC, &b);
  FILE *f = fopen(argv[3], "w");
  fprintf(f, "%f", (b.tv_sec - a.tv_sec) + (b.tv_nsec - a.tv_nsec) / 1e9);
  fclose(f);
}`
writeFileSync(join(folder, 'load.c'), source)
await execa('gcc', ['-O2', '-o', join(folder, 'load'), join(folder, 'load.c')])

const took = join(folder, 'took')
const seconds = (): number => Number(readFileSync(took, 'utf8'))
const load = (kind: string, times: number): readonly [string, ...string[]] => [
  join(folder, 'load'),
  kind,
  String(times),
  took,
]

type Way = (command: readonly [string, ...string[]]) => Promise<unknown>
const silent = { stdio: 'ignore', reject: false } as const
const ways: Readonly<Record<string, Way>> = {
  untraced: ([file, ...words]) => execa(file, words, silent),
  ebpf: (command) => record({ command, recorder: 'ebpf', streams: 'ignore' }),
  'strace, second run': async (command) => {
    const known = await knownOf(command)
    return record({ command, recorder: 'strace', known, streams: 'ignore' })
  },
  strace: (command) => record({ command, recorder: 'strace', streams: 'ignore' }),
  'strace -f -o': (command) => execa('strace', ['-f', '-o', join(folder, 'trace'), ...command], silent),
  'perf trace -s': (command) =>
    execa('perf', ['trace', '-s', '-o', join(folder, 'perf'), ...command], silent),
  bpftrace: bpftraced,
}

const remembered = new Map<string, ReturnType<typeof knownNow>>()
const knownNow = async (command: readonly [string, ...string[]]) =>
  (await record({ command, recorder: 'strace', streams: 'ignore' })).observations
/** What a first, short run saw. */
function knownOf([file, kind = '', , out = '']: readonly [string, ...string[]]): ReturnType<typeof knownNow> {
  const known = remembered.get(kind) ?? knownNow([file, kind, '2', out])
  remembered.set(kind, known)
  return known
}

async function bpftraced([file, ...words]: readonly [string, ...string[]]): Promise<void> {
  const program = 'tracepoint:raw_syscalls:sys_enter { @[args->id] = count(); } BEGIN { printf("up\\n"); }'
  const tracer = spawn('bpftrace', ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] })
  const over = new Promise((resolve) => tracer.once('close', resolve))
  await Promise.race([over, new Promise((resolve) => tracer.stdout.once('data', resolve))])
  if (tracer.exitCode !== null) throw new Error('bpftrace does not run')
  tracer.stdout.resume()
  await execa(file, words, silent)
  tracer.kill('SIGINT')
  await over
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

try {
  for (const [name, command] of [
    ['call-heavy (200,000 reads and writes of a byte)', load('calls', 100_000)],
    ['fork-heavy (100 times /bin/true)', load('forks', 100)],
  ] as const) {
    const ratios = new Map<string, number[]>()
    for (let round = 0; round < rounds; round++) {
      let plain = 0
      for (const [way, run] of Object.entries(ways)) {
        rmSync(took, { force: true })
        try {
          await run(command)
          const time = seconds()
          if (way === 'untraced') plain = time
          ratios.set(way, [...(ratios.get(way) ?? []), time / plain])
        } catch (error) {
          if (round === 0)
            console.log(`${way}: not measured: ${(error as Error).message.split('\n')[0] ?? ''}`)
        }
      }
    }
    console.log(name)
    for (const [way, values] of ratios) console.log(`  ${way.padEnd(20)} ${median(values).toFixed(2)}`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
