// The rule for capabilities, step by step: each row is evidence with the expected verdict on one capability.
import t from 'tap'
import { hardenContext } from '../../src/index.ts'
import type { ObservedContext } from '../../src/observe/index.ts'
import {
  bound,
  change,
  check,
  container,
  dockerSet,
  execution,
  namespace,
  observations,
  raise,
  start,
} from './rows.ts'

type Verdict = 'needed' | 'tolerated' | 'not needed' | 'not seen'

interface Row {
  readonly says: string
  readonly evidence: Partial<ObservedContext>
  readonly capability: string
  readonly verdict: Verdict
  /** A pattern in the reason. */
  readonly because?: RegExp
}

const rows: readonly Row[] = [
  {
    says: 'what the kernel granted to the program itself is needed',
    evidence: { checks: [check({ capability: 'CAP_CHOWN', call: 'chown', program: 'setup', count: 2 })] },
    capability: 'CAP_CHOWN',
    verdict: 'needed',
    because: /^chown by setup \(uid 0\), 2 times, first ebpf:app$/,
  },
  {
    says: 'with the path and its owner where the call is known to have had it',
    evidence: {
      checks: [check({ capability: 'CAP_DAC_OVERRIDE', call: 'openat' })],
      changes: [
        change({
          kind: 'open',
          path: '/var/log/error.log',
          fileMode: '0640',
          fileUid: 33,
          fileGid: 4,
          granted: ['CAP_DAC_OVERRIDE'],
        }),
      ],
    },
    capability: 'CAP_DAC_OVERRIDE',
    verdict: 'needed',
    because: /openat \/var\/log\/error\.log \(mode 0640, owner 33:4\) by app/,
  },
  // 1. other processes' credentials
  {
    says: 'the overlay asks as who mounted it',
    evidence: {
      checks: [check({ capability: 'CAP_SYS_ADMIN', call: 'openat', own: false, withinBounding: false })],
    },
    capability: 'CAP_SYS_ADMIN',
    verdict: 'not needed',
    because: /credentials of its own/,
  },
  {
    says: 'even where the mounter has no more than the container',
    evidence: { checks: [check({ capability: 'CAP_DAC_OVERRIDE', call: 'openat', own: false })] },
    capability: 'CAP_DAC_OVERRIDE',
    verdict: 'not needed',
  },
  ...['access', 'faccessat', 'faccessat2'].map((call): Row => ({
    says: `${call} puts on credentials of the thread, and changes an answer`,
    evidence: { checks: [check({ capability: 'CAP_DAC_OVERRIDE', call, own: false })] },
    capability: 'CAP_DAC_OVERRIDE',
    verdict: 'not needed',
    because: /only the answer of access/,
  })),
  // 2. the runtime
  ...['capset', 'prctl', 'setgid', 'setuid', 'fchown'].map((call): Row => ({
    says: `the runtime’s ${call} before the program is executed`,
    evidence: { checks: [check({ capability: 'CAP_SETUID', call, started: false, argument: '33' })] },
    capability: 'CAP_SETUID',
    verdict: 'not needed',
    because: /container runtime/,
  })),
  ...['execve', 'execveat'].map((call): Row => ({
    says: `${call} is the program’s from the start`,
    evidence: { checks: [check({ capability: 'CAP_DAC_READ_SEARCH', call, started: false })] },
    capability: 'CAP_DAC_READ_SEARCH',
    verdict: 'needed',
  })),
  // 3. refused
  {
    says: 'what was refused is tolerated',
    evidence: {
      checks: [check({ capability: 'CAP_SYS_NICE', call: 'setpriority', granted: false, effective: false })],
    },
    capability: 'CAP_SYS_NICE',
    verdict: 'tolerated',
    because: /^refused, and the workload went on: setpriority by app/,
  },
  {
    says: 'once granted is needed, however often it was refused',
    evidence: {
      checks: [
        check({ capability: 'CAP_KILL', call: 'kill', granted: false, effective: false, count: 9 }),
        check({ capability: 'CAP_KILL', call: 'kill', program: 'init' }),
      ],
    },
    capability: 'CAP_KILL',
    verdict: 'needed',
  },
  // 4. user namespaces
  {
    says: 'the owner of a namespace has all capabilities in it',
    evidence: {
      checks: [check({ capability: 'CAP_SYS_ADMIN', call: 'mount', otherNamespace: true, effective: false })],
    },
    capability: 'CAP_SYS_ADMIN',
    verdict: 'not needed',
  },
  {
    says: 'a process in a namespace that it made has what it was born with',
    evidence: { checks: [check({ capability: 'CAP_SYS_CHROOT', call: 'chroot', depth: 1 })] },
    capability: 'CAP_SYS_CHROOT',
    verdict: 'not needed',
    because: /user namespace/,
  },
  {
    says: 'in a child namespace an effective capability of the container counts',
    evidence: { checks: [check({ capability: 'CAP_NET_ADMIN', call: 'ioctl', otherNamespace: true })] },
    capability: 'CAP_NET_ADMIN',
    verdict: 'needed',
  },
  {
    says: 'what is refused in the host’s namespace no set of the container gives',
    evidence: {
      checks: [check({ capability: 'CAP_SYS_TIME', call: 'adjtimex', granted: false, otherNamespace: true })],
    },
    capability: 'CAP_SYS_TIME',
    verdict: 'not needed',
  },
  // 5. speculative
  {
    says: 'the kernel may ask without depending on the answer',
    evidence: {
      checks: [
        check({
          capability: 'CAP_SYS_ADMIN',
          call: 'mmap',
          functions: ['cap_vm_enough_memory', '__vm_enough_memory'],
        }),
      ],
    },
    capability: 'CAP_SYS_ADMIN',
    verdict: 'not needed',
    because: /without depending on the answer/,
  },
  {
    says: 'the same, by a kernel whose compiler made the function part of its hook',
    evidence: {
      checks: [
        check({
          capability: 'CAP_SYS_ADMIN',
          call: 'mmap',
          functions: ['security_vm_enough_memory_mm', 'do_brk_flags'],
        }),
      ],
    },
    capability: 'CAP_SYS_ADMIN',
    verdict: 'not needed',
    because: /without depending on the answer/,
  },
  {
    says: 'a function that does not audit',
    evidence: {
      checks: [
        check({ capability: 'CAP_SYS_RESOURCE', call: 'clone', functions: ['has_capability_noaudit', 'x'] }),
      ],
    },
    capability: 'CAP_SYS_RESOURCE',
    verdict: 'not needed',
  },
  {
    says: 'or the kernel’s own word for it',
    evidence: { checks: [check({ capability: 'CAP_SYS_RESOURCE', call: 'clone', noAudit: true })] },
    capability: 'CAP_SYS_RESOURCE',
    verdict: 'not needed',
  },
  {
    says: 'a filter is loaded with CAP_SYS_ADMIN or no_new_privs: with it nobody asks',
    evidence: {
      checks: [check({ capability: 'CAP_SYS_ADMIN', call: 'seccomp', functions: ['ns_capable_noaudit'] })],
    },
    capability: 'CAP_SYS_ADMIN',
    verdict: 'not needed',
    because: /no_new_privs: a filter was loaded/,
  },
  ...['seccomp', 'prctl'].map((call): Row => ({
    says: `${call} needs it where no_new_privs cannot be set`,
    evidence: {
      checks: [check({ capability: 'CAP_SYS_ADMIN', call, functions: ['ns_capable_noaudit'] })],
      executions: [execution({ path: '/usr/bin/passwd', euidBefore: 33, gained: dockerSet })],
    },
    capability: 'CAP_SYS_ADMIN',
    verdict: 'needed',
  })),
  // 6. calls that always ask
  {
    says: 'capset asks for CAP_SETPCAP always',
    evidence: { checks: [check({ capability: 'CAP_SETPCAP', call: 'capset' })] },
    capability: 'CAP_SETPCAP',
    verdict: 'not needed',
    because: /asks always/,
  },
  {
    says: 'elsewhere CAP_SETPCAP decides',
    evidence: { checks: [check({ capability: 'CAP_SETPCAP', call: 'prctl' })] },
    capability: 'CAP_SETPCAP',
    verdict: 'needed',
  },
  {
    says: 'setuid to who one is in every respect changes nothing',
    evidence: { checks: [check({ capability: 'CAP_SETUID', call: 'setuid', argument: '0' })] },
    capability: 'CAP_SETUID',
    verdict: 'not needed',
  },
  {
    says: 'setuid to the same effective, but another real user',
    evidence: { checks: [check({ capability: 'CAP_SETUID', call: 'setuid', argument: '0', uid: 33 })] },
    capability: 'CAP_SETUID',
    verdict: 'needed',
  },
  {
    says: 'setuid to another saved user',
    evidence: { checks: [check({ capability: 'CAP_SETUID', call: 'setuid', argument: '0', suid: 33 })] },
    capability: 'CAP_SETUID',
    verdict: 'needed',
  },
  {
    says: 'the upper half of the register is not part of an id',
    evidence: { checks: [check({ capability: 'CAP_SETUID', call: 'setuid', argument: '4294967296' })] },
    capability: 'CAP_SETUID',
    verdict: 'not needed',
  },
  {
    says: 'setgid to the group that one has, saved as well',
    evidence: {
      checks: [check({ capability: 'CAP_SETGID', call: 'setgid', argument: '5', gid: 5, egid: 5, sgid: 5 })],
    },
    capability: 'CAP_SETGID',
    verdict: 'not needed',
  },
  {
    says: 'setgid to another group',
    evidence: {
      checks: [check({ capability: 'CAP_SETGID', call: 'setgid', argument: '5', gid: 5, egid: 5 })],
    },
    capability: 'CAP_SETGID',
    verdict: 'needed',
    because: /^setgid\(5\) by app/,
  },
  {
    says: 'setgroups is refused without it whatever the list',
    evidence: { checks: [check({ capability: 'CAP_SETGID', call: 'setgroups', argument: '0' })] },
    capability: 'CAP_SETGID',
    verdict: 'needed',
  },
  {
    says: 'an argument that is not known decides nothing',
    evidence: { checks: [check({ capability: 'CAP_SETUID', call: 'setuid' })] },
    capability: 'CAP_SETUID',
    verdict: 'needed',
  },
  ...['chmod', 'fchmod', 'fchmodat', 'fchmodat2'].flatMap((call): readonly Row[] => [
    {
      says: `${call} without the set-group-ID bit`,
      evidence: { checks: [check({ capability: 'CAP_FSETID', call, argument: String(0o4755) })] },
      capability: 'CAP_FSETID',
      verdict: 'not needed',
    },
    {
      says: `${call} with it loses the bit in silence`,
      evidence: { checks: [check({ capability: 'CAP_FSETID', call, argument: String(0o2755) })] },
      capability: 'CAP_FSETID',
      verdict: 'needed',
    },
  ]),
  {
    says: 'a write into a set-user-ID file keeps the bit with CAP_FSETID',
    evidence: { checks: [check({ capability: 'CAP_FSETID', call: 'write' })] },
    capability: 'CAP_FSETID',
    verdict: 'needed',
  },
  // 7. file capabilities
  {
    says: 'a file with the effective bit is executed only where the bounding set has all of its capabilities',
    evidence: {
      executions: [
        execution({ path: '/usr/bin/ping', fileCapabilities: ['CAP_NET_RAW'], fileEffective: true }),
      ],
    },
    capability: 'CAP_NET_RAW',
    verdict: 'needed',
    because: /^execve of \/usr\/bin\/ping, which carries it by sh/,
  },
  {
    says: 'without the effective bit it is executed anyway',
    evidence: {
      executions: [
        execution({ path: '/usr/bin/ping', fileCapabilities: ['CAP_NET_RAW'], fileEffective: false }),
      ],
    },
    capability: 'CAP_NET_RAW',
    verdict: 'not seen',
  },
  {
    says: 'one that was refused was done without',
    evidence: {
      executions: [
        execution({
          path: '/usr/bin/ping',
          fileCapabilities: ['CAP_NET_RAW'],
          fileEffective: true,
          refused: 'EPERM',
        }),
      ],
    },
    capability: 'CAP_NET_RAW',
    verdict: 'tolerated',
  },
  // 8. root mapped into a namespace
  {
    says: 'root that maps itself into a user namespace',
    evidence: {
      userNamespaces: [namespace()],
      changes: [change({ kind: 'open', path: '/proc/7/uid_map', mount: '/proc' })],
    },
    capability: 'CAP_SETFCAP',
    verdict: 'needed',
  },
  {
    says: 'a namespace without a map needs nothing',
    evidence: { userNamespaces: [namespace()] },
    capability: 'CAP_SETFCAP',
    verdict: 'not seen',
  },
  {
    says: 'unless the recording does not show files',
    evidence: { userNamespaces: [namespace()], blind: [{ what: 'files', count: 1, first: 'x' }] },
    capability: 'CAP_SETFCAP',
    verdict: 'needed',
  },
  ...[namespace({ euid: 33 }), namespace({ refused: 'EPERM' }), namespace({ started: false })].map(
    (made): Row => ({
      says: `not of ${JSON.stringify(made)}`,
      evidence: {
        userNamespaces: [made],
        changes: [change({ kind: 'open', path: '/proc/7/uid_map', mount: '/proc' })],
      },
      capability: 'CAP_SETFCAP',
      verdict: 'not seen',
    }),
  ),
  // 9. sets that are compared
  {
    says: 'what a program asks to keep by capset',
    evidence: { raises: [raise({ call: 'capset', capabilities: ['CAP_KILL', 'CAP_NET_RAW'] })] },
    capability: 'CAP_KILL',
    verdict: 'needed',
  },
  {
    says: 'who asks to keep all takes what there is',
    evidence: { raises: [raise({ call: 'capset', capabilities: dockerSet })] },
    capability: 'CAP_KILL',
    verdict: 'not needed',
    because: /together with all others/,
  },
  {
    says: 'the runtime’s capset is not the program’s',
    evidence: { raises: [raise({ call: 'capset', capabilities: ['CAP_KILL'], started: false })] },
    capability: 'CAP_KILL',
    verdict: 'not seen',
  },
  {
    says: 'what a program asked for by capset in vain, as setcap does',
    evidence: { raises: [raise({ call: 'capset', capabilities: ['CAP_SETFCAP'], refused: 'EPERM' })] },
    capability: 'CAP_SETFCAP',
    verdict: 'tolerated',
    because: /capset asks for it \(EPERM\)/,
  },
  {
    says: 'an ambient capability must be had',
    evidence: { raises: [raise({ call: 'ambient', capabilities: ['CAP_NET_BIND_SERVICE'] })] },
    capability: 'CAP_NET_BIND_SERVICE',
    verdict: 'needed',
  },
  ...(['securebits', 'drop-bounding'] as const).map((call): Row => ({
    says: `${call} needs CAP_SETPCAP`,
    evidence: { raises: [raise({ call, capabilities: [] })] },
    capability: 'CAP_SETPCAP',
    verdict: 'needed',
  })),
  {
    says: 'a capability that no table knows is told, and given to nobody',
    evidence: { checks: [check({ capability: 'CAP_64', call: 'read' })] },
    capability: 'CAP_64',
    verdict: 'not needed',
    because: /no name is known/,
  },
]

