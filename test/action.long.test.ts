// action.yml: its steps run as plain shell, with the environment that GitHub sets, in a real repository with a remote.
// The examples are YAML whose names exist.
import { execa } from 'execa'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { plainEnvironment } from './live/command.ts'

const root = resolve(import.meta.dirname, '..')
/** The steps are shell scripts. */
const skip = (await execa('bash', ['-c', 'true'], { reject: false })).failed && 'no bash here'
interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>
  readonly runs: {
    readonly using: string
    readonly steps: readonly {
      readonly run: string
      readonly shell: string
      readonly env?: Readonly<Record<string, string>>
    }[]
  }
}
const read = (name: string): unknown => parse(readFileSync(join(root, name), 'utf8'))
const action = read('action.yml') as Action

const profile = (...names: readonly string[]): string =>
  JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }],
  })

/** A clone of a repository whose main has `before`; one commit on top makes it `after` (undefined: deletes it). */
async function repository(
  folder: string,
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string | undefined>>,
) {
  const git = (cwd: string, ...args: readonly string[]) =>
    execa('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], { cwd })
  const write = (cwd: string, files: Readonly<Record<string, string | undefined>>): void => {
    for (const [name, text] of Object.entries(files)) {
      if (text === undefined) continue
      mkdirSync(dirname(join(cwd, name)), { recursive: true })
      if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(cwd, name))
      else writeFileSync(join(cwd, name), text)
    }
  }
  const [origin, clone] = [join(folder, 'origin'), join(folder, 'clone')]
  mkdirSync(origin)
  await git(origin, 'init', '-q', '-b', 'main')
  write(origin, before)
  await git(origin, 'add', '-A')
  await git(origin, 'commit', '-q', '-m', 'one')
  await git(folder, 'clone', '-q', origin, clone)
  for (const [name, text] of Object.entries(after)) if (text === undefined) await git(clone, 'rm', '-q', name)
  write(clone, after)
  await git(clone, 'add', '-A')
  await git(clone, 'commit', '-q', '-m', 'two')
  await git(clone, 'update-ref', '-d', 'refs/remotes/origin/main')
  return clone
}

/** Runs the comparing step as a runner does, with the inputs in its environment. */
async function compare(cwd: string, inputs: Readonly<Record<string, string>> = {}, env = {}) {
  const step = action.runs.steps.at(-1)
  const summary = join(cwd, '..', 'summary.md')
  writeFileSync(summary, '')
  const given = Object.fromEntries(
    Object.entries(step?.env ?? {}).map(([name, expression]) => {
      const input = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(expression)?.[1] ?? ''
      return [name, inputs[input] ?? (action.inputs[input] as { default: string }).default]
    }),
  )
  const { exitCode, stdout, stderr } = await execa(
    'bash',
    ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step?.run ?? 'false'],
    {
      cwd,
      reject: false,
      env: {
        ...plainEnvironment,
        GITHUB_ACTION_PATH: root,
        GITHUB_STEP_SUMMARY: summary,
        GITHUB_BASE_REF: 'main',
        ...given,
        ...env,
      },
    },
  )
  return { status: exitCode, stdout, stderr, summary: readFileSync(summary, 'utf8') }
}

