// The directories that must be writable below a read-only root, and the mount that each gets.
import t from 'tap'
import { hardenContext, type ContainerContext } from '../../src/index.ts'
import type { ObservedContext } from '../../src/observe/index.ts'
import { change, container, directory, execution, observations, opened, start } from './rows.ts'

function contextOf(evidence: Partial<ObservedContext>): ContainerContext {
  const [found] = hardenContext(observations(container(evidence))).containers
  if (found === undefined) throw new Error('no container')
  return found
}

const tmpfs = (path: string, mode = '0755', uid = 0, gid = 0): object => ({
  path,
  kind: 'tmpfs',
  mode,
  uid,
  gid,
})
const volume = (path: string, mode = '0755', uid = 0, gid = 0): object => ({
  path,
  kind: 'volume',
  mode,
  uid,
  gid,
})

interface Row {
  readonly says: string
  readonly evidence: Partial<ObservedContext>
  readonly mounts: readonly object[]
}

/** An open with O_CREAT of a file that existed. */
function foundThere(given: { readonly reads?: true } = {}): ObservedContext['changes'][number] {
  const { ours, ...there } = change({ kind: 'open', path: '/etc/app/conf', creates: true, ...given })
  if (ours !== true) throw new Error('a row of a file that is made says so')
  return there
}

