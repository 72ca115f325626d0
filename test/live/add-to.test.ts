// `trace --add-to FILE` in several runs at once, and while the file is deleted: no call of any run is lost.
import { execa } from 'execa'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { Observations } from '../../src/observe/index.ts'
import { locked } from '../../src/record/locked.ts'
import { noStrace, seccompGen } from './command.ts'
import { skipFile } from './skip.ts'

skipFile(await noStrace())
const [node, ...words] = seccompGen
const folder = t.testdir()
const at = (name: string): string => join(folder, name)
const trace = (name: string, script: string, env: Record<string, string> = {}) => {
  const own = ['--recorder', 'strace', '--add-to', 'all.json', '-o', `${name}.json`]
  return execa(node, [...words, 'trace', ...own, '--', 'sh', '-c', script], {
    cwd: folder,
    reject: false,
    env,
  })
}
const read = (): Observations => JSON.parse(readFileSync(at('all.json'), 'utf8')) as Observations
const callsOf = ({ architectures }: Observations): readonly string[] =>
  Object.values(architectures).flatMap((calls) => Object.keys(calls))
const until = async (there: () => boolean): Promise<void> => {
  while (!there()) await wait(20)
}
const withoutFlock =
  (await execa('flock', [folder, 'true'], { reject: false })).failed && 'no working flock here'

/** Each run makes a call that no other run makes. */
const runs = [
  ['mkdir', /^mkdir(?:at)?$/],
  ['ln -s x', /^symlink(?:at)?$/],
  ['mkfifo', /^mknod(?:at)?$/],
  ['touch', /^utimensat$/],
] as const

t.test('runs that end at the same time', { skip: withoutFlock }, async (t) => {
  t.equal((await trace('first', 'true')).exitCode, 0)
  const running = runs.map(([command], index) =>
    trace(`run${index}`, `: >up${index}; while ! [ -e go ]; do sleep 0.1; done; ${command} made${index}`),
  )
  await until(() => runs.every((_, index) => readdirSync(folder).includes(`up${index}`)))
  writeFileSync(at('go'), '')
  for (const { exitCode, stderr } of await Promise.all(running)) t.equal(exitCode, 0, stderr)
  const all = read()
  t.equal(all.runs, 1 + runs.length)
  // Sources of one name are one row.
  t.equal(
    all.sources.reduce((sum, { count = 1 }) => sum + count, 0),
    1 + runs.length,
  )
  for (const [command, call] of runs) t.ok(callsOf(all).some((each) => call.test(each)), command)
}) // prettier-ignore

t.test('a run waits for whoever holds the file, says so, and reads what that wrote', { skip: withoutFlock }, async (t) => {
  rmSync(at('all.json'))
  await trace('first', 'true')
  writeFileSync(at('other.json'), readFileSync(at('all.json'), 'utf8').replaceAll('"execve"', '"kexec_load"'))
  const holding = execa('flock', ['.all.json.lock', 'sh', '-c', ': >held; while ! [ -e release ]; do sleep 0.1; done; cp other.json all.json'], { cwd: folder })
  await until(() => readdirSync(folder).includes('held'))
  const second = trace('second', 'mkdir second')
  let said = ''
  second.stderr.on('data', (bytes: Buffer) => void (said += bytes.toString()))
  await until(() => /another adds to all\.json: waiting for it, up to 60 s/.test(said) || second.exitCode !== null)
  t.ok(readdirSync(folder).includes('second.json'), 'the profile does not wait')
  writeFileSync(at('release'), '')
  t.equal((await second).exitCode, 0)
  t.strictSame(readdirSync(folder).filter((name) => name.endsWith('.lock')), [], 'and its lock is gone')
  await holding
  const calls = callsOf(read())
  t.ok(calls.includes('kexec_load'), 'what was written while it waited')
  t.ok(calls.some((each) => each.startsWith("mkdir")), 'what it recorded')
}) // prettier-ignore

t.test('another that does not let go is given up, and one lock is as good as the next', { skip: withoutFlock }, async (t) => {
  const lock = at('unit.lock')
  const told: string[] = []
  const notices = { waiting: () => told.push('waiting'), unlocked: (why: string) => told.push(why) }
  let inside = 0
  const enter = async (): Promise<number> => {
    inside++
    await wait(20)
    return inside--
  }
  const all = await Promise.all(Array.from({ length: 8 }, () => locked(lock, 10_000, enter, notices)))
  t.strictSame(all, Array.from({ length: 8 }, () => ({ value: 1 })), 'never two at a time')
  told.length = 0
  const holding = execa('flock', [lock, 'sh', '-c', ': >kept; sleep 1'], { cwd: folder })
  await until(() => readdirSync(folder).includes('kept'))
  t.equal(await locked(lock, 200, enter, notices), undefined)
  t.strictSame(told, ['waiting'])
  await holding
  told.length = 0
  rmSync(lock, { force: true })
  symlinkSync(at('all.json'), lock)
  t.strictSame(await locked(lock, 200, enter, notices), { value: 1 })
  t.match(told, [/ELOOP/], 'the link of another is not followed')
}) // prettier-ignore

t.test('a file that is taken away during the run: what was left out as known is there', async (t) => {
  rmSync(at('all.json'))
  await trace('first', 'mkdir third; rmdir third')
  t.equal((await trace('second', 'mkdir third; rmdir third; rm all.json')).exitCode, 0)
  for (const call of [/^mkdir/, /^rmdir|^unlink/]) t.ok(callsOf(read()).some((each) => call.test(each)))
  t.ok(readFileSync(at('second.json'), 'utf8').includes('"mkdir'), 'in the profile too')
})

t.test('where nothing can lock, it is said and done', async (t) => {
  mkdirSync(at('bin'))
  for (const program of ['strace', 'mkfifo', 'sh', 'true']) {
    const { stdout } = await execa('sh', ['-c', `command -v ${program}`])
    symlinkSync(stdout, at(join('bin', program)))
  }
  const { exitCode, stderr } = await trace('fourth', 'true', { PATH: at('bin') })
  t.equal(exitCode, 0)
  t.match(
    stderr,
    /^seccomp-gen: all\.json cannot be kept to this run \(flock is not installed \(util-linux\)\): what another adds just now may be lost$/m,
  )
})
