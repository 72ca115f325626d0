// `diff` and `eval` on the command line: reports, statuses, refusals. And `diff` as git runs it.
import { execa } from 'execa'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { plainEnvironment, seccompGen } from '../live/command.ts'
import { transcript } from './world.ts'

const profile = (names: readonly string[], more: object = {}): string =>
  JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: [{ names, action: 'SCMP_ACT_ALLOW', ...more }],
  })

const hostile = 'a\n::error::owned <b>|`x`\u001b[2J\u202e.json'
const directory = t.testdir({
  'one.json': profile(['read', 'write']),
  'same.json': profile(['write', 'read']),
  'wider.json': profile(['read', 'write', 'ptrace']),
  'log.json': profile(['read', 'write']).replace('ALLOW', 'LOG'),
  'trace.json': profile(['read', 'write']).replace('ALLOW', 'TRACE'),
  'gated.json': JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: [] }],
    syscalls: [
      { names: ['read', 'write'], action: 'SCMP_ACT_ALLOW' },
      { names: ['bpf'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_BPF'] } },
      { names: ['chroot'], action: 'SCMP_ACT_ALLOW', excludes: { caps: ['CAP_SYS_CHROOT'] } },
    ],
  }),
  'newer.json': profile(['read', 'mseal']),
  'scan.json':
    '{"version":1,"bound":true,"architectures":{"x86_64":{}},"unresolved":[],"modules":[],"notFollowed":[]}',
  'broken.json': '{\n  "defaultAction": "SCMP_ACT_ERRNO",\n  "syscalls": [}\n',
  'package.json': '{"name":"app","version":"1.0.0"}',
  [hostile]: profile(['read', 'write', 'ptrace']),
})
const on = (argv: readonly string[], stdin?: string) => transcript(argv, directory, stdin)

t.test('two scans are compared, from wherever they are read', async (t) => {
  const scan = readFileSync(join(directory, 'scan.json'), 'utf8')
  const same = { status: 0, stdout: 'the same calls are reachable\n' }
  t.match(await on(['diff', 'scan.json', 'scan.json']), same)
  t.match(await on(['diff', '-', 'scan.json'], scan), same)
  t.match(await on(['diff', 'scan.json', '-'], scan), same)
  t.match(await on(['diff', 'one.json', 'scan.json']), {
    status: 2,
    stderr: /what code can call, not a profile/,
  })
  for (const head of ['one.json', 'docker', 'package.json'])
    t.match(await on(['diff', 'scan.json', head]), {
      status: 2,
      stderr: /^seccomp-gen: .*(?:one|docker|package).*: is not a scan, and a scan compares with a scan/,
    })
})

t.test('the status says whether there is something to report', async (t) => {
  const rows: readonly (readonly [string, number, RegExp])[] = [
    ['one.json one.json', 0, /^identical:/],
    ['one.json same.json', 0, /^equivalent:/],
    [
      'one.json log.json',
      1,
      /^mixed\. 2 answered otherwise, none wider\nsideways:\n  allowed -> allowed and logged on x86_64: read write\n/,
    ],
    [
      'one.json wider.json',
      1,
      /^FAILS: wider\. 1 call opened; 1 medium risk \(ptrace\)\nwider:\n  medium  ptrace on x86_64: EPERM -> allowed\n {10}cross-process access: /,
    ],
    [
      'one.json trace.json',
      1,
      /^narrower\. 2 calls closed; nothing new is allowed\nnarrower:\n  allowed -> a tracer decides \(1\) on x86_64: read write\n/,
    ],
    ['wider.json one.json', 1, /^narrower\. 1 call closed/],
    ['--fail-on wider wider.json one.json', 0, /^passes: narrower/],
    ['--fail-on any wider.json one.json', 1, /^FAILS: narrower/],
    ['--fail-on wider one.json wider.json', 1, /^FAILS: wider/],
    ['--fail-on never one.json wider.json', 0, /^wider/],
    ['--stat one.json wider.json', 1, /^FAILS: wider\. .*\non x86_64, .*\n$/],
    ['-q one.json wider.json', 1, /^$/],
    ['-q one.json same.json', 0, /^$/],
    ['--fail-on wider one.json log.json', 0, /^passes: mixed/],
  ]
  t.match(await on(['diff', '--arch', 'x86_64', '--arch', 'arm64', 'one.json', 'wider.json']), {
    status: 2,
    stderr: /an answer is for one machine/,
  })
  for (const [words, status, stdout] of rows) {
    t.match(await on(['diff', ...words.split(' ')]), { status, stdout, stderr: '' }, words)
  }
})

