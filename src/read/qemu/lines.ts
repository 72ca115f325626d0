// Every form of a line that qemu's user mode writes with -strace (QEMU_STRACE=1), each with examples. The lines
// look like strace's but differ: no blank after a comma, addresses with leading zeros, `errno=N`, no result of
// exit_group, strings of the program unescaped, and one pid for all threads of a process. Authority: print_syscall(),
// print_syscall_ret(), print_syscall_err() and print_taken_signal() of linux-user/strace.c, qemu 0.10 to 10.1;
// recordings of 7.2.

export interface QemuLine {
  readonly pattern: RegExp
  /** Text that qemu writes in this form and that the pattern matches. */
  readonly examples: readonly string[]
  /** Text that looks like this form but is something else. */
  readonly never?: readonly string[]
}

/**
 * The start of a call: the process, and a name, or a number if qemu has no name for the call. qemu answers such a call
 * with ENOSYS. Members of socketcall have capital letters. It may be anywhere: all threads write to one stream.
 */
export const entry: QemuLine = {
  pattern: /(?<!\d)(\d{1,7}) (?:Unknown syscall (-?\d{1,10})|([a-z_][a-z0-9_]{0,63}|[A-Z][A-Z0-9]{3,15})\()/g,
  examples: ['6973 brk(', '6973 Unknown syscall 293', '6637 SOCKET(', '7 _newselect('],
  never: ['6973 brk', '6973 Brk(', '12345678 brk(', 'brk(NULL)', '6973 Unknown syscall x'],
}

/** The end of a call that returned; an address is printed with all its digits. */
export const result: QemuLine = {
  pattern: /\) = (?:-1 errno=(\d+) \(.*\)|0x[0-9a-f]+|-?\d+)(?: \(.*\))?$/,
  examples: [
    ') = 0',
    ') = -1 errno=2 (No such file or directory)',
    ') = 0x00000000001a2000',
    ') = 0x1 (NULL,NULL)',
  ],
  never: [') = -1 ENOENT (No such file or directory)', ') = ?', '= 0'],
}

/** Forms that only qemu writes: any of them identifies a line. */
export const own: readonly QemuLine[] = [
  { pattern: /^\d{1,7} Unknown syscall -?\d{1,10}$/, examples: ['6973 Unknown syscall 293'] },
  {
    pattern: /^\d{1,7} [A-Za-z_]\w*\(.*\) = -1 errno=\d+ \(.*\)$/,
    examples: ['6973 set_robust_list(1712384,24,0,-32,1,1712384) = -1 errno=38 (Function not implemented)'],
  },
  {
    pattern: /^\d{1,7} (?:brk|mmap2?|mremap|shmat)\(.*\) = 0x0[0-9a-f]{7}(?:[0-9a-f]{8})?$/,
    examples: ['6973 brk(NULL) = 0x00000000001a2000', '6673 brk(NULL) = 0x00077000'],
    never: ['6973 brk(NULL) = 0x1a2000'],
  },
  {
    // strace prints a blank after every comma between arguments.
    pattern: /^\d{1,7} [A-Za-z_]\w*\((?:[\w|-]+|"[^"]*"),[^\s]/,
    examples: [
      '6973 prctl(16,274886296856,0,0,0,0) = 0',
      '6637 SOCKET(PF_INET,SOCK_DGRAM,IPPROTO_IP) = 4',
      '6606 execve("/bin/true",{"true",NULL}) = 6606',
      '6600 write(2,0x461990,4)text of the program',
    ],
    never: ['6973 fcntl(1, F_GETFL) = 1', '6973 getpid() = 6973', '6973 write(1, "a,b", 3) = 3'],
  },
]

/** A form that strace with -f writes alike. */
export const alike: QemuLine = {
  pattern: /^\d{1,7} [a-z_]\w*\((?:[^\s",]+|"[^"]*")?\) = -?(?:0x)?[0-9a-f]+$/,
  examples: [
    '6973 getpid() = 6973',
    '6973 close(3) = 0',
    '6973 chdir("/tmp") = 0',
    '6973 brk(NULL) = 0x1a2000',
  ],
  never: ['6973 fcntl(1, F_GETFL) = 1', '6973 close(3) = -1 EBADF (Bad file descriptor)'],
}

/** Lines without a call. */
export const others: readonly QemuLine[] = [
  {
    pattern: /^ = (?:-1 errno=\d+ \(.*\)|0x[0-9a-f]+|-?\d+)/,
    examples: [' = 4', ' = -1 errno=9 (Bad file descriptor)'],
  },
  {
    pattern: /^(?:\d{1,7} )?--- SIG\w+ \{.*\} ---$/,
    examples: [
      '--- SIGCHLD {si_signo=SIGCHLD, si_code=1, si_pid=6987, si_uid=0, si_status=0, si_utime=0, si_stime=0} ---',
    ],
  },
  {
    pattern: /^qemu(?:-[\w-]+)?: /,
    examples: [
      'qemu: uncaught target signal 11 (Segmentation fault) - core dumped',
      'qemu-aarch64-static: warning',
    ],
  },
]

/** A signal that ended the program. */
export const fatal: QemuLine = {
  pattern: /^qemu: uncaught target signal \d+ \(([^)]*)\)/,
  examples: ['qemu: uncaught target signal 11 (Segmentation fault) - core dumped'],
}
