// Lines of strace that were once misread, each with similar lines. The expected values follow from the line, by
// strace's or the kernel's source. Only what one machine has identifies the machine of a trace.
import t from 'tap'
import { observe } from '../../src/observe/index.ts'
import { Fold } from '../../src/observe/fold.ts'
import type { ReturnedCalls } from '../../src/read/strace/filtered-results.ts'
import { StraceReader } from '../../src/read/strace/reader.ts'

interface Told {
  /** `arch name: count`, followed by the values read. */
  readonly calls: readonly string[]
  readonly codes: readonly string[]
}

async function told(text: string): Promise<Told> {
  const { architectures, unknown, diagnostics } = await observe(
    [{ name: 't', bytes: [Buffer.from(text, 'latin1')] }],
    { format: 'strace' },
  )
  const rows = (of: typeof architectures | typeof unknown, mark: string): string[] =>
    Object.entries(of).flatMap(([architecture, calls]) =>
      Object.entries(calls).map(([name, { count, args }]) =>
        `${architecture} ${mark}${name}: ${count} ${args === undefined ? '' : JSON.stringify(args).replaceAll('"', '')}`.trim(),
      ),
    ) // prettier-ignore
  const codes = diagnostics.map(({ code, at, facts }) => [code, at, ...Object.values(facts ?? {})].join(' '))
  return { calls: [...rows(architectures, ''), ...rows(unknown, '?')], codes }
}

const lines = (...each: readonly string[]): string => `${each.join('\n')}\n`
/** The start of an x86_64 program, and its end. */
const start = [
  'execve("/bin/x", ["x"], 0x7ffc0e8d1b30 /* 7 vars */) = 0',
  'brk(NULL)                               = 0x564cca5e1000',
  'arch_prctl(ARCH_SET_FS, 0x7fb245ebd740) = 0',
]
const end = ['exit_group(0)                           = ?', '+++ exited with 0 +++']
const usual = ['arch_prctl: 1', 'brk: 1', 'execve: 1', 'exit_group: 1']
const x86 = (...calls: readonly string[]): string[] =>
  [...usual, ...calls].sort().map((each) => `x86_64 ${each}`)

