// Words that people type because other tools take them, and proposals for mistyped words.
import { execa } from 'execa'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { seccompGen } from '../live/command.ts'
import { compiled, noCompiler } from '../scan/assemble.ts'
import { transcript } from './world.ts'

const profile = JSON.stringify({
  defaultAction: 'SCMP_ACT_ERRNO',
  architectures: ['SCMP_ARCH_X86_64'],
  syscalls: [{ names: ['read', 'bpf', 'execve'], action: 'SCMP_ACT_ALLOW' }],
})
const folder = t.testdir({
  'app.json': profile,
  'a.strace': 'read(0, "", 1) = 0\nexecve("/a", [], []) = 0\n',
})
mkdirSync(join(folder, 'p'))
writeFileSync(join(folder, 'p/web.json'), profile)
const on = (words: string) => transcript(words.split(' '), folder)

t.test('what a mistyped profile may have been', async (t) => {
  const rows: readonly (readonly [string, RegExp])[] = [
    [
      'diff dokcer app.json',
      /^seccomp-gen: dokcer: no such file or built-in profile: did you mean docker\?\n$/,
    ],
    ['diff docekr@28 app.json', /did you mean docker@28\?/],
    ['eval podmn read', /did you mean podman\?/],
    ['explain crio', /did you mean cri-o\?/],
    ['diff docker ap.json', /ap\.json: no such file or built-in profile: did you mean app\.json\?/],
    ['diff docker p/wbe.json', /did you mean p\/web\.json\?/],
    ['diff docker nothing-like-it', /^seccomp-gen: nothing-like-it: no such file\n$/],
    ['eval docker opnat', /did you mean openat\?/],
    ['explain docker opnat', /did you mean openat\?/],
    ['eval docker clone CLONE_NEWUSR', /CLONE_NEWUSR is not a known constant.*did you mean CLONE_NEWUSER/],
    ['diff docker docker --repot json', /Did you mean --report\?/],
    ['help dif', /^seccomp-gen: unknown command 'dif' \(Did you mean diff\?\)/],
    ['help nothing-like-it', /^seccomp-gen: unknown command 'nothing-like-it'; /],
  ]
  for (const [words, stderr] of rows) t.match(await on(words), { status: 2, stdout: '', stderr }, words)
})

t.test('names of architectures as Docker, Debian and Go write them', async (t) => {
  for (const arch of ['amd64', 'arm64', 'i386', '386', 'armv7', 'armhf', 'ppc64el', 'AMD64'])
    t.match(await on(`eval docker read --arch ${arch}`), { status: 0, stdout: 'SCMP_ACT_ALLOW\n' }, arch)
})

