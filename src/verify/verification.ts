// The settings of a verification and its result.
import type { SecurityContext } from '../harden/index.ts'
import type { Answer } from '../meaning/index.ts'
import type { ObservedContext } from '../observe/index.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import type { Ending, RecordSettings, RefusalsSeenBy } from '../record/index.ts'
import type { ContextFinding } from './context/finding.ts'
import type { RefusedCall } from './refusals.ts'

/** What is verified, and how. */
export type VerifySettings = Omit<RecordSettings, 'known' | 'recorder' | 'notice'> & {
  /** The profile's text, or a result of parseProfile. A text keeps its layout when it is repaired. */
  readonly profile: string | ParsedProfile
  /** The profile's name, for messages. Default "profile". */
  readonly name?: string
  readonly command: readonly [string, ...string[]]
  /**
   * Refused calls are compared with this profile and, with `repair`, added within it. Default: Docker's newest; null:
   * none.
   */
  readonly within?: ParsedProfile | null
  /** Adds refused calls and runs again until nothing is refused. */
  readonly repair?: boolean
  /** With `repair`: adds calls beyond `within` too. */
  readonly widen?: boolean
  /** How often the command runs under each profile. Default 1. */
  readonly runs?: number
  /** Whether a plain command runs with no_new_privs. */
  readonly noNewPrivileges?: boolean
  /**
   * The recorder that sees refusals. `auto` (default): ebpf if the machine and our rights allow it, else strace, else
   * audit.
   */
  readonly recorder?: 'auto' | SeenBy
  readonly notice?: (notice: VerifyNotice) => void
}

/** What verify reports while it works. */
export type VerifyNotice =
  /** The loader and the recorder are chosen. */
  | {
      readonly code: 'verifying'
      readonly target: string
      readonly seenBy: SeenBy
      /** Why `auto` did not take a recorder that it prefers, such as `ebpf: it needs root`. */
      readonly why?: string
    }
  /** A round is over. */
  | {
      readonly code: 'round'
      readonly round: number
      readonly refused: number
      readonly added: readonly string[]
      /** Calls that an earlier round added and that the program no longer makes. */
      readonly dropped?: readonly string[]
    }

/** `audit`: the filter allows what the profile refuses, and the kernel's audit records show it. */
export type SeenBy = RefusalsSeenBy

/** A refused call and the default's answer to it. */
export interface JudgedRefusal extends RefusedCall {
  /** The default's answer; undefined without a default. */
  readonly default: Answer | undefined
}

/** A call that a repair added. */
export interface Repaired {
  readonly refusal: JudgedRefusal
  readonly round: number
  /** Whether the call was added with the default's conditions. */
  readonly conditional: boolean
  readonly within: boolean
  /** The call was answered ENOSYS, as in the default, so that programs take another way. */
  readonly withheld?: true
}

/** What happened when a command ran under a profile. */
export interface Verification {
  readonly target: string
  readonly seenBy: SeenBy
  /** The end of the run that counts: the first one that failed, else the last. */
  readonly ending: Ending
  /** Whether every run started a program under the filter. Until then only the runtime itself runs. */
  readonly started: boolean
  readonly runs: number
  readonly rounds: number
  /** The refused calls of the last round that the profile lacks. */
  readonly refusals: readonly JudgedRefusal[]
  /** The calls of the last round to which the profile answers ENOSYS on purpose. */
  readonly withheld: readonly JudgedRefusal[]
  /** The calls of the last round that a filter of the program itself refuses too: no change of the profile opens them. */
  readonly decidedByOwn: readonly JudgedRefusal[]
  /** The number of refusals that were lost. */
  readonly lost: number
  /** The program set a filter itself, and the recorder does not tell its refusals from the profile's. */
  readonly ownUnknown?: true
  /** The call that was refused again and again in the last round, so that the command was ended. */
  readonly endless?: RefusedCall
  /** Whether a signal cut the last round short. */
  readonly interrupted: boolean
  readonly repair?: Repair
  /** The evidence of the last round about the containers' security contexts, run by run. */
  readonly contexts?: readonly ObservedContext[]
  /** The result for the security context, if the command ran under one. */
  readonly context?: ContextOutcome
}

/** The result of running under a security context. */
export interface ContextOutcome {
  /** The container's name in the document. */
  readonly container: string
  /** What the context lacks, by the last round. */
  readonly findings: readonly ContextFinding[]
  /** What the recording of the last round does not show: there the context may lack more. */
  readonly unseen: readonly string[]
  /** The number of findings without the context. Absent if no round had findings: then no such run was made. */
  readonly withoutContext?: number
  readonly rounds: number
  /** What the repair added, round by round. */
  readonly added: readonly ContextFinding[]
  /** The final context; the given one if nothing was added or removed. */
  readonly document: SecurityContext
  readonly trials: readonly Trial[]
  /** The run without all that can go. Absent if that is one part or none. */
  readonly together?: Omit<Trial, 'without'>
}

/** A run without one part of the context, and its refusals. */
export interface Trial {
  /** A capability, the path of a mount, or a sysctl. */
  readonly without: string
  readonly refused: readonly ContextFinding[]
  /** Whether the workload started and did not fail. */
  readonly ended: boolean
}

/** A profile before and after it was repaired, with a reason for each call added. */
export interface Repair {
  readonly before: string
  /** The repaired profile's text; unchanged if nothing could be added. */
  readonly text: string
  readonly added: readonly Repaired[]
  /** Whether the repair ended because of the limit of rounds. */
  readonly bounded: boolean
}
