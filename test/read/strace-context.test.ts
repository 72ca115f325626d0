// The evidence of a security context in strace's traces: each row has lines and the expected evidence. The lines are
// those of strace 6.1, or of older versions if noted. A real trace is compared with what its program did.
import { execa } from 'execa'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hardenContext } from '../../src/harden/index.ts'
import { observe, type ObservedContext } from '../../src/observe/index.ts'
import { noStrace } from '../live/command.ts'

async function contextOf(lines: readonly string[], format: 'strace' | 'auto' = 'strace') {
  const bytes = [Buffer.from(`${lines.join('\n')}\n`)]
  return (await observe([{ name: 'a.strace', bytes }], { format, context: true })).context ?? []
}

const start = '7 execve("/usr/sbin/app", ["app", "-d"], 0x7ffe /* 3 vars */) = 0'
const changes = ({ changes }: ObservedContext) => changes.map(({ kind, path }) => `${kind} ${path}`)
const refused = ({ changes, reads }: ObservedContext) =>
  [...changes, ...reads].flatMap(({ path, refused: errno }) =>
    errno === undefined ? [] : [`${errno} ${path}`],
  )
const who = ({ identities }: ObservedContext) =>
  identities.map(({ call, uid, euid, suid, gid }) => [call, uid, euid, suid, gid])

