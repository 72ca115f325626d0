// `trace` with a real strace and real programs: its effect on its environment, signals, the written files and the
// status.
import { execa, type ResultPromise } from 'execa'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { evaluate } from '../../src/meaning/profiles.ts'
import type { Observations } from '../../src/observe/index.ts'
import { parseProfile } from '../../src/profile/index.ts'
import { noEbpf, noStrace, plainEnvironment, seccompGen } from './command.ts'
import { skipFile } from './skip.ts'
import { inTerminal, noTerminal } from './terminal.ts'

// trace-ebpf.test.ts runs the same cases with ebpf.
const recorder = process.env['SECCOMP_GEN_TEST_RECORDER'] === 'ebpf' ? 'ebpf' : 'strace'
skipFile(recorder === 'ebpf' ? await noEbpf() : await noStrace())

const [node, ...words] = seccompGen
const directory = t.testdir()
const file = (name: string): string => join(directory, name)

type Started = ResultPromise<{ reject: false; cwd: string }>
function trace(
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly [name: string]: unknown } = {},
): Started {
  const env = { ...plainEnvironment, ...options.env }
  const chosen = args.includes('--recorder') ? [] : ['--recorder', recorder]
  return execa(node, [...words, 'trace', ...chosen, ...args], {
    reject: false,
    cwd: directory,
    ...options,
    env,
  }) as Started
}
function namesIn(text: string): readonly string[] {
  const profile = JSON.parse(text) as { syscalls: readonly { names: readonly string[]; action: string }[] }
  return profile.syscalls.filter(({ action }) => action === 'SCMP_ACT_ALLOW').flatMap(({ names }) => names)
}
const profileIn = (name: string): readonly string[] => namesIn(readFileSync(file(name), 'utf8'))
/** Waits until the command has made a file: it then runs, and its signal handlers are set. */
async function untilThere(name: string): Promise<void> {
  for (let tries = 0; !existsSync(file(name)); tries++) {
    if (tries > 1200) throw new Error(`${name} never came`)
    await wait(25)
  }
}
const missing = async (program: string, ...args: string[]): Promise<string | false> =>
  (await execa(program, args, { reject: false, stdin: 'ignore' })).failed
    ? `no working ${program} here`
    : false

t.test('the profile of a command holds the calls of it and of its children', async (t) => {
  const { exitCode, stdout, stderr } = await trace([
    '-o',
    'true.json',
    '--',
    'sh',
    '-c',
    'echo hi; /bin/true | cat; exit 0',
  ])
  t.equal(exitCode, 0, stderr)
  t.equal(stdout, 'hi', 'the output of the command is untouched')
  const names = profileIn('true.json')
  for (const name of ['execve', 'exit_group', 'write', 'read', 'mmap']) t.ok(names.includes(name), name)
  t.ok(names.includes('pipe') || names.includes('pipe2'), 'the pipe of the shell')
  t.match(stderr, /^seccomp-gen: \d+ calls, \d+ different \(\w+\), from 1 source/m)
})

t.test('without -o and stdout redirected, stdout carries the profile and nothing else', async (t) => {
  const { exitCode, stdout, stderr } = await trace(['--', 'sh', '-c', 'echo hi'])
  t.equal(exitCode, 0)
  t.ok(namesIn(stdout).includes('execve'))
  t.match(stderr, /^hi$/m, 'what the command prints is on stderr')
})

t.test('the status is the command’s own', async (t) => {
  const cases: readonly (readonly [script: string, status: number])[] = [
    ['exit 7', 7],
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
    ['kill -SEGV $$', 139],
  ]
  await Promise.all(
    cases.map(async ([script, status]) => {
      const { exitCode, stderr } = await trace(['-o', `status-${status}.json`, '--', 'sh', '-c', script])
      t.equal(exitCode, status, `${script}: ${stderr}`)
      t.ok(profileIn(`status-${status}.json`).includes('execve'), 'the profile is written all the same')
    }),
  )
})

