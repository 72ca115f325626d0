// All forms of lines that strace can print, as a table: the counted calls, the values read and the messages.
// Authority: the sources of strace 4.5.18 to 7.2.
import t from 'tap'
import { observe } from '../../src/observe/index.ts'

interface Case {
  readonly says: string
  readonly text: string
  /** `arch name: count`, then `{index: values}` if arguments are read; `arch ?what` for unknown calls. */
  readonly calls: readonly string[]
  readonly codes?: readonly string[]
}

/** The start of a run, which identifies the machine, so that a case has only its own lines. */
const start = [
  'execve("/bin/x", ["x"], 0x7ffc0e8d1b30 /* 7 vars */) = 0',
  'brk(NULL)                               = 0x564cca5e1000',
]

async function read(text: string): Promise<{ calls: string[]; codes: string[] }> {
  const { architectures, unknown, diagnostics } = await observe(
    [{ name: 't', bytes: [Buffer.from(text, 'latin1')] }],
    {
      format: 'strace',
    },
  )
  const calls: string[] = []
  for (const [part, mark] of [
    [architectures, ''],
    [unknown, '?'],
  ] as const) {
    for (const [architecture, table] of Object.entries(part)) {
      for (const [name, { count, args }] of Object.entries(table)) {
        const values = args === undefined ? '' : ` ${JSON.stringify(args).replaceAll('"', '')}`
        calls.push(`${architecture} ${mark}${name}: ${count}${values}`)
      }
    }
  }
  return { calls, codes: diagnostics.map(({ code, at }) => `${code} ${at}`) }
}

function check(title: string, cases: readonly Case[]): void {
  t.test(title, async (t) => {
    for (const { says, text, calls, codes = [] } of cases) {
      const seen = await read(text)
      t.same(seen.calls, calls, says)
      t.same(seen.codes, codes, `${says}: what is said`)
    }
  })
}

const x86 = (...calls: string[]): string[] =>
  [...calls, 'brk: 1', 'execve: 1'].sort().map((each) => `x86_64 ${each}`)

/** The lines of the start, each with the prefix, then these lines. */
const run = (lines: readonly string[], prefix = ''): string =>
  [...start.map((line) => prefix + line), ...lines, ''].join('\n')

const prefixed = (prefix: string, plain: string): Case => ({
  says: plain,
  text: run(
    [`${prefix}getpid() = 7`, `${prefix}exit_group(0) = ?`, `${prefix}+++ exited with 0 +++`],
    prefix,
  ),
  calls: x86('getpid: 1', 'exit_group: 1'),
})

check('a prefix of any option is passed over', [
  prefixed('', 'none'),
  prefixed('20840 ', '-f -o'),
  prefixed('472   ', '-f -o, a short pid'),
  prefixed('23903<x) = 0 \\74y\\76> ', '-f -o -Y with a comm that looks like the end of a call'),
  prefixed('23:52:03 ', '-t'),
  prefixed('23:52:03.949497 ', '-tt'),
  prefixed('1795477923.985055 ', '-ttt'),
  prefixed('1795477924.305775544 ', '--absolute-timestamps=format:unix,precision:ns'),
  prefixed('1795477924 ', '--absolute-timestamps=format:unix'),
  prefixed('23:52:04.313 ', '--absolute-timestamps=precision:ms'),
  prefixed('     0.000198 ', '-r'),
  prefixed('     0.000198123 ', '-r in ns'),
  prefixed('     0 ', '-r in s'),
  prefixed('23:52:04.298000 (+     0.000248) ', '-tt -r'),
  prefixed('[00007fccf002cc47] ', '-i'),
  prefixed('23:52:04.447151 (+     0.000180) [00007fde665b4c47] ', '-tt -r -i'),
  prefixed('20840 23:52:04.447151 (+     0.000180) [00007fde665b4c47] ', '-f -o -tt -r -i'),
  prefixed('[unconfined_t] ', '--secontext'),
  prefixed('[unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023] ', '--secontext=full'),
  prefixed('\u001b[33m', 'colours of 7.0'),
])

