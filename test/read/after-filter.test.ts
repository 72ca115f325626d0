// The calls of a trace that are made under a filter: threads, processes, TSYNC, refused installations, and clones that
// the trace shows late, in another file or under another number.
import t from 'tap'
import { observe, observeWith, type Observations } from '../../src/observe/index.ts'
import type { ReturnedCalls } from '../../src/read/strace/filtered-results.ts'
import { UserError } from '../../src/errors.ts'

const filter = 'seccomp(SECCOMP_SET_MODE_FILTER, 0, {len=9, filter=0x1}) = 0'
const fork = 'clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD'
const thread = 'clone(child_stack=0x7f0000000000, flags=CLONE_VM|CLONE_THREAD'

const calls = ({ architectures, diagnostics }: Observations): readonly string[] => [
  ...Object.values(architectures)
    .flatMap((each) => Object.entries(each))
    .map(([name, { count }]) => (count === 1 ? name : `${name} ${count}`)),
  ...diagnostics.map(({ code }) => code).filter((code) => /filter-|-filter|parent/.test(code)),
]
const read = (text: string): Promise<Observations> =>
  observe([{ name: 'trace', bytes: [Buffer.from(text)] }], { format: 'strace', afterFilter: true })

const table: readonly (readonly [name: string, lines: readonly string[], expected: readonly string[]])[] = [
  [
    'a thread counts from its own successful installation on',
    ['2 mount() = 0', '1 read(0) = 0', `1 ${filter}`, '1 write(1) = 1', '2 mount() = 0', '1 exit(0) = ?'],
    ['exit', 'write'],
  ],
  [
    'a trace without forks tells no parents: whoever comes later is counted, and it is said',
    ['1 read(0) = 0', `1 ${filter}`, '2 write(1) = 1'],
    ['write', 'parent-unknown'],
  ],
  [
    'a refused installation, strict mode, other operations and unknown arguments are no filter',
    [
      '1 seccomp(SECCOMP_SET_MODE_FILTER, 0, {len=9}) = -1 EINVAL (Invalid argument)',
      '1 seccomp(SECCOMP_SET_MODE_STRICT, 0, NULL) = 0',
      '1 seccomp(SECCOMP_GET_ACTION_AVAIL, 0, [SECCOMP_RET_LOG]) = 0',
      '1 prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) = 0',
      '1 prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) = 0',
      '1 seccomp(???) = 0',
      '1 read(0) = 0',
    ],
    ['no-filter'],
  ],
  [
    'prctl, raw numbers, and a listener whose descriptor is the result',
    [
      '2 mount() = 0',
      '3 mount() = 0',
      '1 prctl(0x16, 0x2, 0x7fff00000000, 0, 0) = 0',
      '1 read(0) = 0',
      '2 seccomp(0x1, 0x8, 0x7fff00000000) = 5',
      '2 write(1) = 0',
      '3 seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, {len=9}) = 2',
      '3 mount() = 0',
    ],
    ['read', 'write'],
  ],
  [
    'what it starts inherits it, what it started before does not',
    [
      `1 ${fork}) = 2`,
      `1 ${filter}`,
      `1 ${fork}) = 3`,
      '2 mount() = 0',
      '3 read(0) = 0',
      '3 execve("/a", ["a"], 0x0) = 0',
      '3 brk(NULL) = 0x1',
      `3 ${thread}) = 4`,
      '4 write(1) = 1',
    ],
    ['brk', 'clone 2', 'execve', 'read', 'write'],
  ],
  [
    'a number that is used again is another process',
    [
      `1 ${fork}) = 2`,
      `2 ${filter}`,
      '2 read(0) = 0',
      '2 +++ exited with 0 +++',
      `1 ${fork}) = 2`,
      '2 mount() = 0',
    ],
    ['read'],
  ],
  [
    'a child whose first line stands before its parent’s',
    [
      `1 ${fork}) = 2`,
      `2 ${filter}`,
      `1 ${fork} <unfinished ...>`,
      `2 ${fork} <unfinished ...>`,
      '8 mount() = 0',
      '9 read(0) = 0',
      `8 ${fork}) = 10`,
      '9 execve("/a", ["a"], 0x0) = 0',
      '9 write(1) = 1',
      '10 umount2() = 0',
      '9 +++ exited with 0 +++',
      '2 <... clone resumed>) = 9',
      '1 <... clone resumed>) = 8',
      '8 pivot_root() = 0',
      '10 setns(3, 0) = 0',
    ],
    ['clone', 'execve', 'read', 'write'],
  ],
  [
    'children in a pid namespace, whose numbers are told as they are in there',
    [
      `1 ${fork}) = 2`,
      `2 ${filter}`,
      `2 ${fork} <unfinished ...>`,
      '70 read(0) = 0',
      '2 <... clone resumed>) = 7',
      `2 ${fork}) = 8`,
      '71 write(1) = 1',
      `1 ${fork}) = 72`,
      '72 mount() = 0',
      '1 wait4(-1) = 72',
    ],
    ['clone 2', 'read', 'write'],
  ],
  [
    'a process killed while it forked: its child is counted, and it is said that this is not certain',
    [
      `1 ${fork}) = 2`,
      `2 ${filter}`,
      `2 ${fork} <unfinished ...>`,
      `1 ${fork} <unfinished ...>`,
      '5 read(0) = 0',
      '2 <... clone resumed>) = ?',
      '2 +++ killed by SIGKILL +++',
      '1 <... clone resumed>) = 6',
    ],
    ['clone', 'read', 'parent-unknown'],
  ],
  [
    'TSYNC reaches the threads of the process and no other',
    [
      `1 ${thread}) = 2`,
      '2 clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0}, 88) = 3',
      `1 ${fork}) = 9`,
      '9 mount() = 0',
      '2 mount() = 0',
      '1 mount() = 0',
      `2 ${thread}) = 4`,
      '3 seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, {len=9}) = 0',
      '1 read(0) = 0',
      '2 write(1) = 1',
      '3 close(0) = 0',
      '4 getpid() = 1',
      '9 umount2() = 0',
    ],
    ['close', 'getpid', 'read', 'write'],
  ],
  [
    'execve in a thread: the process goes on under its own number with that thread’s filter',
    [
      `1 ${thread}) = 2`,
      `2 ${filter}`,
      '1 mount() = 0',
      '2 execve("/a", ["a"], 0x0 <unfinished ...>',
      '1 +++ superseded by execve in pid 2 +++',
      '1 <... execve resumed>) = 0',
      '1 brk(NULL) = 0x1',
    ],
    ['brk', 'execve'],
  ],
  ['lines of one process without a number', ['read(0) = 0', filter, 'write(1) = 1'], ['write']],
]

