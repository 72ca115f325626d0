// The margin by scan: under its profile the program does what the recorded run did not (end the pool's children, end a
// thread late, abort). `trace --scan` reads the program from the container's image and mounts, under real engines.
import { execa } from 'execa'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Reachable } from '../../src/index.ts'
import { noEbpf, plainEnvironment, seccompGen } from './command.ts'
import { importImage, startEngines } from './engines.ts'
import { skipFile } from './skip.ts'
import { image, makeRoot } from './workloads/run.ts'

skipFile(process.getuid?.() === 0 ? await noEbpf() : 'containers of Docker are run as root here')
t.setTimeout(600_000)
const work = mkdtempSync('/tmp/sg-scan-margin-')
const { engines, end } = await startEngines(work, ['runc'])
t.teardown(end)
makeRoot(join(work, 'root'))
mkdirSync(join(work, 'srv'))
// A word names each rare action; the recorded run gets no word.
writeFileSync(
  join(work, 'srv/pool.py'),
  `
import multiprocessing, os, signal, sys, threading, time
pool = multiprocessing.get_context('fork').Pool(2)
pool.map(abs, range(20))
threads = [threading.Thread(target=time.sleep, args=(0.1,)) for _ in range(3)]
for each in threads: each.start()
for each in threads: each.join()
if 'end' in sys.argv:
    slow = multiprocessing.get_context('fork').Process(target=time.sleep, args=(20,))
    slow.start()
    slow.terminate()
    slow.join()
    pool.terminate()
else: pool.close()
pool.join()
if 'raise' in sys.argv:
    signal.signal(signal.SIGUSR1, lambda *_: print('raised', flush=True))
    signal.raise_signal(signal.SIGUSR1)
if 'abort' in sys.argv:
    child = os.fork()
    if child == 0: os.abort()
    print('ended by', os.WTERMSIG(os.waitpid(child, 0)[1]), flush=True)
`,
)
const python = realpathSync('/usr/bin/python3')
const [node, ...words] = seccompGen

for (const [name, engine] of engines) {
  const why = engine.why ?? ((await execa(python, ['-V'], { reject: false })).failed ? 'no python3' : false)
  t.test(name, { skip: why }, async (t) => {
    await importImage(engine, image, join(work, 'root'))
    const quietly = {
      env: { ...plainEnvironment, TMPDIR: work },
      reject: false,
      all: true,
      stdin: 'ignore',
    } as const
    const run = (...more: readonly string[]): readonly [string, ...string[]] => [
      ...(engine.client('runc') as [string, ...string[]]),
      'run', '--rm', '--network', 'none', ...engine.options('runc'),
      '-v', '/usr:/usr:ro', '-v', `${work}/srv:/srv:ro`, '--env', 'PYTHONDONTWRITEBYTECODE=1',
      ...more, image, 'python3', '/srv/pool.py',
    ] // prettier-ignore
    const profile = join(work, `${name}.json`)
    const observations = join(work, `${name}.observations.json`)
    const traced = await execa(
      node,
      [...words, 'trace', '--scan', '--unseen', 'libc', '--observations', observations, '-o', profile, '--', ...run()],
      quietly,
    ) // prettier-ignore
    t.equal(traced.exitCode, 0, traced.all)
    t.match(traced.all, /x86_64: \d+ of \d+ reachable calls seen/)
    t.match(traced.all, /unseen and within the ceiling: \d+: /)

    const allowed = new Set(
      (
        JSON.parse(readFileSync(profile, 'utf8')) as { syscalls: { names: string[]; action: string }[] }
      ).syscalls.flatMap(({ names, action }) => (action === 'SCMP_ACT_ALLOW' ? names : [])),
    )
    const seen = Object.keys(
      (JSON.parse(readFileSync(observations, 'utf8')) as { architectures: Reachable['architectures'] })
        .architectures.x86_64 ?? {},
    )
    for (const each of ['exit', 'kill', 'madvise', 'mremap', 'munmap', 'rt_sigprocmask', 'tgkill'])
      t.ok(allowed.has(each), `${each}${seen.includes(each) ? ' was seen' : ' is in the margin'}`)
    t.notOk(seen.includes('kill'), 'the recorded run ends no child')
    t.notOk(seen.includes('tgkill'), 'nor does it raise a signal')

    const under = async (file: string, ...arguments_: readonly string[]) => {
      const [client, ...rest] = run('--security-opt', `seccomp=${file}`)
      return execa(client, [...rest, ...arguments_], { ...quietly, timeout: 60_000 })
    }
    const ended = await under(profile, 'end', 'raise', 'abort')
    t.equal(ended.exitCode, 0, ended.all)
    t.match(ended.all, /raised/)
    t.match(ended.all, /ended by 6$/m, 'SIGABRT')

    const without = join(work, `${name}.without.json`)
    await execa(node, [...words, 'generate', observations, '--margin', 'none', '-o', without], quietly)
    const refused = await under(without, 'end')
    t.not(refused.exitCode, 0, 'what was seen alone does not do')
    t.match(refused.all, /Operation not permitted/)
  })
}
