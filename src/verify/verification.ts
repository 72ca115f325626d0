// What is asked of a verification, and what it finds.
import type { SecurityContext } from '../harden/index.ts'
import type { Answer } from '../meaning/index.ts'
import type { ObservedContext } from '../observe/index.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import type { Ending, RecordSettings, RefusalsSeenBy } from '../record/index.ts'
import type { ContextFinding } from './context/finding.ts'
import type { RefusedCall } from './refusals.ts'

/** What is verified and how. `within`: default Docker’s default; null: no ceiling. */
export type VerifySettings = Omit<RecordSettings, 'known' | 'recorder' | 'notice'> & {
  /** Its text, or as parseProfile gives it. Text keeps its layout when it is repaired. */
  readonly profile: string | ParsedProfile
  /** Of the profile, for messages. Default "profile". */
  readonly name?: string
  readonly command: readonly [string, ...string[]]
  /** What is refused is compared with it and, with `repair`, added within it. Default: docker's newest; null: none. */
  readonly within?: ParsedProfile | null
  /** Add what was refused and run again, until nothing is. */
  readonly repair?: boolean
  /** With `repair`: beyond `within` as well. */
  readonly widen?: boolean
  /** How often the command is run under each profile. Default 1. */
  readonly runs?: number
  /** A plain command runs with no_new_privs. */
  readonly noNewPrivileges?: boolean
  /** What sees refusals; `auto` (default) takes ebpf where the machine and our rights allow it, else strace, else audit. */
  readonly recorder?: 'auto' | SeenBy
  readonly notice?: (notice: VerifyNotice) => void
}

/** What verify says while it works. */
export type VerifyNotice =
  /** What runs the command, and what sees its refusals. */
  | {
      readonly code: 'verifying'
      readonly target: string
      readonly seenBy: SeenBy
      /** Why it is not another that `auto` prefers, such as `ebpf: it needs root`. */
      readonly why?: string
    }
  /** A round is over. */
  | {
      readonly code: 'round'
      readonly round: number
      readonly refused: number
      readonly added: readonly string[]
      /** Added before, and made no more since nothing is refused. */
      readonly dropped?: readonly string[]
    }

/** `audit`: what the profile refuses is let through, and the kernel's records tell of it. */
export type SeenBy = RefusalsSeenBy

/** A refused call and what the default says of it. */
export interface Judged extends RefusedCall {
  /** What the default answers to it; undefined without a default. */
  readonly default: Answer | undefined
}

/** A call that was added. */
export interface Repaired {
  readonly refusal: Judged
  readonly round: number
  /** Under the default's own conditions. */
  readonly conditional: boolean
  readonly within: boolean
  /** Not allowed but answered with ENOSYS, as the default does: programs are told to take another way. */
  readonly withheld?: true
}

/** What happened when a command ran under a profile. */
export interface Verification {
  readonly target: string
  readonly seenBy: SeenBy
  /** Of the run that counts: the first that failed, else the last. */
  readonly ending: Ending
  /** Whether a program was started under the filter in every run: before that, what runs is the runtime's own. */
  readonly started: boolean
  readonly runs: number
  readonly rounds: number
  /** In the last round: what the profile lacks. */
  readonly refusals: readonly Judged[]
  /** In the last round: what it says there is not, by a rule of its own. */
  readonly withheld: readonly Judged[]
  /** How many refusals could not be kept. */
  readonly lost: number
  /** Of the last round: the call that was refused again and again, so that we ended the command. */
  readonly endless?: RefusedCall
  /** The last round was cut short by a signal. */
  readonly interrupted: boolean
  readonly repair?: Repair
  /** Of the last round: the evidence of the containers' security contexts, run by run. */
  readonly contexts?: readonly ObservedContext[]
  /** It ran under a security context too. */
  readonly context?: ContextOutcome
}

/** What came of running under a security context. */
export interface ContextOutcome {
  /** Its name in the document. */
  readonly container: string
  /** In the last round: what the context lacks. */
  readonly findings: readonly ContextFinding[]
  /** How much is refused without the context too; absent where nothing was refused, and that was not asked. */
  readonly withoutContext?: number
  readonly rounds: number
  /** What was put in, round by round. */
  readonly added: readonly ContextFinding[]
  /** At the end; the one that was given where nothing was put in or taken away. */
  readonly document: SecurityContext
  readonly trials: readonly Trial[]
}

/** A capability that was taken away for a run, and what that run was refused for it. */
export interface Trial {
  readonly without: string
  readonly refused: readonly ContextFinding[]
  /** The workload started, and did not fail. */
  readonly ended: boolean
}

/** A profile before and after it was repaired, with a reason for each call added. */
export interface Repair {
  readonly before: string
  /** The repaired profile; the same as before where nothing could be added. */
  readonly text: string
  readonly added: readonly Repaired[]
  /** The bound on rounds was met. */
  readonly bounded: boolean
}
