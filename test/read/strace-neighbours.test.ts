// Lines like those of strace-cases.test.ts and of ../shared/cases/strace, one row each. Every expected value follows from
// the line by strace's source (printleader(), line_ended(), dumpstr(), print_stack_frame()) or by the kernel's tables.
import t from 'tap'
import { observe } from '../../src/observe/index.ts'
import type { Source } from '../../src/read/source.ts'
import { calls, codes, counts, observeText } from './logs.ts'

const start = [
  'execve("/bin/x", ["x"], 0x7ffc0e8d1b30 /* 7 vars */) = 0',
  'brk(NULL)                               = 0x564cca5e1000',
  'arch_prctl(ARCH_SET_FS, 0x7fb245ebd740) = 0',
]
const end = ['exit_group(0)                           = ?', '+++ exited with 0 +++']
const text = (...lines: readonly string[]): string => `${lines.join('\n')}\n`
const of = (pid: number, lines: readonly string[]): string[] => lines.map((line) => `${pid} ${line}`)
const whole = (...more: readonly string[]): string[] =>
  ['arch_prctl 1', 'brk 1', 'execve 1', 'exit_group 1', ...more].map((each) => `x86_64 ${each}`).sort()

t.test(
  'text of the program before a line of strace: the call counts, and the line is reported',
  async (t) => {
    const rows: readonly (readonly [line: string, call: string])[] = [
    ['FOOwrite(1, "FOO", 3) = 3', 'write'],
    ['foo write(1, "foo ", 4)                    = 4', 'write'],
    ['foo_write(1, "foo_", 4) = 4', 'write'],
    ['100%write(1, "100%", 4) = 4', 'write'],
    ['...write(2, "...", 3) = 3', 'write'],
    ['bar: write(1, "two lines\\nbar: ", 15) = 15', 'write'],
    ['\xc3\xa9t\xc3\xa9 write(1, "\\303\\251t\\303\\251 ", 6) = 6', 'write'],
    ['a, b writev(1, [{iov_base="a, ", iov_len=3}, {iov_base="b ", iov_len=2}], 2) = 5', 'writev'],
    ['(1) sendto(1, "(1) ", 4, 0, NULL, 0) = 4', 'sendto'],
    ['abcdefghijklmnopqrstuvwxyz 0123456789write(1, "abcdefghijklmnopqrstuvwxyz 01234"..., 37) = 37', 'write'],
    ['aread(0, "x", 1) = 1', 'read'],
    ['Aread(0, "x", 1) = 1', 'read'],
    ['step 3/4[pid 7] read(3, "", 1) = 0', 'read'],
    ['step[pid     9] write(1, "x", 1 <unfinished ...>', 'write'],
  ] // prettier-ignore
    for (const [line, call] of rows) {
      const seen = await observeText(Buffer.from(text(...start, line, ...end), 'latin1'))
      t.same(counts(seen), whole(`${call} 1`), line)
      t.ok(codes(seen).includes('glued-call'), line)
    }
    // With -t every line of strace has a time.
    const timed = (lines: readonly string[]): string[] => lines.map((line) => `10:11:12 ${line}`)
    const seen = await observeText(text(...timed(start), 'a b: 10:11:12 read(3, "", 1) = 0', ...timed(end)))
    t.same(counts(seen), whole('read 1'))
  },
)