check('results and suffixes decide nothing', [
  ...[
    '= 3',
    '= -1 ENOENT (No such file or directory)',
    '= -1 (errno 22)',
    '= -1 EINVAL (\xd0\x9d\xd0\xb5\xd0\xb4)',
    '= 0x2 (flags O_RDWR)',
    '= 1 ([{fd=10, revents=POLLIN}])',
    '= 3</path (b) = 1>',
    '= 4<TCP:[127.0.0.1:34328->127.0.0.1:40211]>',
    "= 5 /* 1234 in strace's PID NS */",
    '= ?',
    '= ? <unavailable>',
    '= ? ERESTARTSYS (To be restarted if SA_RESTART is set)',
    '= 42 (INJECTED: args, retval)',
    '= 0 <0.000129>',
    '= 0666',
  ].map((result): Case => ({
    says: result,
    text: run([`getpid()             ${result}`, 'exit_group(0) = ?']),
    calls: x86('getpid: 1', 'exit_group: 1'),
  })),
  {
    says: 'the kernel answered ENOSYS, an injection is no answer of the kernel',
    text: run([
      'getrandom(0x7ffc0e8d1b30, 8, 0) = -1 ENOSYS (Function not implemented)',
      'getuid() = -1 ENOSYS (Function not implemented) (INJECTED)',
      'exit_group(0) = ?',
    ]),
    calls: x86('exit_group: 1', 'getrandom: 1', 'getuid: 1'),
  },
])

check('calls in two or more lines count once', [
  {
    says: 'unfinished and resumed',
    text: run(
      [
        '7 read(3,  <unfinished ...>',
        '8 close(0 <unfinished ...>',
        '7 <... read resumed>"x", 1) = 1',
        '8 <... close resumed>) = 0',
        '7 exit_group(0) = ?',
      ],
      '7 ',
    ),
    calls: x86('close: 1', 'exit_group: 1', 'read: 1'),
  },
  {
    says: 'resumed as strace before 5.0 wrote it',
    text: run(
      [
        '7 nanosleep({1, 0},  <unfinished ...>',
        '7 <... nanosleep resumed> 0x7ff0f4099bd0) = 0',
        '7 exit(0) = ?',
      ],
      '7 ',
    ),
    calls: x86('exit: 1', 'nanosleep: 1'),
  },
  {
    says: 'resumed and dead at once',
    text: run(
      [
        '7 clock_nanosleep(0 <unfinished ...>',
        '7 <... clock_nanosleep resumed> <unfinished ...>) = ?',
        '7 exit(0) = ?',
      ],
      '7 ',
    ),
    calls: x86('clock_nanosleep: 1', 'exit: 1'),
  },
  {
    says: 'a second half alone is a call, its arguments unknown',
    text: run(['7 <... socket resumed>) = 3', '7 exit(0) = ?'], '7 '),
    calls: x86('exit: 1', 'socket: 1 {0:null}'),
  },
  {
    says: 'attached in the middle of a call: both that and restart_syscall',
    text: 'restart_syscall(<... resuming interrupted poll ...>) = 1\nbrk(0x7ffc0e8d1b30) = 0x564cca5e1000\nexit_group(0) = ?\n',
    calls: ['brk: 1', 'exit_group: 1', 'poll: 1', 'restart_syscall: 1'].map((each) => `x86_64 ${each}`),
    codes: ['startup-missing t'],
  },
  {
    says: "a child's arrival cuts the line, the flags before it are whole",
    text: run([
      'clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLDstrace: Process 21055 attached',
      ', child_tidptr=0x7f68de2a3a10) = 21055',
      '[pid 21055] exit_group(0) = ?',
      'exit_group(0) = ?',
    ]),
    calls: x86('clone: 1 {0:[18874385]}', 'exit_group: 2'),
    codes: ['forgeable t'],
  },
  {
    says: 'old strace printed all arguments of clone with its result',
    text: run([
      'clone(Process 21721 attached',
      'child_stack=0, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f1) = 21721',
      '[pid 21721] exit_group(0) = ?',
      'exit_group(0) = ?',
    ]),
    calls: x86('clone: 1 {0:[18874385]}', 'exit_group: 2'),
    codes: ['forgeable t'],
  },
  {
    says: 'the same with -f -o',
    text: run(
      [
        '7 clone( <unfinished ...>',
        '8 exit(0) = ?',
        '7 <... clone resumed> child_stack=0, flags=CLONE_VM|SIGCHLD, child_tidptr=0x7f1) = 8',
        '7 exit(0) = ?',
      ],
      '7 ',
    ),
    calls: x86('clone: 1 {0:[273]}', 'exit: 2'),
  },
  {
    says: 'and where the result never came, they are unknown',
    text: run(['7 clone( <unfinished ...>', '7 +++ killed by SIGKILL +++'], '7 '),
    calls: x86('clone: 1 {0:null}'),
  },
  {
    says: 'vfork, cut by the same',
    text: run([
      'vfork(strace: Process 20883 attached',
      ' <unfinished ...>',
      '[pid 20883] exit_group(0) = ?',
      '<... vfork resumed>) = 20883',
      'exit_group(0) = ?',
    ]),
    calls: x86('exit_group: 2', 'vfork: 1'),
    codes: ['forgeable t'],
  },
  {
    says: 'debugging output of strace (-d) inside of lines',
    text: run([
      'access("/etc/ld.so.preload", R_OKstrace: [wait(0x00857f) = 12776] WIFSTOPPED,sig=133',
      'strace: next_event: queued pid 12776',
      ')      = -1 ENOENT (No such file or directory)',
      'exit_group(0) = ?',
    ]),
    calls: x86('access: 1', 'exit_group: 1'),
    codes: ['forgeable t'],
  },
  {
    says: "the program's own output inside of a call",
    text: run(['write(2, "ls: ", 4ls: )         = 4', 'write(1, "a\\n", 2a', ')  = 2', 'exit_group(0) = ?']),
    calls: x86('exit_group: 1', 'write: 2'),
  },
  {
    says: 'a value that foreign text may have cut is unknown',
    text: run([
      'socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3',
      'personality(0xfff hello',
      ') = 0',
      'exit_group(0) = ?',
    ]),
    calls: x86('exit_group: 1', 'personality: 1 {0:null}', 'socket: 1 {0:[2]}'),
    codes: ['value-cut t:4'],
  },
  {
    says: 'execve in a thread comes back under the pid of the first',
    text: run(
      [
        '7 clone3({flags=CLONE_VM|CLONE_THREAD, child_tid=0x7f1}, 88) = 8',
        '8 execve("/bin/true", ["true"], 0x7ffc0e8d1b30 /* 7 vars */ <unfinished ...>',
        '7 +++ superseded by execve in pid 8 +++',
        '7 <... execve resumed>) = 0',
        '7 exit_group(0) = ?',
      ],
      '7 ',
    ),
    calls: ['brk: 1', 'clone3: 1 {0:null}', 'execve: 2', 'exit_group: 1'].map((each) => `x86_64 ${each}`),
  },
  {
    says: 'the kind of a program reaches whoever is forked from it, however late',
    text: [
      '100 execve("/bin/x", ["x"], 0x7ffc0e8d1b30 /* 7 vars */) = 0',
      '100 arch_prctl(ARCH_SET_FS, 0x7f1) = 0',
      '1 socketcall(0x1, 0xff) = 3',
      ...Array.from({ length: 70 }, (_, index) => `${index + 1} fork() = ${index + 2}`),
      '71 read(0, "", 1) = 0',
      '',
    ].join('\n'),
    calls: ['x86_64 arch_prctl: 1', 'x86_64 execve: 1', 'x86 fork: 70', 'x86 read: 1', 'x86 socketcall: 1'],
    codes: ['filtered t'],
  },
  {
    says: 'detached inside of a call',
    text: run(['7 clone(child_stack=NULL, flags=SIGCHLD <detached ...>'], '7 '),
    calls: x86('clone: 1 {0:[17]}'),
    codes: ['detached t'],
  },
])