const rows: readonly (readonly [
  says: string,
  lines: readonly string[],
  what: (context: ObservedContext) => unknown,
  expected: unknown,
])[] = [
  [
    'the start',
    [start],
    ({ starts }) => starts,
    [{ recorder: 'strace', path: '/usr/sbin/app', arguments: ['app', '-d'], count: 1, first: 'a.strace:1' }],
  ],
  [
    'the leader is inside a call when another thread executes a program: that call did nothing',
    [
      start,
      '7 clone(child_stack=0x7f00, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD) = 8',
      '7 mkdir("/srv/slow", 0755 <unfinished ...>',
      '8 execve("/bin/b", ["b"], 0x7ffe /* 3 vars */ <unfinished ...>',
      '7 +++ superseded by execve in pid 8 +++',
      '7 <... execve resumed>) = 0',
      '7 mkdir("/srv/done", 0755) = 0',
    ],
    changes,
    ['mkdir /srv/done'],
  ],
  [
    'a start whose user is asked for later',
    [start, '7 getuid() = 33', '7 getgid() = 34'],
    ({ starts: [first] }) => [first?.uid, first?.gid],
    [33, 34],
  ],
  [
    'names and modes',
    [
      '7 openat(AT_FDCWD, "/run/app.pid", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 3',
      '7 mkdir("/var/lib/app", 0700) = 0',
      '7 chown("/var/lib/app", 33, -1) = 0',
    ],
    ({ changes }) => changes.map(({ kind, path, mode, toUid, toGid }) => [kind, path, mode, toUid, toGid]),
    [
      ['open', '/run/app.pid', '0644', undefined, undefined],
      ['chown', '/var/lib/app', undefined, 33, undefined],
      ['mkdir', '/var/lib/app', '0700', undefined, undefined],
    ],
  ],
  [
    'what is only read is no change',
    ['7 openat(AT_FDCWD, "/etc/app", O_RDONLY|O_CLOEXEC) = 3'],
    ({ reads, changes }) => [reads.length, changes.length],
    [1, 0],
  ],
  [
    'flags of an inode: by a descriptor or a name, and no other request of ioctl',
    [
      start,
      '7 openat(AT_FDCWD, "/a", O_RDONLY) = 3',
      '7 ioctl(3, TCGETS, 0x7ffe) = -1 ENOTTY (Inappropriate ioctl for device)',
      '7 ioctl(3, FS_IOC_GETFLAGS, [FS_EXTENT_FL]) = 0',
      '7 ioctl(3, FS_IOC_SETFLAGS, [FS_EXTENT_FL|FS_NOCOW_FL]) = 0',
      '7 ioctl(4</b>, FS_IOC_FSSETXATTR, {fsx_xflags=0, fsx_projid=0}) = -1 EROFS (Read-only file system)',
      '7 ioctl(5</c>, 0x40086602, [0x80000]) = 0',
      '7 ioctl(6</d>, 0x401c5820 /* FS_IOC_FSSETXATTR */, {fsx_xflags=0}) = -1 EPERM (Operation not permitted)',
      '7 ioctl(7</e>, 0x80086602, [0x80000]) = 0',
      '7 ioctl(8</f>, FS_IOC32_SETFLAGS, [FS_EXTENT_FL]) = 0',
      '7 ioctl(9</g>, 0x40086601, [0x80000]) = 0',
      '7 file_setattr(AT_FDCWD, "/h", {fa_xflags=0}, 24, AT_SYMLINK_NOFOLLOW) = 0',
      '7 file_setattr(10</i>, "", {fa_xflags=0}, 24, AT_EMPTY_PATH) = -1 EROFS (Read-only file system)',
    ],
    ({ changes }) => changes.map(({ kind, call, path, refused: errno }) => [kind, call, path, errno]),
    [
      ['setflags', 'ioctl', '/a', undefined],
      ['setflags', 'ioctl', '/b', 'EROFS'],
      ['setflags', 'ioctl', '/c', undefined],
      ['setflags', 'ioctl', '/d', 'EPERM'],
      ['setflags', 'ioctl', '/e', undefined],
      ['setflags', 'ioctl', '/f', undefined],
      ['setflags', 'file_setattr', '/h', undefined],
      ['setflags', 'file_setattr', '/i', 'EROFS'],
    ],
  ],
  [
    'O_TRUNC writes, whatever the access mode, and under O_PATH it does nothing',
    [
      '7 openat(AT_FDCWD, "/a", O_RDONLY|O_TRUNC) = -1 EROFS (Read-only file system)',
      '7 openat(AT_FDCWD, "/b", 01000) = 3',
      '7 open("/c", O_RDONLY|O_CREAT|O_EXCL|O_TRUNC, 0600) = 3',
      '7 open("/d", O_ACCMODE) = 3',
      '7 open("/e", O_WRONLY|O_TRUNC|O_PATH) = 3',
      '7 creat("/f", 0600) = 3',
    ],
    ({ changes, reads }) => [
      ...changes.map((each) =>
        [each.path, each.reads, each.writes, each.creates, each.ours].map(String).join(),
      ),
      reads.length,
    ],
    [
      '/a,true,true,undefined,undefined',
      '/b,true,true,undefined,undefined',
      '/c,true,true,true,true',
      '/d,true,true,undefined,undefined',
      '/f,false,true,true,undefined',
      0,
    ],
  ],
  ['O_PATH opens nothing', ['7 openat(AT_FDCWD, "/etc", O_RDONLY|O_PATH) = 3'], ({ reads }) => reads, []],
  [
    'a relative path, and the directory that it is in',
    [
      '7 unlink("x") = 0',
      '7 chdir("/srv") = 0',
      '7 unlink("x") = 0',
      '7 chdir("data") = 0',
      '7 unlink("../y/") = 0',
    ],
    changes,
    ['unlink /srv/x', 'unlink /srv/y', 'unlink x'],
  ],
  ['getcwd tells it too', ['7 getcwd("/srv", 4096) = 5', '7 rmdir("d") = 0'], changes, ['rmdir /srv/d']],
  [
    'a descriptor of a directory',
    [
      '7 openat(AT_FDCWD, "/srv", O_RDONLY|O_DIRECTORY) = 4',
      '7 mkdirat(4, "a", 0777) = 0',
      '7 dup2(4, 9) = 9',
      '7 close(4) = 0',
      '7 mkdirat(9, "b", 0777) = 0',
      '7 mkdirat(4, "c", 0777) = 0',
    ],
    changes,
    ['mkdir /srv/a', 'mkdir /srv/b', 'mkdir c'],
  ],
  [
    '-y says what a descriptor is, and where an open led',
    [
      '7 openat(AT_FDCWD</root>, "link", O_WRONLY) = 3</srv/file>',
      '7 fchmod(3</srv/file>, 0600) = 0',
      '7 unlinkat(5</srv>, "x", 0) = 0',
    ],
    ({ changes }) => changes.map(({ kind, path, resolved }) => [kind, path, resolved]),
    [
      ['chmod', '/srv/file', true],
      ['open', '/srv/file', true],
      ['unlink', '/srv/x', false],
    ],
  ],
  [
    'escapes, as UTF-8',
    [String.raw`7 mkdir("/srv/\303\244 \"q\"", 0755) = 0`],
    changes,
    ['mkdir /srv/ä "q"'],
  ],
  ['a path that strace cut', ['7 mkdir("/srv/aaa"..., 0755) = 0'], ({ changes }) => changes[0]?.cut, true],
  [
    'a renamed file has two paths',
    ['7 renameat2(AT_FDCWD, "/a", AT_FDCWD, "/b", RENAME_NOREPLACE) = 0'],
    changes,
    ['rename-from /a', 'rename-to /b'],
  ],
  [
    'below another root',
    ['7 chroot("/jail") = 0', '7 mkdir("/etc/x", 0755) = 0', '7 mkdir("/../y", 0755) = 0'],
    changes,
    ['mkdir /jail/etc/x', 'mkdir /jail/y'],
  ],
  [
    'a root that is not known',
    ['7 chroot("jail") = 0', '7 mkdir("/etc/x", 0755) = 0'],
    changes,
    ['mkdir etc/x'],
  ],
  [
    'what a security context refuses',
    [
      '7 open("/etc/shadow", O_RDONLY) = -1 EACCES (Permission denied)',
      '7 mkdir("/usr/x", 0755) = -1 EROFS (Read-only file system)',
      '7 chown("/srv", 0, 0) = -1 EPERM (Operation not permitted)',
      '7 open("/none", O_RDONLY) = -1 ENOENT (No such file or directory)',
    ],
    refused,
    ['EPERM /srv', 'EROFS /usr/x', 'EACCES /etc/shadow'],
  ],
  [
    'a question, only if a read-only mount answered it',
    [
      '7 access("/usr", R_OK) = 0',
      '7 access("/etc/shadow", W_OK) = -1 EACCES (Permission denied)',
      '7 access("/usr/none", W_OK) = -1 ENOENT (No such file or directory)',
      '7 access("/usr", W_OK) = -1 EROFS (Read-only file system)',
      '7 faccessat(5</srv>, "x", W_OK) = -1 EROFS (Read-only file system)',
      '7 faccessat2(AT_FDCWD, "/opt", W_OK, AT_EACCESS) = -1 EROFS (Read-only file system)',
    ],
    ({ changes, reads }) =>
      [...changes, ...reads].map(({ kind, call, path, refused }) => [kind, call, path, refused]),
    [
      ['access', 'faccessat2', '/opt', 'EROFS'],
      ['access', 'faccessat', '/srv/x', 'EROFS'],
      ['access', 'access', '/usr', 'EROFS'],
    ],
  ],
  [
    'an answer that strace made up is none',
    ['7 mkdir("/x", 0755) = -1 EPERM (Operation not permitted) (INJECTED)'],
    refused,
    [],
  ],
  [
    'a call in two halves',
    ['7 mkdir("/srv/a", 0755 <unfinished ...>', '8 getpid() = 8', '7 <... mkdir resumed>) = 0'],
    changes,
    ['mkdir /srv/a'],
  ],
  [
    'root becomes another for good',
    [start, '7 geteuid() = 0', '7 setgid(33) = 0', '7 setgroups(1, [33]) = 0', '7 setuid(34) = 0'],
    who,
    [
      ['setgid', undefined, 0, undefined, 33],
      ['setgroups', undefined, 0, undefined, 33],
      ['setuid', 34, 34, 34, 33],
    ],
  ],
  [
    'setresuid says all three',
    ['7 setresuid(1, 2, -1) = 0'],
    who,
    [['setresuid', 1, 2, undefined, undefined]],
  ],
  [
    'setuid of who is not known changes the effective id',
    ['7 setuid(5) = 0'],
    who,
    [['setuid', undefined, 5, undefined, undefined]],
  ],
  [
    '32-bit calls',
    ['7 setresuid32(1, 1, 1) = 0', '7 chown32("/srv", 1, 1) = 0'],
    (context) => [who(context).length, changes(context)],
    [1, ['chown /srv']],
  ],
  [
    'a child has what its parent had',
    [
      start,
      '7 chdir("/srv") = 0',
      '7 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f) = 8',
      '8 chdir("/tmp") = 0',
      '8 unlink("c") = 0',
      '7 unlink("p") = 0',
    ],
    changes,
    ['unlink /srv/p', 'unlink /tmp/c'],
  ],
  [
    'a pid that another child had',
    [
      '7 chdir("/a") = 0',
      '7 fork() = 8',
      '8 chdir("/old") = 0',
      '7 chdir("/b") = 0',
      '7 fork() = 8',
      '8 unlink("x") = 0',
    ],
    changes,
    ['unlink /b/x'],
  ],
  [
    'CLONE_FS shares the directory',
    [
      start,
      '7 clone(child_stack=NULL, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_THREAD) = 8',
      '8 chdir("/tmp") = 0',
      '7 unlink("p") = 0',
    ],
    changes,
    ['unlink /tmp/p'],
  ],
  [
    'a child has copies of its parent’s descriptors',
    [
      '7 openat(AT_FDCWD, "/a", O_RDONLY|O_DIRECTORY) = 3',
      '7 openat(AT_FDCWD, "/far", O_RDONLY|O_DIRECTORY) = 40000',
      '7 fork() = 8',
      '8 unlinkat(40000, "z", 0) = 0',
      '8 close(3) = 0',
      '8 openat(AT_FDCWD, "/b", O_RDONLY|O_DIRECTORY) = 3',
      '8 unlinkat(3, "x", 0) = 0',
      '7 unlinkat(3, "y", 0) = 0',
      '7 close(40000) = 0',
      '8 unlinkat(40000, "w", 0) = 0',
    ],
    changes,
    ['unlink /a/y', 'unlink /b/x', 'unlink /far/w', 'unlink /far/z'],
  ],
  [
    'CLONE_FILES shares the descriptors',
    [
      '7 clone(child_stack=NULL, flags=CLONE_VM|CLONE_FILES|SIGCHLD) = 8',
      '8 openat(AT_FDCWD, "/b", O_RDONLY|O_DIRECTORY) = 3',
      '7 unlinkat(3, "x", 0) = 0',
    ],
    changes,
    ['unlink /b/x'],
  ],
  [
    'a child whose lines come first',
    [
      start,
      '7 chdir("/srv") = 0',
      '7 vfork( <unfinished ...>',
      '8 execve("/bin/su", ["su", "x"], 0x7f) = 0',
      '8 unlink("c") = 0',
      '7 <... vfork resumed>) = 8',
    ],
    ({ changes, executions }) => [
      changes.map(({ path, program }) => [path, program]),
      executions.map(({ path, program, arguments: words, started }) => [path, program, words, started]),
    ],
    [
      [['/srv/c', 'su']],
      [
        ['/bin/su', 'app', ['su', 'x'], true],
        ['/usr/sbin/app', 'unknown', undefined, false],
      ],
    ],
  ],
  [
    'a program that may not be executed',
    [start, '7 execve("/bin/x", ["x"], 0x7f) = -1 EACCES (Permission denied)'],
    ({ executions }) => executions.map(({ path, refused }) => [path, refused]),
    [
      ['/bin/x', 'EACCES'],
      ['/usr/sbin/app', undefined],
    ],
  ],
  [
    'ports below 1024, and sockets in the file system',
    [
      '7 bind(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("0.0.0.0")}, 16) = 0',
      '7 bind(3, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0)}, 28) = -1 EACCES (Permission denied)',
      '7 bind(3, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("0.0.0.0")}, 16) = 0',
      '7 bind(3, {sa_family=AF_UNIX, sun_path="/run/app.sock"}, 110) = 0',
      '7 bind(3, {sa_family=AF_UNIX, sun_path=@"hidden"}, 110) = 0',
    ],
    (context) => [
      context.binds.map(({ family, port, refused }) => [family, port, refused]),
      changes(context),
    ],
    [
      [
        ['inet6', 443, 'EACCES'],
        ['inet', 80, undefined],
      ],
      ['bind /run/app.sock'],
    ],
  ],
  [
    'capabilities without a check',
    [
      start,
      '7 capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=0, permitted=1<<CAP_NET_RAW|1<<CAP_KILL, inheritable=0}) = 0',
      '7 capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=1<<CAP_SETFCAP, permitted=1<<CAP_KILL, inheritable=0}) = -1 EPERM (Operation not permitted)',
      '7 prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0) = 0',
      '7 unshare(CLONE_NEWUSER) = 0',
      '7 io_uring_setup(8, {flags=0}) = 3',
    ],
    ({ raises, userNamespaces, rings }) => [
      raises.map(({ call, capabilities, refused }) => [call, capabilities, refused]),
      userNamespaces.length,
      rings,
    ],
    [
      [
        ['ambient', ['CAP_KILL'], undefined],
        ['capset', ['CAP_KILL', 'CAP_NET_RAW'], undefined],
        ['capset', ['CAP_SETFCAP'], 'EPERM'],
      ],
      1,
      [{ program: 'app', count: 1, first: 'a.strace:6' }],
    ],
  ],
  [
    'what strace cannot show',
    [start],
    ({ blind }) => blind.map(({ what }) => what),
    ['checks', 'file-capabilities', 'files', 'gains', 'ids', 'mounts', 'owners'],
  ],
  [
    'a program that ran already',
    ['strace: Process 7 attached', '7 unlink("/x") = 0'],
    ({ blind }) => blind.some(({ what }) => what === 'start'),
    true,
  ],
]