t.test('lines that stand on one line because a logger lost their ends all count', async (t) => {
  const rows: readonly (readonly [line: string, calls: readonly string[]])[] = [
    ['openat(AT_FDCWD, "a", O_RDONLY) = 3 read(3, "x", 1) = 1 close(3) = 0', ['close 1', 'openat 1', 'read 1']],
    ['socket(AF_INET, SOCK_DGRAM, 0) = -1 EPERM (Operation not permitted) close(3) = 0', ['close 1', 'socket 1']],
    ['poll([{fd=3, events=POLLIN}], 1, 5) = 1 ([{fd=3, revents=POLLIN}]) <0.000012> close(3) = 0', ['close 1', 'poll 1']],
    ['openat(AT_FDCWD</a b>, "c", 0) = 3</a b/c) = 1> uname({sysname="Linux"}) = 0', ['openat 1', 'uname 1']],
    ['write(1, "a) = 3 close(3) = 0", 18) = 18', ['write 1']],
    ['read(3</a) = 3 close(3) = 0>, "", 8) = 0', ['read 1']],
  ] // prettier-ignore
  for (const [line, calls] of rows) {
    const seen = await observeText(text(...start, line, ...end))
    t.same(counts(seen), whole(...calls), line)
    t.equal(codes(seen).includes('glued-call'), false, line)
  }
  const threads = [
    ...start.map((line) => `7 ${line}`),
    '7 read(3,  <unfinished ...> 8 close(4) = 0 7 <... read resumed>"", 8) = 0',
    '8 +++ exited with 0 +++ 7 getpid() = 7',
    '7 --- SIGCHLD {si_signo=SIGCHLD} --- 7 wait4(-1, NULL, 0, NULL) = 8',
    ...end.map((line) => `7 ${line}`),
  ]
  const seen = await observeText(text(...threads))
  t.same(counts(seen), whole('close 1', 'getpid 1', 'read 1', 'wait4 1'))
  const all = await observeText(threads.join(' ') + '\n')
  t.same(counts(all), counts(seen))
  t.match(all.sources, [{ lines: 1, calls: 8, ignored: 4, unparsed: 0 }])
  // What follows is not whole, so nobody knows whether it is strace's.
  const cut = await observeText(text(...start, 'read(3, "", 8) = 0 close(3', ...end))
  t.same([counts(cut), codes(cut).includes('glued-call')], [whole('read 1'), true])
})

t.test('what the program only says is no call', async (t) => {
  for (const line of [
    'the worker did read(3, "x", 1) = 1',
    'x = read(3, "x", 1) = 1',
    'foo: write(1, "bar: ", 5) = 5',
  ]) {
    const seen = await observeText(text(...start, line, ...end))
    t.same(counts(seen), whole(), line)
    t.ok(codes(seen).some((code) => code === 'glued-call' || code === 'tracee-output'), line)
  }
}) // prettier-ignore

t.test('another writer of the journal makes no call', async (t) => {
  const own = [...start, ...end].map((line) => `May 17 21:36:42 host strace[1499]: ${line}`)
  for (const line of ['[pid 7] getpid() = 7', '7     getpid() = 7']) {
    const seen = await observeText(text(...own, `May 17 21:36:43 host other[7]: ${line}`))
    t.same([counts(seen), codes(seen).includes('glued-call')], [whole(), true], line)
  }
})

t.test('a name that no table has, in a file of strace, is a call that is not known', async (t) => {
  const seen = await observeText(text(...of(7, start), '7 fchroot("x") = 0', ...of(7, end)))
  t.same(counts(seen), whole('?fchroot 1'))
  t.ok(codes(seen).includes('unknown-call'))
})

