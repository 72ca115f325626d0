// The types of the dialects with more keys than plain OCI, and of a profile read from a file: typed, with places, ready
// to be resolved for an architecture, capabilities and a kernel. Authority: moby/profiles seccomp.go, containers/common
// pkg/seccomp/types.go, security-profiles-operator api/seccompprofile/v1.
import type { Action, OciProfile, OciRule } from './document.ts'
import type { Flaw, Standing } from './flaws.ts'
import type { Recorded } from './recorded.ts'
import type { TreeNode } from './tree.ts'

/**
 * A profile in Docker's format. `archMap` and `architectures` exclude each other. The engine evaluates `includes` and
 * `excludes` on the host before the runtime sees the profile.
 */
export interface DockerProfile extends Omit<OciProfile, 'syscalls'> {
  /** containers/common only: the name of an errno. It wins over defaultErrnoRet; everyone else ignores it. */
  readonly defaultErrno?: string
  readonly archMap?: readonly ArchMapEntry[]
  readonly syscalls?: readonly DockerRule[]
}

/** On a host of `architecture` the filter covers it and `subArchitectures`. */
export interface ArchMapEntry {
  readonly architecture: string
  readonly subArchitectures: readonly string[]
}

/** A rule of Docker's dialect, which may apply in some contexts only. */
export interface DockerRule extends OciRule {
  /** containers/common only: the name of an errno. It wins over errnoRet; everyone else ignores it. */
  readonly errno?: string
  readonly comment?: string
  /** The rule applies only if all of these hold. */
  readonly includes?: RuleFilter
  /** The rule does not apply if any of these holds. */
  readonly excludes?: RuleFilter
}

/** The context in which a rule holds: capabilities, architectures (as Go names them), oldest kernel (`X.Y`). */
export interface RuleFilter {
  /** Capabilities of the bounding set: `includes` needs all of them, `excludes` needs one of them. */
  readonly caps?: readonly string[]
  /** Holds if one of these is the engine's name of the host's architecture. Sub-architectures never match. */
  readonly arches?: readonly string[]
  /** "major.minor": holds if the host's kernel is at least this. containers/common ignores it. */
  readonly minKernel?: string
}

/** The dialect whose keys a profile uses. */
export type ProfileDialect = 'oci' | 'docker' | 'containers'

/**
 * Where the profile was found: in a file of its own, in `linux.seccomp` of a config.json, in a SeccompProfile, in a
 * ConfigMap's value.
 */
export type Envelope = 'none' | 'config' | 'spo' | 'config-map'

/** A rule and its place. */
export interface PlacedRule extends DockerRule, Standing {
  /** False if a part of the rule could not be read, so that the rule states less than the file. */
  readonly whole: boolean
  /** The places of each of `names` and each of `args`. */
  readonly namesAt: readonly Standing[]
  readonly argsAt: readonly Standing[]
}

/** What could be read of a profile. ParsedProfile has its flaws beside it. */
export interface ReadProfile extends Omit<DockerProfile, 'defaultAction' | 'syscalls'>, Standing {
  readonly defaultAction?: Action
  readonly syscalls: readonly PlacedRule[]
}

/** A profile as it was read, with what its dialect adds and the places of its parts. */
export interface ParsedProfile {
  /** The file's name, for messages. */
  readonly name: string
  /** The profile's own name in the file: metadata.name, or the ConfigMap's key. */
  readonly title?: string
  readonly dialect: ProfileDialect
  readonly envelope: Envelope
  readonly profile: ReadProfile
  /** baseProfileName of a SeccompProfile: the operator adds that profile's calls. */
  readonly base?: string
  /** What the security-profiles-operator states about a SeccompProfile that it recorded. */
  readonly recorded?: Recorded
  /** The profile is one of the objects of a Kubernetes list. */
  readonly isListed?: true
  /** Mistakes of the document itself. profileProblems adds mistakes of its meaning. */
  readonly flaws: readonly Flaw[]
  /** Keys that plain OCI lacks and that change an answer if they are ignored. */
  readonly beyondOci: readonly BeyondOci[]
  /** The profile's own object in the file. */
  readonly tree: TreeNode
}

/** A key that the OCI specification does not have. */
export interface BeyondOci extends Standing {
  readonly key: 'archMap' | 'defaultErrno' | 'errno' | 'excludes' | 'includes' | 'name'
}
