// action.yml: its steps are run as plain shell, with the environment that GitHub sets, in a real repository with a
// remote. The examples are YAML that names what there is.
import { execa } from 'execa'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { plainEnvironment } from './live/command.ts'

const root = resolve(import.meta.dirname, '..')
/** The steps are shell. */
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

/** A clone of a repository whose main has `before`, with a commit on top that makes it `after` (undefined: removed). */
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

/** The step that compares, as a runner runs it: inputs in its environment. */
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
    /^::warning file=profiles\/app\.json,line=1,title=call-allowed::wider: ptrace on x86_64/m,
  )
  t.match(said.stdout, /^::warning file=profiles\/moved\.json,line=1,title=call-allowed::wider: bpf/m)
  t.match(
    said.summary,
    /^### profiles\/app\.json\n\n\| Direction .*\n\|.*\n\| wider \| x86\\_64 \| ptrace \|/m,
  )
  t.match(said.summary, /^### profiles\/gone\.json: removed/m)
  t.match(said.summary, /^### profiles\/new\.json: new; compared with what docker applies/m)
  t.match(said.summary, /^### profiles\/old\.json, now profiles\/moved\.json\n/m)
  t.match(await compare(cwd, { profiles: 'profiles/app.json', 'fail-on': 'never' }), { status: 0 })
  t.match(await compare(cwd, { profiles: 'profiles/nothing.json' }), {
    status: 0,
    stdout: 'No profile changed.',
    summary: 'No profile changed.\n',
  })
  t.match(await compare(cwd, { profiles: 'profiles/*.json', base: 'HEAD' }), {
    stdout: 'No profile changed.',
  })
  t.match(await compare(cwd, { base: 'nosuch' }), { status: 2, stderr: /base revision does not exist/ })
  t.match(await compare(cwd, { base: '--output=x' }), { status: 2, stderr: /base revision does not exist/ })
  t.match(await compare(cwd, {}, { GITHUB_BASE_REF: '' }), { status: 2, stderr: /no base to compare with/ })
  t.match(await compare(cwd, { profiles: 'profiles/app.json', 'fail-on': '$(touch owned)' }), { status: 2 })
  t.match(await compare(cwd, { profiles: 'notes.json' }), { status: 2, stderr: /^seccomp-gen: notes\.json/ })
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
  t.equal(said.stderr.split('\n').length, 1, 'one line')
  const owned = await execa(
    'find',
    ['.', '-name', 'owned', '-o', '-name', 'owned.json', '-newer', '.git/HEAD'],
    { cwd },
  )
  t.notMatch(owned.stdout, /^\.\/owned/m, 'nothing was run or written')
  const lines = said.stdout.split('\n')
  t.equal(lines.length, names.length)
  for (const line of lines)
    t.match(line, /^::warning file=[^:,]+,line=1,title=call-allowed::wider: ptrace on/)
  t.notMatch(said.summary, /<img|<script|^::/m)
})

t.test('the examples are what they say', { skip }, async (t) => {
  const workflow = JSON.stringify(read('examples/github-workflow.yml'))
  t.match(workflow, /"profiles":"profiles\/\*\.json"/)
  for (const input of ['profiles', 'fail-on']) t.ok(Object.hasOwn(action.inputs, input))
  const gitlab = read('examples/gitlab-ci.yml') as {
    seccomp: { script: string[]; variables: Record<string, string> }
  }
  const cwd = await repository(
    t.testdir({}),
    { 'profiles/app.json': profile('read') },
    { 'profiles/app.json': profile('read', 'ptrace') },
  )
  const { stdout: base } = await execa('git', ['rev-parse', 'HEAD~1'], { cwd })
  const { exitCode } = await execa('bash', ['-ec', gitlab.seccomp.script.join('\n')], {
    cwd,
    reject: false,
    env: { ...plainEnvironment, ...gitlab.seccomp.variables, BASE: base, SECCOMP_GEN: root },
  })
  t.equal(exitCode, 1)
  t.match(readFileSync(join(cwd, 'seccomp.md'), 'utf8'), /ptrace/)
})