check('a trace that ends in the middle', [
  {
    says: 'of the arguments',
    text: run(['exit_group(0) = ?', 'poll([{fd=6, events=POLLIN}], 1, 3600000']).slice(0, -1),
    calls: x86('exit_group: 1', 'poll: 1'),
    codes: ['truncated t:4'],
  },
  {
    says: 'between the arguments and the result',
    text: run(['exit_group(0) = ?', 'close(3)      ']).slice(0, -1),
    calls: x86('close: 1', 'exit_group: 1'),
    codes: ['tracee-output t:4', 'truncated t:4'],
  },
  {
    says: 'of the name: that is no call',
    text: run(['exit_group(0) = ?', 'rt_sigpro']).slice(0, -1),
    calls: x86('exit_group: 1'),
    codes: ['forgeable t', 'tracee-output t:4', 'truncated t:4'],
  },
])

check('text that looks like a call is none', [
  {
    says: 'C and prose',
    text: run(['close(fd);', 'open(1) is called', 'exit_group(0) = ?']),
    calls: x86('exit_group: 1'),
    codes: ['forgeable t', 'tracee-output t:3'],
  },
  {
    says: 'inside of strings, comments and structures',
    text: run([
      'write(1, "open(\\"/etc/passwd\\") = 3", 24) = 24',
      'newfstatat(3, "", {st_rdev=makedev(0x88, 0x3), st_mode=S_IFCHR|0620}, 0) = 0',
      'exit_group(0) = ?',
    ]),
    calls: x86('exit_group: 1', 'newfstatat: 1', 'write: 1'),
  },
  {
    says: 'glued behind text of the program: reported, not counted',
    text: run(['no newlinewrite(2, "x", 1) = 1', 'exit_group(0) = ?']),
    calls: x86('exit_group: 1'),
    codes: ['forgeable t', 'glued-call t:3'],
  },
  {
    says: 'frames of -k and dumps of -e read',
    text: run([
      'exit_group(0) = ?',
      ' > /usr/lib/libc.so.6(open(char const*, int)+0x29) [0xd4409]',
      ' | 00000  6f 70 65 6e 28 22 78 22  29 20 3d 20 33           open("x") = 3    |',
      ' * 12 bytes in buffer 0',
    ]),
    calls: x86('exit_group: 1'),
  },
  {
    says: 'a comm of -Y',
    text: run(['7<open(> close(3) = 0', '7<open(> exit(0) = ?'], '7<open(> '),
    calls: x86('close: 1', 'exit: 1'),
  },
  {
    says: 'a line without the pid column of all others',
    text: run(
      [...Array.from({ length: 20 }, () => '7 getpid() = 7'), 'mount("a", "b") = 0', '7 exit(0) = ?'],
      '7 ',
    ),
    calls: x86('exit: 1', 'getpid: 20'),
    codes: ['forgeable t', 'tracee-output t:23'],
  },
])

