// The type of a finding: something that the security context refused to a run.
export interface ContextFinding {
  readonly layer: 'capability' | 'path' | 'execution' | 'port'
  /** The capability, the path or the port. */
  readonly what: string
  /** The attempt: a call, or a use of a path. */
  readonly tried: string
  /** The error, such as EROFS. Absent for a capability check, which is not the result of a call. */
  readonly answered?: string
  readonly program: string
  /** Absent: not known. */
  readonly uid?: number | undefined
  readonly count: number
  /** For a capability: the kernel functions that checked it. */
  readonly functions?: readonly string[]
  /** For a capability: paths that were refused to the same call of the same program. */
  readonly paths?: readonly string[]
}
