// The single executable, built from the sources and run without Node and packages, does what the package does. The test
// takes Node 26 from the registry, and skips if the registry does not answer.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import t from 'tap'
import { whyNoEbpf } from '../../src/record/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-executable-'))
const executable = join(folder, 'seccomp-gen')
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

const made =
  process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)
    ? await execa('npx', ['tsx', 'scripts/make-executable.ts', '-o', executable], {
        cwd: root,
        reject: false,
        timeout: 120_000,
      })
    : undefined
const skip = made?.failed === false ? false : 'Node 26 cannot be had from the registry here'

/** Runs it without Node in PATH, in a directory without packages. */
const run = (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  execa(executable, words, {
    cwd: folder,
    reject: false,
    extendEnv: false,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env },
  })
const fromSource = (words: readonly string[]) =>
  execa(process.execPath, [join(root, 'dist/cli.js'), ...words], { cwd: folder, reject: false })

t.test('answers as the package does', { skip }, async (t) => {
  const trace = join(root, 'traces/web-server/web-server.strace')
  writeFileSync(
    join(folder, 'object.yaml'),
    'apiVersion: security-profiles-operator.x-k8s.io/v1beta1\nkind: SeccompProfile\nspec:\n  defaultAction: SCMP_ACT_ERRNO\n',
  )
  for (const words of [
    ['--version'],
    ['--help'],
    ['generate', trace],
    ['observe', trace],
    ['diff', '--fail-on', 'never', 'docker@28', 'docker@29'],
    ['eval', 'docker', 'clone', '0x10000000'],
    ['syscalls', 'openat'],
    ['validate', 'object.yaml'],
    ['generate', '--as', 'kubernetes', trace],
  ])
    t.equal((await run(words)).stdout, (await fromSource(words)).stdout, words.join(' '))
})

t.test('takes nothing from NODE_OPTIONS', { skip }, async (t) => {
  const { exitCode } = await run(['--version'], { NODE_OPTIONS: '--require /nothing-is-here' })
  t.equal(exitCode, 0)
})

const noStrace = (await execa('strace', ['-V'], { reject: false })).failed && 'strace is not installed'
t.test('records with strace', { skip: skip || noStrace }, async (t) => {
  const { exitCode, stderr } = await run(['trace', '--recorder', 'strace', '-o', 's.json', '--', '/bin/true'])
  t.equal(exitCode, 0, stderr)
  t.match(readFileSync(join(folder, 's.json'), 'utf8'), '"exit_group"')
})

const noEbpf = await whyNoEbpf()
t.test('records with ebpf, and verifies', { skip: skip || noEbpf || false }, async (t) => {
  const traced = await run(['trace', '--recorder', 'ebpf', '-o', 'e.json', '--', '/bin/true'])
  t.equal(traced.exitCode, 0, traced.stderr)
  const noRuntime = (await execa('runc', ['--version'], { reject: false })).failed
  if (noRuntime) return t.comment('skipped: runc is not installed')
  const verified = await run(['verify', 'e.json', '--', '/bin/true'])
  t.equal(verified.exitCode, 0, verified.stderr)
  const refused = await run(['verify', 'e.json', '--', '/bin/mkdir', join(folder, 'made')])
  t.not(refused.exitCode, 0, 'another program is refused something')
})

t.test(
  'takes the native module beside it where nothing can be unpacked',
  { skip: skip || noEbpf || false },
  async (t) => {
    // No file can be created in /proc.
    const nowhere = { TMPDIR: '/proc' }
    writeFileSync(join(folder, 'koffi.node'), readFileSync(`${executable}.koffi.node`))
    const { stdout, exitCode } = await run(['trace', '--check'], nowhere)
    t.match(stdout, /^ebpf: works$/m)
    t.equal(exitCode, 0)
    // A koffi.node that is no module is ignored.
    writeFileSync(join(folder, 'koffi.node'), 'nothing of use')
    mkdirSync(join(folder, 'tmp'))
    t.match((await run(['trace', '--check'], { TMPDIR: join(folder, 'tmp') })).stdout, /^ebpf: works$/m)
  },
)