t.test('which calls are made under a filter', async (t) => {
  for (const [name, lines, expected] of table) {
    const text = lines.map((line) => `${line}\n`).join('')
    t.strictSame(calls(await read(text)), expected, name)
    // One more line identifies the architecture, so that the quick scan starts.
    const quick = await read(`1 openat(AT_FDCWD, "/lib/x86_64-linux-gnu/a") = 3\n${text}`)
    if (!lines[0]?.startsWith('read')) t.strictSame(calls(quick), expected, `${name}, in quick steps`)
  }
})

type File = readonly [pid: number, lines: readonly string[]]
const readFiles = (files: readonly File[]): Promise<Observations> => {
  const sources = files.map(([pid, lines]) => {
    const bytes = [Buffer.from(lines.map((line) => `${line}\n`).join(''))]
    return { name: `t.${pid}`, bytes, pid, set: 't' }
  })
  return observe(sources, { format: 'strace', afterFilter: true })
}

t.test('files of strace -ff tell no order: the same in any', async (t) => {
  const files: readonly File[] = [
    [10, ['execve("/runc", ["runc"], 0x0) = 0', `${fork}) = 12`, 'wait4(-1) = 12', `${fork}) = 11`]],
    [11, ['mount() = 0']],
    [12, ['setns(3, 0) = 0', `${thread}) = 13`, filter, `${fork}) = 14`, 'read(0) = 0']],
    [13, ['umount2() = 0']],
    [14, ['write(1) = 1', `${fork}) = 15`]],
    [15, ['close(0) = 0']],
  ]
  for (const order of [
    [0, 1, 2, 3, 4, 5],
    [5, 4, 3, 2, 1, 0],
    [4, 2, 5, 0, 1, 3],
  ]) {
    const seen = await readFiles(order.map((index) => files[index] as File))
    t.strictSame(calls(seen), ['clone 2', 'close', 'read', 'write'], order.join(' '))
  }
})

t.test(
  'execve in a thread, in files: the leader’s goes on with the filter of the thread, or without',
  async (t) => {
    const leader = (before: readonly string[]): File => [
      10,
      [
        'execve("/runc", ["runc"], 0x0) = 0',
        `${thread}) = 11`,
        ...before,
        'clock_nanosleep(CLOCK_MONOTONIC, 0,  <unfinished ...>) = ?',
        '+++ superseded by execve in pid 11 +++',
        '<... execve resumed>) = 0',
        'brk(NULL) = 0x1',
      ],
    ]
    const renamed = (before: readonly string[]): File => [
      11,
      ['gettid() = 11', ...before, 'execve("/a", ["a"], 0x0 /* 1 var */ <pid changed to 10 ...>'],
    ]
    const rows: readonly (readonly [
      says: string,
      files: readonly [File, File],
      expected: readonly string[],
    ])[] = [
      ['the thread is under one', [leader([]), renamed([filter])], ['brk', 'execve']],
      ['the leader was, the thread is not', [leader([filter]), renamed([])], ['clock_nanosleep']],
    ]
    for (const [says, [first, second], expected] of rows) {
      t.strictSame(calls(await readFiles([first, second])), expected, says)
      t.strictSame(calls(await readFiles([second, first])), expected, `${says}, the thread's file first`)
    }
    const alone = await readFiles([leader([filter])])
    t.strictSame(
      calls(alone),
      ['brk', 'clock_nanosleep', 'execve'],
      'without the thread’s file: counted, none is lost',
    )
  },
)