check('numbers and names of other versions', [
  {
    says: 'decimal and hexadecimal numbers',
    text: run([
      'syscall_317(0, 0, 0) = 0',
      'syscall_0x1b7(1, 2, 3) = 0',
      'syscall_0x150(1) = -1',
      'exit_group(0) = ?',
    ]),
    calls: x86('exit_group: 1', 'faccessat2: 1', 'seccomp: 1', 'uprobe: 1'),
  },
  {
    says: 'a number that no table has is never a name',
    text: run(['syscall_0x3e7(1) = -1 ENOSYS (Function not implemented)', 'exit_group(0) = ?']),
    calls: [...x86('exit_group: 1'), 'x86_64 ?999: 1'],
    codes: ['unknown-call t:3'],
  },
  {
    says: 'a name that no table has',
    text: run(['new_call(1) = 0', 'exit_group(0) = ?']),
    calls: [...x86('exit_group: 1'), 'x86_64 ?new_call: 1'],
    codes: ['unknown-call t:3'],
  },
  {
    says: 'names up to 4.10',
    text: run([
      'pread(3, "x", 1, 0) = 1',
      'umount("/x", 0) = 0',
      'socket(PF_FILE, SOCK_STREAM, 0) = 3',
      '_exit(0) = ?',
    ]),
    calls: x86('exit: 1', 'pread64: 1', 'socket: 1 {0:[1]}', 'umount2: 1'),
  },
  {
    says: "x32's own numbers",
    text: 'ioctl#64(0, TCGETS, 0x7ffc0e8d1b30) = 0\n64:execve("/bin/x", [], []) = 0\nexit_group(0) = ?\n',
    calls: ['x32 execve: 1', 'x32 exit_group: 1', 'x32 ioctl: 1'],
    codes: ['filtered t'],
  },
  {
    says: '-n: the number tells i386 from x86_64',
    text: run(
      ['[   3] close(3) = 0', '[ 102] socket(AF_INET, SOCK_STREAM, 0) = 3', '[ 231] exit_group(0) = ?'],
      '',
    )
      .replace(/^execve/, '[  59] execve')
      .replace(/\nbrk/, '\n[  12] brk'),
    calls: [...x86('close: 1', 'exit_group: 1'), 'x86 socket: 1 {0:[2]}', 'x86 socketcall: 1 {0:[1]}'],
  },
])

check('what a filter did while it was traced', [
  {
    says: 'SIGSYS names the refused call',
    text: run([
      '--- SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP, si_call_addr=0xadae3a, si_syscall=__NR_timerfd_settime, si_arch=AUDIT_ARCH_X86_64} ---',
      'exit_group(0) = ?',
    ]),
    calls: x86('exit_group: 1', 'timerfd_settime: 1'),
    codes: ['refused-by-filter t:3'],
  },
])