t.test('a command that cannot be run: 127 not found, 126 not runnable, and nothing is written', async (t) => {
  writeFileSync(file('plain.txt'), 'text')
  writeFileSync(file('no-format'), 'text without a first line of a script\n')
  chmodSync(file('no-format'), 0o755)
  writeFileSync(file('no-interpreter'), '#!/nowhere/interpreter\n')
  chmodSync(file('no-interpreter'), 0o755)
  const program = readFileSync('/bin/true')
  const otherMachine = Buffer.from(program)
  otherMachine.writeUInt16LE(0xffff, 18)
  writeFileSync(file('other-machine'), otherMachine, { mode: 0o755 })
  writeFileSync(file('cut-program'), program.subarray(0, 64), { mode: 0o755 })
  writeFileSync(file('magic-alone'), program.subarray(0, 4), { mode: 0o755 })
  const cases = [
    ['./other-machine', 126, /^seccomp-gen: \.\/other-machine: cannot be run: Exec format error$/m],
    ['./cut-program', 126, /^seccomp-gen: \.\/cut-program: cannot be run: Exec format error$/m],
    ['./magic-alone', 126, /^seccomp-gen: \.\/magic-alone: cannot be run: Exec format error$/m],
    ['no-such-program', 127, /^seccomp-gen: no-such-program: not found in PATH$/m],
    ['./no-such-program', 127, /^seccomp-gen: \.\/no-such-program: not found$/m],
    ['./plain.txt', 126, /^seccomp-gen: \.\/plain\.txt: cannot be run: not an executable file$/m],
    ['/', 126, /cannot be run/],
    ['./no-format', 126, /^seccomp-gen: \.\/no-format: cannot be run: Exec format error$/m],
    ['./no-interpreter', 126, /cannot be run: No such file or directory/],
  ] as const
  await Promise.all(
    cases.map(async ([command, status, sentence]) => {
      const { exitCode, stdout, stderr } = await trace(['-o', 'unrun.json', '--', command])
      t.equal(exitCode, status, command)
      t.match(stderr, sentence)
      t.equal(stdout, '')
    }),
  )
  t.notOk(existsSync(file('unrun.json')))
})

t.test('what seccomp-gen cannot do is 125, said in one line', async (t) => {
  const cases = [
    [
      ['--', 'strace', '-f', 'ls', '-l'],
      /strace itself: give the program alone \(seccomp-gen trace -- ls -l\)/,
    ],
    [
      ['--recorder', 'strace', '--', 'docker', 'run', 'alpine'],
      /a container that docker starts is not a child of this command, so only ebpf can record it/,
    ],
    [['-o', 'nowhere/x.json', '--', 'true'], /cannot write nowhere\/x\.json: its directory does not exist/],
    [['--pid', '99999999'], /there is no process 99999999/],
    [['--pid', '1', '--', 'true'], /either a command or one of --pid/],
    [[], /give a command after --/],
    [['--for', '5 minutes', '--', 'true'], /Give a time such as 30s/],
    [['--wihtin', 'docker', '--', 'true'], /unknown option '--wihtin'/],
  ] as const
  await Promise.all(
    cases.map(async ([args, sentence]) => {
      const { exitCode, stdout, stderr } = await trace(args)
      t.equal(exitCode, 125, args.join(' '))
      t.match(stderr, sentence)
      t.equal(stderr.split('\n').length, 1, stderr)
      t.equal(stdout, '')
    }),
  )
})

t.test('without strace: one line that says what to install, 125', async (t) => {
  const { exitCode, stderr } = await trace(['--recorder', 'strace', '--', '/bin/true'], {
    env: { PATH: directory },
  })
  t.equal(exitCode, 125)
  t.match(
    stderr,
    /^seccomp-gen: strace is not installed: apt-get install strace, dnf [^\n]*seccomp-gen generate FILE$/,
  )
})

const refusing = `
import os, sys, seccomp
rules = seccomp.SyscallFilter(seccomp.ALLOW)
rules.add_rule(seccomp.ERRNO(int(sys.argv[2])), sys.argv[1])
rules.load()
os.execvp(sys.argv[3], sys.argv[3:])
`
const noSeccomp = await missing('/usr/bin/python3', '-c', 'import seccomp')

