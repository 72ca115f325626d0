// The list of what a run did not exercise, row by row.
import t from 'tap'
import type { ObservedCall, Observations } from '../../src/observe/index.ts'
import { exerciseLines, type Exercised } from '../../src/report/exercise.ts'

type Calls = Readonly<Record<string, Omit<ObservedCall, 'first'>>>
const observed = (calls: Calls, runs?: number): Observations => ({
  version: 1,
  ...(runs !== undefined && { runs }),
  architectures: {
    x86_64: Object.fromEntries(
      Object.entries(calls).map(([name, call]) => [name, { first: 'a:1', ...call }]),
    ),
  },
  unknown: {},
  sources: [],
  diagnostics: [],
})
const everything = {
  execve: { count: 3 },
  fork: { count: 1 },
  socket: { count: 2, args: { 0: ['1', '10'] } },
  sendto: { count: 1 },
  recvfrom: { count: 1 },
  tgkill: { count: 1 },
}
const signals = [
  { signal: 'SIGHUP', handled: true },
  { signal: 'SIGUSR1', handled: true },
]
const ended = { kind: 'exited', status: 0 }
const without = (...names: readonly string[]): Calls =>
  Object.fromEntries(Object.entries(everything).filter(([name]) => !names.includes(name)))
const init = { beside: ['init'] } as const
/** The calls of docker-init, which forks with SIGCHLD, and of its program. */
const under = (more: Calls, runs = 1): Calls => ({
  ...without('fork'),
  execve: { count: 2 * runs },
  clone: { count: runs, args: { 0: ['17'] } },
  ...more,
})

const rows: readonly (readonly [
  about: string,
  run: Partial<Exercised> & { calls?: Calls; runs?: number },
  missing: string,
])[] = [
  ['all of it', {}, ''],
  ['no child', { calls: without('fork') }, 'a child process'],
  [
    'threads alone',
    { calls: { ...without('fork'), clone: { count: 1, args: { 0: ['4001536'] } } } },
    'a child process',
  ],
  [
    'a clone that makes a process',
    { calls: { ...without('fork'), clone: { count: 1, args: { 0: ['4001536', '17'] } } } },
    '',
  ],
  [
    'a clone whose flags are not known',
    { calls: { ...without('fork'), clone: { count: 1, args: { 0: null } } } },
    '',
  ],
  ['its own start only', { calls: { ...everything, execve: { count: 1 } } }, 'another program'],
  ['its own start in each of three runs', { runs: 3 }, 'another program'],
  // The engine's init makes one child a run and executes the program in it: two programs are started a run.
  [
    'only the starts of init and the program',
    { calls: under({}), ...init },
    'a child process, another program',
  ],
  [
    'those in each of three runs',
    { calls: under({}, 3), runs: 3, ...init },
    'a child process, another program',
  ],
  // An init looks for the program in each directory of its PATH.
  [
    'failed attempts to execute the program',
    { calls: under({ execve: { count: 7 } }), programs: 2, ...init },
    'a child process, another program',
  ],
  ['failed attempts to execute another', { programs: 1 }, 'another program'],
  ['another program, counted', { programs: 2 }, ''],
  ['another program under init', { calls: under({ execve: { count: 3 } }), ...init }, 'a child process'],
  ['a child under init', { calls: under({ vfork: { count: 1 } }), ...init }, 'another program'],
  ['a second clone under init', { calls: under({ clone: { count: 2 } }), ...init }, 'another program'],
  [
    'a thread under init',
    { calls: under({ clone3: { count: 1, args: { 0: ['4001536'] } } }), ...init },
    'a child process, another program',
  ],
  [
    'sockets of this machine only',
    { calls: { ...everything, socket: { count: 1, args: { 0: ['1'] } } } },
    'a look-up of a name',
  ],
  ['no datagram', { calls: without('sendto') }, 'a look-up of a name'],
  ['success alone', { calls: without('tgkill') }, 'an end with an error'],
  ['a failure', { calls: without('tgkill'), ending: { kind: 'exited', status: 3 } }, ''],
  ['no SIGHUP', { signals: signals.slice(1) }, 'SIGHUP'],
  [
    'a signal without a handler',
    { signals: [...signals.slice(1), { signal: 'SIGHUP', handled: false }] },
    'SIGHUP',
  ],
  ['SIGKILL', { ending: { kind: 'killed', signal: 'SIGKILL' } }, 'its own end (SIGKILL ended it)'],
  [
    'a container that was killed',
    { ending: { kind: 'exited', status: 137 } },
    'its own end (SIGKILL ended it)',
  ],
  [
    'SIGTERM',
    { ending: { kind: 'killed', signal: 'SIGTERM' } },
    'its own end (SIGTERM ended it, without a handler)',
  ],
  [
    'a container that SIGTERM ended',
    { ending: { kind: 'exited', status: 143 } },
    'its own end (SIGTERM ended it, without a handler)',
  ],
  [
    'one that says so after its handler',
    { ending: { kind: 'exited', status: 143 }, signals: [...signals, { signal: 'SIGTERM', handled: true }] },
    '',
  ],
]
for (const [about, { calls = everything, runs, ...run }, missing] of rows)
  t.test(about, async (t) => {
    const lines = exerciseLines({ observations: observed(calls, runs), ending: ended, signals, ...run })
    t.strictSame(lines, missing === '' ? [] : [`not seen in this run: ${missing}`])
  })

t.test('the last new call', async (t) => {
  const newest = { call: 'fsync', milliseconds: 40_400 }
  t.strictSame(exerciseLines({ observations: observed(everything), ending: ended, signals, newest }), [
    'last new call 40 s before it was asked to end: fsync',
  ])
})
