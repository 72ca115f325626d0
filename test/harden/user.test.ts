// The user to start as, whether no_new_privs can be set, the Pod Security level, and what another user is refused.
import t from 'tap'
import { parentOf } from '../../src/harden/paths.ts'
import { hardenContext, type ContainerContext } from '../../src/index.ts'
import { hardenAs } from '../../src/harden/index.ts'
import type { ObservedContext } from '../../src/observe/index.ts'
import {
  change,
  check,
  container,
  directory,
  dockerSet,
  execution,
  identity,
  observations,
  opened,
  start,
} from './rows.ts'
import { web } from './workloads.ts'

type As = Parameters<typeof hardenContext>[1]

function contextOf(evidence: ObservedContext, options?: As): ContainerContext {
  const [found] = hardenContext(observations(evidence), options).containers
  if (found === undefined) throw new Error('no container')
  return found
}

const reasons = (context: ContainerContext, what: string): string =>
  context.because.flatMap((each) => (each.what === what ? [each.evidence] : [])).join('\n')

t.test('no_new_privs', async (t) => {
  const cases: readonly (readonly [string, Partial<ObservedContext>, boolean, RegExp])[] = [
    [
      'nothing gained',
      { executions: [execution({ path: '/bin/sh' })] },
      true,
      /nothing that was executed gained/,
    ],
    [
      'a set-user-ID program gave root',
      { executions: [execution({ path: '/bin/su', euidBefore: 33, euid: 0 })] },
      false,
      /execve of \/bin\/su gave uid 0 by sh \(uid 33\), 1 time/,
    ],
    [
      'a set-group-ID program',
      { executions: [execution({ path: '/bin/wall', egidBefore: 33, egid: 5 })] },
      false,
      /gave gid 5/,
    ],
    [
      'file capabilities',
      { executions: [execution({ path: '/bin/ping', euidBefore: 33, euid: 33, gained: ['CAP_NET_RAW'] })] },
      false,
      /gave CAP_NET_RAW/,
    ],
    [
      'the runtime’s own execution',
      { executions: [execution({ path: '/bin/sh', started: false, gained: ['CAP_KILL'] })] },
      true,
      /./,
    ],
    ['it ran so', { starts: [start({ noNewPrivileges: true })] }, true, /^it ran so$/],
    ['gains are not shown', { blind: [{ what: 'gains', count: 1, first: 'x' }] }, false, /^not evidenced/],
    [
      'executions were lost',
      { lost: [{ what: 'executions', count: 2, first: 'x' }] },
      false,
      /^not evidenced: 2/,
    ],
    ['nothing was recorded', { starts: [] }, false, /^not evidenced/],
  ]
  for (const [says, evidence, answer, because] of cases) {
    const context = contextOf(container(evidence))
    t.equal(context.noNewPrivileges, answer, says)
    t.match(reasons(context, 'noNewPrivileges'), because, says)
  }
})

t.test('the user of the start', async (t) => {
  t.same(contextOf(container({ starts: [start({ uid: 33, gid: 34, groups: [4, 34] })] })).user, {
    uid: 33,
    gid: 34,
    groups: [4, 34],
  })
  const mixed = contextOf(container({ starts: [start({ uid: 33, gid: 33 }), start()] }))
  t.equal(mixed.user?.uid, 0, 'of several the one that may do what the others may')
  t.match(reasons(mixed, 'user'), /others as 33:33/)
  const none = contextOf(container({ starts: [] }))
  t.equal(none.user, undefined)
  t.equal(none.runAsNonRoot, false)
  t.match(reasons(none, 'user'), /^not evidenced/)
})

