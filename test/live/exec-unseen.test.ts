// The notice `exec-unseen`: which recordings leave out what exec adds to the container. By strace all do. By ebpf those
// of containers without a cgroup of their own do, as crun makes them with --cgroup-manager=disabled.
import { execa } from 'execa'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { whyNotRun, writeBundle, type Runtime } from '../../scripts/bundle.ts'
import { noEbpf, noStrace, plainEnvironment, seccompGen } from './command.ts'
import { seenBy } from './engines.ts'
import { skipFile } from './skip.ts'

skipFile(whyNotRun('runc'))
t.setTimeout(300_000)
const directory = t.testdir()
const bundle = join(directory, 'bundle')
mkdirSync(bundle)
writeBundle(bundle, { args: ['/bin/sleep', '1'], noNewPrivileges: false }, undefined)

const unseen = 'what exec adds to the container is not recorded'
for (const [recorder, runtime, options, notice] of [
  ['strace', 'runc', [], `${unseen}: strace follows only what the command starts`],
  ['ebpf', 'runc', [], undefined],
  ['ebpf', 'crun', ['--cgroup-manager=disabled'], `${unseen}: the container has no cgroup of its own`],
] as const) {
  const name = [recorder, runtime, ...options].join(' ')
  const why = await (recorder === 'ebpf' ? noEbpf() : noStrace())
  t.test(name, { skip: why ?? whyNotRun(runtime satisfies Runtime) ?? false }, async (t) => {
    const state = ['--root', join(directory, 'state')]
    const run = [
      runtime,
      ...state,
      ...options,
      'run',
      '--bundle',
      bundle,
      `seccomp-gen-unseen-${process.pid}`,
    ]
    const written = ['-o', join(directory, `${recorder}-${runtime}.json`)]
    const [first, ...rest] = seenBy[runtime](
      ...seccompGen,
      'trace',
      '--recorder',
      recorder,
      ...written,
      '--',
      ...run,
    )
    const traced = await execa(first, rest, { env: plainEnvironment, reject: false, stdin: 'ignore' })
    t.equal(traced.exitCode, 0, traced.stderr)
    const told = traced.stderr.split('\n').filter((line) => line.includes(unseen))
    t.strictSame(told, notice === undefined ? [] : [`seccomp-gen: ${notice}`], name)
  })
}