t.test('the machine of libraries, loaders and calls', async (t) => {
  const first = 'execve("/a", ["a"], 0x3 /* 1 var */) = 0'
  const opened = (path: string): string => `openat(AT_FDCWD, "${path}", O_RDONLY|O_CLOEXEC) = 3`
  const rows: readonly (readonly [line: string, machine: string])[] = [
    [opened('/lib64/lp64d/libc.so.6'), 'riscv64'],
    ['openat(dirfd=AT_FDCWD</x>, pathname="/lib/riscv64-linux-gnu/libc.so.6", flags=O_RDONLY|O_CLOEXEC) = 3</x>', 'riscv64'],
    [opened('/lib/arm-linux-gnueabihf/libc.so.6'), 'arm'],
    [opened('/lib/i386-linux-gnu/libc.so.6'), 'x86'],
    [opened('/usr/lib/x86_64-linux-musl/libc.so'), 'x86_64'],
    ['execve("/lib/ld-linux-armhf.so.3", ["ld"], 0xbe8c3e54 /* 1 var */) = 0', 'arm'],
    ['execve("/lib64/ld64.so.2", ["ld"], 0x3 /* 1 var */) = 0', 'ppc64le'],
    ['spu_run(3, 0x7, 0x8) = 0', 'ppc64le'],
    ['s390_pci_mmio_read(0x1, 0x2, 4) = 0', 's390x'],
    // strace -q leaves out the mode of an x32 process.
    [opened('/lib/x86_64-linux-gnux32/libc.so.6'), 'x32'],
    [opened('/libx32/libc.so.6').replace('/libx32', '/usr/lib/x86_64-linux-gnux32'), 'x32'],
    ['execve("/libx32/ld-linux-x32.so.2", ["ld"], 0x3 /* 1 var */) = 0', 'x32'],
  ] // prettier-ignore
  for (const [line, machine] of rows) {
    const seen = await observeText(text(first, line, 'close(3) = 0'))
    t.ok(calls(seen).length > 1 && calls(seen).every((call) => call.startsWith(`${machine} `)), line)
    t.notOk(codes(seen).includes('architecture-assumed'), line)
  }
  // 64-bit programs run there as well.
  const mixed = text(first, opened('/lib/i386-linux-gnu/libc.so.6'), opened('/lib/x86_64-linux-gnu/libc.so.6'))
  t.same(calls(await observeText(mixed)), ['x86_64 execve', 'x86_64 openat'])
  for (const line of [
    'cachectl(0x7, 16, 1) = 0', 'sysmips(MIPS_FIXADE, 0x7) = 0', 'osf_getsysinfo(45, 0x7) = 0', 'arc_settls(0x7) = 0',
    'kern_features() = 0x7', 'atomic_cmpxchg_32(1, 2, 0, 0, 0, 0x7) = 1', opened('/etc/ld-musl-mips64.path'),
    'execve("/lib/ld-linux-mipsn8.so.1", ["ld"], 0x3 /* 1 var */) = 0', 'execve("/lib64/ld64.so.1", ["ld"], 0x3 /* 1 var */) = 0', opened('/lib/sh4-linux-gnu/libc.so.6'),
  ])
    t.same(await observeText(text(first, line, 'close(3) = 0')).then((seen) => [calls(seen), codes(seen)]), [[], ['foreign-machine']], line)
}) // prettier-ignore

t.test('calls that many machines have tell none', async (t) => {
  for (const name of ['fchownat', 'mknodat', 'symlinkat', 'utimensat', 'ppoll', 'pselect6', 'epoll_pwait', 'dup3', 'pipe2', 'eventfd2', 'clone3', 'fchmodat2', 'statx', 'renameat', 'renameat2', 'faccessat2']) {
    const seen = await observeText(`${name}(3, "x", 1) = 0\n`)
    t.same([calls(seen), codes(seen).includes('architecture-assumed')], [[`x86_64 ${name}`], true])
  }
}) // prettier-ignore