t.test('Pod Security levels, and what stands against the next', async (t) => {
  const nonRoot = { starts: [start({ uid: 33, gid: 33 })] }
  const cases: readonly (readonly [string, Partial<ObservedContext>, string, RegExp])[] = [
    ['nothing needed, not root', nonRoot, 'restricted', /^$/],
    ['root', {}, 'baseline', /^not restricted: it runs as root/],
    [
      'privileges are gained',
      { ...nonRoot, executions: [execution({ path: '/bin/su', euidBefore: 33 })] },
      'baseline',
      /no_new_privs cannot be set/,
    ],
    [
      'a capability of baseline',
      { checks: [check({ capability: 'CAP_CHOWN' })] },
      'baseline',
      /CAP_CHOWN is needed/,
    ],
    [
      'the one of restricted',
      { ...nonRoot, checks: [check({ capability: 'CAP_NET_BIND_SERVICE', euid: 33 })] },
      'restricted',
      /^$/,
    ],
    [
      'one that baseline does not have',
      { checks: [check({ capability: 'CAP_NET_RAW' })] },
      'privileged',
      /^not baseline: CAP_NET_RAW is needed$/,
    ],
  ]
  for (const [says, evidence, level, because] of cases) {
    const context = contextOf(container(evidence))
    t.equal(context.podSecurity, level, says)
    t.match(reasons(context, 'podSecurity'), because, says)
  }
})

