// The rows of evidence in a context (context.ts), except those about files (file-evidence.ts). The members of a row
// except `count` and `first` say what was seen. Ids are as the container sees them.
// Authority: capabilities(7), credentials(7), user_namespaces(7).
import type { refusedResults } from './file-evidence.ts'

/** Such as CAP_CHOWN, or CAP_64 for a number without a known name. */
export type CapabilityName = `CAP_${string}`

export interface Counted {
  /** How often this was seen, at least 1. */
  readonly count: number
  /** Where this was first seen: `source:line`, or the recorder and the program. */
  readonly first: string
}

/** One start of the container: what its first program got. */
export interface ContainerStart extends Counted {
  readonly recorder: 'tracepoint' | 'fexit' | 'calls' | 'strace'
  /** Such as docker; absent if the engine is unknown. */
  readonly engine?: string
  readonly path: string
  /** Absent if they are unknown or were cut. */
  readonly arguments?: readonly string[]
  /** This member and those below are absent if unknown. */
  readonly uid?: number
  readonly gid?: number
  readonly groups?: readonly number[]
  readonly permitted?: readonly CapabilityName[]
  readonly bounding?: readonly CapabilityName[]
  readonly noNewPrivileges?: boolean
  /** The container has a user namespace of its own. */
  readonly ownUserNamespace?: boolean
  readonly rootMode?: string
  readonly rootUid?: number
  readonly rootGid?: number
  readonly readOnlyRoot?: boolean
  /** net.ipv4.ip_unprivileged_port_start and net.ipv4.ping_group_range of the container's network namespace. */
  readonly unprivilegedPorts?: number
  readonly pingGroups?: readonly number[]
}

/** Real, effective and saved ids of a thread (credentials(7)), as the container sees them. */
export interface ThreadIds {
  readonly uid: number
  readonly euid: number
  readonly suid: number
  readonly gid: number
  readonly egid: number
  readonly sgid: number
}

/** The kernel checked for a capability (cap_capable of security/commoncap.c). */
export interface CapabilityCheck extends Counted, ThreadIds {
  readonly capability: CapabilityName
  readonly granted: boolean
  /** The capability is in the effective set of the checked credentials. */
  readonly effective: boolean
  /** The credentials are the thread's own, not ones that the kernel uses for a while (such as an overlay's). */
  readonly own: boolean
  /** The permitted set of the credentials lies within the bounding set that the container had at its start. */
  readonly withinBounding: boolean
  /** The process, or the one that forked it, has executed a program under the filter. Before that it is the runtime. */
  readonly started: boolean
  /** How many user namespaces the credentials lie below the container's own. */
  readonly depth: number
  /** The check concerns another user namespace than that of the credentials. */
  readonly otherNamespace: boolean
  /** Kernel functions from the check outwards to the call, without the common entries; empty if unknown. */
  readonly functions: readonly string[]
  /** The kernel asked that the check not be audited. Only recorders that learn this set it. */
  readonly noAudit?: true
  /** libseccomp's name, or the number; absent if the check happened outside a call. */
  readonly call?: string
  /** Decimal: the first argument of set*id and setgroups, or the mode of chmod and similar calls. */
  readonly argument?: string
  readonly program: string
}

/** A program was executed. */
export interface Execution extends Counted {
  readonly path: string
  /** The program that made the call. */
  readonly program: string
  /** Only for programs that change the user (su, gosu, setpriv …) and for the programs that those execute. */
  readonly arguments?: readonly string[]
  readonly started: boolean
  readonly uid?: number
  readonly euidBefore?: number
  readonly egidBefore?: number
  readonly euid?: number
  readonly egid?: number
  readonly noNewPrivileges?: boolean
  /** Capabilities in the permitted set after the execution but not before it. */
  readonly gained?: readonly CapabilityName[]
  /** The capabilities in the file's security.capability; absent if unknown. */
  readonly fileCapabilities?: readonly CapabilityName[]
  /** The file capabilities have the effective bit: execve fails if the bounding set lacks one of them. */
  readonly fileEffective?: boolean
  /** Absent if the call succeeded. */
  readonly refused?: (typeof refusedResults)[number]
}

/** A call changed the user or group. The ids are those of the thread after it. */
export interface Identity extends Counted, Partial<ThreadIds> {
  readonly call: string
  readonly program: string
  readonly started: boolean
  /** Supplementary groups, sorted; absent if unknown. */
  readonly groups?: readonly number[]
}

/** A call that changes capabilities, securebits or the bounding set without a visible check: capset and prctl. */
export interface CapabilityRaise extends Counted {
  readonly call: 'capset' | 'ambient' | 'securebits' | 'drop-bounding'
  /** For a refused call, only those that the program requested and did not have. */
  readonly capabilities: readonly CapabilityName[]
  readonly program: string
  readonly started: boolean
  readonly euid?: number
  readonly refused?: (typeof refusedResults)[number]
}

/** A user namespace was made. */
export interface UserNamespaceMade extends Counted {
  readonly call: string
  readonly program: string
  readonly started: boolean
  /** The effective user id before the call; undefined if unknown. */
  readonly euid?: number
  readonly refused?: (typeof refusedResults)[number]
}

/** A port below 1024 was bound. */
export interface PortBound extends Counted {
  readonly family: 'inet' | 'inet6'
  readonly port: number
  readonly program: string
  readonly euid?: number
  readonly started: boolean
  readonly refused?: (typeof refusedResults)[number]
}

/** io_uring was set up. Its operations make no calls, so their paths are not seen. */
export interface RingSeen extends Counted {
  readonly program: string
}