t.test('where ptrace is refused: one line that says what to permit, 125', { skip: noSeccomp }, async (t) => {
  const inner = ['trace', '--recorder', 'strace', '-o', 'refused.json', '--', 'true']
  const wrapped = ['-c', refusing, 'ptrace', '1', node, ...words, ...inner]
  const { exitCode, stderr } = await execa('/usr/bin/python3', wrapped, {
    cwd: directory,
    reject: false,
    env: plainEnvironment,
  })
  t.equal(exitCode, 125)
  t.match(stderr, /^seccomp-gen: strace cannot trace here \([^\n]*ptrace must be permitted[^\n]*$/)
  t.notOk(existsSync(file('refused.json')))
})

/** The words that run a command in a mount namespace that `script` sets up. */
const mounted = (script: string): readonly string[] => [
  'unshare',
  '--mount',
  'sh',
  '-c',
  `${script} && exec "$@"`,
  'sh',
]
const reasons: readonly (readonly [
  what: string,
  wrapper: readonly string[],
  reason: RegExp,
  skip?: string,
])[] = [
  [
    'bpf(2) refused to root',
    ['/usr/bin/python3', '-c', refusing, 'bpf', '1'],
    /: bpf\(2\) is not permitted here \([^\n]*\), though the capabilities are held: the seccomp filter that seccomp-gen runs under refuses it/,
    noSeccomp || '',
  ],
  [
    'a kernel without bpf(2)',
    ['/usr/bin/python3', '-c', refusing, 'bpf', '38'],
    /: no BPF map \w+[^\n]*$/,
    noSeccomp || '',
  ],
  [
    'a kernel without BTF',
    mounted('mount -t tmpfs none /sys/kernel/btf'),
    /: this kernel has no \/sys\/kernel\/btf\/vmlinux \(CONFIG_DEBUG_INFO_BTF\)$/,
  ],
  [
    'a BTF of another byte order',
    mounted('mount --bind /etc/passwd /sys/kernel/btf/vmlinux'),
    /: the description of the kernel is not little-endian BTF$/,
  ],
]
const noMounts = await missing('unshare', '--mount', 'true')
for (const [what, wrapper, reason, skip = noMounts] of recorder === 'ebpf' ? reasons : []) {
  t.test(`why ebpf is not used: ${what}`, { skip: skip || false }, async (t) => {
    const inner = ['trace', '--recorder', 'ebpf', '--', 'true']
    const [first = '', ...rest] = [...wrapper, node, ...words, ...inner]
    const { exitCode, stderr } = await execa(first, rest, {
      cwd: directory,
      reject: false,
      env: plainEnvironment,
    })
    t.equal(exitCode, 125)
    t.match(stderr, reason)
    t.match(stderr, /^seccomp-gen: the recorder ebpf cannot be used: [^\n]*$/)
  })
}

t.test(
  'a file that may be run and not read, and a kernel that takes no further formats',
  { skip: (recorder === 'strace' && 'strace tells of it itself') || noMounts },
  async (t) => {
    const unread = file('unread')
    copyFileSync('/bin/true', unread)
    chmodSync(unread, 0o111)
    const inner = [node, ...words, 'trace', '--recorder', 'ebpf', '-o', 'unread.json', '--']
    const settings = { cwd: directory, reject: false, env: plainEnvironment } as const
    const bounds = ['--bounding-set', '-dac_override,-dac_read_search']
    const ran = await execa('setpriv', [...bounds, ...inner, unread], settings)
    t.equal(ran.exitCode, 0, ran.stderr)
    t.ok(profileIn('unread.json').includes('execve'))
    writeFileSync(file('text'), 'no first line of a script\n', { mode: 0o755 })
    const [first = '', ...rest] = [...mounted('mount -t tmpfs none /proc/sys/fs'), ...inner, './text']
    const refused = await execa(first, rest, settings)
    t.equal(refused.exitCode, 126)
    t.match(refused.stderr, /\.\/text: cannot be run: Exec format error$/)
  },
)

t.test('an option of a program that starts others, and that nobody told us of, is said', async (t) => {
  const { exitCode, stderr } = await trace(['-o', 'frob.json', '--', 'nice', '--frob', 'true'])
  t.not(exitCode, 0)
  t.match(stderr, /^seccomp-gen: it is unknown which program nice --frob starts: everything is recorded/m)
})

t.test('words after -- are the command’s, a second -- and options too', async (t) => {
  const { stdout } = await trace(['-o', 'words.json', '--', 'printf', '%s\\n', '--', '-o', '--help'])
  t.equal(stdout, '--\n-o\n--help')
})

t.test('stdin is the command’s', async (t) => {
  const { stdout, exitCode } = await trace(['-o', 'cat.json', '--', 'cat'], { input: 'through\n' })
  t.equal(exitCode, 0)
  t.equal(stdout, 'through')
})

const counter = `
import os, signal, sys, time
# Ends this long after the last signal: one that is passed on needlessly comes soon after the first.
silence, seen, end = float(sys.argv[2]), {}, time.time() + 60
def count(number, frame):
    global end
    seen[number], end = seen.get(number, 0) + 1, time.time() + silence
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT): signal.signal(number, count)
open(sys.argv[1], 'w').close()
while time.time() < end: time.sleep(0.05)
print(sorted(seen.items()), flush=True)
sys.exit(5)
`
const noPython = await missing('python3', '-c', '')

t.test(
  'signals reach the command once, whoever sends them, and the profile is written',
  { skip: noPython },
  async (t) => {
    writeFileSync(file('counter.py'), counter)
    for (const [name, target] of [
      ['alone', (pid: number) => pid],
      ['group', (pid: number) => -pid],
    ] as const) {
      const running = trace(['-o', `${name}.json`, '--', 'python3', 'counter.py', `${name}.up`, '2'], {
        detached: true,
      })
      await untilThere(`${name}.up`)
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
        process.kill(target(running.pid ?? 0), signal)
        await wait(400)
      }
      const { stdout, stderr, exitCode } = await running
      t.equal(stdout, '[(1, 1), (2, 1), (3, 1), (15, 1)]', `sent to ${name}: ${stderr}`)
      t.equal(exitCode, 5)
      t.ok(profileIn(`${name}.json`).includes('rt_sigreturn'))
    }
  },
)

