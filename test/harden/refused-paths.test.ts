// Refused paths of `verify --context`: whether a refusal counts, and the mount with which `--repair` answers it. The rows are those of the refused run and of
// a run without the context, in which the same program goes on.
import t from 'tap'
import type { FileUse, ObservedContext } from '../../src/observe/index.ts'
import type { ContextFinding } from '../../src/verify/context/finding.ts'
import { removesNothing } from '../../src/verify/context/findings.ts'
import { mountFor } from '../../src/verify/context/mount-for.ts'
import { change, container, directory, opened } from './rows.ts'

type Change = ObservedContext['changes'][number]
const erofs = (kind: Change['kind'], path: string, call: string = kind): Change =>
  change({ kind, path, call, refused: 'EROFS' })
const dpkg = container({
  changes: [change({ kind: 'open', path: '/var/lib/dpkg/status-new', creates: true })],
  reads: [opened('/var/lib/dpkg/status')],
  directories: [directory('/var/lib/dpkg', '040755', 0, 0)],
})

const rows: readonly (readonly [says: string, Change, free: ObservedContext, mount: object | undefined])[] = [
  [
    'a question about a directory needs that directory, with the files that are used there',
    erofs('access', '/var/lib/dpkg', 'faccessat'),
    dpkg,
    { path: '/var/lib/dpkg', kind: 'volume', mode: '0755', uid: 0, gid: 0 },
  ],
  [
    'a question about a file needs its directory',
    erofs('access', '/var/lib/dpkg/status'),
    dpkg,
    { path: '/var/lib/dpkg', kind: 'volume', mode: '0755', uid: 0, gid: 0 },
  ],
  [
    'a new directory needs the one above, also if it is there without the context',
    erofs('mkdir', '/run/app'),
    container({
      changes: [change({ kind: 'mkdir', path: '/run/app' }), change({ kind: 'bind', path: '/run/app/s' })],
      directories: [directory('/run', '040755', 0, 0), directory('/run/app', '040700', 0, 0)],
    }),
    { path: '/run', kind: 'tmpfs', mode: '0755', uid: 0, gid: 0 },
  ],
  [
    'mode and owner as the directory has them in the image',
    erofs('open', '/var/cache/app/1'),
    container({
      changes: [change({ kind: 'open', path: '/var/cache/app/1', creates: true })],
      directories: [directory('/var/cache/app', '042750', 7, 8)],
    }),
    { path: '/var/cache/app', kind: 'tmpfs', mode: '2750', uid: 7, gid: 8 },
  ],
  [
    'nothing tells the mode of /var/tmp',
    erofs('open', '/var/tmp/1'),
    container({}),
    { path: '/var/tmp', kind: 'tmpfs', mode: '1777', uid: 0, gid: 0 },
  ],
  ['/proc/sys is read-only on purpose', erofs('access', '/proc/sys/kernel'), container({}), undefined],
  [
    'so is a mount that the user made so',
    erofs('access', '/data/x'),
    container({ mounts: [{ path: '/data', filesystem: 'ext4', readOnly: true, count: 1, first: 'x' }] }),
    undefined,
  ],
  ['no mount makes the root directory itself writable', erofs('access', '/'), container({}), undefined],
  ['a path that is not known from the root', erofs('open', '(unreachable)/x'), container({}), undefined],
]

function findingOf({ path, kind, call, program, uid, count, refused }: FileUse): ContextFinding {
  const tried = `${kind} (${call})`
  return { layer: 'path', what: path, tried, answered: refused ?? '', program, uid, count }
}

t.test('the mount for a refused path', (t) => {
  for (const [says, refused, free, mount] of rows)
    t.strictSame(mountFor(findingOf(refused), [container({ changes: [refused] }), free]), mount, says)
  t.end()
})

t.test('a removal that a read-only mount refused, and that removes nothing without the context', (t) => {
  const removed = (kind: Change['kind'], path: string): Change => change({ kind, path, call: kind })
  const cases: readonly (readonly [says: string, Change, free: readonly Change[], nothing: boolean])[] = [
    ['dpkg removes what a broken run may have left', erofs('rmdir', '/usr.dpkg-tmp'), [], true],
    ['a file that is there', erofs('unlink', '/run/a.pid'), [removed('unlink', '/run/a.pid')], false],
    ['names with a random part', erofs('unlink', '/tmp/x.1'), [removed('unlink', '/tmp/x.2')], false],
    ['one in another directory', erofs('unlink', '/run/a'), [removed('unlink', '/tmp/a')], true],
    ['another kind of removal', erofs('rmdir', '/run/a'), [removed('unlink', '/run/a')], true],
    ['another program', erofs('unlink', '/run/a'), [{ ...removed('unlink', '/run/a'), program: 'b' }], true],
    ['refused there too', erofs('unlink', '/run/a'), [erofs('unlink', '/run/a')], true],
    ['both names of a rename', erofs('rename-to', '/run/a'), [removed('rename-to', '/run/a')], false],
    ['a file is made wherever the mount permits', erofs('open', '/run/a'), [], false],
    ['mkdir finds out first whether there is one', erofs('mkdir', '/run/a'), [], false],
    ['a question', erofs('access', '/run'), [], false],
    [
      'a removal that a mode refused: the kernel found the file',
      change({ kind: 'unlink', path: '/run/a', call: 'unlink', refused: 'EACCES' }),
      [],
      false,
    ],
  ]
  for (const [says, refused, free, nothing] of cases)
    t.equal(removesNothing(findingOf(refused), [container({ changes: free })]), nothing, says)
  t.end()
})