const rows: readonly Row[] = [
  {
    says: 'a file that O_CREAT found there and that is read is one of the image',
    evidence: { changes: [foundThere({ reads: true })] },
    mounts: [volume('/etc/app')],
  },
  {
    says: 'also where it is read apart',
    evidence: { changes: [foundThere()], reads: [opened('/etc/app/conf')] },
    mounts: [volume('/etc/app')],
  },
  {
    says: 'one that is only written to would be made',
    evidence: { changes: [foundThere()] },
    mounts: [tmpfs('/etc/app')],
  },
  {
    says: 'a file that came by a rename and is read afterwards is none of the image',
    evidence: {
      changes: [
        change({ kind: 'rename-from', path: '/run/motd.new', ours: true }),
        change({ kind: 'rename-to', path: '/run/motd' }),
      ],
      reads: [opened('/run/motd', { ours: true })],
    },
    mounts: [tmpfs('/run')],
  },
  {
    says: 'one that was read before the rename is',
    evidence: {
      changes: [change({ kind: 'rename-to', path: '/run/motd' })],
      reads: [opened('/run/motd'), opened('/run/motd', { ours: true })],
    },
    mounts: [volume('/run')],
  },
  { says: 'nothing changed, nothing is mounted', evidence: { reads: [opened('/etc/passwd')] }, mounts: [] },
  {
    says: 'the directory of a file that is made, as it is in the image',
    evidence: {
      changes: [change({ kind: 'open', path: '/run/app.pid', creates: true })],
      directories: [directory('/run', '040775', 5, 6)],
    },
    mounts: [tmpfs('/run', '0775', 5, 6)],
  },
  {
    says: 'a file that was made and removed again counts (docker diff would not show it)',
    evidence: {
      changes: [change({ kind: 'mkdir', path: '/run/x' }), change({ kind: 'rmdir', path: '/run/x' })],
    },
    mounts: [tmpfs('/run')],
  },
  {
    says: 'a directory that the program makes is part of the one above',
    evidence: {
      changes: [
        change({ kind: 'mkdir', path: '/srv/a' }),
        change({ kind: 'mkdir', path: '/srv/a/b' }),
        change({ kind: 'open', path: '/srv/a/b/c', creates: true }),
      ],
    },
    mounts: [tmpfs('/srv')],
  },
  {
    says: 'a directory that is there already below another hides nothing: a volume',
    evidence: {
      changes: [
        change({ kind: 'open', path: '/var/lib/app/state', creates: true }),
        change({ kind: 'open', path: '/var/lib/app/cache/1', creates: true }),
      ],
    },
    mounts: [volume('/var/lib/app')],
  },
  {
    says: 'a directory whose name only begins alike is another',
    evidence: {
      changes: [
        change({ kind: 'open', path: '/var/a/1', creates: true }),
        change({ kind: 'open', path: '/var/ab/1', creates: true }),
      ],
    },
    mounts: [tmpfs('/var/a'), tmpfs('/var/ab')],
  },
  ...(['chmod', 'chown', 'utime', 'setxattr', 'removexattr', 'setflags'] as const).map((kind): Row => ({
    says: `${kind} of a directory needs that directory`,
    evidence: { changes: [change({ kind, path: '/run/app', fileType: 'directory' })] },
    mounts: [tmpfs('/run/app')],
  })),
  {
    says: 'a directory whose type was not told is known by what leads through it',
    evidence: {
      changes: [change({ kind: 'chown', path: '/run/pg' }), change({ kind: 'bind', path: '/run/pg/.s' })],
    },
    mounts: [tmpfs('/run/pg')],
  },
  {
    says: 'chmod of a file of the image needs the file',
    evidence: { changes: [change({ kind: 'chmod', path: '/data/key', fileType: 'regular' })] },
    mounts: [volume('/data')],
  },
  {
    says: 'a file of the image that is read below: a volume',
    evidence: {
      changes: [change({ kind: 'open', path: '/data/new', creates: true })],
      reads: [opened('/data/base.conf')],
    },
    mounts: [volume('/data')],
  },
  {
    says: 'a file that the program made and reads again: still empty at the start',
    evidence: {
      changes: [change({ kind: 'open', path: '/data/new', creates: true })],
      reads: [opened('/data/new')],
    },
    mounts: [tmpfs('/data')],
  },
  {
    says: 'a file that is opened for writing and not made must be there',
    evidence: { changes: [change({ kind: 'open', path: '/var/log/wtmp', creates: false })] },
    mounts: [volume('/var/log')],
  },
  {
    says: 'a file that is replaced by a rename and read may be the image’s',
    evidence: {
      changes: [
        change({ kind: 'open', path: '/data/t', creates: true }),
        change({ kind: 'rename-from', path: '/data/t' }),
        change({ kind: 'rename-to', path: '/data/f' }),
      ],
      reads: [opened('/data/f')],
    },
    mounts: [volume('/data')],
  },
  {
    says: 'a program of the image that is executed below: a volume whose files may be executed',
    evidence: {
      changes: [change({ kind: 'open', path: '/srv/log', creates: true })],
      executions: [execution({ path: '/srv/tool' })],
    },
    mounts: [{ ...volume('/srv'), exec: true }],
  },
  {
    says: 'what the program wrote and maps as code',
    evidence: {
      changes: [change({ kind: 'open', path: '/tmp/jit.so', creates: true })],
      reads: [opened('/tmp/jit.so', { kind: 'map-exec' })],
      directories: [directory('/tmp', '041777')],
    },
    mounts: [{ ...tmpfs('/tmp', '1777'), exec: true }],
  },
  ...(['EROFS', 'EACCES', 'EPERM'] as const).map((refused): Row => ({
    says: `what was refused with ${refused} was done without`,
    evidence: { changes: [change({ kind: 'mkdir', path: '/srv/a', refused })] },
    mounts: [],
  })),
  {
    says: 'a question that a read-only mount answered changes nothing',
    evidence: {
      changes: [
        change({ kind: 'access', path: '/srv', refused: 'EROFS' }),
        change({ kind: 'access', path: '/proc/sys/kernel', refused: 'EROFS' }),
      ],
    },
    mounts: [],
  },
  ...(
    [
      ['/var/tmp', '1777'],
      ['/tmp', '1777'],
      ['/root', '0700'],
      ['/var/tmp/app', '0755'],
      ['/run/lock', '0755'],
    ] as const
  ).map(([path, mode]): Row => ({
    says: `without evidence of its mode ${path} has that of tmpfiles.d`,
    evidence: { changes: [change({ kind: 'open', path: `${path}/x`, creates: true })] },
    mounts: [tmpfs(path, mode)],
  })),
  {
    says: 'the image’s own mode counts before the conventional one',
    evidence: {
      changes: [change({ kind: 'open', path: '/var/tmp/x', creates: true })],
      directories: [directory('/var/tmp', '041770', 0, 9)],
    },
    mounts: [tmpfs('/var/tmp', '1770', 0, 9)],
  },
  {
    says: 'the runtime’s changes are not the program’s',
    evidence: { changes: [change({ kind: 'mkdir', path: '/srv/a', started: false })] },
    mounts: [],
  },
  {
    says: 'other mounts are no concern of the root',
    evidence: {
      changes: [
        change({ kind: 'open', path: '/data/1', mount: '/data', creates: true }),
        change({ kind: 'open', path: '/proc/self/oom_score_adj', mount: '/proc' }),
      ],
    },
    mounts: [],
  },
  {
    says: 'nor where only the list of mounts tells',
    evidence: {
      changes: [
        { ...without(change({ kind: 'open', path: '/data/1', creates: true }), 'mount') },
        { ...without(change({ kind: 'open', path: '/dev/shm/1', creates: true }), 'mount') },
      ],
      mounts: [{ path: '/data', filesystem: 'ext4', readOnly: false, count: 1, first: 'x' }],
    },
    mounts: [],
  },
  ...(['character', 'block', 'fifo', 'socket'] as const).map((fileType): Row => ({
    says: `a ${fileType} is written on a read-only file system`,
    evidence: { changes: [change({ kind: 'open', path: '/srv/pipe', fileType })] },
    mounts: [],
  })),
  {
    says: 'a socket in the file system is made by bind',
    evidence: { changes: [change({ kind: 'bind', path: '/run/app.sock' })] },
    mounts: [tmpfs('/run')],
  },
  {
    says: 'the mode before the program changed it',
    evidence: {
      changes: [change({ kind: 'chmod', path: '/run/pg', fileType: 'directory', mode: '2775' })],
      directories: [directory('/run/pg', '042775', 101, 104), directory('/run/pg', '040755', 101, 104)],
    },
    mounts: [tmpfs('/run/pg', '0755', 101, 104)],
  },
  {
    says: 'in a run under a read-only root the tmpfs that are written stay',
    evidence: {
      starts: [start({ readOnlyRoot: true })],
      changes: [
        change({ kind: 'open', path: '/run/1', mount: '/run', creates: true }),
        change({ kind: 'open', path: '/data/1', mount: '/data', creates: true }),
        change({ kind: 'open', path: '/dev/shm/1', mount: '/dev/shm', creates: true }),
      ],
      mounts: ['/run', '/tmp', '/dev/shm'].map((path) => ({
        path,
        filesystem: 'tmpfs',
        readOnly: false,
        count: 1,
        first: 'x',
      })),
      directories: [directory('/run', '0750', 7, 8)],
    },
    mounts: [tmpfs('/run', '0750', 7, 8)],
  },
]