t.test('synonyms: --json, -q, -v', async (t) => {
  for (const words of ['diff docker app.json', 'validate app.json', 'explain app.json read']) {
    const long = await on(`${words} --report json`)
    t.strictSame(await on(`${words} --json`), long, words)
    t.type(JSON.parse(long.stdout), Object)
  }
  t.match(await on('-v'), { status: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
  t.strictSame(await on('-v'), await on('--version'))
  for (const command of ['generate', 'observe']) {
    const loud = await on(`${command} a.strace`)
    t.match(loud.stderr, /2 calls/)
    const quiet = await on(`${command} -q a.strace`)
    t.match(
      quiet,
      { status: 0, stdout: loud.stdout, stderr: /x86_64 is assumed/ },
      'what may be wrong is said still',
    )
    t.notMatch(quiet.stderr, /2 calls|evidence|allowed/, command)
    t.match(
      (await on(`${command} --help`)).stdout,
      /ignored: lines that are not calls/,
      'columns are explained',
    )
  }
})

t.test('--name names Kubernetes objects', async (t) => {
  t.match((await on('generate -q --as spo --name web a.strace')).stdout, /^ {2}name: web$/m)
  const { stdout } = await on('generate -q --as kubernetes --name web a.strace')
  t.match(stdout, /^ {2}name: web-seccomp$/m)
  t.match(stdout, /localhostProfile: web\.json/)
  t.match(await on('generate -q --as spo --name Web_1 a.strace'), { status: 2, stdout: '' })
})

t.test('explain --only, and the hint where no trace was given', async (t) => {
  const names = (text: string): readonly string[] =>
    (JSON.parse(text) as { calls: { syscall: string }[] }).calls.map(({ syscall }) => syscall)
  const seen = await on('explain app.json --trace a.strace --only unexpected --json')
  t.strictSame(names(seen.stdout), ['bpf'])
  t.notMatch(seen.stderr, /no --trace/)
  t.strictSame(names((await on('explain app.json --only exceeded --json')).stdout), ['bpf'])
  t.match(await on('explain app.json'), {
    stderr: /^seccomp-gen: no --trace was given.*: give traces or observations\n$/,
  })
})

t.test('the manual page is one that man(1) takes without a warning', async (t) => {
  const { status, stdout } = await on('man')
  t.equal(status, 0)
  for (const each of ['trace', 'verify', 'review', 'observations']) t.match(stdout, each)
  const formatted = await execa('groff', ['-man', '-Tutf8', '-ww', '-z'], { input: stdout, reject: false })
  if (formatted.code === 'ENOENT') return t.comment('groff is not installed')
  t.equal(formatted.stderr, '')
  return undefined
})

t.test('flags may have blanks beside the bar; an empty call is told as one', async (t) => {
  const [bare, blanks] = await Promise.all(
    ['CLONE_NEWUSER|SIGCHLD', ' CLONE_NEWUSER | SIGCHLD '].map((flags) =>
      transcript(['eval', 'docker', 'clone', flags], folder),
    ),
  )
  t.same(blanks, bare)
  t.match(await transcript(['eval', 'docker', ''], folder), {
    status: 2,
    stderr: /no call with an empty name/,
  })
  t.match(await transcript(['eval', 'docker', 'clone', ''], folder), {
    status: 2,
    stderr: /an argument is empty/,
  })
})

t.test('a file name in a proposed command is one operand of a shell', async (t) => {
  for (const name of ['a b;$(id).bz2', "it's.bz2", '-x.bz2']) {
    writeFileSync(join(folder, name), 'BZh91AY&SY')
    const { stderr } = await transcript(['generate', '--', name], folder)
    const [, command = ''] = /use `bzip2 -dc (.*) \| seccomp-gen/.exec(stderr) ?? []
    const { stdout } = await execa('sh', ['-c', `printf '[%s]' ${command}`])
    t.equal(stdout, `[${name.startsWith('-') ? './' : ''}${name}]`, stderr)
  }
})

t.test('a name that is not UTF-8 is told as one', async (t) => {
  const names = t.testdir({ 'a.strace': 'read(0, "", 1) = 0\n' })
  writeFileSync(Buffer.concat([Buffer.from(`${names}/b`), Buffer.from([0xff]), Buffer.from('.strace')]), 'x')
  for (const word of ['.', 'b\ufffd.strace'])
    t.match(await transcript(['observe', word], names), {
      status: 2,
      stderr: /if it is not UTF-8, rename the file/,
    })
})

t.test('relative names lead nowhere once the working directory was removed', async (t) => {
  const gone = join(folder, 'gone')
  mkdirSync(gone)
  const script = 'cd "$1" && rmdir "$1" && shift && exec "$@"'
  const words = ['generate', join(folder, 'a.strace'), '-o', 'removed-directory.json']
  const { exitCode, stderr } = await execa('sh', ['-c', script, 'sh', gone, ...seccompGen, ...words], {
    reject: false,
  })
  t.equal(exitCode, 2)
  t.match(stderr, /removed-directory\.json/)
  t.notOk(existsSync('/removed-directory.json'))
})

t.test(
  '--arch is checked for every program before the first one is scanned',
  { skip: noCompiler ?? false },
  async (t) => {
    // Its library is damaged, so a scan of the program fails.
    const library = join(folder, 'libdamaged.so')
    writeFileSync(library, compiled('int a(void) { return 1; }', ['-shared', '-Wl,-soname,libdamaged.so']))
    const text = 'int a(void); int main(void) { return a(); }'
    const needs = compiled(text, [library, `-Wl,-rpath,${folder}`])
    writeFileSync(join(folder, 'needs'), needs)
    // EM_AARCH64 in e_machine.
    writeFileSync(join(folder, 'other'), needs.with(18, 183))
    writeFileSync(join(folder, 'script'), `#!${join(folder, 'other')}\n`, { mode: 0o755 })
    writeFileSync(library, '\x7fELF')
    const of = (...words: readonly string[]) => transcript(['scan', '--no-cache', ...words], folder)
    t.match(await of('needs'), { status: 2, stderr: /libdamaged\.so: / })
    t.match(await of('--arch', 'aarch64', 'needs'), {
      status: 2,
      stderr: /needs: is for x86_64, not for aarch64/,
    })
    for (const path of ['other', 'script'])
      t.match(await of('--arch', 'x86_64', 'needs', path), {
        status: 2,
        stderr: new RegExp(`${path}: is for aarch64, not for x86_64`),
      })
  },
)

t.test(
  'a scan is of the machine that --arch names, and replaces recordings with all that is about them',
  async (t) => {
    const other = process.arch === 'arm64' ? 'x86_64' : 'aarch64'
    t.match(await transcript(['scan', '--arch', other, '/bin/true'], folder), {
      status: 2,
      stdout: '',
      stderr: new RegExp(`is for (?:x86_64|aarch64), not for ${other}`),
    })
    writeFileSync(
      join(folder, 'scan.json'),
      JSON.stringify({
        version: 1,
        bound: true,
        architectures: { x86_64: { getpriority: { path: ['a:main'] } } },
        unresolved: [],
        modules: [],
        notFollowed: [],
      }),
    )
    for (const option of ['--pid 5', '--comm x', '--format perf'])
      t.match(await on(`generate --from-scan scan.json ${option}`), {
        status: 2,
        stderr: new RegExp(`--from-scan replaces recordings, which ${option.split(' ')[0]} is about`),
      })
    t.match(await on('generate --from-scan scan.json --unseen log -o logged.json'), {
      status: 0,
      stderr: /; 1 logged; wrote logged\.json/,
    })
  },
)

t.test('no result replaces an input that it cannot stand for', async (t) => {
  const link = join(folder, 'link.json')
  symlinkSync('app.json', link)
  const files = { 'app.json': profile, 'a.strace': readFileSync(join(folder, 'a.strace'), 'utf8') }
  for (const words of [
    'generate a.strace -o a.strace',
    'generate a.strace -o ./a.strace',
    'generate a.strace -o b.json --explain a.strace',
    'validate app.json -o app.json',
    'explain app.json -o link.json',
    'diff docker app.json -o app.json',
    'verify app.json -o app.json -- true',
  ]) {
    t.match(
      await on(words),
      { stdout: '', stderr: /: is the input .*, which the result would replace/ },
      words,
    )
    for (const [name, text] of Object.entries(files)) t.equal(readFileSync(join(folder, name), 'utf8'), text)
  }
})

t.test('a query with a key that is none is no query', async (t) => {
  const query = { syscall: 'clone', arg: ['0x10000000'] }
  const { stdout } = await transcript(['eval', 'docker', '--batch'], folder, JSON.stringify(query))
  t.match(JSON.parse(stdout), { error: /^arg is not a key/ })
})

t.test('what is looked at is named once', async (t) => {
  for (const words of [
    'watch --container a --container b',
    'eval --pid 1 --pid=2 read',
    'harden --container a --container b o',
  ])
    t.match(await on(words), {
      status: 2,
      stdout: '',
      stderr: /^seccomp-gen: --(?:container|pid): is given twice/,
    })
  t.match(await on('trace --pod a/b --pod a/c'), { status: 125, stderr: /--pod: is given twice/ })
  t.match(await on('eval --kernel 5.10 --kernel 6.1 app.json read'), { status: 0 }, 'other options: the last')
})

t.test('results about two built-in profiles are in no file', async (t) => {
  const report = async (format: string, words: string): Promise<string> =>
    (await on(`diff --report ${format} ${words}`)).stdout
  const annotations = (await report('github', 'docker docker@28')).trimEnd().split('\n')
  for (const line of annotations) t.match(line, /^::\w+ title=/)
  t.ok(annotations.length > 0)
  for (const words of ['docker app.json', 'app.json docker']) {
    t.match(await report('github', words), /^::\w+ file=app\.json,line=\d+,/)
    const { runs } = JSON.parse(await report('sarif', words)) as {
      runs: { results: { locations: { physicalLocation: { artifactLocation: { uri: string } } }[] }[] }[]
    }
    const uris = runs.flatMap(({ results }) =>
      results.flatMap(({ locations }) => locations.map((each) => each.physicalLocation.artifactLocation.uri)),
    )
    t.strictSame([...new Set(uris)], ['app.json'], words)
  }
  const both = JSON.parse(await report('sarif', 'docker docker@28')) as {
    runs: { results: { locations: unknown[] }[] }[]
  }
  t.strictSame(
    both.runs.flatMap(({ results }) => results.flatMap(({ locations }) => locations)),
    [],
  )
})
