// The table of all forms that strace gives to a piece of a line: a pattern, and examples of what it reads. The readers,
// the tests and the generators of random lines (test/read/strace-rows.ts, laws.long.test.ts) use these rows. Other files
// have patterns only for what is inside a piece: arguments (arguments.ts, context/) and the tables of -c (summary.ts).
// Authority: printleader(), print_syscall_resume(), print_signalled(), print_exited(), print_event_exit(),
// syscall_exiting_trace(), line_ended() in strace 4.5.18 to 7.2, and the recordings in traces/.

export interface LineForm {
  /** Sticky if the form starts at a known place. A form inside a line or at its end is searched for. */
  readonly pattern: RegExp
  /** Text that strace writes in this form; the pattern reads all of it. */
  readonly examples: readonly string[]
  /** Text that looks like this form and is something else. */
  readonly never?: readonly string[]
}

function row(pattern: RegExp, examples: readonly string[], never: readonly string[] = []): LineForm {
  return { pattern, examples, never }
}

/** A field of the prefix. `bit`: its bit in Prefix.fields; 0 if not every line of a run has the field. */
interface FieldForm extends LineForm {
  readonly bit: number
}

function field(
  bit: number,
  pattern: RegExp,
  examples: readonly string[],
  never: readonly string[],
): FieldForm {
  return { bit, ...row(pattern, examples, never) }
}

/** The pid at the start of a line: `[pid N]` (standard error), or the column of -o with -f, "%-5u ". */
export const threads = {
  // A comm (-Y) ends with the first ">": strace escapes both angle brackets in it.
  bracketed: row(
    /\[pid +(\d+)(?:<[^>]*>)?\] /y,
    ['[pid 20883] ', '[pid   472] ', '[pid 4194304] ', '[pid     8<a b>] ', '[pid     8<a<b>] '],
    ['[pid] ', '[pid 7]', '[pid 7<a] '],
  ),
  column: row(
    /(\d{1,7})(?:<[^>]*>)? +/y,
    ['20840 ', '472   ', '7 ', '4194304 ', '23903<x) = 0 \\74y\\76> ', '7<open(> ', '7<a<b> ', '7<> '],
    ['12345678 ', '7', '7<a ', ' 7 '],
  ),
} satisfies Record<string, LineForm>

/** The bit of the pid's column in Prefix.fields. `[pid N]` has none: strace prints it while there are several threads. */
export const pidField = 1

/** The optional fields after the pid, in the order of printleader(): --secontext, -t, -r, -n, -i. */
export const fields = {
  // A label starts with a letter or "_". An address of -i is 8 to 16 hexadecimal digits. strace leaves the label out if
  // the process has already ended.
  label: field(
    0,
    /\[(?![0-9a-f]{8,16}\] |pid )[A-Za-z_][^[\]]*\] /y,
    ['[unconfined_t] ', '[unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023] ', '[abcdef] '],
    ['[7] ', '[d91767f4] ', '[ff40acd46b70] ', '[a[b] ', '[] ', '[ unconfined_t] '],
  ),
  // -t, -tt, -ttt, --absolute-timestamps. Seconds of the epoch have more digits than any pid (2^22).
  absolute: field(
    2,
    /(?:\d\d:\d\d:\d\d(?:\.\d+)?|\d{8,}(?:\.\d+)?) /y,
    [
      '23:52:03 ',
      '23:52:03.949497 ',
      '23:52:04.313 ',
      '23:52:04.305775544 ',
      '1795477923.985055 ',
      '1795477924.305775544 ',
      '1795477924 ',
      '10000000 ',
    ],
    ['1234567 ', '23:52 ', '23:52:03. ', '3:52:03 ', '1795477923. '],
  ),
  // -r: alone, or in parentheses after an absolute time.
  relative: field(
    4,
    / *(?:\d+(?:\.\d+)?|\(\+ *\d+(?:\.\d+)?\)) /y,
    ['     0.000198 ', '     0.000198123 ', '     0 ', '12.5 ', '(+     0.000248) ', '(+     0) '],
    ['(     0.000248) ', '0. ', '.5 '],
  ),
  // -n
  number: field(
    8,
    /\[ *(\d+|\?\?\?)\] /y,
    ['[  12] ', '[ 231] ', '[???] ', '[1073741863] '],
    ['[??] ', '[] ', '[12]'],
  ),
  // -i
  pointer: field(
    16,
    /\[(?:[0-9a-f]{8,16}|\?{8,16})\] /y,
    ['[00007fccf002cc47] ', '[d91767f4] ', '[7f40acd46b70] ', '[????????????????] ', '[????????] '],
    ['[d91767] ', '[d91767f] ', '[00007FCC] ', '[???????] '],
  ),
} satisfies Record<string, FieldForm>

