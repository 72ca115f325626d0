// qemu's user mode with -strace: its forms, the call to which a piece of a line belongs, and the emulated machine.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { qemu } from '../../src/read/qemu/grammar.ts'
import { alike, entry, fatal, others, own, result } from '../../src/read/qemu/lines.ts'
import { calls, codes, counts, observeText } from './logs.ts'

t.test('every form reads its examples, and not what looks like it', async (t) => {
  for (const row of [entry, result, alike, fatal, ...own, ...others]) {
    const bare = new RegExp(row.pattern.source)
    for (const each of row.examples) t.match(each, bare)
    for (const each of row.never ?? []) t.notMatch(each, bare)
  }
  for (const each of own.flatMap(({ examples }) => examples)) t.ok(qemu.recognises(each), each)
  for (const each of own.flatMap(({ never = [] }) => never)) t.notOk(qemu.recognises(each), each)
})

const libc = (rseq: number, bits: 32 | 64 = 64): string => {
  const address = (digits: string): string => `0x${digits.padStart(bits / 4, '0')}`
  return [
    `7 brk(NULL) = ${address('1a2000')}`,
    '7 set_tid_address(1712368,0,0,1708600,1712352,1708600) = 7',
    '7 set_robust_list(1712384,24,0,-32,1,1712384) = -1 errno=38 (Function not implemented)',
    `7 Unknown syscall ${rseq}`,
    '7 exit_group(0)',
    '',
  ].join('\n')
}

t.test('the machine is told by what only it has', async (t) => {
  const thread = '7 set_thread_area(0x408008b0) = 0\n'
  const rows: readonly (readonly [text: string, machine: string, isShown?: boolean])[] = [
    [libc(383), 's390x'],
    [libc(387), 'ppc64le'],
    [libc(398, 32), 'arm'],
    [thread + libc(386, 32), 'x86'],
    [`7 arch_prctl(4098,4998080,32,-1,2,4997120) = 0\n${libc(334)}`, 'x86_64'],
    [`7 openat(AT_FDCWD,"/lib/riscv64-linux-gnu/libc.so.6",O_RDONLY|O_CLOEXEC) = 3\n${libc(293)}`, 'riscv64'],
    [`7 Unknown syscall 258\n${libc(293)}`, 'riscv64'],
    [`7 uname(0x0000005500800110) = 0\n${libc(293)}`, 'aarch64'],
    [libc(293), 'aarch64', false],
    ['7 getpid() = 7\n7 prctl(38,1,0,0,0,4845568) = 0\n', 'x86_64', false],
  ]
  for (const [log, machine, isShown = true] of rows) {
    const observations = await observeText(log)
    t.same(Object.keys(observations.architectures), [machine], log)
    t.equal(codes(observations).includes('architecture-assumed'), !isShown, machine)
  }
})

t.test('a machine that is none of ours is refused', async (t) => {
  const mips = `7 set_thread_area(0x408008b0) = 0\n${libc(4367, 32)}`
  const library = `7 openat(AT_FDCWD,"/lib/mips-linux-gnu/libc.so.6",O_RDONLY|O_CLOEXEC) = 3\n7 prctl(38,1,0,0,0) = 0\n`
  for (const log of [mips, library]) await t.rejects(observeText(log), { code: 'architecture-not-told' })
})