t.test('a command that a signal ends leaves its profile', async (t) => {
  const running = trace(['-o', 'ended.json', '--', 'sh', '-c', ': >ended.up; exec sleep 60'])
  await untilThere('ended.up')
  running.kill('SIGTERM')
  t.equal((await running).exitCode, 143)
  t.ok(profileIn('ended.json').includes('execve'))
})

t.test('--for ends the command, and what it left in the background', async (t) => {
  const { exitCode, stderr } = await trace([
    '--for',
    '700ms',
    '-o',
    'for.json',
    '--',
    'sh',
    '-c',
    'setsid sleep 61 & exec sleep 62',
  ])
  t.equal(exitCode, 0, stderr)
  t.notMatch(stderr, /told to print some calls only/)
  t.ok(profileIn('for.json').includes('execve'))
  const left = await execa('sh', ['-c', 'ps -eo args | grep -c "^sleep 6[12]$"'], { reject: false })
  t.equal(left.stdout, '0', 'nothing of it runs on')
})

t.test('processes left in the background are recorded until they end, and it is said', async (t) => {
  const { exitCode, stderr } = await trace([
    '-o',
    'background.json',
    '--',
    'sh',
    '-c',
    'setsid sh -c "sleep 4; uname" & exit 3',
  ])
  t.equal(exitCode, 3)
  t.match(stderr, /the command has ended; still running and recorded: \d+ process/)
  t.ok(profileIn('background.json').includes('uname'))
})

t.test('a signal reaches what the command left behind', async (t) => {
  const script = 'setsid sh -c ": >behind.up; exec sleep 63" & exit 3'
  const running = trace(['-o', 'behind.json', '--', 'sh', '-c', script])
  await untilThere('behind.up')
  await wait(1500)
  running.kill('SIGTERM')
  t.equal((await running).exitCode, 3)
  const left = await execa('sh', ['-c', 'ps -eo args | grep -c "^sleep 63$"'], { reject: false })
  t.equal(left.stdout, '0')
  t.ok(profileIn('behind.json').includes('setsid'))
})

t.test(
  'strace killed: what it recorded is not given out as whole',
  { skip: recorder === 'ebpf' && 'strace is not asked' },
  async (t) => {
    const running = trace(['-o', 'cut.json', '--', 'sh', '-c', ': >cut.up; exec sleep 3'])
    await untilThere('cut.up')
    const tracer = await execa('pgrep', ['-P', String(running.pid), 'strace'])
    process.kill(Number(tracer.stdout), 'SIGKILL')
    const { exitCode, stderr } = await running
    t.equal(exitCode, 125)
    t.match(stderr, /strace ended while sh was still running: the recording is incomplete$/)
    t.notOk(existsSync(file('cut.json')))
  },
)