t.test('the machine is told by what only it has, else assumed and said', async (t) => {
  const program = (library: string, ...more: readonly string[]): string =>
    lines(
      'execve("/usr/bin/java", ["java"], 0x3fff /* 9 vars */) = 0',
      'brk(NULL) = 0x2aaac000',
      `openat(AT_FDCWD, "${library}", O_RDONLY|O_CLOEXEC) = 3`,
      ...more,
      'set_tid_address(0x1) = 1234',
      'exit_group(0) = ?',
    )
  const rows: readonly (readonly [says: string, text: string, machine: string, code?: string])[] = [
    ['readlinkat', lines('readlinkat(AT_FDCWD, "/proc/self/exe", "/x", 4096) = 2'), 'x86_64', 'architecture-assumed t x86_64'],
    ['faccessat', lines('faccessat(AT_FDCWD, "x", F_OK) = 0'), 'x86_64', 'architecture-assumed t x86_64'],
    ['a start as of no program for x86_64', lines('execve("/a", ["a"], 0x3 /* 1 var */) = 0', 'brk(NULL) = 0x1', 'set_tid_address(0x1) = 7', 'readlinkat(3, "a", "b", 9) = 1'), 'aarch64', 'architecture-assumed t aarch64'],
    ...['x86_64', 'aarch64', 'riscv64', 's390x', 'loongarch64'].flatMap((machine) => [
      [`libraries of ${machine}`, program(`/lib/${machine}-linux-gnu/libc.so.6`), machine] as const,
      [`libraries of ${machine}, below /usr`, program(`/usr/lib/${machine}-linux-gnu/glibc-hwcaps/x/libz.so.1.2`), machine] as const,
      [`musl of ${machine}`, program(`/etc/ld-musl-${machine}.path`), machine] as const,
    ]),
    ['libraries of ppc64le', program('/lib/powerpc64le-linux-gnu/libc.so.6'), 'ppc64le'],
    ['libraries of a processor of ppc64le', program('/lib64/glibc-hwcaps/power9/libc.so.6'), 'ppc64le'],
    ['libraries of a processor of s390x', program('/lib64/glibc-hwcaps/z15/libc.so.6'), 's390x'],
    ['its addresses look like those of x86_64', program('/lib/powerpc64le-linux-gnu/libc.so.6', 'mmap(NULL, 23456, PROT_READ, MAP_PRIVATE, 3, 0) = 0x7fffb8f30000'), 'ppc64le'],
    ['the loader is started by itself', lines('execve("/lib64/ld-linux-loongarch-lp64d.so.1", ["ld.so", "/bin/x"], 0x3 /* 1 var */) = 0', 'brk(NULL) = 0x1'), 'loongarch64'],
    ['calls of riscv64 alone', lines('execve("/a", ["a"], 0x3 /* 1 var */) = 0', 'riscv_hwprobe([{key=0x4}], 1, 0, NULL, 0) = 0'), 'riscv64'],
    ['calls of s390x alone', lines('brk(NULL) = 0x1', 's390_sthyi(0, 0x1, NULL, 0) = 0'), 's390x'],
    ['addresses of s390x', lines('brk(NULL) = 0x2aa1f2b0000', 'mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, -1, 0) = 0x3ffa0d80000'), 's390x'],
    ['addresses of riscv64', lines('brk(NULL) = 0x2ab1f2b000', 'mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, -1, 0) = 0x3fa0d80000'), 'riscv64'],
    ['addresses of aarch64', lines('brk(NULL) = 0xaaaae1f2b000', 'readlinkat(3, "a", "b", 9) = 1'), 'aarch64'],
    ['a linker reads the libraries of another machine', lines(...start, 'openat(AT_FDCWD, "/usr/aarch64-linux-gnu/lib/libc.so", O_RDONLY) = 3', 'readlinkat(3, "a", "b", 9) = 1', ...end), 'x86_64'],
    ['somebody writes of another machine', lines(...start, 'write(1, "/lib/riscv64-linux-gnu/libc.so.6", 32) = 32', ...end), 'x86_64'],
    ['frames of -k', lines('close(3) = 0', ' > /usr/lib/x86_64-linux-gnu/libc.so.6(__close+0x14) [0x1]'), 'x86_64'],
  ] // prettier-ignore
  for (const [says, text, machine, code] of rows) {
    const { calls, codes } = await told(text)
    t.ok(calls.length > 0 && calls.every((call) => call.startsWith(`${machine} `)), `${says}: ${calls.join(', ')}`)
    t.same(codes.filter((each) => each.startsWith('architecture')), code === undefined ? [] : [code], says)
  } // prettier-ignore
})

t.test('a machine that is none of ours is refused by its name', async (t) => {
  for (const system of ['mips64el-linux-gnuabi64', 'sparc64-linux-gnu', 'powerpc64-linux-gnu', 'arc-linux-uclibc']) {
    const text = lines('execve("/a", ["a"], 0x3 /* 1 var */) = 0', `openat(AT_FDCWD, "/lib/${system}/libc.so.6", O_RDONLY|O_CLOEXEC) = 3`, 'close(3) = 0')
    t.same(await told(text), { calls: [], codes: [`foreign-machine t ${system}`] }, system)
  }
}) // prettier-ignore

interface Case {
  readonly says: string
  readonly text: string
  readonly calls: readonly string[]
  readonly codes?: readonly string[]
}

