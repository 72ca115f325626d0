// The evidence for a container's security context: capability checks, opened and changed files, executions, identities.
// Every list holds rows. The members of a row except `count` and `first` say what was seen, so two lists merge by
// union, and the counts of equal rows add up. Paths, ids and modes are as the container sees them.
// Authority: capabilities(7), credentials(7), path_resolution(7), user_namespaces(7);
// schemas/observations.schema.json for the shape.
import type {
  CapabilityCheck,
  CapabilityRaise,
  ContainerStart,
  Counted,
  Execution,
  Identity,
  PortBound,
  RingSeen,
  UserNamespaceMade,
} from './evidence.ts'
import type { changeKinds, FileUse, readKinds, SeenDirectory, SeenMount } from './file-evidence.ts'

export type {
  CapabilityCheck,
  CapabilityName,
  CapabilityRaise,
  ContainerStart,
  Counted,
  Execution,
  Identity,
  PortBound,
  RingSeen,
  ThreadIds,
  UserNamespaceMade,
} from './evidence.ts'
export { changeKinds, fileTypes, readKinds, refusedResults } from './file-evidence.ts'
export type { FileUse, SeenDirectory, SeenMount } from './file-evidence.ts'

/** What the recording could not show. */
export const blindSpots = [
  'checks', // no capability checks at all
  'direct-checks', // no checks that the kernel makes without security_capable (capset, securebits, overcommit)
  'functions', // no names of kernel functions
  'files', // no paths
  'owners', // no modes and owners of files
  'mounts', // no mount of a path
  'ids', // no user and group of a program, unless it asked for them or changed them
  'file-capabilities', // no capabilities of executed files
  'gains', // no capabilities that an execution gained
  'start', // no start of the container: attached while it ran
  'compat-calls', // no paths of 32-bit calls
  'skipped', // at most `count` events for which the kernel skipped a program of the recorder
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

/** How many rows of a list were lost for lack of room, in the kernel or in this program. */
export interface LostRows extends Counted {
  readonly what: Exclude<ContextList, 'lost'>
}

/** What a recording saw of one container's privileges: checks of capabilities, files, executions, users and ports. */
export interface ObservedContext {
  /** The container's name: the one that the user gave, or that of its service or image. */
  readonly name: string
  readonly starts: readonly ContainerStart[]
  readonly checks: readonly CapabilityCheck[]
  readonly changes: readonly FileUse<(typeof changeKinds)[number]>[]
  /** Files that were opened only for reading, or mapped for execution. */
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

/** The lists of a context that is being filled. */
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

/** The rows for what one recording could not show. `first`: the recorder and the reason. */
export function blindTo(what: readonly BlindSpot['what'][], first: string): BlindSpot[] {
  return what.map((each) => ({ what: each, count: 1, first }))
}
