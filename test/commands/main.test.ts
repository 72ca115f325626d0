// The command line: the messages, their streams and the status.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { execa } from 'execa'
import { join } from 'node:path'
import t from 'tap'
import { moment } from '../../src/commands/options.ts'
import { seccompGen } from '../live/command.ts'
import { transcript } from './world.ts'

const trace = [
  '10 execve("/bin/true", ["true"], 0x7ffd /* 3 vars */) = 0',
  '10 brk(NULL) = 0x55d0',
  '10 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f00',
  '10 arch_prctl(ARCH_SET_FS, 0x7f01) = 0',
  '10 socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0) = 3',
  '10 exit_group(0) = ?',
  '10 +++ exited with 0 +++',
  '',
].join('\n')
const perProcess = (calls: readonly string[]): string => [...calls, '+++ exited with 0 +++', ''].join('\n')

const directory = t.testdir({
  'app.strace': trace,
  empty: '',
  'noise.bin': 'text\0\0\0',
  'only-text.log': 'nothing of a trace\nin these lines\n',
  'latin1.json': Buffer.from('{"\xe9": 1}', 'latin1'),
  'profile.json': '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[]}',
  set: {
    'app.10': perProcess([
      'execve("/bin/sh", ["sh"], 0x7ffd /* 3 vars */) = 0',
      'brk(NULL) = 0x1',
      'mmap(NULL, 1, 0, 0, -1, 0) = 0x7',
      'vfork() = 11',
      'exit_group(0) = ?',
    ]),
    'app.11': perProcess([
      'execve("/bin/true", ["true"], 0x7ffd /* 3 vars */) = 0',
      'brk(NULL) = 0x1',
      'mmap(NULL, 1, 0, 0, -1, 0) = 0x7',
      'exit_group(0) = ?',
    ]),
    'ORIGIN.md': 'execve("/bin/true") = 0',
    'notes.txt': 'recorded on a Monday\n',
    dangling: t.fixture('symlink', 'nowhere'),
  },
  'linked.10': t.fixture('symlink', 'set/app.10'),
  'hard.10': t.fixture('link', 'set/app.10'),
  'copy.strace': trace,
  'no-traces': {
    'notes.txt': 'nothing here\n',
    'profile.json': '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[]}',
  },
  loop: t.fixture('symlink', 'loop'),
  // Its owner can open the file, but reading it fails.
  unread: { 'a.strace': t.fixture('symlink', '/proc/self/mem') },
})
execFileSync('mkfifo', [join(directory, 'set/fifo')])
const on = (argv: readonly string[], stdin?: string | Uint8Array, env?: Record<string, string>) =>
  transcript(argv, directory, stdin, env)

/** Commands with about as many options as a screen has lines, or more. */
const manyOptions = new Set([
  'trace',
  'generate',
  'observe',
  'verify',
  'hook',
  'validate',
  'diff',
  'explain',
  'eval',
  'collect',
])