t.test('a web server from root on port 80 to restricted', async (t) => {
  const root = contextOf(web())
  t.same(root.capabilities.needed, ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_SETGID', 'CAP_SETUID'])
  t.equal(root.podSecurity, 'baseline')
  t.match(
    reasons(root, 'runAsNonRoot'),
    /0 of root’s 8 opens and changes would be refused to uid 33/,
    'root says whom it becomes',
  )

  const { context, refused } = hardenAs(observations(web()), { user: { uid: 33 } })
  const [as] = context.containers
  t.equal(refused, 0)
  t.match(as, {
    capabilities: { needed: { length: 0 } },
    user: { uid: 33, gid: 33, groups: [33] },
    runAsNonRoot: true,
    podSecurity: 'restricted',
    sysctls: { 'net.ipv4.ip_unprivileged_port_start': '80' },
  })
  t.same(
    as?.mounts.map(({ path, uid, gid }) => [path, uid, gid]),
    [
      ['/run', 33, 33],
      ['/var/lib/nginx', 33, 33],
      ['/var/log/nginx', 33, 33],
    ],
  )
})

t.test('what would be refused to another user', async (t) => {
  const open = (path: string, fileMode: string, fileUid = 0, fileGid = 0, more: object = {}) =>
    opened(path, { fileMode, fileUid, fileGid, ...more })
  /** An open with O_CREAT that finds the file there. */
  const found = (path: string, fileType: 'character' | 'regular', fileMode: string) => {
    const { ours: _, ...use } = change({
      kind: 'open',
      path,
      mount: parentOf(path),
      creates: true,
      fileType,
      fileMode,
      fileUid: 0,
      fileGid: 0,
    })
    return use
  }
  const cases: readonly (readonly [string, Partial<ObservedContext>, RegExp | undefined])[] = [
    ['a file that all may read', { reads: [open('/etc/a', '0644')] }, undefined],
    [
      'a file of root’s alone',
      { reads: [open('/etc/key', '0600')] },
      /open \/etc\/key \(mode 0600, owner 0:0\)/,
    ],
    ['his own', { reads: [open('/etc/key', '0600', 33)] }, undefined],
    ['the owner’s class decides alone', { reads: [open('/etc/key', '0044', 33)] }, /mode 0044, owner 33:0/],
    ['his group’s', { reads: [open('/etc/key', '0640', 0, 33)] }, undefined],
    ['a supplementary group’s', { reads: [open('/etc/key', '0640', 0, 4)] }, undefined],
    ['the group’s class decides too', { reads: [open('/etc/key', '0604', 0, 33)] }, /mode 0604/],
    [
      'a directory on the way',
      { reads: [open('/root/a/b', '0644')], directories: [directory('/root', '040700')] },
      /\/root: mode 0700, owner 0:0/,
    ],
    [
      'a new file below what will be a mount of his',
      {
        changes: [change({ kind: 'mkdir', path: '/data/x' })],
        directories: [directory('/data', '0755', 5, 5)],
      },
      undefined,
    ],
    [
      'a new file where he may not',
      {
        changes: [change({ kind: 'mkdir', path: '/data/x', mount: '/data' })],
        directories: [directory('/data', '0755', 5, 5)],
      },
      /mkdir \/data\/x \(\/data: mode 0755, owner 5:5\)/,
    ],
    [
      'a device that the shell opens with O_CREAT',
      { changes: [found('/dev/null', 'character', '0666')], directories: [directory('/dev')] },
      undefined,
    ],
    [
      'a file of the image, opened with O_CREAT',
      { changes: [found('/srv/log', 'regular', '0640')], directories: [directory('/srv', '0777')] },
      /open \/srv\/log \(mode 0640, owner 0:0\)/,
    ],
    [
      'chown to himself is preparing',
      { changes: [change({ kind: 'chown', path: '/v/x', toUid: 33, mount: '/v' })] },
      undefined,
    ],
    [
      'chown to somebody else',
      { changes: [change({ kind: 'chown', path: '/v/x', toUid: 34, mount: '/v' })] },
      /chown \/v\/x \(to 34:-\)/,
    ],
    [
      'chmod of root’s file',
      {
        changes: [
          change({ kind: 'chmod', path: '/v/x', mount: '/v', fileMode: '0644', fileUid: 0, fileGid: 0 }),
        ],
      },
      /chmod \/v\/x/,
    ],
    [
      'a device',
      { changes: [change({ kind: 'mknod', path: '/v/x', mount: '/v', fileType: 'character' })] },
      /mknod \/v\/x \(a device\)/,
    ],
    [
      'a sticky directory keeps the files of others',
      {
        changes: [
          change({
            kind: 'unlink',
            path: '/v/t/x',
            mount: '/v',
            fileMode: '0644',
            fileUid: 5,
            fileGid: 5,
          }),
        ],
        directories: [directory('/v/t', '041777')],
      },
      /sticky \/v\/t/,
    ],
    [
      'what another user did is no matter',
      { reads: [open('/etc/key', '0600', 0, 0, { uid: 7 })] },
      undefined,
    ],
  ]
  for (const [says, evidence, expected] of cases) {
    const user = { identities: [identity(33, 33, { groups: [4, 33] })] }
    const { context, refused } = hardenAs(observations(container({ ...user, ...evidence })), {
      user: { uid: 33 },
    })
    const [found] = context.containers
    const text = found === undefined ? '' : reasons(found, 'runAsNonRoot')
    t.equal(refused, expected === undefined ? 0 : 1, `${says}: ${text}`)
    if (expected !== undefined) t.match(text, expected, says)
  }
})

t.test('what cannot be known is said: a directory above that no walk passed', async (t) => {
  const root = { rootMode: '0755', rootUid: 0, rootGid: 0 }
  const unknown = (starts: ObservedContext['starts'], ...seen: readonly string[]): string | undefined => {
    const changes = [change({ kind: 'mkdir', path: '/a/b/c' })]
    const directories = [directory('/a/b', '0777'), ...seen.map((each) => directory(each, '0755'))]
    const context = contextOf(container({ starts, changes, directories, mounts: [] }), { user: { uid: 33 } })
    return /the modes and owners of \d+ are not evidenced/.exec(reasons(context, 'runAsNonRoot'))?.[0]
  }
  t.equal(unknown([start(root)], '/a'), undefined)
  t.equal(unknown([start(root)]), 'the modes and owners of 1 are not evidenced')
  t.equal(unknown([start()], '/a'), 'the modes and owners of 1 are not evidenced', 'the root itself')
})

t.test('what a user who is not root cannot do is told, and counts', async (t) => {
  const evidence = container({
    identities: [identity(33, 33)],
    checks: [
      check({ capability: 'CAP_MKNOD', call: 'mknod' }),
      check({ capability: 'CAP_SETUID', call: 'setuid', argument: '33' }),
    ],
  })
  const { context, refused } = hardenAs(observations(evidence), { user: { uid: 33 } })
  t.equal(refused, 1)
  const [found] = context.containers
  if (found === undefined) throw new Error('no container')
  t.match(reasons(found, 'CAP_MKNOD'), /^uid 33 cannot: mknod by app/)
  t.match(reasons(found, 'CAP_SETUID'), /^not needed as uid 33/)
  const two = hardenAs(
    observations(container({ ...evidence, identities: [identity(33, 33), identity(34, 34)] })),
    {
      user: { uid: 33 },
    },
  )
  t.equal(two.refused, 2, 'and becoming a second user')
})

t.test('on the way to a user the groups of root are not his', async (t) => {
  const steps = [
    identity(100, 0, { program: 'setpriv', groups: [0] }),
    identity(100, 102, { program: 'setpriv', groups: [0] }),
    identity(100, 102, { program: 'setpriv', groups: [101, 102] }),
  ]
  const evidence = container({
    identities: steps,
    // The program keeps its capabilities until it has changed its user (PR_SET_KEEPCAPS).
    checks: [check({ capability: 'CAP_SETGID', call: 'setgroups', euid: 100, program: 'setpriv' })],
  })
  const found = contextOf(evidence, { user: { uid: 100 } })
  t.same(found.user, { uid: 100, gid: 102, groups: [101, 102] })
  t.same(found.capabilities.needed, [], 'who is there needs nothing to get there')
})

t.test('what a set-user-ID program does for a user stays needed', async (t) => {
  const evidence = container({
    identities: [identity(33, 33)],
    executions: [execution({ path: '/usr/bin/passwd', euidBefore: 33, euid: 0, gained: dockerSet })],
    checks: [check({ capability: 'CAP_CHOWN', call: 'fchown', program: 'passwd' })],
  })
  const found = contextOf(evidence, { user: { uid: 33 } })
  t.same(found.capabilities.needed, ['CAP_CHOWN'])
  t.equal(found.noNewPrivileges, false)
})

t.test('file capabilities stay with a user who is not root', async (t) => {
  const evidence = container({
    executions: [
      execution({ path: '/bin/ping', euidBefore: 0, fileCapabilities: ['CAP_NET_RAW'], fileEffective: true }),
    ],
  })
  t.same(contextOf(evidence, { user: { uid: 33 } }).capabilities.needed, ['CAP_NET_RAW'])
})

t.test('the command without the program that only changed the user', async (t) => {
  const evidence = container({
    identities: [identity(100, 102, { program: 'setpriv' })],
    executions: [
      execution({ path: '/usr/bin/setpriv', arguments: ['setpriv', '--reuid=100', 'redis-server'] }),
      execution({
        path: '/usr/bin/redis-server',
        program: 'setpriv',
        arguments: ['redis-server', '/etc/redis $conf'],
        euidBefore: 100,
        euid: 100,
      }),
    ],
  })
  t.match(
    reasons(contextOf(evidence, { user: { uid: 100 } }), 'user'),
    "start without setpriv: redis-server '/etc/redis $conf'",
  )
})

t.test('one container of several', async (t) => {
  const both = observations(container({ name: 'a' }), container({ name: 'b' }))
  t.same(
    hardenContext(both).containers.map(({ name }) => name),
    ['a', 'b'],
  )
  t.same(
    hardenContext(both, { container: 'b' }).containers.map(({ name }) => name),
    ['b'],
  )
  t.throws(() => hardenContext(both, { container: 'c' }), {
    code: 'container-not-in-input',
    facts: { names: ['a', 'b'] },
  })
  t.throws(() => hardenContext({ ...both, context: [] }), { code: 'no-context-evidence', status: 2 })
})