/** Rules on bits that two arguments share: to judge the second, a comparer must remember all of the first. */
const crossed = Array.from({ length: 12 }, (_, bit) => ({
  names: ['socket'],
  action: 'SCMP_ACT_ALLOW',
  args: [0, 1].map((index) => ({ index, value: 2 ** 32 + 2 ** bit, valueTwo: 2 ** bit, op: 'SCMP_CMP_MASKED_EQ' })),
})) // prettier-ignore
writeFileSync(
  join(directory, 'crossed.json'),
  JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: crossed,
  }),
)
writeFileSync(join(directory, 'socket.json'), profile(['socket']))

t.test('what cannot be done is one line and status 2', async (t) => {
  const rows: readonly (readonly [string, RegExp])[] = [
    ['diff broken.json one.json', /^seccomp-gen: broken\.json:3:16: /],
    ['diff one.json package.json', /^seccomp-gen: package\.json.*profile/],
    [
      'diff crossed.json socket.json',
      /^seccomp-gen: socket on x86_64 has more conditions than can be compared in 5000000 steps: write them with fewer arguments/,
    ],
    ['diff one.json missing.json', /^seccomp-gen: missing\.json: no such file/],
    ['diff one.json', /^seccomp-gen: diff takes BASE and HEAD/],
    ['diff one.json same.json wider.json', /^seccomp-gen: diff takes BASE and HEAD/],
    ['diff - -', /only once/],
    ['diff docker@1.9 one.json', /no built-in profile docker@1.9/],
    ['diff --arch sparc one.json one.json', /Known: x86_64, aarch64/],
    ['diff --cap CAP_NONE_SUCH one.json one.json', /CAP_NONE_SUCH is not a capability/],
    ['diff --kernel six one.json one.json', /six is not a kernel version/],
    ['diff --fail-on sometimes one.json one.json', /Allowed choices are wider, any, never/],
    ['diff --contexts some one.json one.json', /Allowed choices are all/],
    ['eval one.json', /name a call, or use --batch/],
    ['eval one.json nosuchcall', /x86_64 has no call nosuchcall/],
    ['eval one.json read 0x1ffffffffffffffff', /not a 64-bit number/],
    ['eval one.json read 99999999999999999999', /does not fit in 64 bits/],
    ['eval one.json socket AF_ALGG', /AF_ALGG is not a known constant.*did you mean AF_ALG/],
    ['eval one.json read 5x', /5x is not a 64-bit number/],
    ['eval one.json read 050', /050 is octal or decimal/],
    ['eval one.json read -050', /-050 is octal or decimal/],
    ['eval one.json read --cap all --cap none', /contradict each other/],
    ['eval one.json read 1 2 3 4 5 6 7', /at most six/],
    ['eval broken.json read', /broken\.json:3:16: /],
    ['eval package.json read', /package\.json/],
    ['eval --arch sparc one.json read', /Known: x86_64/],
  ]
  for (const [words, stderr] of rows) {
    const said = await on(words.split(' '))
    t.match(said, { status: 2, stdout: '', stderr }, words)
    t.equal(said.stderr.split('\n').length, 2, `${words}: one line`)
  }
})

