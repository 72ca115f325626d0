// From x86_64 traces to aarch64: for every program recorded on both, compares the profile inferred from x86_64 with the
// one from real aarch64 traces. A missing call breaks the program and fails the test; an extra call needs a reason in
// the table why this program did not make it on aarch64.
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import type { Architecture } from '../../src/abi/architectures.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import { observe, type Observations } from '../../src/observe/index.ts'
import { derivePolicy } from '../../src/policy/index.ts'
import { recordings, sourcesOf } from '../recordings.ts'

type Traces = ReadonlyMap<string, readonly string[]>

/** The committed pair; with the recordings beside the project, every program. */
const committed = fileURLToPath(new URL('../../traces', import.meta.url))
/** `true` is coreutils' on one side and busybox's on the other; 32-bit programs have no pair. */
const unpaired = ['go-static-arm', 'hello-arm', 'hello-arm-exec64', 'true']

/** Why a program made, or may make, a call on x86_64 but not on aarch64: by call, then by program. */
const extras: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  pread64: {
    '*': 'the program headers of libc.so.6 are 14 on x86_64: more than the first 832 bytes hold (glibc elf/dl-load.c)',
  },
  rt_sigaction: { '*': 'for a library that tries out the processor; this program loads none' },
  rt_sigprocmask: { '*': 'for a library that tries out the processor; this program loads none' },
  rt_sigreturn: { '*': 'the return from the handler of rt_sigaction' },
  getrlimit: { 'go-static': 'Go: getrlimit on amd64, prlimit64 on arm64' },
  madvise: { 'go-static': "Go's heap asks for huge pages in the recording of x86_64 only" },
  sched_yield: { 'go-static': "Go's scheduler: now and then" },
  statfs: { badcalls: 'ustat, made by its number 136' },
  futex: { hello64: 'pthread_join: only where the thread has not ended yet' },
  gettid: { nginx: 'as it logs an error: a missing page was asked for on x86_64 only' },
  readlinkat: { nginx: 'realpath of a link: /lib is one on the x86_64 machine only' },
}

/** Programs that use numbers instead of names: on the other architecture a number is another call. */
const byNumber = ['badcalls', 'newcalls']

/** Missing because the two runs differed, not because a call was translated wrongly. */
const otherRun: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  nginx: {
    fchownat: 'its first start on aarch64 makes its directories; on x86_64 they were there (mkdir: EEXIST)',
  },
  newcalls: { renameat: 'number 38, which is setitimer on x86_64' },
}

/** The traces of each program. Others, v-*, are the same programs under every option of strace. */
function tracesOn(architecture: 'x86_64' | 'aarch64'): Traces {
  const traces = new Map<string, string[]>()
  for (const { path } of recordings(`recorded/${architecture}`)) {
    const program = basename(path).replace(/\..*$/, '')
    if (!program.startsWith('v-')) traces.set(program, [...(traces.get(program) ?? []), path])
  }
  return traces
}

/** The observations of one architecture. */
async function observedOn(architecture: Architecture, paths: readonly string[]): Promise<Observations> {
  const observations = await observe(paths.flatMap((path) => sourcesOf(path)))
  const calls = observations.architectures[architecture] ?? {}
  return { ...observations, architectures: { [architecture]: calls } }
}

function allowed(observations: Observations): readonly string[] {
  const { rules } = derivePolicy(observations, {
    architectures: ['aarch64'],
    runtime: 'none',
    margin: 'none',
  })
  return rules.filter(({ action }) => action.type === 'allow').map(({ syscall }) => syscall)
}

function whyExtra(call: string, program: string, here: Observations, there: Observations): string {
  if (there.architectures.aarch64?.[call] !== undefined) return 'the kernel of the aarch64 machine has it not'
  const why = extras[call]?.[program] ?? extras[call]?.['*']
  if (why !== undefined) return why
  const number = syscallTable('x86_64').byName(call)?.number
  const made = here.architectures.x86_64?.[call] !== undefined
  if (!byNumber.includes(program) || number === undefined || !made) return ''
  return `made by its number ${number}, on aarch64 ${syscallTable('aarch64').byNumber(number)?.name ?? 'none'}`
}

async function compare(
  t: Test,
  program: string,
  x86_64: readonly string[],
  aarch64: readonly string[],
): Promise<void> {
  const here = await observedOn('x86_64', x86_64)
  const there = await observedOn('aarch64', aarch64)
  const inferred = allowed(here)
  const needed = allowed(there)
  const missed = needed.filter((call) => !inferred.includes(call))
  const extra = inferred
    .filter((call) => !needed.includes(call))
    .map((call) => [call, whyExtra(call, program, here, there)] as const)
  const explained = otherRun[program] ?? {}
  const translated = missed.filter((call) => explained[call] === undefined)
  t.comment(
    [program, `needed ${needed.length}`, `missed ${translated.length}`, `extra ${extra.length}`].join('  '),
  )
  for (const call of missed) t.comment(`    - ${call}: ${explained[call] ?? 'MISSED'}`)
  for (const [call, why] of extra) t.comment(`    + ${call}: ${why}`)
  t.strictSame(translated, [], `${program}: nothing is missed`)
  t.strictSame(
    extra.filter(([, why]) => why === '').map(([call]) => call),
    [],
    `${program}: every extra call has its reason`,
  )
}

t.test('the committed pair', async (t) => {
  await compare(
    t,
    'curl',
    [join(committed, 'curl-x86_64/curl.strace')],
    [join(committed, 'curl-aarch64/curl.strace')],
  )
})

t.test('every program recorded on both', async (t) => {
  const [here, there] = [tracesOn('x86_64'), tracesOn('aarch64')]
  for (const [program, aarch64] of there) {
    if (unpaired.includes(program)) continue
    await compare(t, program, here.get(program) ?? [], aarch64)
  }
  t.ok([...there.keys()].length - unpaired.length >= 15, 'programs')
})

t.test('the calls missed for another reason are what that reason says', (t) => {
  t.equal(
    syscallTable('aarch64').byName('renameat')?.number,
    syscallTable('x86_64').byName('setitimer')?.number,
  )
  const seen = { version: 1, unknown: {}, sources: [], diagnostics: [] } as const
  const chown = { x86_64: { chown: { count: 1, first: 'a:1' } } }
  t.ok(allowed({ ...seen, architectures: chown }).includes('fchownat'), 'chown is translated')
  t.end()
})
