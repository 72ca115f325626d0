// The evidence of a container's security context: what it was checked for, what it opened, changed and executed, who it
// became. Every list holds rows; all of a row but `count` and `first` says what was seen, so that two lists merge by
// union and counts add up. Paths, identifiers and modes are as the container sees them.
// Authority: capabilities(7), credentials(7), path_resolution(7), user_namespaces(7);
// schemas/observations.schema.json for the shape.

/** Such as CAP_CHOWN; CAP_64 where no name is known. */
export type CapabilityName = `CAP_${string}`

export interface Counted {
  /** How often, at least 1. */
  readonly count: number
  /** `source:line`, or who records and the program, of the first time. */
  readonly first: string
}

/** One start of the container: what its first program was given. */
export interface ContainerStart extends Counted {
  readonly recorder: 'tracepoint' | 'fexit' | 'calls' | 'strace'
  /** Such as docker; absent where no engine is known. */
  readonly engine?: string
  readonly path: string
  /** Absent where they are not known or were cut. */
  readonly arguments?: readonly string[]
  /** Absent: not known, as everywhere. */
  readonly uid?: number
  readonly gid?: number
  readonly groups?: readonly number[]
  readonly permitted?: readonly CapabilityName[]
  readonly bounding?: readonly CapabilityName[]
  readonly noNewPrivileges?: boolean
  /** It has a user namespace of its own. */
  readonly ownUserNamespace?: boolean
  readonly rootMode?: string
  readonly rootUid?: number
  readonly rootGid?: number
  readonly readOnlyRoot?: boolean
  /** net.ipv4.ip_unprivileged_port_start and net.ipv4.ping_group_range of its network namespace. */
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

/** The kernel asked for a capability (cap_capable of security/commoncap.c). */
export interface CapabilityCheck extends Counted, ThreadIds {
  readonly capability: CapabilityName
  readonly granted: boolean
  /** It is in the effective set of the credentials that were asked. */
  readonly effective: boolean
  /** The credentials are the thread's own, not those that the kernel put on for a while (an overlay's). */
  readonly own: boolean
  /** The permitted set of the credentials lies within what the container's bounding set was at its start. */
  readonly withinBounding: boolean
  /** The process, or who forked it, has executed a program under the filter: before, it is the runtime. */
  readonly started: boolean
  /** How many user namespaces below the container's own the credentials lie. */
  readonly depth: number
  /** The check is for another user namespace than that of the credentials. */
  readonly otherNamespace: boolean
  /** Kernel functions from the check outwards to the call, without the common entries; empty where not known. */
  readonly functions: readonly string[]
  /** The kernel itself said that the check is not to be audited. Only where the recorder is told. */
  readonly noAudit?: true
  /** libseccomp's name, or the number; absent where no call was under way. */
  readonly call?: string
  /** Decimal: the first argument of set*id and setgroups, the mode of chmod and its like. */
  readonly argument?: string
  readonly program: string
}

export const changeKinds = [
  'open',
  'mkdir',
  'mknod',
  'unlink',
  'rmdir',
  'rename-from',
  'rename-to',
  'link',
  'symlink',
  'chmod',
  'chown',
  'utime',
  'setxattr',
  'removexattr',
  'truncate',
  'bind',
] as const
export const readKinds = ['open', 'map-exec'] as const
export const fileTypes = [
  'regular',
  'directory',
  'symlink',
  'character',
  'block',
  'fifo',
  'socket',
  'unknown',
] as const
export const refusedResults = ['EROFS', 'EACCES', 'EPERM'] as const

/** A path that was opened, changed or mapped for execution. */
export interface FileUse<Kind extends string = string> extends Counted {
  readonly kind: Kind
  readonly call: string
  /** From the container's root. */
  readonly path: string
  /** The kernel told the file: symbolic links on the way are resolved. Else the path is the program's own text. */
  readonly resolved: boolean
  /** The text was longer than what is kept. */
  readonly cut?: true
  /** The container made the file itself: in this open, or within the recording before this use. */
  readonly ours?: true
  /** Where the mount lies that the path is in: `/` is the root file system. Absent: not known. */
  readonly mount?: string
  /** Absent: it was done. */
  readonly refused?: (typeof refusedResults)[number]
  readonly program: string
  /** File system ids (credentials(7)). */
  readonly uid?: number
  readonly gid?: number
  readonly started: boolean
  /** Of open: opened for reading, for writing. */
  readonly reads?: boolean
  readonly writes?: boolean
  /** Of open: O_CREAT or O_TMPFILE was given. */
  readonly creates?: boolean
  /** The mode that was given, such as 0640. */
  readonly mode?: string
  /** Of chown: the ids that were given; absent for one that was to stay. */
  readonly toUid?: number
  readonly toGid?: number
  /** The file, where the kernel told it. */
  readonly fileType?: (typeof fileTypes)[number]
  readonly fileMode?: string
  readonly fileUid?: number
  readonly fileGid?: number
  /** Capabilities that this call was granted by the thread's own credentials. */
  readonly granted?: readonly CapabilityName[]
}

/** A directory that a path led through. */
export interface SeenDirectory extends Counted {
  readonly path: string
  readonly mode: string
  readonly uid: number
  readonly gid: number
}

/** A mount of the container. */
export interface SeenMount extends Counted {
  readonly path: string
  readonly filesystem: string
  readonly readOnly: boolean
}

/** A program was executed. */
export interface Execution extends Counted {
  readonly path: string
  /** Who executed it. */
  readonly program: string
  /** Only of programs that change who one is (su, gosu, setpriv …) and of what those execute. */
  readonly arguments?: readonly string[]
  readonly started: boolean
  readonly uid?: number
  readonly euidBefore?: number
  readonly egidBefore?: number
  readonly euid?: number
  readonly egid?: number
  readonly noNewPrivileges?: boolean
  /** Permitted after that were not before. */
  readonly gained?: readonly CapabilityName[]
  /** In the file's security.capability; absent: not known. */
  readonly fileCapabilities?: readonly CapabilityName[]
  /** They carry the effective bit: execve fails where the bounding set lacks one. */
  readonly fileEffective?: boolean
  /** Absent: it was done. */
  readonly refused?: (typeof refusedResults)[number]
}

/** A call that changes user or group was done: who the thread is after it. */
export interface Identity extends Counted, Partial<ThreadIds> {
  readonly call: string
  readonly program: string
  readonly started: boolean
  /** Supplementary groups, sorted; absent where not known. */
  readonly groups?: readonly number[]
}

/** Capabilities that a program gave itself or its children without a check: capset, PR_CAP_AMBIENT_RAISE. */
export interface CapabilityRaise extends Counted {
  readonly call: 'capset' | 'ambient' | 'securebits' | 'drop-bounding'
  readonly capabilities: readonly CapabilityName[]
  readonly program: string
  readonly started: boolean
  readonly euid?: number
}

/** A user namespace was made. */
export interface UserNamespaceMade extends Counted {
  readonly call: string
  readonly program: string
  readonly started: boolean
  /** Before. Undefined where it is not known. */
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

/** io_uring was set up: what is done through it has no call, and paths are not seen. */
export interface RingSeen extends Counted {
  readonly program: string
}

/** What the recording could not show. */
export const blindSpots = [
  'checks', // no capability checks at all
  'direct-checks', // those that the kernel makes without security_capable (capset, securebits, overcommit)
  'functions', // the kernel gives no names of functions
  'files', // no paths
  'owners', // no modes and owners of files
  'mounts', // not which mount a path is in
  'ids', // not who a program is, unless it asked or changed it
  'file-capabilities', // not what executed files carry
  'gains', // not what an execution gained
  'start', // attached while the container ran
  'compat-calls', // paths of 32-bit calls
] as const

export interface BlindSpot extends Counted {
  readonly what: (typeof blindSpots)[number]
}

export const contextLists = [
  'starts',
  'checks',
  'changes',
  'reads',
  'directories',
  'mounts',
  'executions',
  'identities',
  'raises',
  'userNamespaces',
  'binds',
  'rings',
  'blind',
  'lost',
] as const
export type ContextList = (typeof contextLists)[number]

/** Rows that found no room, by the list that they belong to: in the kernel, or here. */
export interface LostRows extends Counted {
  readonly what: Exclude<ContextList, 'lost'>
}

/** What a recording saw of the privileges of one container: checks of capabilities, files, executions, users and ports. */
export interface ObservedContext {
  /** Of the container: as the user calls it, its service, or its image. */
  readonly name: string
  readonly starts: readonly ContainerStart[]
  readonly checks: readonly CapabilityCheck[]
  readonly changes: readonly FileUse<(typeof changeKinds)[number]>[]
  /** Opened for reading only, or mapped for execution. */
  readonly reads: readonly FileUse<(typeof readKinds)[number]>[]
  readonly directories: readonly SeenDirectory[]
  readonly mounts: readonly SeenMount[]
  readonly executions: readonly Execution[]
  readonly identities: readonly Identity[]
  readonly raises: readonly CapabilityRaise[]
  readonly userNamespaces: readonly UserNamespaceMade[]
  readonly binds: readonly PortBound[]
  readonly rings: readonly RingSeen[]
  readonly blind: readonly BlindSpot[]
  readonly lost: readonly LostRows[]
}

/** The lists of a context while they are filled. */
export type ContextRows = {
  -readonly [List in ContextList]: ObservedContext[List] extends readonly (infer Each)[] ? Each[] : never
}

export function noRows(): ContextRows {
  return {
    starts: [],
    checks: [],
    changes: [],
    reads: [],
    directories: [],
    mounts: [],
    executions: [],
    identities: [],
    raises: [],
    userNamespaces: [],
    binds: [],
    rings: [],
    blind: [],
    lost: [],
  }
}

/** What one recording could not show. `first`: who recorded, and why. */
export function blindTo(what: readonly BlindSpot['what'][], first: string): BlindSpot[] {
  return what.map((each) => ({ what: each, count: 1, first }))
}
