// Something that a run was refused for the sake of its security context.
export interface ContextFinding {
  readonly layer: 'capability' | 'path' | 'execution' | 'port'
  /** The capability, the path or the port. */
  readonly what: string
  /** What was tried: a call, or how a path was used. */
  readonly tried: string
  /** Such as EROFS; absent of a check for a capability, which has no result of its own. */
  readonly answered?: string
  readonly program: string
  /** Absent: not known. */
  readonly uid?: number | undefined
  readonly count: number
  /** Of a capability: the kernel's functions that asked. */
  readonly functions?: readonly string[]
  /** Of a capability: paths that the same call of the same program was refused. */
  readonly paths?: readonly string[]
}