t.test('what cannot tell it is refused', async (t) => {
  const log = 'type=SECCOMP msg=audit(1.1:1): arch=c000003e syscall=1 compat=0 ip=0x1 code=0x7ffc0000\n'
  const source = { name: 'log', bytes: [Buffer.from(log)] }
  await t.rejects(observe([source], { afterFilter: true }), UserError)
  const trace = { name: 'trace', bytes: [Buffer.from('1 read(0) = 0\n')] }
  await t.rejects(observe([trace], { afterFilter: true, choice: { pid: 1 } }), UserError)
})

t.test(
  'after an execve in another thread, calls came back to the program that this thread executed',
  async (t) => {
    for (const [says, ofLeader, expected] of [
      [
        'the leader’s own execve had failed',
        ['1 execve("/a", ["a"], 0x0) = -1 ENOENT (No such file or directory)'],
        'b',
      ],
      ['the leader was inside its own execve', ['1 execve("/a", ["a"], 0x0 <unfinished ...>'], 'b'],
      ['the leader slept', ['1 pause( <unfinished ...>'], 'b'],
    ] as const) {
      const told: ReturnedCalls[] = []
      const lines = [
        `1 ${filter}`,
        `1 ${thread}) = 2`,
        ...ofLeader,
        '2 execve("/bin/b", ["b"], 0x0 <unfinished ...>',
        '1 +++ superseded by execve in pid 2 +++',
        '1 <... execve resumed>) = 0',
        '1 mount("a", "b", "c", 0, NULL) = -1 EPERM (Operation not permitted)',
      ]
      const bytes = [Buffer.from(lines.map((line) => `${line}\n`).join(''))]
      await observeWith(
        {
          returned: {
            wanted: ({ name }) => (name === 'mount' ? [] : undefined),
            tell: (each) => told.push(each),
          },
        },
        [{ name: 'trace', bytes }],
        { format: 'strace', afterFilter: true, architecture: 'x86_64' },
      )
      t.strictSame(
        told.flatMap(({ calls }) => calls.map(({ name, program, pid }) => [name, program, pid])),
        [['mount', expected, 1]],
        says,
      )
    }
  },
)

t.test('calls as they came back: of whom, and those that found no room are counted', async (t) => {
  // Fifteen values more than are kept; the first one is repeated.
  const values = [...Array.from({ length: 65536 + 15 }, (_, index) => index), 0]
  const refused = values.map((each) => `1 close(${each}) = -1 EPERM (Operation not permitted)`)
  const lines = [
    '1 close(9) = -1 EPERM (Operation not permitted)',
    `1 ${filter}`,
    ...refused,
    '1 execve("/bin/x", ["x"], 0x7ffc0e8d1b30 /* 7 vars */) = 0',
    '1 close(70000) = -1 EPERM (Operation not permitted)',
  ]
  const returned = async (trace: readonly string[]): Promise<ReturnedCalls | undefined> => {
    let told: ReturnedCalls | undefined
    await observeWith(
      {
        returned: {
          wanted: ({ name, result }) => (name === 'close' && result === -1 ? [0] : undefined),
          tell: (calls) => (told = calls),
        },
      },
      [{ name: 'trace', bytes: [Buffer.from(`${trace.join('\n')}\n`)] }],
      { format: 'strace', architecture: 'x86_64', afterFilter: true },
    )
    return told
  }
  const told = await returned(lines)
  t.match(told, { lost: 17, programs: 1 }, 'the call before the filter and the one of the new program too')
  t.equal(told?.calls.length, 65535)
  const first = { architecture: 'x86_64', name: 'close', args: [0n], result: -1, pid: 1, program: undefined }
  t.match(told?.calls[0], { ...first, count: 2 })

  const again = [...lines.slice(1, 3), ...lines.slice(-2, -1), ...lines.slice(2, 3), ...lines.slice(2, 3)]
  const counted = (await returned(again))?.calls.map(({ program, count }) => ({ program, count }))
  t.same(counted, [{ program: undefined, count: 1 }, { program: 'x', count: 2 }], 'each of its own program') // prettier-ignore
})