function without<T extends object>(value: T, key: keyof T): T {
  return Object.fromEntries(Object.entries(value).filter(([each]) => each !== key)) as T
}

t.test('mounts', async (t) => {
  for (const { says, evidence, mounts } of rows) {
    const context = contextOf(evidence)
    t.same(context.mounts, mounts, says)
    t.equal(context.readOnlyRoot, true, says)
  }
})

t.test('where a read-only root cannot be promised', async (t) => {
  const made = change({ kind: 'mkdir', path: '/srv/a' })
  const cases: readonly (readonly [string, Partial<ObservedContext>, RegExp])[] = [
    [
      'the root directory itself is changed',
      { changes: [change({ kind: 'mkdir', path: '/x' })] },
      /^the root directory itself is changed: mkdir \/x by app/,
    ],
    [
      'files are not shown',
      { changes: [made], blind: [{ what: 'files', count: 1, first: 'x' }] },
      /^not evidenced: .*does not show files/,
    ],
    [
      'changes were lost',
      { changes: [made], lost: [{ what: 'changes', count: 3, first: 'x' }] },
      /^not evidenced: 3 rows of changes found no room/,
    ],
    [
      'a path was cut',
      { changes: [change({ kind: 'mkdir', path: '/srv/aaa', cut: true })] },
      /^not evidenced: a path was longer/,
    ],
  ]
  for (const [says, evidence, because] of cases) {
    const context = contextOf(evidence)
    t.equal(context.readOnlyRoot, false, says)
    t.same(context.mounts, [], says)
    t.match(context.because.find(({ what }) => what === 'readOnlyRoot')?.evidence, because, says)
  }
})

t.test('what is changed in /etc or /usr at the start belongs in the image', async (t) => {
  const finds = (path: string): boolean =>
    contextOf({ changes: [change({ kind: 'open', path, creates: true })] }).because.some(({ evidence }) =>
      evidence.startsWith('belongs in the image'),
    )
  t.ok(finds('/etc/app.conf'))
  t.ok(finds('/usr/share/app/x'))
  t.notOk(finds('/run/app.pid'))
  t.notOk(finds('/etcetera/x'))
})