t.test('--pid attaches, and lets go unharmed', async (t) => {
  const target = execa('sh', ['-c', 'while :; do sleep 0.1; done'], { reject: false })
  const { exitCode, stderr } = await trace(['--pid', String(target.pid), '--for', '1s', '-o', 'pid.json'])
  t.equal(exitCode, 0, stderr)
  t.ok(profileIn('pid.json').length > 0)
  t.match(stderr, /the calls of its start are missing/)
  t.equal(target.exitCode ?? null, null, 'it runs on')
  target.kill('SIGKILL')
  await target
})

t.test(
  '--pid of a process under its own filter: what it refuses, or that strace cannot tell',
  { skip: noSeccomp },
  async (t) => {
    const script = 'while :; do cd /; sleep 0.1; done'
    const loop = ['sh', '-c', script] as const
    for (const [says, command, isSaid] of [
      ['under a filter', ['/usr/bin/python3', '-c', refusing, 'chdir', '1', ...loop], true],
      ['without one', loop, false],
    ] as const) {
      const [program, ...more] = command
      const target = execa(program, more, { reject: false, stderr: 'ignore' })
      for (let tries = 0; tries < 200 && readFileSync(`/proc/${target.pid}/comm`, 'utf8') !== 'sh\n'; tries++)
        await wait(50)
      const { stderr } = await trace(['--pid', String(target.pid), '--for', '1s', '-o', 'own.json'])
      // By eBPF the filter itself is asked.
      const words =
        recorder === 'ebpf'
          ? /chdir was refused by a seccomp filter/
          : /under a seccomp filter, and strace does not tell/
      t.equal(words.test(stderr), isSaid, `${says}: ${stderr}`)
      target.kill('SIGKILL')
      await target
    }
  },
)

t.test('--pid of a process whose child is a zombie, and without a process', async (t) => {
  const script = 'sleep 0.1 & exec sleep 60'
  const target = execa('sh', ['-c', script], { reject: false })
  await wait(300)
  const { stderr } = await trace(['--pid', String(target.pid), '--for', '1s', '-o', 'zombie.json'])
  // strace counts the call in which the process waits, ebpf does not.
  t.match(stderr, recorder === 'ebpf' ? /made no call while it was recorded/ : /[12] calls,/)
  target.kill('SIGKILL')
  await target
  const gone = await trace(['--pid', String(target.pid), '--for', '1s'])
  t.equal(gone.exitCode, 125)
  t.match(gone.stderr, /there is no process \d+$/)
})

t.test('--pid of our own shell records the shell, not seccomp-gen', async (t) => {
  const written = ['-o', 'shell.json', '--observations', 'shell.observations.json']
  const inner = [node, ...words, 'trace', '--recorder', recorder, '--for', '1s', ...written, '--pid']
  const script = `while :; do sleep 0.1; done & ${inner.map((word) => `'${word}'`).join(' ')} $$; kill $!`
  const options = { cwd: directory, reject: false, env: plainEnvironment } as const
  const { stderr } = await execa('sh', ['-c', script], options)
  const seen = JSON.parse(readFileSync(file('shell.observations.json'), 'utf8')) as Observations
  const names = Object.values(seen.architectures).flatMap((calls) => Object.keys(calls))
  t.ok(names.includes('clock_nanosleep'), `the shell’s loop is there: ${stderr}`)
  t.same(
    names.filter((name) => /^(epoll_|bpf$|io_uring)/.test(name)),
    [],
    'Node is not',
  )
})

t.test('--pid lets go of a program that waits in vfork for its child', async (t) => {
  writeFileSync(
    file('vfork.c'),
    '#include <unistd.h>\nint main(void) { for (;;) if (vfork() == 0) { for (int i = 0; i < 300; i++) usleep(100000); _exit(0); } }\n',
  )
  const built = await execa('gcc', ['-o', 'vfork', 'vfork.c'], { cwd: directory, reject: false })
  if (built.failed) return void t.pass('not run here', { skip: `gcc: ${built.shortMessage}` })
  const target = execa(file('vfork'), { reject: false, detached: true })
  try {
    const { exitCode, stderr } = await trace(['--pid', String(target.pid), '--for', '1s', '-o', 'vfork.json'])
    t.equal(exitCode, 0, stderr)
    if (recorder === 'strace') t.match(stderr, /strace detached from the program while it ran/)
    t.match(profileIn('vfork.json').join(' '), /nanosleep/)
    const { stdout: children } = await execa('pgrep', ['-P', String(target.pid)])
    const status = readFileSync(`/proc/${children.split('\n')[0]}/status`, 'utf8')
    t.match(status, /^TracerPid:\t0$/m, 'nothing traces the child')
    t.notMatch(status, /^State:\t[tT]/m, 'the child runs on')
  } finally {
    process.kill(-(target.pid ?? 0), 'SIGKILL')
    await target
  }
})

