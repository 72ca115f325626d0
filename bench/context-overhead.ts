// Measures the overhead of recording a container with everything on: calls and the evidence of the security context. In
// a Docker container a static program makes calls, or forks and executes, in batches, and prints the processor time of
// the quickest batch, its own and its children's: other load slows some batches down, but rarely all. Each recorded run
// stands between two runs under a filter that allows all, and is divided by their mean.
// `unrecorded` is such a run in place of the recorded one: its quartiles are the noise. Prints medians with quartiles.
// Targets: at most 1.6 for calls, 1.10 for forks.
// As root, on a quiet machine, some three minutes:
//   npm run build && npx tsx bench/context-overhead.ts [ROUNDS [calls|forks]]
import { execa } from 'execa'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { allowAllText } from '../src/record/index.ts'
import { plainEnvironment } from '../test/live/command.ts'
import { importImage, startEngines } from '../test/live/engines.ts'

const rounds = Number(process.argv[2] ?? 9)
const only = process.argv[3]
const cli = resolve(import.meta.dirname, '../dist/cli.js')
const work = mkdtempSync('/tmp/sg-overhead-')
const at = (name: string): string => join(work, name)
const image = 'seccomp-gen-overhead'
/** How often a batch does its work. */
const kinds = { calls: 10_000, forks: 20 } as const

const source = `
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static double spent(void) {
  struct timespec own;
  struct rusage children;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
  getrusage(RUSAGE_CHILDREN, &children);
  return (own.tv_sec + children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1e6 + own.tv_nsec / 1e3 +
         children.ru_utime.tv_usec + children.ru_stime.tv_usec;
}
int main(int argc, char **argv) {
  if (argc < 3) return 0;
  long n = atol(argv[2]);
  char byte = 0;
  int calls = strcmp(argv[1], "calls") == 0;
  int in = open("/dev/zero", O_RDONLY), out = open("/dev/null", O_WRONLY);
  double quickest = 1e12;
  for (int batch = 0; batch < 100; batch++) {
    double before = spent();
    for (long i = 0; i < n; i++)
      if (calls) { read(in, &byte, 1); write(out, &byte, 1); }
      else { if (fork() == 0) { execl("/load", "load", (char *)0); _exit(1); } wait(0); }
    double took = spent() - before;
    if (took < quickest) quickest = took;
  }
  printf("spent %f\\n", quickest);
}`

const { engines, end } = await startEngines(work, ['runc'])
try {
  const [[, docker]] = engines
  if (docker.why !== undefined) throw new Error(docker.why)
  mkdirSync(at('root'))
  writeFileSync(at('load.c'), source)
  writeFileSync(at('allow.json'), allowAllText)
  await execa('gcc', ['-O2', '-static', '-o', at('root/load'), at('load.c')])
  await importImage(docker, image, at('root'))

  const container = (kind: keyof typeof kinds, options: readonly string[]): readonly string[] => [
    ...docker.client('runc'),
    'run',
    '--rm',
    '--network',
    'none',
    ...options,
    image,
    '/load',
    kind,
    String(kinds[kind]),
  ]
  const spent = async ([first = '', ...rest]: readonly string[]): Promise<number> => {
    const { stdout } = await execa(first, rest, { env: plainEnvironment, stdin: 'ignore' })
    return Number(/^spent ([\d.]+)$/m.exec(stdout)?.[1])
  }
  const trace = [process.execPath, cli, 'trace', '--recorder', 'ebpf', '-o', at('profile.json')]
  const ways: Readonly<Record<string, (kind: keyof typeof kinds) => readonly string[]>> = {
    unrecorded: (kind) => container(kind, ['--security-opt', `seccomp=${at('allow.json')}`]),
    recorded: (kind) => [...trace, '--observations', at('seen.json'), '--', ...container(kind, [])],
  }
  const plain = ways['unrecorded'] as (typeof ways)[string]
  for (const kind of (['calls', 'forks'] as const).filter((each) => (only ?? each) === each))
    for (const [name, way] of Object.entries(ways)) {
      const ratios: number[] = []
      for (let round = 0; round < rounds; round++) {
        const before = await spent(plain(kind))
        const between = await spent(way(kind))
        ratios.push(between / ((before + (await spent(plain(kind)))) / 2))
      }
      const sorted = ratios.sort((a, b) => a - b)
      const part = (share: number): string =>
        (sorted[Math.round((sorted.length - 1) * share)] ?? NaN).toFixed(3)
      process.stdout.write(`${kind}, ${name}: ${part(0.5)} (${part(0.25)} to ${part(0.75)})\n`)
    }
} finally {
  await end()
}