check('tables of -c', [
  {
    says: 'the sum below the footer is part of the table',
    text: [
      '% time     seconds  usecs/call     calls    errors syscall',
      '------ ----------- ----------- --------- --------- ----------------',
      ' 60.00    0.000003           1         2         1 access',
      ' 40.00    0.000002           1         1           arch_prctl',
      '------ ----------- ----------- --------- --------- ----------------',
      '100.00    0.000005           1         3         1 total',
      '',
    ].join('\n'),
    calls: ['x86_64 access: 2', 'x86_64 arch_prctl: 1'],
    codes: ['counts-only t'],
  },
  {
    says: 'a shell script makes a table a command, and each counts',
    text: [3, 4, 5]
      .map((calls) =>
        [
          '% time     seconds  usecs/call     calls    errors syscall',
          '------ ----------- ----------- --------- --------- ----------------',
          `100.00    0.000003           1         ${calls}           arch_prctl`,
          '------ ----------- ----------- --------- --------- ----------------',
          `100.00    0.000003           1         ${calls}           total`,
          '',
        ].join('\n'),
      )
      .join(''),
    calls: ['x86_64 arch_prctl: 12'],
    codes: ['counts-only t'],
  },
  {
    says: 'a table of another mode says so above itself',
    text: [
      'System call usage summary for 64 bit mode:',
      '% time     seconds  usecs/call     calls    errors syscall',
      '------ ----------- ----------- --------- --------- ----------------',
      '100.00    0.000002           1         2           openat',
      '------ ----------- ----------- --------- --------- ----------------',
      '100.00    0.000002           1         2           total',
      'System call usage summary for 32 bit mode:',
      '% time     seconds  usecs/call     calls    errors syscall',
      '------ ----------- ----------- --------- --------- ----------------',
      '100.00    0.000005           1         1           socketcall',
      '------ ----------- ----------- --------- --------- ----------------',
      '100.00    0.000005           1         1           total',
      'System call usage summary for x32 mode:',
      '% time     seconds  usecs/call     calls    errors syscall',
      '------ ----------- ----------- --------- --------- ----------------',
      '100.00    0.000005           1         3           read',
      '------ ----------- ----------- --------- --------- ----------------',
      '100.00    0.000005           1         3           total',
      '',
    ].join('\n'),
    calls: ['x86_64 openat: 2', 'x86 socketcall: 1', 'x32 read: 3'],
    codes: ['counts-only t'],
  },
])

check('what a program writes beside strace', [
  {
    says: 'NUL bytes, as of find -print0, make a trace no binary file',
    text: run(['./a\0./b\0', 'exit_group(0) = ?']),
    calls: x86('exit_group: 1'),
    codes: ['forgeable t', 'tracee-output t:3'],
  },
  {
    says: 'a log that tells stdout from stderr tells what the program wrote',
    text: [
      ...start.map((line) => `2026-01-01T00:00:00Z stderr F ${line}`),
      '2026-01-01T00:00:00Z stdout F ptrace(PTRACE_TRACEME) = 0',
      '2026-01-01T00:00:00Z stderr F exit_group(0) = ?',
      '',
    ].join('\n'),
    calls: x86('exit_group: 1'),
  },
])

check('wrappings', [
  {
    says: 'quoted-printable mail: what is escaped, and a line broken in two',
    text: run(['socket(AF_UNIX, SOCK_STREAM, 0) = 3', 'write(1, "=3D", 3) = 3', 'exit_group(0) = ?'])
      .replaceAll('=', '=3D')
      .replace('SOCK_STREAM', 'SOCK_=\nSTREAM')
      .replace('brk(NULL)', 'brk(=4EULL)'),
    calls: x86('exit_group: 1', 'socket: 1 {0:[1]}', 'write: 1'),
  },
  {
    says: "Docker's json-file, cut inside of a record: what is left tells nothing",
    text: `${run(['exit_group(0) = ?'])
      .trim()
      .split('\n')
      .map((line) => JSON.stringify({ log: `${line}\n`, stream: 'stderr' }))
      .join('\n')}\n{"log":"ptra`,
    calls: x86('exit_group: 1'),
    codes: ['forgeable t', 'tracee-output t:4', 'truncated t:4'],
  },
  {
    says: 'a byte order mark',
    text: `\u00ef\u00bb\u00bf${run(['exit_group(0) = ?'])}`,
    calls: x86('exit_group: 1'),
  },
  {
    says: 'times, as docker logs -t writes them',
    text: run(['[pid  12] getpid() = 12', 'exit_group(0) = ?'], '').replaceAll(
      /^(?=.)/gm,
      '2026-01-01T00:00:00.000000001Z ',
    ),
    calls: x86('exit_group: 1', 'getpid: 1'),
    codes: ['forgeable t'],
  },
  {
    says: 'CRLF of a terminal',
    text: run(['socket(AF_UNIX, SOCK_STREAM, 0) = 3', 'exit_group(0) = ?']).replaceAll('\n', '\r\n'),
    calls: x86('exit_group: 1', 'socket: 1 {0:[1]}'),
  },
  {
    says: "Docker's json-file",
    text: run(['socket(AF_UNIX, SOCK_STREAM, 0) = 3', 'exit_group(0) = ?'])
      .trim()
      .split('\n')
      .map(
        (line) => `${JSON.stringify({ log: `${line}\n`, stream: 'stderr', time: '2026-01-01T00:00:00Z' })}\n`,
      )
      .join(''),
    calls: x86('exit_group: 1', 'socket: 1 {0:[1]}'),
  },
  {
    says: 'CRI, with a line that was split',
    text: [
      ...start.map((line) => `F ${line}`),
      'P socket(AF_UN',
      'F IX, SOCK_STREAM, 0) = 3',
      'F exit_group(0) = ?',
      '',
    ]
      .map((line) => (line === '' ? '' : `2026-01-01T00:00:00.000000001Z stderr ${line}`))
      .join('\n'),
    calls: x86('exit_group: 1', 'socket: 1 {0:[1]}'),
  },
])