t.test('help of every command shows an example and goes to stdout', async (t) => {
  for (const argv of [
    ['--help'],
    ['help'],
    ...[
      'trace',
      'hook',
      'observe',
      'generate',
      'validate',
      'diff',
      'eval',
      'explain',
      'verify',
      'syscalls',
      'collect',
      'push',
      'pull',
      'completion',
    ].flatMap((name) => [
      [name, '--help'],
      ['help', name],
    ]),
  ]) {
    const { status, stdout, stderr } = await on(argv)
    t.equal(status, 0, argv.join(' '))
    t.match(stdout, /^Usage: seccomp-gen/)
    t.match(stdout, /Examples?:\n {2}\S/)
    t.equal(stderr, '')
    const lines = stdout.trimEnd().split('\n')
    t.ok(
      lines.every(({ length }) => length <= 80),
      `${argv.join(' ')}: 80 columns`,
    )
    // The overview has one line for each command.
    const most = argv.length === 1 ? 36 : 24
    if (!argv.some((word) => manyOptions.has(word))) t.ok(lines.length <= most, `${argv.join(' ')}: a screen`)
  }
  t.match((await on(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/)
})

t.test('bad usage and bad input: one line on stderr, nothing on stdout, status 2', async (t) => {
  const cases: readonly (readonly [argv: readonly string[], sentence: RegExp])[] = [
    [['frobnicate'], /unknown command 'frobnicate'; see seccomp-gen --help/],
    [
      ['observe', '--formt', 'x'],
      /unknown option '--formt' \(Did you mean --format\?\); see seccomp-gen observe --help/,
    ],
    [['observe', '--arch', 'mips'], /argument 'mips' is invalid. Known: x86_64/],
    [['observe'], /no FILE given, and standard input is a terminal/],
    [['observe', 'missing.strace'], /missing\.strace: no such file/],
    [['observe', 'empty'], /empty: is empty/],
    [['observe', 'noise.bin'], /noise\.bin: is binary/],
    [['observe', 'profile.json'], /profile\.json: is a seccomp profile, not a trace/],
    [['generate', 'profile.json'], /profile\.json: is a seccomp profile, not a trace/],
    [['observe', 'no-traces'], /no-traces: is a directory without a trace/],
    [['observe', 'loop'], /loop: a symbolic link that leads to itself/],
    [['observe', '/proc/self/mem'], /\/proc\/self\/mem: EIO: i\/o error$/m],
    [['observe', 'unread'], /unread\/a\.strace: EIO: i\/o error$/m],
    [['observe', '-', '-'], /standard input can be read only once/],
    [
      ['observe', 'app.strace', '-o', 'nowhere/out.json'],
      /cannot write nowhere\/out\.json: its directory does not exist/,
    ],
    [['observe', 'app.strace', '-o', 'set'], /set: is a directory/],
    [
      ['generate', 'app.strace', '--explain', '-'],
      /--explain - and the profile cannot both go to standard output/,
    ],
    [['observe', 'app.strace', '--since', 'noon'], /--since/],
    [['observe', 'app.strace', '--until', '2026-02-31'], /Give a time such as/],
    [['validate', '-', '-'], /standard input can be read only once/],
    [['eval', 'docker', 'read', '--cap', '?'], /Write CAP_NET_ADMIN, none or all/],
    [['generate', 'app.strace', '--runtime', 'lxc'], /Give runc, crun, one version of them/],
    [['validate', 'latin1.json'], /latin1\.json: is not UTF-8 text/],
    [['observe', 'esc\u001b[31m\u202e.strace'], /esc\\x1b\[31m\\u202e\.strace: no such file/],
  ]
  for (const [argv, sentence] of cases) {
    const { status, stdout, stderr } = await on(argv, argv.includes('-') ? 'x' : undefined)
    t.equal(status, 2, argv.join(' '))
    t.equal(stdout, '')
    t.match(stderr, sentence)
    t.equal(stderr.split('\n').length, 2, `one line: ${stderr}`)
    t.ok(stderr.startsWith('seccomp-gen: '))
  }
})

t.test('times of --since and --until: local without a zone, a date alone too', (t) => {
  const zone = process.env['TZ']
  process.env['TZ'] = 'America/New_York'
  t.teardown(() => {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  })
  const rows = [
    ['2026-11-24T08:00:00Z', Date.UTC(2026, 10, 24, 8)],
    ['2026-11-24T08:00:00+01:00', Date.UTC(2026, 10, 24, 7)],
    ['2026-11-24 08:00:00', Date.UTC(2026, 10, 24, 13)],
    ['2026-11-24T08:00', Date.UTC(2026, 10, 24, 13)],
    ['2026-11-24', Date.UTC(2026, 10, 24, 5)],
    ['2028-02-29', Date.UTC(2028, 1, 29, 5)],
    ['1795507200', 1795507200000],
    ['@1795507200.5', 1795507200500],
  ] as const
  for (const [word, wanted] of rows) t.equal(moment(word), wanted / 1000, word)
  for (const word of ['noon', '2026-02-31', '2027-02-29', '2026-13-01', '26-11-24', '1795507200000', '@', ''])
    t.throws(() => moment(word), { message: /Give a time such as/ }, word)
  t.end()
})

t.test('an input in which no call was found is refused, and nothing is written', async (t) => {
  for (const command of ['observe', 'generate']) {
    const { status, stdout, stderr } = await on([command, 'only-text.log', '-o', 'never.json'])
    t.equal(status, 2)
    t.equal(stdout, '')
    t.match(
      stderr,
      /no call was found in only-text\.log, whose format is unknown \(see docs\/inputs\.md\): nothing is written\n$/,
    )
    t.notOk(existsSync(join(directory, 'never.json')))
  }
})

t.test('observe prints observations, from a file, stdin, a directory or a -ff prefix', async (t) => {
  const fromFile = await on(['observe', 'app.strace'])
  t.equal(fromFile.status, 0)
  t.match(JSON.parse(fromFile.stdout), {
    version: 1,
    architectures: { x86_64: { socket: { count: 1, args: { 0: ['1'] } } } },
  })
  t.equal(
    fromFile.stderr,
    `source      format  lines  calls  ignored  unparsed  lost  evidence
app.strace  strace      7      6        1         0     0  every call
seccomp-gen: 6 calls, 6 different (x86_64), from 1 source
`,
  )
  for (const argv of [['observe'], ['observe', '-']]) {
    const { stdout } = await on(argv, trace)
    t.equal(stdout, fromFile.stdout.replaceAll('app.strace', '-'))
  }
  const fromDirectory = await on(['observe', 'set'])
  t.equal(fromDirectory.status, 0)
  t.match(
    fromDirectory.stderr,
    /no calls at their start, skipped: set\/notes\.txt\n/,
    'notes in Markdown apart',
  )
  t.match(JSON.parse(fromDirectory.stdout), {
    architectures: { x86_64: { execve: { count: 2, first: 'set/app.10:1' } } },
  })
  t.match(
    fromDirectory.stderr,
    /no regular files, skipped: set\/dangling, set\/fifo\n/,
    'pipes and links that lead nowhere are named',
  )
  for (const again of ['set', 'set/app.10', './set/app.10', 'set/app', 'linked.10', 'hard.10']) {
    const twice = await on(['observe', 'set', again])
    t.equal(twice.stdout, fromDirectory.stdout, `one file is one run: ${again}`)
    t.match(twice.stderr, /files named again, read once: \S/)
  }
  t.match(
    JSON.parse((await on(['observe', 'app.strace', 'copy.strace'])).stdout),
    { runs: 2 },
    'equal files may be two runs',
  )
  t.equal((await on(['observe', 'set/app'])).stdout, fromDirectory.stdout, 'the prefix names the same files')
  t.equal(
    (await on(['observe', 'set/app.10', 'set/app.11'])).stdout,
    fromDirectory.stdout,
    'and so does the shell',
  )
})

t.test('observations merge: the output of observe is its input', async (t) => {
  await on(['observe', 'app.strace', '-o', 'a.json'])
  const { stdout, status } = await on(['observe', 'a.json', 'app.strace'])
  t.equal(status, 0)
  t.match(JSON.parse(stdout), { architectures: { x86_64: { brk: { count: 2, first: 'app.strace:2' } } } })
})

t.test('--strict makes doubt a status of 1, the output stays', async (t) => {
  t.match(await on(['observe', '--strict', 'app.strace']), { status: 0 })
  const { status, stdout } = await on(['observe', '--strict'], `${trace}10 no_such_call(1) = 0\n`)
  t.equal(status, 1)
  t.match(JSON.parse(stdout), { unknown: { x86_64: { no_such_call: { count: 1 } } } })
})

t.test('generate prints a profile; the same input, the same bytes', async (t) => {
  const { status, stdout, stderr } = await on(['generate', 'app.strace'])
  t.equal(status, 0, stderr)
  const profile = JSON.parse(stdout) as {
    defaultAction: string
    syscalls: { names: string[]; action: string }[]
  }
  t.equal(profile.defaultAction, 'SCMP_ACT_ERRNO')
  const names = profile.syscalls
    .filter(({ action }) => action === 'SCMP_ACT_ALLOW')
    .flatMap(({ names }) => names)
  for (const name of ['execve', 'exit_group', 'socket']) t.ok(names.includes(name), name)
  t.notOk(names.includes('ptrace'))
  t.equal((await on(['generate'], trace)).stdout, stdout, 'no name of a file is in it')
  t.equal(
    (await on(['generate', 'app.strace', '--runtime', 'none'])).stdout.length < stdout.length,
    true,
    'the floor is left out',
  )
  t.match(await on(['generate', 'app.strace', '--runtime', 'runc@1.0.1']), {
    status: 0,
    stderr: /runc 1\.0\.1/,
  })
  for (const dialect of ['docker', 'spo', 'kubernetes']) {
    t.match(await on(['generate', 'app.strace', '--as', dialect]), { status: 0 }, dialect)
  }
  t.match(
    (await on(['generate', 'app.strace', '--default-action', 'log'])).stdout,
    /"defaultAction": "SCMP_ACT_LOG"/,
  )
})

t.test('--log-refusals sets the flag where the runtime reads flags', async (t) => {
  // runc reads flags since 1.2.0-rc.1 (58ea21dae), crun since 0.9 (fefabffa).
  for (const [runtime, isRead] of [
    ['all', true],
    ['runc', true],
    ['runc@1.1.15', false],
    ['runc@1.2.0', true],
    ['crun@0.8', false],
    ['crun@0.9', true],
  ] as const) {
    const words = ['generate', 'app.strace', '--log-refusals', '--runtime', runtime, '--explain', 'why.json']
    const { status, stdout, stderr } = await on(words)
    t.equal(status, isRead ? 0 : 2, runtime)
    if (!isRead) {
      t.match(stderr, new RegExp(`${runtime} starts no container whose profile has flags`))
      continue
    }
    const { flags } = JSON.parse(stdout) as { flags: string[] }
    // Runtimes set SPEC_ALLOW themselves only if a profile has no flags.
    t.strictSame(flags, ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW'], runtime)
    t.equal(/runc before 1\.2\.0/.test(stderr), runtime === 'all', runtime)
    t.match(readFileSync(join(directory, 'why.json'), 'utf8'), /"logsRefusals": true/)
  }
  t.notMatch((await on(['generate', 'app.strace'])).stdout, /FLAG_LOG/)
})

t.test('--explain writes the policy with its reasons beside the profile', async (t) => {
  const { status } = await on(['generate', 'app.strace', '-o', 'p.json', '--explain', 'why.json'])
  t.equal(status, 0)
  const policy = JSON.parse(readFileSync(join(directory, 'why.json'), 'utf8')) as {
    rules: { because: unknown[] }[]
  }
  t.ok(policy.rules.length > 0)
  t.ok(policy.rules.every(({ because }) => because.length > 0))
  t.ok(existsSync(join(directory, 'p.json')))
})

t.test('validate: 0 nothing to report, 1 something, 2 no profile; from files or stdin', async (t) => {
  await on(['generate', 'app.strace', '-o', 'sound.json'])
  t.strictSame(
    await on(['validate', 'sound.json']),
    { status: 0, stdout: '', stderr: '' },
    'what generate prints is sound',
  )
  const typo =
    '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["opennat"],"action":"SCMP_ACT_ALLOW"}]}'
  const found = await on(['validate', '-'], typo)
  t.equal(found.status, 1)
  t.match(found.stdout, /^-:1:\d+: \w+: .*opennat/m)
  t.ok(JSON.parse((await on(['validate', '--report', 'json', '-'], typo)).stdout))
  t.match(await on(['validate', 'only-text.log']), {
    status: 2,
    stdout: '',
    stderr: /^seccomp-gen: only-text\.log:1:1: is not a profile/,
  })
  t.match(await on(['validate', 'nowhere.json']), {
    status: 2,
    stdout: '',
    stderr: /^seccomp-gen: nowhere\.json: no such file/,
  })
  t.match(await on(['validate', 'set']), {
    status: 2,
    stdout: '',
    stderr: /^seccomp-gen: set: is a directory/,
  })
})

t.test('syscalls looks calls up by name and number', async (t) => {
  t.match(await on(['syscalls', 'openat', '--arch', 'x86_64']), {
    status: 0,
    stdout: /^openat +257/m,
    stderr: '',
  })
  t.match(await on(['syscalls', '56', '--arch', 'aarch64']), { status: 0, stdout: /^openat +56/m })
  t.match(await on(['syscalls', 'nosuch']), { status: 2, stdout: '' })
})

t.test('-o: whole or not at all, through links, with the mode that open(2) would give', async (t) => {
  const at = (name: string): string => join(directory, name)
  const umask = process.umask(0o027)
  t.teardown(() => process.umask(umask))
  mkdirSync(at('out'))
  await on(['observe', 'app.strace', '-o', 'out/new.json'])
  t.equal(statSync(at('out/new.json')).mode & 0o777, 0o640, 'the umask is honoured')
  writeFileSync(at('out/kept.json'), 'old')
  chmodSync(at('out/kept.json'), 0o604)
  symlinkSync('kept.json', at('out/link.json'))
  symlinkSync('../out/link.json', at('out/link-to-link.json'))
  symlinkSync('made.json', at('out/dangling.json'))
  t.equal((await on(['observe', 'app.strace', '-o', 'out/link-to-link.json'])).status, 0)
  t.equal(statSync(at('out/kept.json')).mode & 0o777, 0o604, 'an existing file keeps its mode')
  t.match(readFileSync(at('out/kept.json'), 'utf8'), /"version": 1/)
  t.equal((await on(['observe', 'app.strace', '-o', 'out/dangling.json'])).status, 0)
  t.match(readFileSync(at('out/made.json'), 'utf8'), /"version": 1/)
  const dashes = await on(['observe', 'app.strace', '-o', '-'])
  t.match(dashes.stdout, /"version": 1/)
  t.equal((await on(['observe', 'app.strace', '-o', '/dev/null'])).status, 0)
  t.ok(statSync('/dev/null').isCharacterDevice(), 'a device is written to, not replaced')
  t.strictSame(
    readdirSync(at('out')).filter((name) => name.startsWith('.')),
    [],
    'no temporary file is left',
  )
})

t.test(
  'a full disk leaves the old file and no other',
  { skip: !existsSync('/dev/full') && 'no /dev/full here' },
  async (t) => {
    const { status, stderr } = await on(['observe', 'app.strace', '-o', '/dev/full'])
    t.equal(status, 2)
    t.match(stderr, /cannot write \/dev\/full: no space left on the device/)
  },
)

t.test('a defect is one line, and its stack is shown on request', async (t) => {
  const broken = { SECCOMP_GEN_DEBUG: '1' }
  const { stderr } = await on(['observe', 'missing.strace'], undefined, broken)
  t.match(stderr, /^ +at /m)
  t.notMatch((await on(['observe', 'missing.strace'])).stderr, /^ +at /m)
})

t.test('two results never go to one file', async (t) => {
  for (const argv of [
    ['generate', 'app.strace', '-o', 'one.json', '--explain', './one.json'],
    ['trace', '-o', 'one.json', '--observations', 'one.json', '--', 'true'],
  ]) {
    const { status, stderr } = await on(argv)
    t.equal(status, argv[0] === 'trace' ? 125 : 2)
    t.match(stderr, /^seccomp-gen: .*one\.json: two results cannot go to one file: name another\n$/)
    t.notOk(existsSync(join(directory, 'one.json')))
  }
})

t.test('collect makes no directory if it cannot record', async (t) => {
  const { status, stderr } = await on(['collect', '--root', '/nowhere', '-o', 'collected'])
  t.equal(status, 2, stderr)
  t.notOk(existsSync(join(directory, 'collected')))
})

t.test('a name that no table knows is said, from a file of observations too', async (t) => {
  const table = { read: { count: 1, first: 'a:1' }, opne: { count: 3, first: 'a:2' } }
  const text = JSON.stringify({ version: 1, architectures: { x86_64: table }, sources: [], diagnostics: [] })
  const { status, stdout, stderr } = await on(['generate', '--runtime', 'none', '-'], text)
  t.equal(status, 0)
  t.match(stderr, /opne is in no table of x86_64: it is reported and never allowed/)
  t.notMatch(stdout, /opne/)
  const cut = await on(['generate', '-'], text.slice(0, 40))
  t.equal(cut.status, 2)
  t.match(cut.stderr, /^seccomp-gen: -: is not valid JSON/)
})

t.test(
  'validate: one file that cannot be read does not hide what there is to say of the others',
  async (t) => {
    const { status, stdout, stderr } = await on(['validate', 'profile.json', 'nosuch', 'app.strace'])
    t.equal(status, 2)
    t.match(stdout, /^profile\.json:1:1: /)
    t.match(
      stderr,
      /^seccomp-gen: nosuch: no such file\nseccomp-gen: app\.strace:1:1: is a trace, not a profile[^\n]*\n$/,
    )
  },
)

t.test('which recorders work is said, and a container is asked for of an engine', async (t) => {
  const { status, stdout, stderr } = await on(['trace', '--check'], undefined, { PATH: '/nonexistent' })
  t.match(stdout, /^ebpf: (?:works|no: .+)\nstrace: no: strace is not installed: .+\n$/)
  t.equal(status, stdout.startsWith('ebpf: works') ? 0 : 1)
  t.equal(stderr, '')
  t.strictSame(
    await on(['trace', '--container', 'app', '--for', '1s'], undefined, { PATH: '/nonexistent' }),
    {
      status: 125,
      stdout: '',
      stderr: 'seccomp-gen: none of docker, podman and nerdctl is installed: give --pid or --cgroup\n',
    },
  )
})

t.test('a hook refuses what no runtime gives it, before anything is recorded', async (t) => {
  const state = (annotation: string): string =>
    JSON.stringify({
      ociVersion: '1.0.2',
      id: 'x',
      pid: 1,
      bundle: '/nowhere',
      annotations: { 'io.containers.trace-syscall': annotation },
    })
  const rows: readonly (readonly [stdin: string, sentence: RegExp])[] = [
    ['x', /standard input is not the state of a container/],
    ['{}', /standard input is not the state of a container/],
    [state('of:relative.json'), /"of:relative\.json" is not of:\/FILE or if:\/FILE/],
    [state('if:/a.json'), /does not say where to write: of:\/FILE/],
  ]
  for (const [stdin, stderr] of rows)
    t.match(await on(['hook'], stdin), { status: 2, stdout: '', stderr }, stdin)
  // The process left by the hook reports its error to the hook on stdout, and in a file beside the profile.
  const output = join(directory, 'hooked.json')
  t.match(await on(['hook', '--follow', state(`of:${output}`)]), {
    status: 2,
    stdout: /^\/nowhere\/config\.json: cannot be read: ENOENT/,
  })
  t.match(readFileSync(`${output}.error`, 'utf8'), /^seccomp-gen: \/nowhere\/config\.json: cannot be read/)
  t.notOk(existsSync(output))
})

t.test('what a hook leaves behind tells a failure to the hook, and beside the profile', async (t) => {
  const folder = t.testdir({ 'broken.json': '{"defaultAction":', 'app.strace': trace })
  const follow = (annotation: string, ...more: readonly string[]) =>
    on([
      'hook',
      ...more,
      '--follow',
      // No process has this pid.
      JSON.stringify({
        id: 'x',
        pid: 2 ** 22 + 1,
        bundle: '/nowhere',
        annotations: { 'io.containers.trace-syscall': `of:${join(folder, 'p.json')}${annotation}` },
      }),
    ])
  const rows: readonly (readonly [annotation: string, words: readonly string[], sentence: RegExp])[] = [
    ['', ['--within', 'missing.json'], /^missing\.json: no such file$/],
    [`;if:${folder}/missing.json`, [], /missing\.json: no such file$/],
    [`;if:${folder}/broken.json`, [], /broken\.json:1:18: /],
    // A further list of allowed calls is a profile, never a trace.
    [`;if:${folder}/app.strace`, [], /app\.strace: looks like strace, not profile/],
  ]
  for (const [annotation, words, sentence] of rows) {
    const { status, stdout, stderr } = await follow(annotation, ...words)
    t.match({ status, stderr }, { status: 2, stderr: '' })
    t.match(stdout.trimEnd(), sentence)
    t.equal(readFileSync(join(folder, 'p.json.error'), 'utf8'), `seccomp-gen: ${stdout}`)
    t.notOk(existsSync(join(folder, 'p.json')))
  }
})

t.test(
  'as a process: where it stands is gone, and what it reads was made non-blocking by another',
  async (t) => {
    const gone = t.testdir({ inner: {} })
    const [shell, ...words] = [
      'sh',
      '-c',
      'cd "$0" && rmdir "$0" && exec "$@"',
      join(gone, 'inner'),
      ...seccompGen,
    ]
    const there = join(directory, 'app.strace')
    t.match(await execa(shell as string, [...words, 'observe', there], { reject: false }), {
      exitCode: 0,
      stdout: /"execve"/,
    })
    mkdirSync(join(gone, 'inner'))
    t.match(await execa(shell as string, [...words, 'observe', 'app.strace'], { reject: false }), {
      exitCode: 2,
      stderr: /^seccomp-gen: app\.strace: no such file/,
    })
    const python = '/usr/bin/python3'
    const unblocked = 'import os, sys; os.set_blocking(0, False); os.execvp(sys.argv[1], sys.argv[1:])'
    if (!existsSync(python)) return t.comment(`${python} is not here: no input is made non-blocking`)
    // There is nothing to read for three seconds between the two files.
    const script = `(cat "$0"; sleep 3; cat "$0") | ${python} -c '${unblocked}' "$@"`
    t.match(await execa('sh', ['-c', script, there, ...seccompGen, 'observe'], { reject: false }), {
      exitCode: 0,
      stdout: /"execve": \{\s*"count": 2,/,
    })
  },
)