t.test('eval answers one call, and a batch a line', async (t) => {
  const rows: readonly (readonly [string, string])[] = [
    ['one.json read', 'SCMP_ACT_ALLOW'],
    ['one.json 0', 'SCMP_ACT_ALLOW'],
    ['one.json ptrace', 'SCMP_ACT_ERRNO(1)'],
    ['docker clone 0x10000000', 'SCMP_ACT_ERRNO(1)'],
    ['docker clone 0x11', 'SCMP_ACT_ALLOW'],
    ['docker clone CLONE_NEWUSER|SIGCHLD', 'SCMP_ACT_ERRNO(1)'],
    ['docker clone CLONE_NEWUSER|0x11', 'SCMP_ACT_ERRNO(1)'],
    ['docker clone 0x11|SIGCHLD', 'SCMP_ACT_ALLOW'],
    ['docker clone CLONE_VM|CLONE_VFORK|SIGCHLD', 'SCMP_ACT_ALLOW'],
    ['docker socket AF_ALG', 'SCMP_ACT_ERRNO(1)'],
    ['docker socket AF_INET6', 'SCMP_ACT_ALLOW'],
    ['docker clone 0x10000000 --cap CAP_SYS_ADMIN', 'SCMP_ACT_ALLOW'],
    ['gated.json bpf --cap none', 'SCMP_ACT_ERRNO(1)'],
    ['gated.json bpf --cap all', 'SCMP_ACT_ALLOW'],
    ['one.json read --arch aarch64', 'SCMP_ACT_ALLOW'],
    ['unconfined ptrace', 'SCMP_ACT_ALLOW'],
    ['unconfined socketcall --arch x86', 'SCMP_ACT_ALLOW'],
    ['unconfined read --arch x32', 'SCMP_ACT_ALLOW'],
    ['unconfined read --arch arm', 'SCMP_ACT_ALLOW'],
  ]
  for (const [words, answer] of rows) {
    t.match(await on(['eval', ...words.split(' ')]), { status: 0, stdout: `${answer}\n`, stderr: '' }, words)
  }
  for (const [words, answer, other] of [
    [
      'newer.json mseal',
      'SCMP_ACT_ERRNO(1)',
      /^seccomp-gen: read with libseccomp 2\.5\.4, .* SCMP_ACT_ALLOW\n$/,
    ],
    ['docker mseal', 'SCMP_ACT_ALLOW', /^seccomp-gen: every call is .* 2\.5\.4 .* SCMP_ACT_ERRNO\(1\)\n$/],
    ['newer.json mseal --libseccomp 2.6', 'SCMP_ACT_ALLOW', /^$/],
    ['newer.json listmount', 'SCMP_ACT_ERRNO(1)', /^$/],
  ] as const)
    t.match(await on(['eval', ...words.split(' ')]), { stdout: `${answer}\n`, stderr: other }, words)
  const queries = [
    { arch: 'x86_64', syscall: 'clone', args: ['268435456'] },
    { arch: 'x86_64', syscall: 'nosuchcall' },
    { arch: 'sparc', syscall: 'read' },
    { syscall: 0 },
    { syscall: 'lseek', args: [0, 9007199254740992] },
    null,
    5,
    [],
    { syscall: 'lseek', args: { length: 1 } },
  ]
  const text = `${queries.map((each) => JSON.stringify(each)).join('\n')}\n\nnonsense\n`
  for (const mark of ['\uFEFF', '\uFEFF\n'])
    t.match(await on(['eval', 'docker', '--batch'], `${mark}{"syscall":"read"}`), {
      status: 0,
      stdout: /\{"action":"SCMP_ACT_ALLOW"\}\n$/,
    })
  t.match(await on(['eval', 'docker', '--batch'], `{"syscall":"read"}\n\uFEFF{"syscall":"read"}`), {
    stdout: '{"action":"SCMP_ACT_ALLOW"}\n{"error":"is not a JSON object"}\n',
  })
  t.match(await on(['eval', 'docker', '--batch'], ''), {
    status: 2,
    stdout: '',
    stderr: /^seccomp-gen: -: is empty: --batch reads one JSON query a line/,
  })
  const { status, stdout } = await on(['eval', 'docker', '--batch'], text)
  t.equal(status, 0)
  t.match(await on(['eval', 'docker', '--batch', '-o', 'answers'], text), { status: 0, stdout: '' })
  t.equal(readFileSync(join(directory, 'answers'), 'utf8'), stdout, 'a file gets the same answers')
  t.match(await on(['eval', 'docker', 'read', '-o', 'answers']), { status: 0, stdout: '' })
  t.equal(readFileSync(join(directory, 'answers'), 'utf8'), 'SCMP_ACT_ALLOW\n')
  t.match(await on(['eval', 'docker', 'nosuchcall', '-o', 'answers']), { status: 2 })
  t.match(await on(['eval', 'docker', '--batch', '-o', 'answers'], ''), { status: 2 })
  t.equal(readFileSync(join(directory, 'answers'), 'utf8'), 'SCMP_ACT_ALLOW\n', 'or stays')
  t.match(await on(['eval', 'docker', 'read', '-o', '-']), { status: 0, stdout: 'SCMP_ACT_ALLOW\n' })
  t.match(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
    [
      { action: 'SCMP_ACT_ERRNO', errno: 1 },
      { error: /no call nosuchcall/ },
      { error: /unknown architecture/ },
      { action: 'SCMP_ACT_ALLOW' },
      { error: /write it as a string/ },
      { error: 'is not a JSON object' },
      { error: 'is not a JSON object' },
      { error: 'syscall is not a name or number' },
      { error: 'args is not an array of numbers' },
      { error: 'is not a JSON object' },
      { error: 'is not a JSON object' },
    ],
  )
})

