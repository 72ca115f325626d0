// `verify --context --minimize`: a capability that the workload can do without, and a mount that it does not use, go;
// what it needs stays, and the report says for what.
import { execa } from 'execa'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { hardenContext, printContext, type SecurityContext } from '../../src/harden/index.ts'
import type { Observations } from '../../src/observe/index.ts'
import { noEbpf } from './command.ts'
import { skipFile } from './skip.ts'

skipFile(await noEbpf())
t.setTimeout(300_000)
const { at, close, engines, env, importRoot, node, quietly, words } = await import('./containers.ts')
t.teardown(close)

const run = (...given: readonly string[]) => execa(node, [...words, ...given], { ...quietly, env })
for (const each of ['tmp', 'spare']) mkdirSync(at(`bundle/rootfs/${each}`), { recursive: true })

const [engine] = engines
t.test('docker', { skip: engine?.[1] ?? false }, async (t) => {
  const [, , [program = 'docker', ...before] = [], options = []] = engine ?? []
  await importRoot('context-minimize')
  const script =
    'b=/bin/busybox; $b touch /tmp/f; $b chown 33:33 /tmp/f; $b chroot / /bin/busybox true || true'
  const command = [program, ...before, 'run', '--rm', '--network', 'none', ...options, 'context-minimize']
  const workload = ['--', ...command, '/bin/busybox', 'sh', '-ec', script]
  const [observed, given, kept] = [at('min.json'), at('min.context.json'), at('min.kept.json')] as const
  const recorded = await run('trace', '--observations', observed, '-o', at('min.profile.json'), ...workload)
  t.equal(recorded.exitCode, 0, recorded.stderr)
  const derived = hardenContext(JSON.parse(readFileSync(observed, 'utf8')) as Observations)
  const [container] = derived.containers
  if (container === undefined) return t.fail('no container')
  t.same(
    [container.capabilities.needed, container.mounts.map(({ path }) => path)],
    [['CAP_CHOWN', 'CAP_SYS_CHROOT'], ['/tmp']],
  )
  const spare = { ...container.mounts[0], path: '/spare' } as (typeof container.mounts)[number]
  const more = { ...container, mounts: [...container.mounts, spare] }
  writeFileSync(given, printContext({ ...derived, containers: [more] }))
  const ended = await run(
    'verify',
    '--minimize',
    '--report',
    'json',
    '-o',
    kept,
    '--context',
    given,
    ...workload,
  )
  const { context } = JSON.parse(ended.stdout.slice(ended.stdout.indexOf('{'))) as Report
  const trial = (without: string) => {
    const { ended, refused } = context.trials.find((each) => each.without === without) ?? {}
    return [ended, refused?.some(({ what }) => what === without || what.startsWith(`${without}/`)) ?? false]
  }
  t.same(trial('CAP_CHOWN'), [false, true], 'breaks, and says of what')
  t.same(trial('CAP_SYS_CHROOT'), [true, true], 'refused, and the workload went on')
  t.same(trial('/tmp'), [false, true])
  t.same(trial('/spare'), [true, false], 'nothing was refused')
  const [less] = (JSON.parse(readFileSync(kept, 'utf8')) as SecurityContext).containers
  t.same(
    less?.mounts.map(({ path }) => path),
    ['/tmp'],
  )
  t.same(less?.capabilities.needed, ['CAP_CHOWN'])
  t.ok(less?.capabilities.tolerated.includes('CAP_SYS_CHROOT'))
})

interface Report {
  readonly context: {
    readonly trials: readonly {
      readonly without: string
      readonly ended: boolean
      readonly refused: readonly { readonly what: string }[]
    }[]
  }
}