t.test('no input is read as shell', async (t) => {
  t.equal(action.runs.using, 'composite')
  for (const { run, shell } of action.runs.steps) {
    t.equal(shell, 'bash')
    t.notMatch(run, /\$\{\{/)
  }
})

t.test('changed, new, removed and renamed profiles', { skip }, async (t) => {
  const cwd = await repository(
    t.testdir({}),
    {
      'profiles/app.json': profile('read'),
      'profiles/gone.json': profile('write'),
      'profiles/old.json': profile('read', 'write', 'openat', 'close', 'mmap', 'brk', 'execve'),
      'notes.json': '{}',
    },
    {
      'profiles/app.json': profile('read', 'ptrace'),
      'profiles/gone.json': undefined,
      'profiles/new.json': profile('futex'),
      'profiles/old.json': undefined,
      'profiles/moved.json': profile('read', 'write', 'openat', 'close', 'mmap', 'brk', 'execve', 'bpf'),
      'notes.json': '{"not": "a profile"}',
    },
  )
  const said = await compare(cwd, { profiles: 'profiles/*.json' })
  t.equal(said.status, 1)
  t.equal(said.stderr, '')
  t.match(
    said.stdout,
    /^::error file=profiles\/moved\.json,line=1,title=1 call opened%2C high risk::Renamed from profiles\/old\.json: .* does not start until it names profiles\/moved\.json\.%0Abpf on x86_64: EPERM -> allowed \(high risk: eBPF/,
  )
  t.match(
    said.stdout,
    /^::error file=profiles\/app\.json,line=1,title=1 call opened%2C medium risk::ptrace on x86_64: EPERM -> allowed/m,
  )
  t.match(said.stdout, /^::error file=profiles\/gone\.json,line=1,.*::Deleted: a workload that still names/m)
  t.match(
    said.stdout,
    /^::notice file=profiles\/new\.json,line=1,.*::New: compared with the default of Docker/m,
  )
  t.match(said.summary, /^### seccomp: FAILS: 4 profiles changed: 3 wider, 1 narrower; 1 high risk \\\(bpf/)
  t.match(said.summary, /\n\| profiles\/app\.json \| wider\. 1 call opened \| 1 medium risk/)
  t.match(
    said.summary,
    /\n#### profiles\/app\.json\n\n\*\*wider\. .*\*\*\n\n\| Risk .*\n.*\n\| medium \| ptrace \|/,
  )
  t.match(said.summary, /\n#### profiles\/gone\.json\n\nDeleted: /)
  t.match(said.summary, /\n#### profiles\/moved\.json\n\nRenamed from profiles\/old\.json: /)
  const byDefault = await compare(cwd)
  t.equal(byDefault.stdout, said.stdout, 'by default every file that holds a profile, and no other')
  t.match(await compare(cwd, { profiles: 'profiles/app.json', 'fail-on': 'never' }), { status: 0 })
  t.match(await compare(cwd, { profiles: 'profiles/nothing.json' }), {
    status: 0,
    stdout: /^::warning title=seccomp profiles::no file matched profiles\/nothing\.json: /,
    summary: /no file matched profiles\/nothing/,
  })
  t.match(await compare(cwd, { profiles: 'profiles/*.json', base: 'HEAD' }), {
    status: 0,
    stdout: /no profile changed/,
  })
  t.match(await compare(cwd, { base: 'nosuch' }), { status: 2, stderr: /revision of --base does not exist/ })
  t.match(await compare(cwd, { base: '--output=x' }), {
    status: 2,
    stderr: /revision of --base does not exist/,
  })
  t.match(await compare(cwd, {}, { GITHUB_BASE_REF: '' }), { status: 2, stderr: /no base to compare with/ })
  t.match(await compare(cwd, { profiles: 'profiles/app.json', 'fail-on': '$(touch owned)' }), { status: 2 })
  t.match(await compare(cwd, { profiles: 'notes.json' }), {
    status: 2,
    stdout: /^::error file=notes\.json,line=1,title=not compared::notes\.json:1:1: is not a profile/,
  })
})

t.test('hostile names and contents', { skip }, async (t) => {
  const names = [
    'p/$(touch owned).json',
    'p/`touch owned`;touch owned.json',
    'p/\n::error::owned.json',
    'p/--output=owned.json',
    'p/::set-output name=x::y.json',
    'p/a | b <img src=x>.json',
    '-- -o owned.json',
  ]
  const hostile = profile('read', '\n::error::owned', '<script>alert(1)</script>', 'ptrace')
  const cwd = await repository(
    t.testdir({}),
    Object.fromEntries(names.map((name) => [name, profile('read')])),
    { ...Object.fromEntries(names.map((name) => [name, hostile])), 'p/link.json': '-> /etc/passwd' },
  )
  const said = await compare(cwd, { profiles: '*.json' })
  t.equal(said.status, 2, 'the link is no profile')
  t.equal(said.stderr, '')
  const owned = await execa(
    'find',
    ['.', '-name', 'owned', '-o', '-name', 'owned.json', '-newer', '.git/HEAD'],
    { cwd },
  )
  t.notMatch(owned.stdout, /^\.\/owned/m, 'nothing was run or written')
  const lines = said.stdout.split('\n')
  t.equal(lines.length, names.length + 1)
  t.match(lines[0], /^::error file=p\/link\.json,line=1,title=not compared::p\/link\.json: .*a symbolic link/)
  for (const line of lines.slice(1))
    t.match(line, /^::error file=[^:,]+,line=1,title=1 call opened%2C medium risk::ptrace on/)
  t.notMatch(said.summary, /<img|<script|^::/m)
})

const manifest = (name: string, ...calls: readonly string[]): string =>
  `apiVersion: security-profiles-operator.x-k8s.io/v1beta1
kind: SeccompProfile
metadata:
  name: ${name}
spec:
  defaultAction: SCMP_ACT_ERRNO
  architectures: [SCMP_ARCH_X86_64]
  syscalls:
  - action: SCMP_ACT_ALLOW
    names: [${calls.join(', ')}]
`
const deployment = 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n'

t.test(
  'YAML as helm and kustomize render it: several profiles and other objects in one file',
  { skip },
  async (t) => {
    const configMap = (...calls: readonly string[]): string =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: profiles\ndata:\n  job.json: |\n    ${profile(...calls)}\n`
    const file = (...documents: readonly string[]): string => documents.join('---\n')
    const cwd = await repository(
      t.testdir({}),
      {
        'rendered.yaml': file(
          deployment,
          manifest('web', 'read'),
          manifest('gone', 'read'),
          configMap('read'),
        ),
        'other.yml': deployment,
      },
      {
        'rendered.yaml': file(
          manifest('db', 'read'),
          configMap('read', 'bpf'),
          manifest('web', 'read', 'mount'),
          deployment,
        ),
        'other.yml': `${deployment}spec: {}\n`,
      },
    )
    const { status, stdout, summary } = await compare(cwd)
    t.equal(status, 1)
    t.notMatch(stdout, /other\.yml/, 'a file without a profile is none')
    const line = (title: string): string => stdout.split('\n').find((each) => each.includes(title)) ?? ''
    t.match(
      line('mount on'),
      /^::error file=rendered\.yaml,line=\d+,title=1 call opened%2C high risk::mount on x86_64/,
    )
    t.match(line('bpf on'), /^::error file=rendered\.yaml,line=\d+,/)
    t.match(stdout, /::Deleted: /)
    t.match(stdout, /::New: /)
    for (const title of ['web', 'db', 'gone', 'job\\.json'])
      t.match(summary, new RegExp(`\n#### rendered\\.yaml .*${title}`), title)
  },
)

t.test('the examples are what they say', { skip, timeout: 120_000 }, async (t) => {
  const workflow = read('examples/github-workflow.yml') as {
    jobs: { review: { steps: readonly { uses: string; with?: Record<string, string> }[] } }
  }
  const used = workflow.jobs.review.steps.at(-1)
  for (const input of Object.keys(used?.with ?? {})) t.ok(Object.hasOwn(action.inputs, input), input)
  const { seccomp } = read('examples/gitlab-ci.yml') as {
    seccomp: {
      script: string[]
      variables: Record<string, string>
      artifacts: { reports: { codequality: string } }
    }
  }
  const cwd = await repository(
    t.testdir({}),
    { 'profiles/app.json': profile('read'), 'web.yaml': manifest('web', 'read') },
    { 'profiles/app.json': profile('read', 'ptrace'), 'web.yaml': manifest('web', 'read', 'bpf') },
  )
  const { stdout: base } = await execa('git', ['rev-parse', 'HEAD~1'], { cwd })
  const { exitCode, stdout } = await execa('bash', ['-eo', 'pipefail', '-c', seccomp.script.join('\n')], {
    cwd,
    reject: false,
    // The package of this clone replaces the published one.
    env: {
      ...plainEnvironment,
      ...seccomp.variables,
      CI_MERGE_REQUEST_DIFF_BASE_SHA: base,
      SECCOMP_GEN: `file:${root}`,
    },
  })
  t.equal(exitCode, 1)
  t.match(stdout, /^FAILS: 2 profiles changed: 2 wider; 1 high risk \(bpf\), 1 medium risk \(ptrace\)/)
  const issues = JSON.parse(readFileSync(join(cwd, seccomp.artifacts.reports.codequality), 'utf8')) as {
    severity: string
    location: { path: string }
  }[]
  t.strictSame(
    issues.map(({ severity, location }) => [severity, location.path]),
    [
      ['critical', 'web.yaml'],
      ['major', 'profiles/app.json'],
    ],
  )
})
