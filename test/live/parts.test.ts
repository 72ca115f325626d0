// `--with`: under the profile of a program alone, its container also runs the engine's init, and a shell, ls and cat
// run in it by exec. `docker run --init -t` adds its parts by itself.
import { execa } from 'execa'
import t from 'tap'
import { noEbpf } from './command.ts'
import { skipFile } from './skip.ts'

skipFile(await noEbpf())
t.setTimeout(600_000)
const { at, close, engines, node, quietly, words } = await import('./containers.ts')
t.teardown(close)
const trace = (...more: readonly string[]) => execa(node, [...words, 'trace', ...more], quietly)

for (const [engine, why, [client = '', ...own], more] of engines) {
  const asked = (...given: readonly string[]) => execa(client, [...own, ...given], quietly)
  const run = (...given: readonly string[]): readonly string[] => [
    'run',
    '--network',
    'none',
    ...more,
    ...given,
  ]
  t.test(`${engine}: what a recording of the program alone lacks`, { skip: why ?? false }, async (t) => {
    const file = at(`${engine}-with.json`)
    const command = [client, ...own, ...run('--rm', 'seccomp-gen-test', 'sleep', '1')]
    const traced = await trace('--margin', 'none', '--with', 'init,exec', '-o', file, '--', ...command)
    t.equal(traced.exitCode, 0, traced.stderr)
    t.match(traced.stderr, /\d+ for exec and init/)
    const name = `seccomp-gen-with-${engine}-${process.pid}`
    t.teardown(() => asked('rm', '-f', name))
    const started = await asked(
      ...run(
        '-d',
        '--init',
        '--name',
        name,
        '--security-opt',
        `seccomp=${file}`,
        'seccomp-gen-test',
        'sleep',
        '60',
      ),
    )
    t.equal(started.exitCode, 0, started.stderr)
    for (const script of [
      'ls -l /',
      'cat /bin/busybox >/dev/null',
      'ls / | cat; test -e /bin && echo there',
    ]) {
      const ran = await asked('exec', name, 'sh', '-c', script)
      t.equal(ran.exitCode, 0, `${script}: ${ran.stderr}`)
    }
    const stopped = await asked('stop', '-t', '20', name)
    t.equal(stopped.exitCode, 0)
    const state = await asked('container', 'inspect', '--format', '{{.State.ExitCode}}', name)
    t.equal(state.stdout, '143', 'the init passed the signal on')
  })

  t.test(`${engine}: --init and -t add their parts`, { skip: why ?? false }, async (t) => {
    const command = [client, ...own, ...run('--rm', '--init', '-t', 'seccomp-gen-test', 'true')]
    const traced = await trace(
      '--explain',
      at(`${engine}.policy.json`),
      '-o',
      at(`${engine}.json`),
      '--',
      ...command,
    )
    t.equal(traced.exitCode, 0, traced.stderr)
    t.match(traced.stderr, /\d+ for init and tty/)
    const neither = /not seen in this run: a child process, another program,/
    t.match(traced.stderr, neither, 'what the init does is not the work of the program')
    const plain = await trace(
      '-o',
      at(`${engine}.json`),
      '--',
      client,
      ...own,
      ...run('--rm', 'seccomp-gen-test', 'true'),
    )
    t.notMatch(plain.stderr, /for (?:init|tty)/)
    t.match(plain.stderr, neither)
  })
}
