// The dialects that have more keys than plain OCI, and a profile as it was read from a file: typed, with places,
// ready to be resolved for an architecture, capabilities and a kernel. Authority: moby/profiles seccomp.go,
// containers/common pkg/seccomp/types.go, security-profiles-operator api/seccompprofile/v1.
import type { Action, OciProfile, OciRule } from './document.ts'
import type { Flaw, Standing } from './flaws.ts'
import type { Recorded } from './recorded.ts'
import type { TreeNode } from './tree.ts'

/**
 * A profile in the Docker format. `archMap` and `architectures` exclude each other; `includes` and `excludes` are
 * judged by the engine on the host, before the runtime sees the profile.
 */
export interface DockerProfile extends Omit<OciProfile, 'syscalls'> {
  /** containers/common only: an error name that goes before defaultErrnoRet there, and is ignored by everything else. */
  readonly defaultErrno?: string
  readonly archMap?: readonly ArchMapEntry[]
  readonly syscalls?: readonly DockerRule[]
}

/** On a host of `architecture` the filter is for it and for `subArchitectures`. */
export interface ArchMapEntry {
  readonly architecture: string
  readonly subArchitectures: readonly string[]
}

/** A rule of Docker’s dialect, which holds in some contexts only. */
export interface DockerRule extends OciRule {
  /** containers/common only: an error name that goes before errnoRet there, and is ignored by everything else. */
  readonly errno?: string
  readonly comment?: string
  /** The rule stands only where all of this holds. */
  readonly includes?: RuleFilter
  /** The rule falls where any of this holds. */
  readonly excludes?: RuleFilter
}

/** The context in which a rule holds: capabilities, architectures (as Go names them), oldest kernel (`X.Y`). */
export interface RuleFilter {
  /** In `includes` all of them, in `excludes` any of them, of the bounding set. */
  readonly caps?: readonly string[]
  /** The engine's name of the host's architecture is one of these. Sub-architectures never match. */
  readonly arches?: readonly string[]
  /** "major.minor": the host's kernel is at least this. containers/common ignores it. */
  readonly minKernel?: string
}

/** Whose keys a profile uses. */
export type ProfileDialect = 'oci' | 'docker' | 'containers'

/** What the profile was wrapped in: nothing, `linux.seccomp` of a config.json, a SeccompProfile, a ConfigMap's value. */
export type Envelope = 'none' | 'config' | 'spo' | 'config-map'

/** A rule and where it stands. */
export interface PlacedRule extends DockerRule, Standing {
  /** False where a part of it could not be read; then it says less than the file does. */
  readonly whole: boolean
  /** Where each of `names` stands, and each of `args`. */
  readonly namesAt: readonly Standing[]
  readonly argsAt: readonly Standing[]
}

/** A profile whose mistakes are known: what could be read of it, and what could not. */
export interface ReadProfile extends Omit<DockerProfile, 'defaultAction' | 'syscalls'>, Standing {
  readonly defaultAction?: Action
  readonly syscalls: readonly PlacedRule[]
}

/** A profile as it was read, with what its dialect adds and the places of its parts. */
export interface ParsedProfile {
  /** Of the file, for messages. */
  readonly name: string
  /** Of the profile inside the file, where it has one: metadata.name, or the ConfigMap's key. */
  readonly title?: string
  readonly dialect: ProfileDialect
  readonly envelope: Envelope
  readonly profile: ReadProfile
  /** A SeccompProfile's baseProfileName: calls that are not listed here are allowed there. */
  readonly base?: string
  /** What the security-profiles-operator says of a SeccompProfile that it recorded. */
  readonly recorded?: Recorded
  /** It is one of the objects of a Kubernetes list. */
  readonly isListed?: true
  /** What is wrong with the document as such; profileProblems adds what is wrong with its meaning. */
  readonly flaws: readonly Flaw[]
  /** Keys that plain OCI does not have, where ignoring them changes an answer. */
  readonly beyondOci: readonly BeyondOci[]
  /** The profile's own object in the file. */
  readonly tree: TreeNode
}

/** A key that the OCI specification does not have. */
export interface BeyondOci extends Standing {
  readonly key: 'archMap' | 'defaultErrno' | 'errno' | 'excludes' | 'includes' | 'name'
}
