// macOS and Windows: commands that read files answer as on Linux, byte for byte; those that need the kernel say so. The
// built command runs under pretend.mjs, which removes what those systems lack. This does not replace a run on them.
import { execa } from 'execa'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'

const root = resolve(import.meta.dirname, '../..')
const cli = join(root, 'dist/cli.js')
const pretend = join(import.meta.dirname, 'pretend.mjs')
const systems = { darwin: 'macOS', win32: 'Windows' } as const
type System = keyof typeof systems

const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-platforms-'))
t.setTimeout(300_000)
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const home = join(folder, 'home')
cpSync(join(root, 'traces'), join(folder, 'traces'), { recursive: true })
cpSync(join(root, 'examples/harden'), join(folder, 'harden'), { recursive: true })
const trace = readFileSync(join(folder, 'traces/web-server/web-server.strace'), 'utf8')
const profile = readFileSync(join(folder, 'traces/web-server/golden/profile.json'), 'utf8')
writeFileSync(join(folder, 'traces/crlf.strace'), trace.replaceAll('\n', '\r\n'))
writeFileSync(join(folder, 'traces/crlf.json'), profile.replaceAll('\n', '\r\n'))

async function run(system: System | undefined, words: readonly string[], stdin?: string) {
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    [...(system === undefined ? [] : ['--import', pretend]), cli, ...words],
    {
      cwd: folder,
      reject: false,
      stripFinalNewline: false,
      // The home has no cache, so each run reads the inputs itself.
      env: { NODE_OPTIONS: '', PRETEND: system ?? '', HOME: home, FORCE_COLOR: '0' },
      ...(stdin === undefined ? { stdin: 'ignore' as const } : { input: stdin }),
    },
  )
  return { exitCode, stdout, stderr }
}

/** The words, with slashes in paths, and stdin. */
const commands: readonly (readonly [words: string, stdin?: string])[] = [
  ['generate traces/web-server'],
  ['generate traces/web-server/web-server.strace --explain traces/explained.json -o traces/app.json'],
  ['generate --as kubernetes traces/crlf.strace'],
  ['generate -', trace],
  ['generate traces/signals-ff/sig'],
  ['observe traces/audit-log traces/curl-x86_64/curl.strace'],
  ['validate --runtime runc@1.3.6 traces/web-server/golden/profile.json'],
  ['validate --report sarif traces/crlf.json'],
  ['diff docker traces/web-server/golden/profile.json'],
  ['diff traces/web-server/golden/profile.json traces/crlf.json'],
  ['diff --report github docker traces/crlf.json'],
  ['eval traces/crlf.json clone CLONE_NEWUSER|SIGCHLD'],
  ['explain traces/crlf.json --trace traces/web-server socket'],
  ['harden --as kubernetes harden/nginx.observations.json'],
  ['syscalls openat'],
  ['completion bash'],
  ['man'],
  ['generate traces/missing'],
  ['validate traces/web-server/golden/profil.json'],
  ['generate -o traces/none/app.json traces/web-server'],
  ['generate -o traces/web-server/ traces/web-server'],
]

/** The output of each command without a pretended system. */
const onLinux: ReturnType<typeof run>[] = []

for (const system of ['darwin', 'win32'] as const)
  t.test(`${systems[system]} answers as Linux does`, async (t) => {
    for (const [index, [command, stdin]] of commands.entries()) {
      const words = command.split(' ')
      const expected = await (onLinux[index] ??= run(undefined, words, stdin))
      const given =
        system === 'win32'
          ? words.map((word) => (word.startsWith('-') ? word : word.replaceAll('/', '\\')))
          : words
      const found = await run(system, given, stdin)
      // Messages show a missing path as the user wrote it, with backslashes escaped.
      const asWritten = (text: string): string => text.replaceAll('\\\\', '/').replaceAll('\\', '/')
      t.equal(found.exitCode, expected.exitCode, `${command}: status`)
      t.equal(found.stdout, expected.stdout, `${command}: stdout`)
      if (expected.exitCode === 2) t.equal(asWritten(found.stderr), asWritten(expected.stderr), command)
      else t.equal(found.stderr, expected.stderr, `${command}: stderr`)
    }
    t.equal(
      readFileSync(join(folder, 'traces/app.json'), 'utf8'),
      (await run(undefined, ['generate', 'traces/web-server'])).stdout,
      'the file that -o names',
    )
  })

t.test('what needs Linux says so and what to do, and writes nothing', async (t) => {
  for (const system of ['darwin', 'win32'] as const) {
    const needed = `needs Linux, and this is ${systems[system]}: `
    for (const words of ['trace -o new.json -- ls', 'trace --container web', 'trace --scan -- ls'])
      t.match(await run(system, words.split(' ')), {
        exitCode: 125,
        stdout: '',
        stderr: new RegExp(
          `^seccomp-gen: recording ${needed}.*docker run .* strace -f .*generate app\\.strace.*\\n$`,
        ),
      })
    t.match(await run(system, ['verify', 'traces/crlf.json', '--', 'ls']), {
      exitCode: 125,
      stdout: '',
      stderr: new RegExp(`^seccomp-gen: verifying ${needed}.*\\n$`),
    })
    t.match(await run(system, ['trace', '--check']), {
      exitCode: 1,
      stdout: 'ebpf: no: it needs Linux\nstrace: no: it needs Linux\n',
    })
    for (const words of ['eval --pid 1 read', 'collect --stdout']) {
      const { exitCode, stdout, stderr } = await run(system, words.split(' '))
      t.match(stderr, /^seccomp-gen: .*it needs Linux\n$/, words)
      t.ok([2, 125].includes(exitCode ?? 0), words)
      t.equal(stdout, '', words)
    }
  }
  t.notOk(existsSync(join(folder, 'new.json')))
})

t.test('a name that begins with a drive is a file and no revision', async (t) => {
  const file = 'C:\\nowhere\\app.json'
  const { exitCode, stderr } = await run('win32', ['validate', file])
  t.equal(exitCode, 2)
  t.match(stderr, /no such file/)
  const here = await run('win32', ['validate', `C:${folder.replaceAll('/', '\\')}\\traces\\crlf.json`])
  t.equal(here.exitCode, 0, 'an absolute name')
})

t.test('the pretence takes away what it says', async (t) => {
  const script = `import { readFileSync } from 'node:fs'
    import { createRequire } from 'node:module'
    const seen = [process.platform, process.getuid === undefined]
    try { readFileSync('/proc/self/status') } catch (error) { seen.push(error.code) }
    try { createRequire(process.cwd() + '/x')('koffi') } catch (error) { seen.push(error.code) }
    console.log(seen.join(' '))`
  const told = async (system: System) =>
    (
      await execa(process.execPath, ['--import', pretend, '--input-type=module', '-e', script], {
        cwd: root,
        env: { NODE_OPTIONS: '', PRETEND: system },
      })
    ).stdout
  t.match(await told('darwin'), /^darwin false ENOENT MODULE_NOT_FOUND$/)
  t.match(await told('win32'), /^win32 true ENOENT MODULE_NOT_FOUND$/)
})