for (const [says, lines, what, expected] of rows)
  t.test(says, async (t) => {
    const [context] = await contextOf(lines)
    t.strictSame(context === undefined ? 'no context' : what(context), expected)
  })

t.test('a flood of rows is bounded and said', async (t) => {
  const lines = Array.from({ length: 70_000 }, (_, index) => `7 mkdir("/x/${index}", 0755) = 0`)
  const [context] = await contextOf(lines)
  const { changes, lost = [] } = context ?? { changes: [] }
  t.equal(changes.length + lost.reduce((sum, { count }) => sum + count, 0), 70_000)
})

t.test('only where it is asked for', async (t) => {
  const bytes = [Buffer.from(`${start}\n`)]
  t.equal((await observe([{ name: 'a', bytes }], { format: 'strace' })).context, undefined)
})

t.test('a real trace, and what is concluded from it', { skip: (await noStrace()) ?? false }, async (t) => {
  const work = mkdtempSync('/tmp/sg-strace-context-')
  t.teardown(() => rmSync(work, { recursive: true, force: true }))
  const script = 'cd "$0"; mkdir d; : >d/f; mv d/f d/g; chmod 600 d/g; ln -s d l; cat l/g; rm -r d l'
  const trace = join(work, 'trace')
  await execa('strace', ['-f', '-o', trace, 'sh', '-ec', script, work])
  const [context] = await contextOf([readFileSync(trace, 'latin1').trimEnd()], 'auto')
  if (context === undefined) return t.fail('no context')
  t.equal(context.name, 'sh')
  const seen = new Set(changes(context).map((each) => each.replaceAll(work, '')))
  for (const each of [
    'mkdir /d',
    'open /d/f',
    'rename-from /d/f',
    'rename-to /d/g',
    'chmod /d/g',
    'symlink /l',
    'unlink /d/g',
  ])
    t.ok(seen.has(each), each)
  const observations = await observe([{ name: 'trace', bytes: [readFileSync(trace)] }], { context: true })
  const [container] = hardenContext(observations).containers
  t.same([container?.readOnlyRoot, container?.noNewPrivileges, container?.mounts], [false, false, []])
  t.match(
    container?.because.find(({ what }) => what === 'readOnlyRoot')?.evidence,
    new RegExp(`^not evidenced: .* changes are made in ${work}, ${work}/d$`),
  )
})