t.test('pieces of several threads and processes on one stream', async (t) => {
  const rows: readonly (readonly [log: string, wanted: readonly string[], code?: string])[] = [
    ['7 futex(0x1,FUTEX_WAIT,0,NULL,NULL,0)7 getpid() = 7\n = 0\n', ['futex 1', 'getpid 1']],
    ['7 write(2,0x461990,4)sig\n = 4\n7 getpid() = 7\n', ['getpid 1', 'write 1']],
    ['7 prctl(38,1,0,0,0,0) = 0\nno end of line7 getpid() = 7\n', ['getpid 1', 'prctl 1'], 'glued-call'],
    ['7 prctl(38,1,0,0,0,0) = 0\nhello8 reboot(0) = 0\n', ['prctl 1'], 'tracee-output'],
    ['7 openat(AT_FDCWD,"/a\n77 reboot(0) = 0",O_RDONLY) = -1 errno=2 (No such file or directory)\n', ['openat 1']],
    ['7 Unknown syscall 1500\n7 openat(AT_FDCWD,"/a\n7 reboot(0) = 0",O_RDONLY) = 3\n', ['?1500 1', 'openat 1', 'reboot 1'], 'forgeable'],
    ['7 execve("/bin/sh",{"sh","-c","7 reboot(0)",NULL}) = 9\n', ['execve 1']],
    ['7 Unknown syscall 450\n7 prctl(38,1,0,0,0,0) = 0\n', ['prctl 1', 'set_mempolicy_home_node 1']],
    ['--- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_TKILL, si_pid=7, si_uid=0} ---\n7 write(2,0x1,4) = 4\n', ['write 1']],
    ['7 prctl(38,1,0,0,0,0) = 0\r\n7 exit_group(0)\r\n', ['exit_group 1', 'prctl 1']],
    ['7 write(2,0x1,4) = 4\nqemu: uncaught target signal 11 (Segmentation fault) - core dumped\n', ['write 1'], 'killed'],
  ] // prettier-ignore
  for (const [log, wanted, code] of rows) {
    const observations = await observeText(log, { architecture: 'x86_64' })
    t.same(
      counts(observations),
      wanted.map((each) => `x86_64 ${each}`),
      log,
    )
    t.equal(observations.sources[0]?.unparsed, 0, log)
    if (code !== undefined) t.ok(codes(observations).includes(code as never), `${code}: ${log}`)
  }
})

t.test('members of socketcall are told from direct calls, and values are read', async (t) => {
  const log = `${libc(383)}7 SOCKET(PF_INET,SOCK_DGRAM,IPPROTO_IP) = 4
7 socket(PF_UNIX,SOCK_STREAM|SOCK_CLOEXEC,IPPROTO_IP) = 5
7 clone(CLONE_VM|CLONE_VFORK|0x11,child_stack=0x0000004001002520,parent_tidptr=0x0,tls=0x0,child_tidptr=0x0) = 8
7 ioctl(1,TIOCGWINSZ,0x0000004000800528) = -1 errno=25 (Inappropriate ioctl for device)
7 personality(4294967295,0,0,0,0,0) = 0
`
  const { architectures } = await observeText(log)
  const on = architectures.s390x
  t.equal(on?.['socketcall']?.count, 1)
  t.same(on?.['socket']?.args?.['0'], ['1'])
  t.same(on?.['clone']?.args, { 1: ['16657'] }, 'flags are the second argument of s390x')
  t.same(on?.['personality']?.args, { 0: ['4294967295'] })
})

t.test('what qemu answers is not what the machine answers', async (t) => {
  const { architectures } = await observeText(
    `${libc(383)}7 mount("a","/b","c",0,NULL) = -1 errno=1 (Operation not permitted)\n`,
  )
  t.equal(architectures.s390x?.['set_robust_list']?.enosys, undefined)
  t.equal(architectures.s390x?.['mount']?.eperm, 1)
  const threads = await observeText(
    `${libc(383)}7 clone(CLONE_VM,child_stack=0x0) = 8\n7 mount("a","/b","c",0,NULL) = -1 errno=1 (Operation not permitted)\n`,
  )
  t.equal(threads.architectures.s390x?.['mount']?.eperm, undefined, 'it may be the result of another thread')
})

t.test('in a trace of strace, lines of qemu are the output of the program', async (t) => {
  const strace = '7 openat(AT_FDCWD, "/a", O_RDONLY) = 3\n'
  const observations = await observeText(`${strace.repeat(3)}8 Unknown syscall 293\n7 close(3) = 0\n`)
  t.equal(observations.sources[0]?.format, 'strace')
})

t.test('a recording of threads gives as many calls as stand in it', async (t) => {
  const file = new URL('../../traces/qemu-user/threads.s390x.strace', import.meta.url)
  const log = readFileSync(file, 'latin1')
  const inText = 1
  const entries = [...log.matchAll(/(?:^|\)|[^\d])\d{4} (?:[A-Za-z_]\w*\(|Unknown syscall)/gm)].length
  const forged = [...log.matchAll(/^77 reboot\(/gm)].length
  const observations = await observeText(log)
  t.equal(forged, inText)
  t.equal(observations.sources[0]?.calls, entries)
  t.notOk(calls(observations).includes('s390x reboot'))
})
