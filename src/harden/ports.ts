// Finds sysctls that replace a capability. ip_unprivileged_port_start replaces CAP_NET_BIND_SERVICE for ports below
// 1024, ping_group_range replaces CAP_NET_RAW for ping. Docker sets the first to 0 in every container, so the kernel
// makes no check there and no capability shows. Both are safe sysctls of Kubernetes. Authority: ip-sysctl, icmp(7).
import type { Observations, ObservedContext } from '../observe/index.ts'
import type { Because, User } from './context.ts'
import { deedsText } from './evidence.ts'
import { whyIncomplete } from './lost.ts'

export const portsSysctl = 'net.ipv4.ip_unprivileged_port_start'
export const pingSysctl = 'net.ipv4.ping_group_range'

export interface Sysctls {
  readonly sysctls: Readonly<Record<string, string>>
  readonly because: readonly Because[]
}

/** `hasCapability`: whether the derived context has the capability. */
export function sysctlsOf(
  context: ObservedContext,
  observations: Observations,
  user: User | undefined,
  hasCapability: (capability: string) => boolean,
): Sysctls {
  const parts = [
    ports(context, hasCapability('CAP_NET_BIND_SERVICE')),
    pings(context, observations, user, hasCapability('CAP_NET_RAW')),
  ]
  return {
    sysctls: Object.assign({}, ...parts.map(({ sysctls }) => sysctls)) as Sysctls['sysctls'],
    because: parts.flatMap(({ because }) => because),
  }
}

const none: Sysctls = { sysctls: {}, because: [] }

function ports({ binds, starts, lost }: ObservedContext, hasCapability: boolean): Sysctls {
  const bound = binds.filter(({ started, refused, port }) => started && refused === undefined && port > 0)
  const had = starts.flatMap(({ unprivilegedPorts }) => unprivilegedPorts ?? [])
  const incomplete = whyIncomplete({ lost }, 'binds')
  if (!hasCapability && incomplete !== undefined && had.length > 0)
    return {
      sysctls: { [portsSysctl]: String(Math.min(...had)) },
      because: [{ what: portsSysctl, evidence: `${incomplete}; what the container had stays` }],
    }
  if (bound.length === 0) return none
  const lowest = Math.min(...bound.map(({ port }) => port))
  if (hasCapability) return had.some((each) => each > lowest) ? sysctlInstead(lowest) : none
  return {
    sysctls: { [portsSysctl]: String(lowest) },
    because: [
      {
        what: portsSysctl,
        evidence: `in place of CAP_NET_BIND_SERVICE: ${deedsText(
          bound.map(({ port, program, euid, count, first }) => ({
            what: `bind to port ${port}`,
            program,
            uid: euid,
            count,
            first,
          })),
        )}`,
      },
    ],
  }
}

/** The recording does not show whose network it is, and on the host's no runtime sets the sysctl. */
function sysctlInstead(lowest: number): Sysctls {
  const evidence = `on a network of the container’s own, the sysctl ${portsSysctl}=${lowest} can take its place`
  return { sysctls: {}, because: [{ what: 'CAP_NET_BIND_SERVICE', evidence }] }
}

const datagram = 2n
const typeMask = 0xfn
const icmp = '1'

/** Sockets are counted for the whole recording, so with several containers it is unknown which one opened them. */
function pings(
  { starts }: ObservedContext,
  { architectures, context = [] }: Observations,
  user: User | undefined,
  hasCapability: boolean,
): Sysctls {
  const sockets = Object.values(architectures).flatMap(({ socket }) => (socket === undefined ? [] : [socket]))
  const isAsked = sockets.some(
    ({ args = {} }) =>
      args['2']?.includes(icmp) === true &&
      args['1']?.some((each) => (BigInt(each) & typeMask) === datagram) === true,
  )
  const range = starts.flatMap(({ pingGroups }) => (pingGroups === undefined ? [] : [pingGroups]))
  const gid = user?.gid ?? 0
  const isGiven = range.some(([low = 1, high = 0]) => low <= gid && gid <= high)
  if (hasCapability || !isAsked || !isGiven) return none
  const first = sockets[0]?.first ?? ''
  if (context.length > 1)
    return {
      sysctls: {},
      because: [
        {
          what: pingSysctl,
          evidence: `not evidenced for whom: one of the containers may have opened a socket for ICMP without CAP_NET_RAW, first ${first}`,
        },
      ],
    }
  return {
    sysctls: { [pingSysctl]: `${gid} ${gid}` },
    because: [
      { what: pingSysctl, evidence: `in place of CAP_NET_RAW: sockets for ICMP without it, first ${first}` },
    ],
  }
}