t.test('an interactive program keeps its terminal', { skip: noTerminal }, async (t) => {
  const inner = [
    node,
    ...words,
    'trace',
    '-o',
    'tty.json',
    '--',
    'sh',
    '-c',
    'tty; test -t 0 && test -t 1 && test -t 2 && echo all',
  ]
  const running = inTerminal(inner, { cwd: directory })
  running.stdin.end()
  const { stdout, exitCode } = await running
  t.equal(exitCode, 0, stdout)
  t.match(stdout, /\/dev\/pts\/\d+\r?\nall/)
})

t.test('Ctrl-C in a terminal reaches the command once', { skip: noTerminal || noPython }, async (t) => {
  writeFileSync(file('counter.py'), counter)
  const inner = [
    node,
    ...words,
    'trace',
    '-o',
    'ctrl-c.json',
    '--',
    'python3',
    'counter.py',
    'ctrl-c.up',
    '2',
  ]
  const running = inTerminal(inner, { cwd: directory })
  await untilThere('ctrl-c.up')
  running.stdin.write('\u0003')
  const { stdout, exitCode } = await running
  t.match(stdout, /\[\(2, 1\)\]/, stdout)
  t.equal(exitCode, 5, stdout)
  t.ok(profileIn('ctrl-c.json').includes('execve'))
})

t.test('32-bit calls are told from 64-bit ones', async (t) => {
  writeFileSync(
    file('x86.c'),
    '#include <sys/socket.h>\n#include <unistd.h>\n#include <sys/syscall.h>\nint main(void) { syscall(SYS_getppid); return socket(AF_UNIX, SOCK_STREAM, 0) < 0; }\n',
  )
  const built = await execa('gcc', ['-m32', '-o', 'x86', 'x86.c'], { cwd: directory, reject: false })
  if (built.failed) return void t.pass('not run here', { skip: `gcc -m32: ${built.shortMessage}` })
  const alone = await execa(file('x86'), { reject: false })
  if (alone.failed) return void t.pass('not run here', { skip: `32-bit programs: ${alone.shortMessage}` })
  const { exitCode, stderr } = await trace([
    '--observations',
    'x86.observations.json',
    '-o',
    'x86.json',
    '--',
    './x86',
  ])
  t.equal(exitCode, 0, stderr)
  const { architectures } = JSON.parse(readFileSync(file('x86.observations.json'), 'utf8')) as Observations
  t.strictSame(Object.keys(architectures.x86_64 ?? {}), ['execve'], 'the call that starts it is a 64-bit one')
  t.ok(architectures.x86?.['getppid'])
  t.ok(architectures.x86?.['socket'])
  t.notMatch(stderr, /look alike here/)
})

t.test('nothing that strace does itself is in the trace, and every line is understood', async (t) => {
  await trace(['--observations', 'own.json', '-o', 'own.profile.json', '--', '/bin/true'])
  const { sources, architectures, diagnostics } = JSON.parse(
    readFileSync(file('own.json'), 'utf8'),
  ) as Observations
  t.equal(sources[0]?.unparsed, 0)
  t.strictSame(diagnostics, [])
  const calls = Object.assign({}, ...Object.values(architectures)) as Record<string, { first: string }>
  if (recorder === 'strace') {
    t.equal(calls['execve']?.first, 'trace of true:1', 'the first line is the command’s execve')
  }
  t.notOk(calls['ptrace'])
  t.notOk(calls['kill'])
})

