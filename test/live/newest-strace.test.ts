// The newest strace of Debian's archive (sid), with 60 sets of options on six programs: every call of every program is
// counted, and none is invented. A separate pattern counts the truth from strace's plainest form. It covers the calls
// that a program makes equally often in every run. Signals and locks may coincide in a run (rt_sigreturn, futex): then
// the names in the same trace are the truth.
// Run: SECCOMP_GEN_NEWEST_STRACE=DIRECTORY npx tap test/live/newest-strace.test.ts (unpacks strace there; needs gcc)
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { unpackPackages } from '../../scripts/debian-archive.ts'
import { observe, type Observations } from '../../src/observe/index.ts'
import type { Source } from '../../src/read/source.ts'

const folder = process.env['SECCOMP_GEN_NEWEST_STRACE']
t.setTimeout(1_200_000)

/** Options after -f. `sets` adds the output: one file, standard error, or a file for each process (-ff). */
const single = [
  '', '-t', '-tt', '-ttt', '-r', '-T', '-n', '-i', '-y', '-yy', '-Y', '-x', '-xx', '-v', '-N', '-k', '-q', '-qq', '-qqq', '-a0', '-s0', '-s4096', '-X raw', '-X verbose', '-e raw=all',
  '-e signal=none', '-e read=3 -e write=1', '--tips=full', '--color=always', '--absolute-timestamps=format:unix,precision:ns', '--absolute-timestamps=format:unix', '--relative-timestamps=ns', '--relative-timestamps=s',
  '--syscall-times=ns', '--decode-fds=all', '--pidns-translation', '--seccomp-bpf', '--always-show-pid',
] // prettier-ignore
const several = ['-n -i', '-n -i -tt -T', '-tt -r', '-Y -yy -tt -T', '-k -n', '-N -v -y', '-i -Y -r', '-x -n -t', '-qq -Y', '-k -tt'] // prettier-ignore
const sets: readonly (readonly [options: string, to: 'file' | 'error' | 'files'])[] = [
  ...single.map((options) => [options, 'file'] as const),
  ...several.map((options) => [options, 'file'] as const),
  ...['', '-qq', '-tt', '-i', '-n', '-Y', '-N', '-k'].map((options) => [options, 'error'] as const),
  ...['', '-tt -T', '-Y', '-n'].map((options) => [options, 'files'] as const),
]

const threads = `#include <pthread.h>
#include <unistd.h>
static void *run(void *a) { for (int i = 0; i < 3; i++) (void)!write(-1, a, 1); return a; }
int main(void) { pthread_t t; for (int i = 0; i < 4; i++) { pthread_create(&t, 0, run, "x"); pthread_join(t, 0); } return 0; }`
const narrow = `#include <unistd.h>
#include <sys/wait.h>
int main(void) { if (fork() == 0) { execl("/bin/true", "true", (char *)0); _exit(1); } wait(0); getppid(); return 0; }`

/** Programs that write nothing to standard error. */
function programs(directory: string): Readonly<Record<string, readonly string[]>> {
  const made = (name: string, text: string, ...options: readonly string[]): string => {
    writeFileSync(join(directory, `${name}.c`), text)
    spawnSync('cc', [...options, '-o', join(directory, name), join(directory, `${name}.c`)], { stdio: 'inherit' })
    return join(directory, name)
  } // prettier-ignore
  return {
    true: ['/bin/true'],
    ls: ['/bin/ls', '-l', '/etc/apt'],
    cat: ['/bin/cat', '/etc/passwd'],
    sh: ['/bin/sh', '-c', '/bin/true; /bin/echo a | /bin/cat'],
    threads: [made('threads', threads, '-pthread')],
    narrow: [made('narrow', narrow, '-m32')],
  }
}

