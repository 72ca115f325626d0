// If a recording lost rows, absence proves nothing: the container keeps what it had, and a message says so.
import t from 'tap'
import { hardenContext, type ContainerContext } from '../../src/index.ts'
import type { ContextList, ObservedContext } from '../../src/observe/index.ts'
import { bound, change, check, container, dockerSet, identity, observations, opened, start } from './rows.ts'

const lose = (what: Exclude<ContextList, 'lost'>): Partial<ObservedContext> => ({
  lost: [{ what, count: 7, first: 'ebpf' }],
})
const evidence: Partial<ObservedContext> = {
  checks: [
    check({ capability: 'CAP_CHOWN', call: 'chown' }),
    check({ capability: 'CAP_SYS_ADMIN', call: 'mount', granted: false, effective: false }),
    // The kept rows explain this check without a need; the lost rows may not.
    check({ capability: 'CAP_FSETID', call: 'chmod', argument: '420' }),
  ],
  changes: [change({ kind: 'open', path: '/run/app.pid', creates: true })],
  reads: [opened('/etc/passwd')],
}

function contextOf(...parts: readonly Partial<ObservedContext>[]): ContainerContext {
  const all = container(Object.assign({}, evidence, ...parts) as Partial<ObservedContext>)
  const [found] = hardenContext(observations(all)).containers
  if (found === undefined) throw new Error('no container')
  return found
}
const reasons = ({ because }: ContainerContext, of: string): string =>
  because.flatMap(({ what, evidence: says }) => (what === of ? [says] : [])).join('\n')

t.test('capabilities', async (t) => {
  t.same(contextOf().capabilities, { needed: ['CAP_CHOWN'], tolerated: ['CAP_SYS_ADMIN'] }, 'nothing is lost')
  for (const what of ['checks', 'executions', 'raises', 'userNamespaces', 'starts'] as const) {
    const context = contextOf(lose(what))
    t.same(context.capabilities, { needed: dockerSet, tolerated: ['CAP_SYS_ADMIN'] }, what)
    t.match(reasons(context, 'CAP_CHOWN'), /^chown by app/, 'what is evidenced has its evidence')
    for (const other of ['CAP_KILL', 'CAP_FSETID'])
      t.match(
        reasons(context, other),
        `not evidenced: 7 rows of ${what} found no room in the recording; what the container had stays`,
      )
    t.match(reasons(context, 'podSecurity'), /CAP_NET_RAW is needed/)
  }
  const own = contextOf({ starts: [start({ bounding: ['CAP_CHOWN', 'CAP_KILL'] })] }, lose('checks'))
  t.same(own.capabilities.needed, ['CAP_CHOWN', 'CAP_KILL'])
  for (const what of ['reads', 'directories', 'binds', 'identities'] as const)
    t.same(contextOf(lose(what)).capabilities.needed, ['CAP_CHOWN'], `${what} say nothing of capabilities`)
})

t.test('files', async (t) => {
  t.match(contextOf(), { readOnlyRoot: true, mounts: [{ path: '/run', kind: 'tmpfs', exec: undefined }] })
  for (const what of ['reads', 'executions'] as const) {
    const context = contextOf(lose(what))
    t.match(context, { readOnlyRoot: true, mounts: [{ path: '/run', kind: 'volume', exec: true }] }, what)
    t.match(reasons(context, '/run'), `not evidenced: 7 rows of ${what}`)
  }
  for (const what of ['changes', 'mounts', 'starts'] as const) {
    const context = contextOf(lose(what))
    t.same([context.readOnlyRoot, context.mounts], [false, []], what)
    t.match(reasons(context, 'readOnlyRoot'), `not evidenced: 7 rows of ${what}`)
  }
})

t.test('users, ports and privileges', async (t) => {
  t.match(reasons(contextOf(), 'runAsNonRoot'), 'no program of it became anybody but root')
  t.match(reasons(contextOf(lose('identities')), 'runAsNonRoot'), /^not evidenced: 7 rows of identities/)
  const became = { identities: [identity(33, 33)] }
  for (const what of ['reads', 'changes'] as const) {
    const says = `what root opened and changed is not evidenced: 7 rows of ${what}`
    t.match(reasons(contextOf(became, lose(what)), 'runAsNonRoot'), says)
    t.notMatch(reasons(contextOf(became), 'runAsNonRoot'), says)
  }
  const ports = contextOf({ starts: [start({ unprivilegedPorts: 80 })], binds: [bound(443)] }, lose('binds'))
  t.same(ports.sysctls, { 'net.ipv4.ip_unprivileged_port_start': '80' })
  t.match(reasons(ports, 'net.ipv4.ip_unprivileged_port_start'), /^not evidenced: 7 rows of binds/)
  t.equal(contextOf(lose('executions')).noNewPrivileges, false)
  const asked = hardenContext(observations(container({ ...evidence, ...lose('checks') })), {
    user: { uid: 33 },
  }).containers[0] as ContainerContext
  t.same(
    asked.capabilities.needed,
    dockerSet.filter((each) => each !== 'CAP_CHOWN'),
  )
  t.match(reasons(asked, 'runAsNonRoot'), 'what root was granted is not evidenced: 7 rows of checks')
})

t.test('a recording that began while the container ran', async (t) => {
  const late = { blind: [{ what: 'start' as const, count: 1, first: 'ebpf: attached while it ran' }] }
  const context = contextOf({ starts: [] }, late)
  const why = 'not evidenced: no recording shows the start (ebpf: attached while it ran)'
  t.same(context.capabilities.needed, dockerSet)
  t.match(reasons(context, 'CAP_CHOWN'), /^chown by app/)
  t.equal(reasons(context, 'CAP_KILL'), `${why}; the default set of Docker stays`)
  t.same([context.readOnlyRoot, context.noNewPrivileges, context.mounts], [false, false, []])
  t.equal(reasons(context, 'readOnlyRoot'), `${why}; changes are made in /run`)
  t.equal(reasons(context, 'noNewPrivileges'), why)
  const whole = contextOf(late)
  t.same(whole.capabilities.needed, ['CAP_CHOWN'], 'with one that shows a start it adds what it saw')
  t.same([whole.readOnlyRoot, whole.noNewPrivileges], [true, true])
})

t.test('where strace does not show the mounts, changes are named and nothing is mounted', async (t) => {
  const context = contextOf({ blind: [{ what: 'mounts', count: 1, first: 'strace' }] })
  t.same([context.readOnlyRoot, context.mounts], [false, []])
  t.match(
    reasons(context, 'readOnlyRoot'),
    /^not evidenced: .*which mount a path is in; changes are made in \/run$/,
  )
})

t.test('events for which the kernel skipped the recorder', async (t) => {
  const context = contextOf({ blind: [{ what: 'skipped', count: 12, first: 'ebpf' }] })
  t.same(context.capabilities.needed, ['CAP_CHOWN'], 'an upper bound takes nothing back')
  t.equal(
    reasons(context, 'not seen'),
    'at most 12 events for which the kernel skipped the recorder, in ebpf',
  )
})