t.test(
  'an ordinary user can trace, and sudo is not asked to do what it cannot',
  {
    skip:
      (process.getuid?.() !== 0 && 'needs root to become somebody else') ||
      (recorder === 'ebpf' && 'an ordinary user has no ebpf'),
  },
  async (t) => {
    const place = join(tmpdir(), `seccomp-gen-user-${process.pid}`)
    await execa('install', ['-d', '-o', '65534', '-m', '700', place])
    t.teardown(() => execa('rm', ['-rf', place]))
    const options = {
      uid: 65534,
      gid: 65534,
      env: { ...plainEnvironment, TSX_DISABLE_CACHE: '1', HOME: place, TMPDIR: place },
    }
    const readable = await execa(node, [...words, '--version'], { reject: false, cwd: '/', ...options })
    if (readable.failed) return void t.comment('this tree is not readable for an ordinary user')
    const traced = await trace(['-o', join(place, 'p.json'), '--', 'true'], { ...options, cwd: '/' })
    t.equal(traced.exitCode, 0, traced.stderr)
    t.ok(namesIn(readFileSync(join(place, 'p.json'), 'utf8')).includes('execve'))
    const auto = await trace(['--recorder', 'auto', '-o', join(place, 'p.json'), '--', 'true'], {
      ...options,
      cwd: '/',
    })
    t.equal(auto.exitCode, 0, auto.stderr)
    t.match(auto.stderr, /^seccomp-gen: recording with strace$/m)
    const none = await trace(['--recorder', 'auto', '--', '/bin/true'], {
      ...options,
      cwd: '/',
      env: { ...options.env, PATH: place },
    })
    t.equal(none.exitCode, 125)
    t.strictSame(
      none.stderr.match(/^seccomp-gen: [a-z ]+/gm),
      ['seccomp-gen: strace is not installed'],
      'one line where nothing can record',
    )
    const sudo = await trace(['--', 'sudo', 'true'], { ...options, cwd: '/' })
    t.equal(sudo.exitCode, 125)
    t.match(
      sudo.stderr,
      /sudo gains no privileges while an ordinary user traces it: run sudo seccomp-gen trace -- …/,
    )
    t.strictSame(readdirSync(place), ['p.json'], 'no temporary file is left')
  },
)

t.test('an argument that only the ceiling of a file asks about is recorded, and decides', async (t) => {
  const ceiling = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [
      { names: ['umask'], action: 'SCMP_ACT_ERRNO', args: [{ index: 0, value: 0o77, op: 'SCMP_CMP_NE' }] },
    ],
  }
  writeFileSync(file('ceiling.json'), JSON.stringify(ceiling))
  const asked = async (mask: string) => {
    const options = ['--within', 'ceiling.json', '--runtime', 'none', '-o', 'umask.json']
    const { exitCode, stderr } = await trace([...options, '--', 'sh', '-c', `umask ${mask}`])
    t.equal(exitCode, 0, stderr)
    const profile = parseProfile(readFileSync(file('umask.json'), 'utf8'))
    const allowed = [0o77n, 0o27n, 0o13n].filter(
      (value) => evaluate(profile, { syscall: 'umask', args: [value] }).action === 'SCMP_ACT_ALLOW',
    )
    return { stderr, allowed }
  }
  // The shell reads its mask by setting another one and then restores it: these calls are seen too.
  const inside = await asked('077')
  t.strictSame(inside.allowed, [0o77n])
  t.notMatch(inside.stderr, /\b63\b|not known/)
  const outside = await asked('027')
  t.strictSame(outside.allowed, [0o77n, 0o27n])
  t.match(outside.stderr, /wider than ceiling\.json: umask with argument 0 = (?:\d+, )*23 was seen/)
})

t.test('the profile file is replaced as a whole and keeps its mode', async (t) => {
  writeFileSync(file('kept.json'), 'old')
  chmodSync(file('kept.json'), 0o640)
  const running = trace(['-o', 'kept.json', '--', 'sh', '-c', ': >kept.up; sleep 1'])
  await untilThere('kept.up')
  t.equal(readFileSync(file('kept.json'), 'utf8'), 'old', 'untouched while the command runs')
  t.equal((await running).exitCode, 0)
  t.ok(profileIn('kept.json').includes('execve'))
  t.equal(statSync(file('kept.json')).mode & 0o777, 0o640)
  t.strictSame(
    readdirSync(directory).filter((name) => name.endsWith('.tmp')),
    [],
  )
})

t.test('a program that cannot be executed is no other program', async (t) => {
  const child = [process.execPath, '-e']
  const runs = async (program: string): Promise<string> => {
    const script = `require('child_process').spawnSync(${JSON.stringify(program)})`
    const found = await trace(['-o', 'tried.json', '--', ...child, script])
    t.equal(found.exitCode, 0, found.stderr)
    return /not seen in this run: (.*)/.exec(found.stderr)?.[1] ?? ''
  }
  t.match(await runs('/none/such'), /\banother program\b/)
  t.notMatch(await runs('/bin/true'), /\banother program\b/)
})