t.test('the newest strace', { skip: folder ? false : 'SECCOMP_GEN_NEWEST_STRACE is not set' }, async (t) => {
  const directory = folder as string
  const root = join(directory, 'root')
  if (!existsSync(join(root, 'usr/bin/strace'))) unpackPackages(directory, { suites: ['sid'], architecture: 'amd64', packages: ['strace'] }) // prettier-ignore
  const libraries = join(root, 'usr/lib/x86_64-linux-gnu')
  const strace = [join(libraries, 'ld-linux-x86-64.so.2'), '--library-path', libraries, '--argv0', 'strace', join(root, 'usr/bin/strace')] // prettier-ignore
  const run = (words: readonly string[]): { readonly stdout: string; readonly stderr: Buffer } => {
    const [program = '', ...rest] = [...strace, ...words]
    const { stdout, stderr } = spawnSync(program, rest, { maxBuffer: 1 << 28 })
    return { stdout: stdout.toString(), stderr }
  }
  t.comment(run(['--version']).stdout.split('\n')[0])
  const out = join(directory, 'traces')
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out)
  for (const [name, program] of Object.entries(programs(directory))) {
    const truths = Array.from({ length: 4 }, () => {
      run(['-f', '-o', join(out, 'truth'), ...program])
      return plainCounts(readFileSync(join(out, 'truth'), 'latin1'))
    })
    const truth = stable(truths)
    t.ok(truth.size > 10, `${name}: ${truth.size} calls`)
    for (const [options, to] of sets) {
      const path = join(out, 'trace')
      const words = options.split(' ').filter(Boolean)
      const target = to === 'error' ? ['-f'] : to === 'file' ? ['-f', '-o', path] : ['-ff', '-o', path]
      const { stderr } = run([...target, ...words, ...program])
      const traces = to === 'error' ? [{ name, bytes: [stderr] }] : sources(out, to)
      const text = traces.map(({ bytes }) => Buffer.concat(bytes).toString('latin1')).join('')
      const wrong = differences(truth, await observe(traces), truths, text)
      t.same(wrong, [], `${name}, ${to}: strace ${options}`)
      for (const file of readdirSync(out)) rmSync(join(out, file))
    }
  }
  t.comment(`${sets.length} sets of options`)
})

type Trace = Source & { readonly bytes: Buffer[] }

function sources(out: string, to: 'file' | 'files'): Trace[] {
  const files = readdirSync(out)
    .filter((file) => file.startsWith('trace'))
    .sort()
  return files.map((file) => {
    const bytes = [readFileSync(join(out, file))]
    return to === 'file' ? { name: file, bytes } : { name: file, bytes, pid: Number(file.split('.')[1]), set: out }
  }) // prettier-ignore
}

function plainCounts(text: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [, name = ''] of text.matchAll(/^\d+ +([a-z_][a-z0-9_]*)\(/gm))
    counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

const coinciding: ReadonlySet<string> = new Set(['rt_sigreturn', 'futex'])

/** The counts that are equal in every run. */
function stable([first = new Map(), ...others]: readonly Map<string, number>[]): Map<string, number> {
  return new Map([...first].filter(([name, count]) => others.every((other) => other.get(name) === count)))
}

function differences(
  truth: ReadonlyMap<string, number>,
  { architectures, unknown, diagnostics }: Observations,
  truths: readonly ReadonlyMap<string, number>[],
  text: string,
): string[] {
  const written = (name: string): number => [...text.matchAll(new RegExp(`(?<!\\w)${name}\\(`, 'g'))].length
  const seen = new Map<string, number>()
  for (const calls of [...Object.values(architectures), ...Object.values(unknown)])
    for (const [name, { count }] of Object.entries(calls)) seen.set(name, (seen.get(name) ?? 0) + count)
  return [
    ...[...truth]
      .filter(([name, count]) => seen.get(name) !== count && !(coinciding.has(name) && seen.get(name) === written(name)))
      .map(([name, count]) => `${name}: ${count}, seen ${seen.get(name) ?? 0}`),
    ...[...seen.keys()].filter((name) => truths.every((each) => !each.has(name))).map((name) => `${name} is invented`),
    ...Object.keys(architectures).filter((each) => each !== 'x86_64' && each !== 'x86'),
    ...diagnostics.filter(({ code }) => code === 'tracee-output' || code === 'unknown-call' || code === 'glued-call').map(({ code, at }) => `${code} ${at}`),
  ] // prettier-ignore
}
