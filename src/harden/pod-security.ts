// Decides which Pod Security Standard a context meets, and what prevents the next one. Authority: Kubernetes, "Pod
// Security Standards" (baseline: Capabilities, Sysctls; restricted: Privilege Escalation, Running as Non-root, Seccomp,
// Capabilities). Seccomp needs no check: every printed context has a profile, RuntimeDefault at least.
import type { Because, ContainerContext, PodSecurityLevel } from './context.ts'

const baseline: ReadonlySet<string> = new Set(
  `AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT`
    .split(' ')
    .map((name) => `CAP_${name}`),
)
const restrictedCapability = 'CAP_NET_BIND_SERVICE'
const safeSysctls: ReadonlySet<string> = new Set([
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
])

export interface Reached {
  readonly podSecurity: PodSecurityLevel
  readonly because: readonly Because[]
}

type PodSecurityFacts = Pick<
  ContainerContext,
  'capabilities' | 'noNewPrivileges' | 'runAsNonRoot' | 'sysctls' | 'user'
>

export function levelOf(context: PodSecurityFacts): Reached {
  const { capabilities, noNewPrivileges, runAsNonRoot, sysctls = {}, user } = context
  const beyond = [
    ...capabilities.needed.filter((each) => !baseline.has(each)).map((each) => `${each} is needed`),
    ...Object.keys(sysctls)
      .filter((each) => !safeSysctls.has(each))
      .map((each) => `${each} is set`),
  ]
  if (beyond.length > 0) return reached('privileged', 'baseline', beyond)
  const needed = capabilities.needed.filter((each) => each !== restrictedCapability)
  const against = [
    ...(runAsNonRoot ? [] : [user === undefined ? 'as whom it runs is not evidenced' : 'it runs as root']),
    ...(noNewPrivileges ? [] : ['no_new_privs cannot be set']),
    ...needed.map((each) => `${each} is needed`),
  ]
  return against.length === 0
    ? { podSecurity: 'restricted', because: [] }
    : reached('baseline', 'restricted', against)
}

function reached(podSecurity: PodSecurityLevel, next: PodSecurityLevel, against: readonly string[]): Reached {
  return { podSecurity, because: [{ what: 'podSecurity', evidence: `not ${next}: ${against.join('; ')}` }] }
}