t.test('--contexts all says with which capabilities a change is there', async (t) => {
  t.match(await on(['diff', 'one.json', 'gated.json']), { status: 0, stdout: /^identical/ })
  const { status, stdout } = await on(['diff', '--contexts', 'all', 'one.json', 'gated.json'])
  t.equal(status, 1)
  t.match(stdout, /bpf on x86_64, only with capabilities all, \+CAP_BPF: EPERM -> allowed\n/)
  t.match(stdout, /EPERM -> allowed on x86_64, only with capabilities none, -CAP_SYS_CHROOT: chroot\n/)
  t.match(stdout, /opens 0 of these/, 'the summary is of the default context')
  const json = JSON.parse(
    (await on(['diff', '--contexts', 'all', '--report', 'json', 'one.json', 'gated.json'])).stdout,
  ) as { changes: { syscall: string; contexts: string[]; witness: { caps: string[] } }[] }
  for (const { syscall, witness } of json.changes) {
    const caps = witness.caps.length === 0 ? ['none'] : witness.caps
    const call = [syscall, ...caps.flatMap((each) => ['--cap', each])]
    t.match(await on(['eval', 'one.json', ...call]), { stdout: 'SCMP_ACT_ERRNO(1)\n' })
    t.match(
      await on(['eval', 'gated.json', ...call]),
      { stdout: 'SCMP_ACT_ALLOW\n' },
      `${syscall}: its witness`,
    )
  }
})

t.test('the JSON follows its schema', async (t) => {
  const file = new URL('../../schemas/diff.schema.json', import.meta.url)
  const valid = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
    JSON.parse(readFileSync(file, 'utf8')) as object,
  )
  for (const words of [
    'docker podman',
    'docker docker@20.10 --contexts all',
    'docker unconfined --arch aarch64',
    'one.json one.json',
    'one.json same.json',
    'one.json log.json',
    'docker one.json --kernel 4.4 --cap none',
  ]) {
    const { stdout } = await on(['diff', '--report', 'json', ...words.split(' ')])
    t.ok(valid(JSON.parse(stdout)), `${words}: ${JSON.stringify(valid.errors?.[0])}`)
  }
  t.notOk(valid({ verdict: 'identical', changes: [{}] }))
  t.notOk(valid({ verdict: 'wider', changes: [] }))
})