const cases: readonly Case[] = [
  {
    says: 'dumps of -e read and write: vectors of sendmmsg, memory that is gone',
    text: lines(...start, 'sendmmsg(3, [{msg_len=3}], 1, 0) = 1', ' = 1 buffers in vector 0', ' * 3 bytes in buffer 0', ' | 00000  30 31 32                                          012              |', 'write(1, "", 11) = 11', ' | <Cannot fetch 11 bytes from pid 5 @0x7ff7b936e000>', ...end),
    calls: x86('sendmmsg: 1', 'write: 1'),
  },
  {
    says: '-N names arguments, also those of clone3, whole and in two halves',
    text: lines(
      ...start,
      'clone3(cl_args={flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD, stack=0x7f1}, size=88) = -1 EPERM (Operation not permitted)',
      'clone3(cl_args={flags=CLONE_NEWUTS, exit_signal=0} <unfinished ...>',
      '<... clone3 resumed> => {parent_tid=[641]}, size=88) = -1 EINVAL (Invalid argument)',
      'unshare(unshare_flags=CLONE_NEWNS) = 0',
      'setns(fd=3, nstype=CLONE_NEWNET) = 0',
      'personality(persona=PER_LINUX) = 0 (PER_LINUX)',
      ...end,
    ),
    calls: x86('clone3: 2 {0:[16657,67108864]}', 'personality: 1 {0:[0]}', 'setns: 1 {1:[1073741824]}', 'unshare: 1 {0:[131072]}'),
  },
  {
    says: 'frames of -k behind a call that is under way',
    text: lines(
      ...start.map((line) => `5 ${line}`),
      '5 unshare(CLONE_NEWNS > /usr/lib/x86_64-linux-gnu/libc.so.6(start_thread+0x336) [0x89226]',
      ' > /usr/lib/x86_64-linux-gnu/libc.so.6(__clone3+0x2c) [0x109dec]',
      '5 <... unshare resumed>) = 0',
      '5 socket(AF_INET, SOCK_STREAM, 0 > ./a.out(f(int, char const*)+0x1) [0x1139] /src/a.cc:3',
      '5 <... socket resumed>) = 7',
      ...end.map((line) => `5 ${line}`),
    ),
    calls: x86('socket: 1 {0:[2]}', 'unshare: 1 {0:[131072]}'),
  },
  {
    says: '-i across an execve that changes the width of pointers',
    text: lines('7 [00007f7fcd8e7ad7] execve("./m32b", ["./m32b"], 0x7fff8246c2d0 /* 39 vars */) = 0', '7 [f7f015e9] mmap2(NULL, 8192, PROT_READ, MAP_PRIVATE, -1, 0) = 0xf7ed5000', '7 [f7f015e9] execve("/bin/true", ["true"], 0xff87244c /* 39 vars */ <unfinished ...>', '7 [7f40acd46b70] <... execve resumed>)  = 0', '7 [00007f40acd4bc47] newfstatat(3, "", {}, AT_EMPTY_PATH) = 0', '7 [????????????] exit_group(0)      = ?'),
    calls: ['x86_64 execve: 1', 'x86_64 exit_group: 1', 'x86_64 newfstatat: 1', 'x86 execve: 1', 'x86 mmap2: 1'],
  },
  {
    says: 'with -qq no line tells of an exit: lines without a pid are of the thread that is left',
    text: lines(
      'execve("./m32", ["./m32"], 0x7ffed647e660 /* 39 vars */) = 0',
      'mmap2(NULL, 8192, PROT_READ, MAP_PRIVATE, -1, 0) = 0xf7ed5000',
      'vfork() = 25300',
      '[pid 25299] wait4(-1 <unfinished ...>',
      '[pid 25300] execve("/bin/true", ["true"], 0xffc3287c /* 39 vars */) = 0',
      '[pid 25300] arch_prctl(ARCH_SET_FS, 0x7fb245ebd740) = 0',
      '[pid 25300] exit_group(0)               = ?',
      '<... wait4 resumed>, NULL, 0, NULL)     = 25300',
      'statx(1, "", AT_EMPTY_PATH, STATX_BASIC_STATS, {stx_mask=0}) = 0',
      'exit_group(0)                           = ?',
    ),
    calls: ['x86_64 arch_prctl: 1', 'x86_64 execve: 1', 'x86_64 exit_group: 1', 'x86 execve: 1', 'x86 exit_group: 1', 'x86 mmap2: 1', 'x86 statx: 1', 'x86 vfork: 1', 'x86 wait4: 1'],
    codes: ['forgeable t'],
  },
  {
    says: 'exit_group ends the threads of its group, which -qq does not tell',
    text: lines(
      'execve("./m32", ["./m32"], 0x7ffed647e660 /* 39 vars */) = 0',
      'mmap2(NULL, 8192, PROT_READ, MAP_PRIVATE, -1, 0) = 0xf7ed5000',
      'vfork() = 25300',
      '[pid 25299] wait4(-1 <unfinished ...>',
      '[pid 25300] execve("./t", ["./t"], 0xffc3287c /* 39 vars */) = 0',
      '[pid 25300] arch_prctl(ARCH_SET_FS, 0x7fb245ebd740) = 0',
      '[pid 25300] clone(child_stack=0x7f, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM) = 25301',
      '[pid 25301] read(3 <unfinished ...>',
      '[pid 25300] exit_group(0)               = ?',
      '<... wait4 resumed>, NULL, 0, NULL)     = 25300',
      'statx(1, "", AT_EMPTY_PATH, STATX_BASIC_STATS, {stx_mask=0}) = 0',
      'exit_group(0)                           = ?',
    ),
    calls: ['x86_64 arch_prctl: 1', 'x86_64 clone: 1 {0:[331520]}', 'x86_64 execve: 1', 'x86_64 exit_group: 1', 'x86_64 read: 1', 'x86 execve: 1', 'x86 exit_group: 1', 'x86 mmap2: 1', 'x86 statx: 1', 'x86 vfork: 1', 'x86 wait4: 1'],
    codes: ['forgeable t'],
  },
  {
    says: 'letters that the program wrote before a call',
    text: lines(...start, 'foowrite(1, "foo", 3)                      = 3', 'xpwrite64(1, "x", 1, 0) = 1', 'barsocket(AF_UNIX, SOCK_STREAM, 0 <unfinished ...>', '<... socket resumed>) = 3', ...end),
    calls: x86('pwrite64: 1', 'socket: 1 {0:[1]}', 'write: 1'),
    codes: ['forgeable t', 'glued-call t:4 write', 'glued-call t:5 pwrite64', 'glued-call t:6 socket'],
  },
  {
    says: 'execve in a thread, on standard error',
    text: lines(...start, 'strace: Process 14950 attached', '[pid 14950] execve("/b", ["b"], 0x7fffbc1d4a78 /* 43 vars */ <pid changed to 14949 ...>', '+++ superseded by execve in pid 14950 +++', '<... execve resumed>) = 0', ...end),
    calls: x86().map((each) => each.replace('execve: 1', 'execve: 2')),
    codes: ['forgeable t'],
  },
  {
    says: 'a fork comes back in the child as well',
    text: lines(...start.map((line) => `7 ${line}`), '7 fork( <unfinished ...>', '8 <... fork resumed>) = 0', '7 <... fork resumed>) = 8', '8 close(3) = 0', ...end.map((line) => `8 ${line}`), '7 +++ exited with 0 +++'),
    calls: x86('close: 1', 'fork: 1'),
  },
  {
    says: 'a run without execve is one of which only some calls are printed',
    text: lines(...start.slice(1), 'close(3) = 0', ...end),
    calls: x86('close: 1').filter((each) => !each.includes('execve')),
    codes: ['filtered t'],
  },
  {
    says: 'a tip of strace is no text of the program',
    text: lines(...start, ...end, '  ______________________________________________         ____', ' /                                              \\       /    \\', ' | Trying to figure out communication between   |      |-. .-|.', " | it prints PIDs in strace's PID NS when a PID /     |__.-^ /", ' | namespaces, so each such translation         |       |   [', ' \\______________________________________________/     \\|   |/     _/ /_', '                                                     \\ |   |//___/__/__/_'),
    calls: x86(),
  },
  {
    says: 'a message about memory that is gone, in the middle of a call',
    text: lines(...start, 'socket(AF_INET, SOCK_STREAM, 0umovestr: Input/output error', ') = 3', 'umovestr: Input/output error', ...end),
    calls: x86('socket: 1 {0:[2]}'),
  },
  {
    says: 'restart_syscall of a 32-bit thread restarts a call of its own kind, once',
    text: lines(
      '[ Process PID=7 runs in 32 bit mode. ]',
      'restart_syscall(<... resuming interrupted nanosleep ...>) = 0',
      'restart_syscall(<... resuming interrupted poll ...>) = 1',
      'poll([{fd=3}], 1, -1) = 1',
      '[ Process PID=7 runs in 64 bit mode. ]',
      'arch_prctl(ARCH_SET_FS, 0x7fb245ebd740) = 0',
      'exit_group(0) = ?',
    ),
    calls: ['x86_64 arch_prctl: 1', 'x86_64 exit_group: 1', 'x86 nanosleep: 1', 'x86 poll: 1', 'x86 restart_syscall: 2'],
    codes: ['startup-missing t'],
  },
  {
    says: 'halves with a number',
    text: lines(...start.map((line) => `7 ${line}`), '7 unshare(CLONE_NEWNS <unfinished #3 ...>', '7 <... unshare resumed #3>) = 0', '7 <... read resumed #9>"x", 1) = 1', ...end.map((line) => `7 ${line}`)),
    calls: x86('read: 1', 'unshare: 1 {0:[131072]}'),
  },
  {
    says: 'names of constants that came with Linux 6.13 to 7.2',
    text: lines(...start, 'unshare(CLONE_EMPTY_MNTNS) = 0', 'clone3({flags=CLONE_AUTOREAP|CLONE_NNP|CLONE_PIDFD|CLONE_PIDFD_AUTOKILL, exit_signal=0}, 88) = -1 EINVAL (Invalid argument)', 'personality(PER_MASK) = 0 (PER_LINUX)', ...end),
    calls: x86('clone3: 1 {0:[120259088384]}', 'personality: 1 {0:[255]}', 'unshare: 1 {0:[137438953472]}'),
  },
  {
    says: 'what a newer strace may add behind a result',
    text: lines(...start, 'getrandom(0x7f1, 8, 0) = -1 ENOSYS (Function not implemented) [x]', 'read(3, "", 1) = 5 [fast] <0.000012> {y}', ...end),
    calls: x86('getrandom: 1', 'read: 1'),
  },
] // prettier-ignore

t.test('what is counted, and what is said', async (t) => {
  for (const { says, text, calls, codes = [] } of cases) {
    const seen = await told(text)
    t.same([...seen.calls].sort(), [...calls].sort(), says)
    t.same(seen.codes, codes, `${says}: what is said`)
  }
})

t.test('results are read in one place: the errno of a suffix that is not known stays', async (t) => {
  const results = ['= -1 EACCES (Permission denied)', '= -1 EACCES (Permission denied) [x]', '= -1 EACCES (Permission denied) <0.000012>', '= -1 (errno 13)', '= -1 EACCES'] // prettier-ignore
  for (const result of results) {
    const found: ReturnedCalls[] = []
    const reader = new StraceReader({
      arguments: new Map(),
      afterFilter: true,
      returned: { wanted: () => [], tell: (calls) => found.push(calls) },
    })
    const text = lines(...start, 'prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 0x7f1) = 0', `keyctl(0) ${result}`, ...end)
    reader.startSource('t')
    reader.takeLines(Buffer.from(text), 0, text.length)
    reader.endSource(false)
    reader.end(new Fold())
    t.same(found[0]?.calls.find(({ name }) => name === 'keyctl')?.result, -13, result)
  }
}) // prettier-ignore
