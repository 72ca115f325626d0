// A roll-out as docs/watch.md has it, under runtimes that read the flags of a profile: log first, refuse later, and the
// kernel's audit records say what was logged and what was refused.
// SECCOMP_GEN_RUNC=FILE: a runc from 1.2.0 on (scripts/unpack-runtime.ts), because Debian 12's reads no flags.
import { execa } from 'execa'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { runtimeWords, version, whyNotRun, writeBundle, type Runtime } from '../../scripts/bundle.ts'
import { whyNoAudit } from '../../src/record/audit/index.ts'
import { AuditSocket } from '../../src/record/audit/socket.ts'
import { noEbpf, plainEnvironment, seccompGen } from './command.ts'
import { skipFile } from './skip.ts'

skipFile((await noEbpf()) ?? (await whyNoAudit()))
t.setTimeout(240_000)
const work = mkdtempSync(join(tmpdir(), 'sg-log-refusals-'))
t.teardown(() => rmSync(work, { recursive: true, force: true }))
const at = (name: string): string => join(work, name)
const [program, ...loading] = seccompGen
const seccomp = async (t: Test, ...words: readonly string[]): Promise<void> => {
  const options = {
    env: plainEnvironment,
    cwd: work,
    reject: false,
    stdin: 'ignore',
    timeout: 60_000,
  } as const
  const { exitCode, stderr } = await execa(program, [...loading, ...words], options)
  t.equal(exitCode, 0, `${words.join(' ')}: ${stderr}`)
}

const pipe = '/bin/mkfifo /tmp/pipe && echo made'

/** What a container with the profile prints, and the records of the call that makes a pipe with a name. */
async function run(runtime: Runtime, file: string, profile: string) {
  const bundle = at(runtime)
  mkdirSync(bundle, { recursive: true })
  const args = ['/bin/sh', '-c', pipe]
  writeBundle(bundle, { args, noNewPrivileges: true }, JSON.parse(readFileSync(at(profile), 'utf8')))
  rmSync(join(bundle, 'rootfs/bin/mkfifo'), { force: true })
  symlinkSync('busybox', join(bundle, 'rootfs/bin/mkfifo'))
  rmSync(join(bundle, 'rootfs/tmp/pipe'), { force: true })
  const records: string[] = []
  const socket = await AuditSocket.open((text) => records.push(text))
  const words = ['--root', at('state'), 'run', '--bundle', bundle, `log-${runtime}-${process.pid}`]
  const [first, ...more] = runtimeWords(runtime, [file, ...words])
  const { stdout, stderr } = await execa(first, more, { reject: false, stdin: 'ignore', timeout: 60_000 })
  const own = (): readonly string[] => records.filter((text) => text.includes('comm="mkfifo"'))
  // Records come with a delay. Where none is expected, the wait must end by itself.
  for (let tries = 0; tries < 20 && own().length === 0; tries++) await wait(50)
  socket.close()
  return { stdout, stderr, records: own() }
}

async function rollOut(t: Test, runtime: Runtime, file: string): Promise<void> {
  const named = `${runtime}@${version(file)}`
  const generate = (...words: readonly string[]) =>
    seccomp(t, 'generate', '--runtime', named, '--no-new-privileges', ...words)
  await generate('--default-action', 'log', 'seen.json', '-o', 'log.json')
  const logged = await run(runtime, file, 'log.json')
  t.match(
    logged,
    { stdout: 'made', records: [/syscall=(?:133|259|33) .*code=0x7ffc0000/] },
    'carried out, and logged',
  )
  await generate('seen.json', '-o', 'quiet.json')
  const quiet = await run(runtime, file, 'quiet.json')
  t.match(quiet, { stderr: /Operation not permitted/, records: { length: 0 } }, 'refused, and not logged')
  await generate('--log-refusals', 'seen.json', '-o', 'refuse.json')
  const refused = await run(runtime, file, 'refuse.json')
  t.match(refused.stderr, /Operation not permitted/, 'refused …')
  t.match(refused.records, [/syscall=(?:133|259|33) .*code=0x5/], '… and logged')
  // Either kind of record puts the call into the next profile.
  for (const [name, records] of Object.entries({ logged, refused }).map(
    ([name, each]) => [name, each.records] as const,
  )) {
    writeFileSync(at(`${name}.log`), records.map((text) => `type=1326 ${text}\n`).join(''))
    await generate('--log-refusals', 'seen.json', `${name}.log`, '-o', 'next.json')
    const next = await run(runtime, file, 'next.json')
    t.match(next, { stdout: 'made', records: { length: 0 } }, `with what was ${name}: allowed`)
  }
}

t.test('what the program is known to call', async (t) => {
  const script = 'ls / > /dev/null; cat /dev/null; true'
  await seccomp(
    t,
    'trace',
    '--observations',
    'seen.json',
    '-o',
    'unused.json',
    '--',
    '/bin/busybox',
    'sh',
    '-c',
    script,
  )
})

const runtimes: readonly (readonly [Runtime, string | undefined])[] = [
  ['crun', 'crun'],
  ['runc', process.env['SECCOMP_GEN_RUNC']],
]
for (const [runtime, file] of runtimes) {
  const why = file === undefined ? 'SECCOMP_GEN_RUNC names no runc' : whyNotRun(runtime, file)
  t.test(`log, then refuse: ${runtime}`, { skip: why ?? false }, (t) => rollOut(t, runtime, file ?? runtime))
}