t.test('a hostile name does not get through in any report', async (t) => {
  for (const report of ['text', 'json', 'markdown', 'sarif', 'github', 'gitlab']) {
    const { status, stdout } = await on(['diff', '--report', report, 'one.json', hostile])
    t.equal(status, 1)
    // eslint-disable-next-line no-control-regex
    t.notMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u202e]/, `${report}: no control characters`)
    t.notMatch(stdout, /^::error::owned/m, `${report}: no workflow command`)
    if (report === 'markdown') t.notMatch(stdout, /<b>|(?<!\\)`/)
    if (report === 'json' || report === 'sarif' || report === 'gitlab') JSON.parse(stdout)
  }
})

t.test('as git’s external diff, in a real repository', async (t) => {
  const cwd = t.testdir({})
  const git = (args: readonly string[], env: Record<string, string> = {}) =>
    execa('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], {
      cwd,
      reject: false,
      env: { ...plainEnvironment, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', ...env },
    })
  const write = (name: string, text: string): void => writeFileSync(join(cwd, name), text)
  const command = [...seccompGen, 'diff', '--'].map((word) => `'${word}'`).join(' ')
  await git(['init', '-q', '-b', 'main'])
  write('.gitattributes', '*.json diff=seccomp\n')
  mkdirSync(join(cwd, 'profiles'))
  write('profiles/app.json', profile(['read', 'write']))
  write('old.json', profile(['read', 'write', 'openat']))
  write('--output=stolen.json', profile(['read']))
  write('package.json', '{"name":"app"}')
  await git(['add', '-A'])
  await git(['commit', '-q', '-m', 'one'])
  await git(['config', 'diff.seccomp.command', command])

  write('profiles/app.json', profile(['read', 'write', 'ptrace']))
  write('--output=stolen.json', profile(['write']))
  write('package.json', '{"name":"app2"}')
  await git(['rm', '-q', 'old.json'])
  write('new.json', profile(['read']))
  await git(['add', '-A'])
  const { stdout, stderr, exitCode } = await git(['--no-pager', 'diff', '--cached', '--no-renames'])
  t.equal(stderr, '')
  t.equal(exitCode, 0)
  t.match(
    stdout,
    /^profiles\/app\.json\nFAILS: wider.*\nwider:\n.*ptrace on x86_64.*\n.*\n.*a\/profiles\/app\.json denies/m,
  )
  t.match(stdout, /^new\.json: new; compared with what docker applies without a profile\n/m)
  t.match(stdout, /^old\.json: removed; /m)
  t.match(stdout, /^package\.json: not compared: /m)
  t.match(stdout, /^--output=stolen\.json\n.*mixed/m, 'a name is not an option')

  await git(['commit', '-q', '-m', 'two'])
  await git(['mv', 'profiles/app.json', 'profiles/web.json'])
  t.match(await git(['--no-pager', 'diff', '--cached', '-M', '--ext-diff']), {
    exitCode: 0,
    stdout: /^profiles\/app\.json, now profiles\/web\.json\nidentical/,
  })
  const json = [...seccompGen, 'diff', '--report', 'json', '--'].map((word) => `'${word}'`).join(' ')
  t.match(
    await git(['-c', `diff.seccomp.command=${json}`, 'diff', 'HEAD~1', 'HEAD', '--', 'profiles/app.json'], {
      GIT_PAGER: 'cat',
    }),
    { exitCode: 0, stdout: /"at": "profiles\/app\.json:1"/ },
    'places are of the repository, whatever file git hands over',
  )

  // A path with a merge conflict.
  await git(['reset', '-q', '--hard'])
  await git(['checkout', '-q', '-b', 'other', 'HEAD~1'])
  write('profiles/app.json', profile(['read', 'write', 'bpf']))
  await git(['commit', '-q', '-a', '-m', 'three'])
  await git(['merge', '-q', 'main'])
  t.match(await git(['--no-pager', 'diff', '--cached']), {
    exitCode: 0,
    stdout: /profiles\/app\.json: unmerged, not compared/,
  })
  const markdown = command.replace("'--'", "'--report' 'markdown' '--'")
  t.match(await git(['-c', `diff.seccomp.command=${markdown}`, '--no-pager', 'diff', '--cached']), {
    exitCode: 0,
    stdout: /^### profiles\/app\.json: unmerged, not compared\n/m,
  })
})

t.test('REVISION:path reads from git', async (t) => {
  const cwd = t.testdir({ 'app.json': profile(['read']), 'package.json': '{"name":"app"}' })
  for (const args of [
    ['init', '-q'],
    ['add', '-A'],
    ['-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '-q', '-m', 'one'],
  ]) {
    await execa('git', args, { cwd })
  }
  writeFileSync(join(cwd, 'app.json'), profile(['read', 'bpf']))
  t.match(await transcript(['diff', 'HEAD:app.json', 'app.json'], cwd), {
    status: 1,
    stdout: /^FAILS: wider.*\(bpf\)\n/,
  })
  const refused: readonly (readonly [string, RegExp])[] = [
    ['HEAD:package.json', /^seccomp-gen: HEAD:package\.json/],
    ['HEAD:missing.json', /^seccomp-gen: HEAD:missing\.json: /],
    ['nosuch:app.json', /^seccomp-gen: nosuch:app\.json: .*REVISION:path/],
  ]
  for (const [word, stderr] of refused) {
    const said = await transcript(['diff', word, 'app.json'], cwd)
    t.match(said, { status: 2, stdout: '', stderr }, word)
    t.equal(said.stderr.split('\n').length, 2)
  }
})

t.test('--intersect and --merge print one profile, and say on stderr what HEAD loses or gains', async (t) => {
  const folder = t.testdir({
    'node.json':
      '{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["execve","exit_group","read"],"action":"SCMP_ACT_ALLOW"},{"names":["socket"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":40,"op":"SCMP_CMP_LT"}]}]}',
    'app.json':
      '{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["execve","exit_group","write","socket"],"action":"SCMP_ACT_ALLOW"}]}',
  })
  const left = await transcript(['diff', '--intersect', 'node.json', 'app.json'], folder)
  t.strictSame(JSON.parse(left.stdout), {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: [
      { names: ['execve', 'exit_group'], action: 'SCMP_ACT_ALLOW' },
      { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 40, op: 'SCMP_CMP_LT' }] },
    ],
  })
  t.match(
    left.stderr,
    /^narrower\. 1 call closed, 1 value; .*\nnarrower:\n  allowed -> EPERM on x86_64: write\n/,
  )
  t.match(left.stderr, / socket, for example socket\(0x[\da-f]+|AF_\w+\), on x86_64: allowed -> EPERM\n/)
  t.equal(left.status, 1)
  const both = await transcript(['diff', '--merge', '--fail-on', 'never', 'node.json', 'app.json'], folder)
  t.strictSame(JSON.parse(both.stdout), {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: [{ names: ['execve', 'exit_group', 'read', 'socket', 'write'], action: 'SCMP_ACT_ALLOW' }],
  })
  t.equal(both.status, 0)
  const nothing = await transcript(['diff', '--intersect', 'unconfined', 'app.json'], folder)
  t.match(nothing, { status: 0, stderr: /^(?:identical|equivalent)/ })
  for (const words of [
    ['--intersect', '--merge', 'node.json', 'app.json'],
    ['--intersect', 'node.json'],
  ])
    t.match(await transcript(['diff', ...words], folder), { status: 2, stdout: '' })
})