t.test('each step of the rule', async (t) => {
  for (const { says, evidence, capability, verdict, because } of rows) {
    const { containers } = hardenContext(observations(container(evidence)))
    const [found] = containers
    if (found === undefined) throw new Error('no container')
    const reasons = found.because.filter(({ what }) => what === capability)
    const is: Verdict = found.capabilities.needed.includes(capability)
      ? 'needed'
      : found.capabilities.tolerated.includes(capability)
        ? 'tolerated'
        : reasons.length > 0
          ? 'not needed'
          : 'not seen'
    t.equal(is, verdict, says)
    if (because !== undefined) t.match(reasons[0]?.evidence, because, says)
  }
})

t.test('CAP_DAC_READ_SEARCH would do where it was asked for first each time', async (t) => {
  const asks = { call: 'openat', functions: ['capable_wrt_inode_uidgid'] }
  const pair = [
    check({ capability: 'CAP_DAC_READ_SEARCH', granted: false, effective: false, ...asks }),
    check({ capability: 'CAP_DAC_OVERRIDE', ...asks }),
  ]
  const says = (...checks: readonly ReturnType<typeof check>[]): boolean =>
    hardenContext(observations(container({ checks }))).containers[0]?.because.some(({ evidence }) =>
      evidence.startsWith('CAP_DAC_READ_SEARCH alone would do'),
    ) === true
  t.ok(says(...pair))
  t.notOk(
    says(...pair, check({ capability: 'CAP_DAC_OVERRIDE', call: 'mkdir' })),
    'not where something is written',
  )
})