check(
  'scalar arguments',
  (
    [
      ['socket(AF_INET6, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3', 'socket: 1 {0:[10]}'],
      ['socket(0x2d /* AF_??? */, SOCK_DGRAM, 0) = -1 EAFNOSUPPORT (x)', 'socket: 1 {0:[45]}'],
      ['socket(domain=AF_INET, type=SOCK_STREAM) = 3', 'socket: 1 {0:[2]}'],
      ['socket(0x2, 0x1, 0) = 3', 'socket: 1 {0:[2]}'],
      ['socket(0x10000000000000002, SOCK_STREAM, 0) = 3', 'socket: 1 {0:null}'],
      ['socket(AF_NOT_THERE, SOCK_STREAM, 0) = 3', 'socket: 1 {0:null}'],
      ['personality(0xffffffff) = 0 (PER_LINUX)', 'personality: 1 {0:[4294967295]}'],
      ['personality(PER_LINUX|ADDR_NO_RANDOMIZE) = 0', 'personality: 1 {0:[262144]}'],
      ['personality(0x40000 /* ADDR_NO_RANDOMIZE */) = 0', 'personality: 1 {0:[262144]}'],
      ['unshare(CLONE_NEWNS|CLONE_NEWUSER) = 0', 'unshare: 1 {0:[268566528]}'],
      ['unshare(CLONE_NEWNS|0x80) = 0', 'unshare: 1 {0:[131200]}'],
      ['setns(3</proc/1/ns/net, (x)>, CLONE_NEWNET) = 0', 'setns: 1 {1:[1073741824]}'],
      ['setns(4<pid:[4026531836]>, 0) = 0', 'setns: 1 {1:[0]}'],
      ['clone(child_stack=NULL, flags=SIGCHLD) = -1 EPERM (x)', 'clone: 1 {0:[17]}'],
      ['clone(0x1200011, 0, 0, 0x7f1, 0) = -1 EPERM (x)', 'clone: 1 {0:[18874385]}'],
      ['clone(child_stack=NULL) = -1 EPERM (x)', 'clone: 1 {0:null}'],
      [
        'clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD, stack=0x7f1} => {}, 88) = -1 EPERM (x)',
        'clone3: 1 {0:[16657]}',
      ],
      ['clone3({flags=CLONE_NEWUTS, exit_signal=0}, 88) = -1 EPERM (x)', 'clone3: 1 {0:[67108864]}'],
      ['clone3({flags=CLONE_NOT_THERE, exit_signal=0}, 88) = -1 EPERM (x)', 'clone3: 1 {0:null}'],
      ['clone3(0x7ffd1, 88) = -1 EPERM (x)', 'clone3: 1 {0:null}'],
      ['setns(3</a, CLONE_NEWNET) = 0', 'setns: 1 {1:null}'],
      ['setns(4<TCP:[\\"a, CLONE_NEWNET) = 0', 'setns: 1 {1:null}'],
    ] as const
  ).map(([line, call]): Case => ({
    says: line,
    text: run([line, 'exit_group(0) = ?']),
    calls: x86(call, 'exit_group: 1'),
  })),
)