/** Every form in which strace has printed the name of a call. `???` and `????`: it could not read the call. */
const known = String.raw`(?:64:)?[a-z_][a-z0-9_]{0,63}(?:#64)?|SYS_\d{1,10}`
const name = String.raw`${known}|\?{3,4}`
/** The kinds of these names. `syscall_0x1b7`, `syscall_317`, `SYS_317`: the number of a call without a name. */
export const names = {
  call: row(
    new RegExp(`(${name})\\(`, 'y'),
    [
      'read(',
      'pread64(',
      '_llseek(',
      'ioctl#64(',
      '64:ioctl(',
      'SYS_317(',
      'syscall_0x1b7(',
      '???(',
      '????(',
    ],
    ['read (', 'Read(', '7read(', '??(', 'SYS_('],
  ),
  // In a row of -c.
  counted: row(new RegExp(`^(?:${known})$`), ['read', 'ioctl#64', 'SYS_317'], ['???', 'read(', '7read', '']),
  numbered: row(
    /(?:syscall_(0x[0-9a-f]+|\d+)|SYS_(\d+))$/y,
    ['syscall_0x1b7', 'syscall_317', 'SYS_317'],
    ['syscall_', 'SYS_x', 'syscall_317x'],
  ),
  unreadable: row(/\?{3,4}$/y, ['???', '????'], ['??', '?????']),
  // x86_64's number called with the bit of x32; in strace 4.9 to 4.22 `64:ioctl`.
  native64: row(
    /(?:[a-z_][a-z0-9_]*#64|64:[a-z_][a-z0-9_]*)$/y,
    ['ioctl#64', '64:ioctl'],
    ['ioctl', '32:ioctl'],
  ),
} satisfies Record<string, LineForm>

/** What follows the prefix in lines that do not enter a call. */
export const shapes = {
  resumed: row(
    new RegExp(`<\\.\\.\\. (${name}) resumed(?: #\\d+)?> ?`, 'y'),
    ['<... read resumed>', '<... nanosleep resumed> ', '<... ???? resumed>', '<... clone resumed #3>'],
    ['<... read resumed', '<.. read resumed>', '<... read resumed #>'],
  ),
  superseded: row(/\+\+\+ superseded by execve in pid (\d+)/y, ['+++ superseded by execve in pid 24153']),
  exit: row(
    /\+\+\+ (?:exited with|(killed) by) /y,
    ['+++ exited with ', '+++ killed by '],
    ['+++Modified this+++'],
  ),
  signal: row(
    /--- .* ---|--- SIG/y,
    [
      '--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=101, si_uid=0, si_status=0} ---',
      '--- stopped by SIGSTOP ---',
      '--- SIG',
      '--- {si_signo=SIGSEGV, si_code=SEGV_MAPERR} (Segmentation fault) ---',
      '--- SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP, si_call_addr=0xadae3a, si_syscall=__NR_read, si_arch=AUDIT_ARCH_X86_64} ---',
    ],
    ['--- a --', '-- SIGCHLD'],
  ),
  mode: row(
    /\[ Process PID=(\d+) runs in (64 bit|32 bit|x32) mode\. \]/y,
    ['[ Process PID=21595 runs in 32 bit mode. ]', '[ Process PID=2 runs in x32 mode. ]'],
    ['[ Process PID=2 runs in 16 bit mode. ]'],
  ),
} satisfies Record<string, LineForm>

/** Signals and exits: a seccomp filter refused a call, which has no line of its own, or SIGSYS ended the thread. */
export const refusals = {
  signal: row(/--- (?:SIGSYS|\{si_signo=SIGSYS)/y, ['--- SIGSYS', '--- {si_signo=SIGSYS'], ['--- SIGCHLD']),
  trap: row(/--- SIGSYS\b/y, ['--- SIGSYS'], ['--- SIGSYSX', '--- SIGCHLD']),
  exit: row(/\+\+\+ killed by SIGSYS\b/y, ['+++ killed by SIGSYS'], ['+++ killed by SIGSEGV']),
  killer: row(
    /\+\+\+ killed by (SIG[A-Z0-9]+)/y,
    ['+++ killed by SIGABRT', '+++ killed by SIGTERM'],
    ['+++ exited with 0 +++'],
  ),
  call: row(/[^]*?\bsi_syscall=(?:__NR_)?([a-z0-9_]+|0x[0-9a-f]+)/y, [
    'si_syscall=__NR_read',
    'si_syscall=0x1b7',
  ]),
  // A call in si_syscall that strace has no name for.
  number: row(/^(?:0x[0-9a-f]+|\d+)$/, ['0x1b7', '317'], ['read', '0x', '3x']),
  machine: row(/[^]*?\bsi_arch=AUDIT_ARCH_([A-Z0-9_]+)/y, ['si_arch=AUDIT_ARCH_X86_64']),
} satisfies Record<string, LineForm>

/** The name or path of strace in front of its messages. */
const said = String.raw`(?:[^\s:]*strace: )?`

/** Lines without a prefix that strace, not the program, writes. The first capture, if there is one, is a pid. */
export const messages: readonly (LineForm & { readonly kind: 'mode' | 'attached' | 'detached' | 'aside' })[] =
  [
    {
      kind: 'mode',
      ...row(new RegExp(said + shapes.mode.pattern.source, 'y'), [
        'strace: [ Process PID=7 runs in 64 bit mode. ]',
      ]),
    },
    {
      kind: 'attached',
      ...row(
        new RegExp(
          String.raw`${said}Process (\d+) attached\b( (?:with \d+ threads?|- interrupt to quit))?`,
          'y',
        ),
        [
          'strace: Process 21055 attached',
          '/usr/bin/strace: Process 7 attached with 2 threads',
          'Process 21721 attached',
          'Process 7 attached - interrupt to quit',
        ],
      ),
    },
    {
      kind: 'detached',
      ...row(new RegExp(String.raw`${said}Process (\d+) (?:detached|suspended|resumed)\b`, 'y'), [
        'strace: Process 24173 detached',
        'Process 21116 suspended',
      ]),
    },
    { kind: 'aside', ...row(/(?:[^\s:]*\/)?strace: /y, ['strace: ', '/usr/bin/strace: '], ['my strace: ']) },
    // -k: a frame; -e read/write: a dump; --kvm=vcpu+.
    { kind: 'aside', ...row(/ >(?: |$)/y, [' > ']) },
    // The same, if a logger took the blank for its own.
    {
      kind: 'aside',
      ...row(
        /> (?:[^\s"][^"]*\([^"]*\)|unexpected_backtracing_error) \[0x[0-9a-f]+\]/y,
        [
          '> /usr/lib/x86_64-linux-gnu/libc.so.6(start_thread+0x336) [0x89226]',
          '> a.out(main+0x5) [0x1139]',
          '> unexpected_backtracing_error [0x7f]',
        ],
        ['> a.out', '> read(3) = 1'],
      ),
    },
    { kind: 'aside', ...row(/ \|(?: [ 0-9a-f]|$)/y, [' | 0', ' |  '], [' |x']) },
    { kind: 'aside', ...row(/ \* \d+ bytes in buffer \d+/y, [' * 12 bytes in buffer 0']) },
    {
      kind: 'aside',
      ...row(/ = \d+ buffers in vector \d+/y, [' = 2 buffers in vector 0'], [' = 2 buffers']),
    },
    { kind: 'aside', ...row(/ \| <Cannot fetch \d+ bytes? /y, [' | <Cannot fetch 11 bytes ']) },
    { kind: 'aside', ...row(/ VCPU:/y, [' VCPU:']) },
    // --tips: a box with an ostrich beside it.
    {
      kind: 'aside',
      ...row(/ {2}_{8,} {2,}_{4}$/y, ['  ______________________________________________         ____']),
    },
    {
      kind: 'aside',
      ...row(
        / [/|\\][ _].* {2,}[-_/\\|.()@}^[\] ]*$/y,
        [
          ' /                                              \\       /    \\',
          ' | Trying to figure out communication between   |      |-. .-|.',
          ' \\______________________________________________/     \\|   |/     _/ /_',
        ],
        [' | open("x") = 3', ' /  x'],
      ),
    },
    {
      kind: 'aside',
      ...row(/ {20,}\\ \|   \|\/\/_.*$/y, [
        '                                                     \\ |   |//___/__/__/_',
      ]),
    },
    {
      kind: 'aside',
      ...row(/(?:umovestr|umoven|upeek|pread|trouble opening proc file)[: ]/y, [
        'umovestr:',
        'pread ',
        'upeek:',
      ]),
    },
    // Messages without strace's name: those of strace up to 4.10, and those that it still writes so.
    {
      kind: 'aside',
      ...row(/(?:Requested path "|WARNING: Proper structure decoding|Stray PTRACE_EVENT_EXEC|PANIC: )/y, [
        'Requested path "',
        'WARNING: Proper structure decoding',
      ]),
    },
    {
      kind: 'aside',
      ...row(/(?:Try [`']strace -h'|Could not attach to process|\[wait\(0x[0-9a-f]+\) = \d+\])/y, [
        "Try 'strace -h'",
        'Could not attach to process',
        '[wait(0x00137f) = 7]',
      ]),
    },
  ]

/** How the text of a call ends. A result is ` = VALUE` after the parenthesis that closes the call. */
const value = String.raw`\?|0x[0-9a-f]+|-?\d+`
const error = String.raw`E[A-Z0-9]+`
export const endings = {
  unfinished: row(/<unfinished(?: #\d+)? \.\.\.>\s*$/, [' <unfinished ...>', ' <unfinished #3 ...>']),
  // A stack frame of -k, printed inside a call: `… SIGCHLD > /usr/lib/libc.so.6(clone+0x3c) [0x109dec]`.
  frame: row(
    / > (?:[^\s"][^"]*\([^"]*\)|unexpected_backtracing_error) \[0x[0-9a-f]+\](?: [^\s"]+:\d+)?$/,
    [
      ' > /usr/lib/x86_64-linux-gnu/libc.so.6(start_thread+0x336) [0x89226]',
      ' > a.out(main+0x5) [0x1139] /src/a.c:3',
      ' > libx.so(f(int, char const*)+0x1) [0x1]',
      ' > unexpected_backtracing_error [0x7f]',
    ],
    [' > a.out', ' > a.out(main) 0x1'],
  ),
  // strace detached from the process, or followed it to another pid: no rest follows in this thread.
  abandoned: row(
    /<(?:detached \.\.\.|pid changed to (\d+) \.\.\.|Cannot restart pid [^<>]*|unfinished \.\.\. exit status -?\d+)>\s*$/,
    [
      ' <detached ...>',
      ' <pid changed to 24164 ...>',
      ' <unfinished ... exit status 1>',
      ' <Cannot restart pid 10252 with ptrace(PTRACE_SYSCALL): No such process>',
    ],
  ),
  // No text of the program can follow this form, so the line is whole, whatever its arguments look like.
  whole: row(
    // The notes of -e inject stand behind the result, (INJECTED) before (DELAYED).
    new RegExp(
      String.raw`\) += (${value})(?:<[^]*>|(?: (${error}))?( \([^()]*\))?)((?: \((?:INJECTED|DELAYED)[^()]*\))*)(?: <[\d.]+>)?$`,
    ),
    [
      ') = 3',
      ')                         = 0x564cca5e1000',
      ') = ?',
      ') = 3</path (b) = 1>',
      ') = 4<TCP:[127.0.0.1:34328->127.0.0.1:40211]>',
      ') = -1 ENOENT (No such file or directory)',
      ') = -1 EPERM (Operation not permitted)',
      ') = -1 EACCES (Permission denied)',
      ') = -1 (errno 22)',
      ') = -1 (errno 38)',
      ') = 0 (Timeout)',
      ') = 1000 (INJECTED)',
      ') = 4 (DELAYED)',
      ') = 4 (DELAYED) <0.020134>',
      ') = -1 ENOENT (No such file or directory) (DELAYED)',
      ') = -1 EPERM (Operation not permitted) (DELAYED)',
      ') = -1 ENOENT (No such file or directory) (INJECTED)',
      ') = -1 EINTR (Interrupted system call) (INJECTED) (DELAYED)',
      ') = ? ERESTARTSYS (To be restarted if SA_RESTART is set)',
      ') = 3</path> <0.000012>',
      ') = -1 ENOSYS (Function not implemented) <0.000003>',
    ],
    [' = 3', ')   3', ')= 3', ') - 3', '] = 3', ') = x', ') = 3 x', ') = -', ');'],
  ),
  // Anything may follow: `(INJECTED)`, comments, additions of a newer strace.
  result: row(
    new RegExp(String.raw` *= (${value})(?: (${error})\b| \(errno (\d+)\))?`, 'y'),
    [' = 3', ' = -1 ENOENT', ' = -1 (errno 22)', ' = ?', '          = 0x7f'],
    ['= x', ') = 3'],
  ),
  // Its first part.
  value: row(new RegExp(` *= (?:${value})`, 'y'), [' = 3', '    = -1', ' = ?', ' = 0x7f'], [' = x']),
  errno: row(/ \(errno (\d+)\)$/, [' (errno 22)'], [' (Timeout)']),
  // strace src/syscall.c (print_injected_note): if only arguments were changed, the kernel ran the call.
  injected: row(
    /\(INJECTED(?!: args\))[^)]*\)/,
    ['(INJECTED)', '(INJECTED: args, retval)'],
    ['(INJECTED: args)', '(DELAYED)'],
  ),
  // The second half of a cut call, in a line with no start of its own.
  rest: row(/\) +=(?: |$)|<unfinished(?: #\d+)? \.\.\.>$|<detached \.\.\.>$/, [
    ') = ',
    ')    =',
    '<unfinished ...>',
    '<detached ...>',
  ]),
  // The same with a value required: after other text, or (-e status before 6.2) as the whole line.
  closed: row(/\) += (?:-?\d|\?)/g, [') = 3', ') = -1', ') = ?'], [') = x', ') =']),
  // strace's own mark after whole arguments.
  mark: row(/ *<(?:unfinished|detached|pid changed to|Cannot restart pid) [^<>]*>\s*$/, [
    ' <unfinished ...>',
    ' <detached ...>',
    ' <pid changed to 24164 ...>',
  ]),
} satisfies Record<string, LineForm>

/** The ends of lines behind which, after blanks, another line may stand: a logger or a paste lost the line end. */
export const joints = {
  end: row(/\) += |<(?:unfinished|detached) |\+\+\+ |--- |attached /, [
    ') = ',
    ')     = ',
    '<unfinished ',
    '<detached ',
    '--- ',
    '+++ ',
    'attached ',
  ]),
  // What every line contains that may stand behind another one.
  more: row(
    /\w\(|<\.\.\. |\+\+\+ |--- |Process /g,
    ['d(', '<... ', '+++ ', '--- ', 'Process '],
    [' (', '---'],
  ),
  unfinished: row(/<(?:unfinished(?: #\d+)?|detached) \.\.\.>/g, [
    '<unfinished ...>',
    '<unfinished #3 ...>',
    '<detached ...>',
  ]),
  exit: row(
    /\+\+\+ (?:exited with|killed by|superseded by execve in pid) [^+]*\+\+\+/y,
    ['+++ exited with 0 +++', '+++ killed by SIGSEGV (core dumped) +++'],
    ['+++ exited with 0 +++ 7 +++ exited with 0 +++'],
  ),
  signal: row(/--- (?:stopped by )?SIG.*? ---/y, [
    '--- SIGCHLD {si_signo=SIGCHLD} ---',
    '--- stopped by SIGSTOP ---',
  ]),
  attached: row(/(?:strace: )?Process \d+ attached/y, ['strace: Process 7 attached', 'Process 7 attached']),
  // Behind a result, besides texts in parentheses.
  error: row(/ E[A-Z0-9]+/y, [' ENOENT', ' ERESTARTSYS'], [' x']),
  time: row(/ <[\d.]+>/y, [' <0.000012>']),
} satisfies Record<string, LineForm>

/** What strace writes between the parentheses of a call. */
export const insets = {
  resuming: row(/<\.\.\. resuming interrupted ([a-z_][a-z0-9_]*)/, ['<... resuming interrupted poll']),
  // In clone and clone3: the child is a thread of the same group, which exit_group ends.
  thread: row(/\bCLONE_THREAD\b/, ['CLONE_THREAD'], ['CLONE_THREADS']),
  // print_tls_arg() in strace's clone.c: only for i386 a thread's TLS is a segment's descriptor, else an address.
  segment: row(/\btls=\{entry_number\b/, ['tls={entry_number'], ['tls=0x7f280b9f86c0', 'tls=NULL']),
  // With pid namespaces: the pid that strace itself uses.
  ownPid: row(/\/\* (\d+) in strace's PID NS \*\//, ["/* 1234 in strace's PID NS */"]),
  // A message of strace on standard error that cuts a line of its own. It ends the line and contains no quotes.
  message: row(
    /(?:strace: |Process \d+ (?:attached|detached|suspended|resumed)\b|(?:umovestr|umoven|upeek): )[^"]*$/,
    [
      'umovestr: Input/output error',
      'strace: Process 21055 attached',
      'Process 21721 attached',
      'strace: [wait(0x00857f) = 12776] WIFSTOPPED,sig=133',
    ],
  ),
  path: row(/\/[\w./-]*$/, ['/usr/bin/']),
} satisfies Record<string, LineForm>

/** Lines that name a library or a loader of the machine. */
export const libraries = {
  // ld.so opens libraries with O_CLOEXEC. A linker, which also opens those of other machines, omits the flag.
  opened: row(
    /\bopen(?:at2?)?\([^"]*"([^"]+\.so(?:\.[\w.]+)?|\/etc\/ld-musl-[\w-]+\.path)".*\bO_CLOEXEC\b/,
    [
      'openat(AT_FDCWD, "/lib/x86_64-linux-gnu/libc.so.6", O_RDONLY|O_CLOEXEC',
      'open("/etc/ld-musl-mipsel-sf.path", O_RDONLY|O_LARGEFILE|O_CLOEXEC',
    ],
    ['openat(AT_FDCWD, "/usr/aarch64-linux-gnu/lib/libc.so", O_RDONLY'],
  ),
  started: row(/\bexecve\((?:pathname=)?"([^"]+)"/, [
    'execve("/lib/ld-linux-aarch64.so.1"',
    'execve(pathname="/bin/x"',
  ]),
  // A stack frame of -k.
  frame: row(/ > (\/[^ (]+\.so[\w.]*)\(/, [' > /usr/lib/x86_64-linux-gnu/libc.so.6(']),
} satisfies Record<string, LineForm>

/**
 * Lines that the compiled reader tells by their start. Each row reads some of what rows above read, or a line that only
 * the rest of a cut call can be. The rows are written for scripts/compile-pattern.ts, which knows no backtracking.
 */
export const quick = {
  // A message with strace's name that names no process.
  aside: row(
    /strace: (?!Pr|\[ )[!-~][!-~]/y,
    ['strace: [w', 'strace: ne', 'strace: PT', 'strace: pi'],
    ['strace: Pr', 'strace: [ ', 'strace:  x', 'strace: x\x1b'],
  ),
  attached: row(
    /strace: Process \d{1,7} attached/y,
    ['strace: Process 21055 attached', 'strace: Process 4194304 attached'],
    ['strace: Process attached', 'strace: Process 7 detached', 'strace: Process 7 attached with 2 threads'],
  ),
  // A message at the end of a cut call.
  cut: row(
    /strace: (?:Process \d{1,7} attached|next_event: [a-z]+ pid \d+|\[wait\(0x[0-9a-f]+\) = \d+\] [A-Z][A-Z_a-z0-9,=]*(?: \(\d+\))?)/y,
    [
      'strace: Process 21055 attached',
      'strace: next_event: dequeued pid 12776',
      'strace: [wait(0x00857f) = 12776] WIFSTOPPED,sig=133',
      'strace: [wait(0x06057f) = 12779] WIFSTOPPED,sig=SIGTRAP,EVENT_EXIT (6)',
    ],
    ['strace: Process 7 detached', 'strace: [wait(0x00857f) = 12776] = 3'],
  ),
  // No line of strace's starts so: neither a prefix, nor a call, nor a message with a colon.
  rest: row(
    /(?![^ :]*: )(?!SYS_)(?:[A-Z][A-Z0-9_]|[),"{}|]|-\d|\d+[x),}|\]]|\[["{\]])/y,
    [')', ',', '"', '{', '}', '|', '-1', '0)', '12,', '0x', '["', '[{', '[]', 'NU', 'SI'],
    [
      '3 ',
      '12:',
      '7<',
      '0.',
      '[7',
      '[ ',
      '[p',
      'SYS_',
      'WARNING: ',
      'Pr',
      'read',
      '<...',
      ' ',
      '+',
      '--',
      '?',
    ],
  ),
} satisfies Record<string, LineForm>
