// Containers that never started, that end when their time is up, or that are kept: the written files, the messages, and
// that nothing goes on under a recording's filter without a message.
import { execa } from 'execa'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { whyNotRun } from '../../scripts/bundle.ts'
import { noEbpf, noStrace } from './command.ts'
import { skipFile } from './skip.ts'

skipFile((await noEbpf()) ?? whyNotRun('runc'))
t.setTimeout(600_000)
const { allowed, at, close, engines, leftovers, node, quietly, words } = await import('./containers.ts')
t.teardown(close)
const noStraceHere = await noStrace()
const ours = (...more: readonly string[]) => execa(node, [...words, ...more], quietly)
const good = '{"defaultAction":"SCMP_ACT_ALLOW"}\n'

for (const [engine, why, [client = '', ...own], more] of engines) {
  const asked = (...words: readonly string[]) => execa(client, [...own, ...words], quietly)
  const run = [client, ...own, 'run', '--network', 'none', ...more]
  const recorders = engine === 'podman' ? ['ebpf', 'strace'] : ['ebpf']
  for (const recorder of recorders)
    t.test(
      `${engine}, ${recorder}: a program that is not there writes nothing over a good profile`,
      { skip: why ?? (recorder === 'strace' ? (noStraceHere ?? false) : false) },
      async (t) => {
        const file = at(`${engine}-${recorder}-typo.json`)
        for (const options of [[], ['--security-opt', 'no-new-privileges']]) {
          writeFileSync(file, good)
          const command = [...run, '--rm', ...options, 'seccomp-gen-test', 'typo']
          const traced = await ours('trace', '--recorder', recorder, '-o', file, '--', ...command)
          t.equal(readFileSync(file, 'utf8'), good, `${options.join(' ')}: ${traced.stderr}`)
          t.ok([125, 127].includes(traced.exitCode ?? 0), `${traced.exitCode}`)
          t.match(
            traced.stderr,
            /the program in the container never started|no call was recorded|not a trace/i,
          )
        }
      },
    )

  t.test(
    `${engine}: --for counts from the start of the program, and is success`,
    { skip: why ?? false },
    async (t) => {
      const file = at(`${engine}-for.json`)
      const looping = 'trap "exit 9" TERM; while :; do ls / >/dev/null; sleep 0.1; done'
      const command = [...run, '--rm', 'seccomp-gen-test', 'sh', '-c', looping]
      const recorder = ours('trace', '--for', '100ms', '-o', file, '--', ...command)
      const traced = await recorder
      t.equal(traced.exitCode, 0, traced.stderr)
      t.ok(allowed(file).includes('getdents64'), 'the program has run for its time')
      t.strictSame(leftovers(recorder.pid), [])
    },
  )

  t.test(
    `${engine}: a second signal stops a container that takes no notice of the first`,
    { skip: why ?? false },
    async (t) => {
      const file = at(`${engine}-again.json`)
      // The first program of a container has no action by default, so a signal that it does not handle is lost.
      const recorder = ours('trace', '-o', file, '--', ...run, '--rm', 'seccomp-gen-test', 'sleep', '300')
      let said = ''
      recorder.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()))
      while (!said.includes('recording with') && recorder.exitCode === null) await wait(50)
      await wait(3000)
      recorder.kill('SIGINT')
      while (!said.includes('Ctrl-C again stops it') && recorder.exitCode === null) await wait(50)
      t.equal(recorder.exitCode, null, `it goes on, and that is said: ${said}`)
      recorder.kill('SIGINT')
      const { exitCode, stderr } = await recorder
      t.ok([0, 137, 143].includes(exitCode ?? -1), `${exitCode}: ${stderr}`)
      t.ok(allowed(file).includes('execve'), 'the profile is written')
      t.strictSame(leftovers(recorder.pid), [])
    },
  )

  t.test(
    `${engine}: a container that the engine starts again is refused`,
    { skip: why ?? false },
    async (t) => {
      for (const restart of [['--restart', 'always'], ['--restart=on-failure:3']]) {
        const command = [...run, '-d', ...restart, 'seccomp-gen-test', 'true']
        const traced = await ours('trace', '-o', at('never.json'), '--', ...command)
        t.equal(traced.exitCode, 125)
        t.match(
          traced.stderr,
          new RegExp(
            `^seccomp-gen: ${engine} run --restart (always|on-failure:3): .*leave this option out$`,
            'm',
          ),
        )
        t.notOk(existsSync(at('never.json')))
      }
      const none = await ours(
        'trace',
        '-o',
        at('no.json'),
        '--',
        ...run,
        '--rm',
        '--restart=no',
        'seccomp-gen-test',
        'true',
      )
      t.equal(none.exitCode, 0, none.stderr)
    },
  )

  t.test(`${engine}: a container that is kept is told`, { skip: why ?? false }, async (t) => {
    const name = `seccomp-gen-kept-${engine}-${process.pid}`
    const kept = await ours(
      'trace',
      '-o',
      at('kept.json'),
      '--',
      ...run,
      '--name',
      name,
      'seccomp-gen-test',
      'true',
    )
    t.equal(kept.exitCode, 0, kept.stderr)
    t.match(kept.stderr, new RegExp(`the container ${name} is still there.*${engine} rm ${name}`))
    t.equal((await asked('rm', name)).exitCode, 0)
    const gone = await ours('trace', '-o', at('kept.json'), '--', ...run, '--rm', 'seccomp-gen-test', 'true')
    t.notMatch(gone.stderr, /still there/)
    const file = at(`${engine}.cid`)
    const given = await ours(
      'trace',
      '-o',
      at('kept.json'),
      '--',
      ...run,
      '--cidfile',
      file,
      'seccomp-gen-test',
      'true',
    )
    t.match(given.stderr, /is still there/, 'with an id file of the user’s')
    t.equal((await asked('rm', readFileSync(file, 'utf8').trim())).exitCode, 0)
  })

  t.test(
    `${engine}: what the runtime does at an exec is not the container’s`,
    { skip: why ?? false },
    async (t) => {
      const name = `seccomp-gen-exec-${engine}-${process.pid}`
      const file = at(`${engine}-exec.json`)
      const command = [...run, '--rm', '--name', name, 'seccomp-gen-test', 'sleep', '20']
      const recorder = ours('trace', '--for', '6s', '-o', file, '--', ...command)
      let seen = ''
      for (let tries = 0; tries < 100 && !seen.includes('x86_64\n') && !/\d/.test(seen); tries++) {
        await wait(100)
        const ran = await asked('exec', name, 'sh', '-c', 'ls / >/dev/null; echo 1')
        seen = ran.exitCode === 0 ? ran.stdout : ''
      }
      t.match(seen, /1/, 'the program of the exec ran')
      await recorder
      t.ok(allowed(file).includes('getdents64'), 'its calls are in the profile')
      for (const call of ['keyctl', 'setns', 'unshare', 'mount']) t.notOk(allowed(file).includes(call), call)
    },
  )
}
