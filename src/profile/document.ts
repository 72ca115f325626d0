// The types of plain OCI, the only form that Docker, Podman, containerd, CRI-O, runc and crun all read alike, and the
// names of the other dialects. Authority: runtime-spec config-linux.md ("seccomp"), moby/profiles seccomp.go,
// containers/common pkg/seccomp/types.go.

/** `linux.seccomp` of the OCI runtime specification. 64-bit values are bigint: a JSON number would lose them. */
export interface OciProfile {
  readonly defaultAction: Action
  readonly defaultErrnoRet?: number
  readonly architectures?: readonly string[]
  readonly flags?: readonly string[]
  readonly listenerPath?: string
  readonly listenerMetadata?: string
  readonly syscalls?: readonly OciRule[]
}

/** Calls, their answer, and the conditions, all of which must hold. */
export interface OciRule {
  readonly names: readonly string[]
  readonly action: Action
  readonly errnoRet?: number
  readonly args?: readonly OciArgument[]
}

/** A condition on one argument. `index`: 0 to 5. */
export interface OciArgument {
  readonly index: number
  readonly value: bigint
  readonly valueTwo?: bigint
  readonly op: Operator
}

/** What a filter answers (runtime-spec, config-linux.md, "seccomp"). */
export type Action =
  | 'SCMP_ACT_KILL'
  | 'SCMP_ACT_KILL_PROCESS'
  | 'SCMP_ACT_KILL_THREAD'
  | 'SCMP_ACT_TRAP'
  | 'SCMP_ACT_ERRNO'
  | 'SCMP_ACT_TRACE'
  | 'SCMP_ACT_ALLOW'
  | 'SCMP_ACT_LOG'
  | 'SCMP_ACT_NOTIFY'

/** How an argument is compared. For SCMP_CMP_MASKED_EQ `value` is the mask and `valueTwo` what is compared. */
export type Operator =
  | 'SCMP_CMP_NE'
  | 'SCMP_CMP_LT'
  | 'SCMP_CMP_LE'
  | 'SCMP_CMP_EQ'
  | 'SCMP_CMP_GE'
  | 'SCMP_CMP_GT'
  | 'SCMP_CMP_MASKED_EQ'

/** The dialect a profile is printed in. */
export type Dialect = (typeof dialects)[number]
export const dialects = ['oci', 'docker', 'spo', 'kubernetes'] as const