t.test('dumps, frames and addresses are no text of the program', async (t) => {
  const dump = ' | 00000  30 31 32                                          012              |'
  const rows: readonly (readonly [lines: readonly string[], ...calls: string[]])[] = [
    [['recvmmsg(3, [{msg_len=3}], 1, 0, NULL) = 1', ' = 0 buffers in vector 0', ' = 1 buffers in vector 1', ' * 3 bytes in buffer 0', dump], 'recvmmsg 1'],
    [['writev(1, [{iov_base=0x7, iov_len=1}], 1) = 1', ' * 1 bytes in buffer 0', ' | <Cannot fetch 1 byte from pid 5 @0x7>'], 'writev 1'],
    [['read(3, "a"..., 1048576) = 1048576', ' | fffff0  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  0123456789abcdef |'], 'read 1'],
    [['write(1, "read(3) = 0", 11) = 11', ' | 00000  72 65 61 64 28 33 29 20  3d 20 30                 read(3) = 0      |'], 'write 1'],
  ] // prettier-ignore
  for (const [lines, ...more] of rows) {
    const seen = await observeText(text(...start, ...lines, ...end))
    t.same([counts(seen), codes(seen)], [whole(...more), []], String(lines[0]))
  }
  for (const frame of [
    '/opt/my app/lib.so(f+0x1) [0x1]',
    '/usr/lib/libstdc++.so.6(std::basic_ostream<char, std::char_traits<char> >& std::endl<char>(std::ostream&)+0x1) [0x1]',
    '/usr/lib/libc.so.6(+0x1234) [0x1234]',
    '[vdso](__vdso_x+0x1) [0x1]',
    '/usr/lib/libc.so.6(__read+0x14) [0x1] /build/io/read.c:26',
    'a.out (deleted)(main+0x1) [0x1]',
    'unexpected_backtracing_error [0x7f]',
  ]) {
    const cut = ['7 unshare(CLONE_NEWNS > ' + frame, ` > ${frame}`, '7 <... unshare resumed>) = 0', ` > ${frame}`]
    const seen = await observeText(text(...of(7, start), ...cut, ...of(7, end)))
    t.same([counts(seen), codes(seen)], [whole('unshare 1'), []], frame)
  }
  for (const address of ['d91767f4', '0d91767f4', '7f40acd46b', '7f40acd46b70', '007f40acd46b70', '00007f40acd46b70', '????????', '????????????']) {
    const lines = [...start, 'read(3, "", 1) = 0', 'write(1 <unfinished ...>', '<... write resumed>, "a", 1) = 1', ...end]
    const seen = await observeText(text(...lines.map((line, at) => `[${at < 3 ? '00007f7fcd8e7ad7' : address}] ${line}`)))
    t.same([counts(seen), codes(seen)], [whole('read 1', 'write 1'), []], address)
  }
}) // prettier-ignore

t.test('-N names every argument whose value counts', async (t) => {
  const rows: readonly (readonly [call: string, index: number, value: string])[] = [
    ['socket(domain=AF_INET, type=SOCK_STREAM|SOCK_CLOEXEC, protocol=IPPROTO_IP) = 3', 0, '2'],
    ['socket(domain=AF_INET, type=SOCK_STREAM, protocol=IPPROTO_SMC) = 3', 2, '256'],
    [
      'clone(child_stack=NULL, flags=CLONE_NEWUSER|SIGCHLD) = -1 EPERM (Operation not permitted)',
      0,
      '268435473',
    ],
    ['personality(persona=0xffffffff) = 0', 0, '4294967295'],
    ['prctl(option=PR_SET_NO_NEW_PRIVS, arg2=1) = 0', 0, '38'],
    ['fcntl(fd=3</a,b>, op=F_SETFD, arg=FD_CLOEXEC) = 0', 1, '2'],
    ['ioctl(fd=1, op=TCGETS, {c_iflag=ICRNL}) = 0', 1, '21505'],
    ['setns(fd=3, nstype=CLONE_NEWPID) = 0', 1, '536870912'],
    ['socketpair(domain=AF_UNIX, type=SOCK_STREAM, protocol=0, sv=[3, 4]) = 0', 0, '1'],
  ]
  for (const [line, index, value] of rows) {
    const name = line.slice(0, line.indexOf('('))
    const seen = await observeText(text(...start, line, ...end), { arguments: new Map([[name, [index]]]) })
    t.same(seen.architectures.x86_64?.[name]?.args?.[index], [value], line)
  }
})