t.test('without checks in the recording what the container had stays', async (t) => {
  const blind = [{ what: 'checks', count: 1, first: 'app.strace' }] as const
  const given = (starts: ObservedContext['starts']) =>
    hardenContext(observations(container({ starts, blind }))).containers[0]
  const own = given([start({ recorder: 'strace', bounding: ['CAP_KILL'] })])
  t.same(own?.capabilities.needed, ['CAP_KILL'])
  const { bounding, ...unknown } = start({ recorder: 'strace' })
  t.ok(bounding)
  t.same(given([unknown])?.capabilities.needed, dockerSet, 'or Docker’s default set')
  t.match(
    own?.because.find(({ what }) => what === 'CAP_KILL')?.evidence,
    /^not evidenced: a recording shows no checks for capabilities \(app\.strace\)/,
  )
  t.same(given([start()])?.capabilities.needed, dockerSet, 'and where another recording shows them')
  const looked = hardenContext(observations(container())).containers[0]
  t.same(looked?.capabilities.needed, [], 'a recorder that looked and saw none is evidence')
})

t.test('ports: the check, or a sysctl in its place', async (t) => {
  const of = (evidence: Partial<ObservedContext>) =>
    hardenContext(observations(container(evidence))).containers[0]
  t.same(of({ binds: [bound(443), bound(80)] })?.sysctls, { 'net.ipv4.ip_unprivileged_port_start': '80' })
  t.same(
    of({ binds: [bound(80, { refused: 'EACCES' })] })?.sysctls,
    undefined,
    'not for one that was refused',
  )
  const checked = of({
    binds: [bound(80)],
    checks: [check({ capability: 'CAP_NET_BIND_SERVICE', call: 'bind' })],
  })
  t.same(checked?.sysctls, undefined)
  t.same(checked?.capabilities.needed, ['CAP_NET_BIND_SERVICE'])
  const closed = of({
    starts: [start({ engine: 'podman', unprivilegedPorts: 1024 })],
    binds: [bound(443), bound(80)],
    checks: [check({ capability: 'CAP_NET_BIND_SERVICE', call: 'bind' })],
  })
  t.same([closed?.capabilities.needed, closed?.sysctls], [['CAP_NET_BIND_SERVICE'], undefined])
  t.match(
    closed?.because.filter(({ what }) => what === 'CAP_NET_BIND_SERVICE').map(({ evidence }) => evidence),
    [/^bind/, /network of the container’s own, the sysctl net\.ipv4\.ip_unprivileged_port_start=80 can take/],
  )
})