t.test('restart_syscall stands for a call that no line shows', async (t) => {
  const restart = (call: string): string => `restart_syscall(<... resuming interrupted ${call} ...>) = 0`
  const rows: readonly (readonly [lines: readonly string[], ...calls: string[]])[] = [
    [[restart('futex')], 'futex 1', 'restart_syscall 1'],
    [[restart('system call')], 'restart_syscall 1'],
    [['clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=1}, NULL) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)', restart('clock_nanosleep')], 'clock_nanosleep 1', 'restart_syscall 1'],
    [['restart_syscall(<... resuming interrupted ppoll ...> <unfinished ...>', '<... restart_syscall resumed>) = 0'], 'ppoll 1', 'restart_syscall 1'],
  ] // prettier-ignore
  for (const [lines, ...more] of rows)
    t.same(counts(await observeText(text(...start, ...lines, ...end))), whole(...more), String(lines[0]))
})

t.test('an interrupted call that was seen is not counted once more on another machine', async (t) => {
  // A 32-bit process between 64-bit ones: -n prints i386's numbers, -i its addresses. Recorded with strace 6.1.
  const narrow = (prefix: (number: number) => string, is32: string): string =>
    text(
      `7 ${prefix(59)}execve("/a", ["a"], 0x7ffc0e8d1b30 /* 7 vars */) = 0`,
      `7 ${prefix(45)}brk(NULL)                               = 0x565b1000`,
      `7 ${prefix(192)}mmap2(NULL, 8192, PROT_READ, MAP_PRIVATE, -1, 0) = 0xf7ed5000`,
      `7 ${prefix(267)}clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=0, tv_nsec=6},  <unfinished ...>`,
      `7 ${prefix(267)}<... clock_nanosleep resumed>{tv_sec=0, tv_nsec=3}) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)`,
      '7 --- stopped by SIGSTOP ---',
      `7 ${prefix(0)}restart_syscall(<... resuming interrupted clock_nanosleep ...>) = 0`,
      `7 ${prefix(252)}exit_group(0)                           = ?`,
      `8 ${prefix(59)}execve("/b", ["b"], 0x7ffc0e8d1b30 /* 7 vars */) = 0`,
      `8 ${is32}arch_prctl(ARCH_SET_FS, 0x7fb245ebd740) = 0`,
    )
  for (const log of [narrow((number) => `[${String(number).padStart(4)}] `, '[ 158] '), narrow(() => '', '')])
    t.same(
      counts(await observeText(log)).filter((call) => call.includes('nanosleep')),
      ['x86 clock_nanosleep 1'],
    )
  // If the call was not seen, it counts on the machine that the number of restart_syscall tells.
  for (const [number, machine] of [[0, 'x86'], [219, 'x86_64']] as const) {
    const log = text('7 [  59] execve("/a", ["a"], 0x3 /* 1 var */) = 0', '7 [ 158] arch_prctl(ARCH_SET_FS, 0x7fb245ebd740) = 0', `8 [${String(number).padStart(4)}] restart_syscall(<... resuming interrupted poll ...>) = 0`)
    t.same(counts(await observeText(log)).filter((call) => call.includes('poll')), [`${machine} poll 1`])
  } // prettier-ignore
})

t.test('strace before 6.2 ends an unfinished call without its name (-z, -e status)', async (t) => {
  const waiting = ['7 wait4(8,  <unfinished ...>', 'NULL, 0, NULL)                          = 8']
  // After so many lines with a pid, a line without one is not a call of strace's.
  const many = of(
    7,
    Array.from({ length: 20 }, () => 'close(3) = 0'),
  )
  const seen = await observeText(text(...of(7, start), ...many, ...waiting, ...of(7, end)))
  t.same(counts(seen), whole('close 20', 'wait4 1'))
  t.same(codes(seen), [])
  // On standard error the program may have written the line.
  const mixed = await observeText(text(...start, 'x', ...end, waiting[1] as string))
  t.ok(codes(mixed).includes('tracee-output'))
})

t.test('strace -D attaches to the process that becomes the program: nothing is missing', async (t) => {
  const attached = 'strace: Process 7 attached'
  const seen = await observeText(text(attached, ...start, ...end))
  t.notOk(codes(seen).includes('startup-missing'))
  // A process that already ran makes another call first.
  const running = await observeText(text(attached, 'wait4(-1, NULL, 0, NULL) = 8', ...start, ...end))
  t.ok(codes(running).includes('startup-missing'))
})

t.test('an empty file of a strace -ff set is a thread of which nothing was printed', async (t) => {
  const file = (name: string, log: string, set = 't'): Source => ({
    name, bytes: log === '' ? [] : [Buffer.from(log)], pid: Number(name.split('.')[1]), set,
  }) // prettier-ignore
  const log = text(...start, ...end)
  for (const files of [
    [file('t.7', log), file('t.8', '')],
    [file('t.6', ''), file('t.7', log)],
    [file('t.5', ''), file('t.6', ''), file('t.7', log), file('t.8', '')],
  ]) {
    const seen = await observe(files)
    t.same(counts(seen), whole())
    t.same(seen.sources.map(({ name, lines }) => `${name} ${lines}`).sort(), files.map(({ name }) => `${name} ${name === 't.7' ? 5 : 0}`)) // prettier-ignore
  }
  for (const files of [
    [file('t.7', '')],
    [file('t.7', ''), file('t.8', '')],
    [file('t.7', ''), file('u.8', log, 'u')],
    [file('u.8', log, 'u'), file('t.7', '')],
    [
      file('a.7', ''),
      file(
        'a.8',
        'type=SECCOMP msg=audit(1.1:1): pid=7 comm="a" sig=0 arch=c000003e syscall=0 compat=0 ip=0x7 code=0x7ffc0000\n',
      ),
    ],
  ])
    // prettier-ignore
    await t.rejects(observe(files), { code: 'empty-trace' })
})

t.test('a call that both widths have with one number is of the program’s width', async (t) => {
  // asm/unistd_32.h and unistd_64.h: clone3 is 435 in both; brk is 45 and 12, exit 1 and 60, execve 11 and 59.
  const ofBoth = (brk: number, exit: number): string[] => [
    '7 [  59] execve("/bin/x", ["x"], 0x7ffc0e8d1b30 /* 7 vars */) = 0',
    `7 [ ${brk}] brk(NULL)                  = 0x585da000`,
    '7 [ 435] clone3({flags=CLONE_VM|CLONE_THREAD}, 88) = 8',
    `8 [ ${exit}] exit(0) = ?`,
  ]
  t.same(counts(await observeText(text(...ofBoth(45, 1)))), ['x86 brk 1', 'x86 clone3 1', 'x86 exit 1', 'x86_64 execve 1'])
  t.same(counts(await observeText(text(...ofBoth(12, 60)))), ['brk 1', 'clone3 1', 'execve 1', 'exit 1'].map((each) => `x86_64 ${each}`))
  // Only i386's clone has a segment's descriptor (print_tls_arg() in clone.c), whatever else is printed.
  for (const tls of ['{entry_number=12, base_addr=0xf7d28b40, limit=0x0fffff}', '{entry_number:12, base_addr:0xf7d28b40}']) {
    const ofProcess = ['execve("/bin/x", ["x"], 0x7ffc0e8d1b30 /* 7 vars */) = 0', `clone(child_stack=0xf7d28424, flags=CLONE_VM|CLONE_THREAD, parent_tidptr=0xf7d28ba8, tls=${tls}, child_tidptr=0xf7d28ba8) = 8`]
    const seen = await observeText(text(...of(7, ofProcess), ...of(8, ['exit(0) = ?']), ...of(7, ['exit_group(0) = ?'])))
    t.same(counts(seen), ['x86 clone 1', 'x86 exit 1', 'x86 exit_group 1', 'x86_64 execve 1'], tls)
  }
}) // prettier-ignore
