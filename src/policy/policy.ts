// The type of a policy: which calls, on which architectures, under which conditions, with which answer, and why. A
// policy is the decision; a profile states it. schemas/policy.schema.json describes its printed form.
import type { Architecture } from '../abi/architectures.ts'
import type { CompanionWhy } from '../abi/companion-why.ts'

/**
 * What is decided: which calls, on which architectures, under which conditions, each with at least one reason
 * (schemas/policy.schema.json).
 */
export interface Policy {
  readonly version: 1
  /** Target architectures, in the order of abi/architectures.ts; at least one. */
  readonly architectures: readonly [Architecture, ...Architecture[]]
  readonly defaultAction: DefaultAction
  /** The kernel logs each call that the filter refuses (SECCOMP_FILTER_FLAG_LOG of seccomp(2)). */
  readonly logsRefusals?: true
  /**
   * Sorted by call, then action, then conditions; every (architecture, call) stands under one action. Several rules of
   * a call with conditions are alternatives.
   */
  readonly rules: readonly PolicyRule[]
  /** Calls that were seen, or would be added, and that are left out on purpose. */
  readonly left: readonly LeftOut[]
}

/** What happens to a call that no rule allows. `errno`: a number of errno(3). */
export type DefaultAction =
  | { readonly type: 'errno'; readonly errno: number }
  | { readonly type: 'kill-process' }
  | { readonly type: 'log' }

/** The answers that `--default-action` names. */
export const defaultActionNames = [
  'errno',
  'kill-process',
  'log',
] as const satisfies readonly DefaultAction['type'][]

/** What a rule answers. `errno`: a number of errno(3). */
export type RuleAction =
  | { readonly type: 'allow' }
  /** Allowed and logged: for reachable calls that no run made. */
  | { readonly type: 'log' }
  | { readonly type: 'errno'; readonly errno: number }

/** One call, its answer, and why. A rule without conditions holds for all arguments. */
export interface PolicyRule {
  readonly syscall: string
  readonly architectures: readonly [Architecture, ...Architecture[]]
  readonly action: RuleAction
  /** All of them must hold. Empty: all arguments. */
  readonly conditions: readonly MaskedCondition[]
  readonly because: readonly [Reason, ...Reason[]]
}

/** `(argument & mask) == value`: the only comparison that is right for int arguments, which the kernel truncates. */
export interface MaskedCondition {
  /** Argument index, 0 to 5. */
  readonly index: number
  readonly mask: bigint
  readonly value: bigint
}

/** Why a rule is there. */
export type Reason =
  /** The call was seen. */
  | {
      readonly kind: 'seen'
      readonly architecture: Architecture
      readonly count: number
      readonly first: string
    }
  /** The container runtime makes the call between loading the filter and starting the program. */
  | { readonly kind: 'floor'; readonly runtime: string; readonly version: string }
  /** The program needs the call although its code need not make it: see kernel.ts. */
  | { readonly kind: 'kernel'; readonly why: KernelWhy; readonly call?: string }
  /** The call was not seen; libc, a language run-time or the program's code may make it beside `of`. */
  | { readonly kind: 'margin'; readonly why: CompanionWhy; readonly of?: string }
  /** A program beside the workload was measured to make the call; nothing that was seen needs it. */
  | { readonly kind: 'part'; readonly part: 'exec' | 'init' | 'tty'; readonly program: string }
  /** Inferred: a call of another architecture was seen, and libc makes this one instead. */
  | { readonly kind: 'equivalent'; readonly architecture: Architecture; readonly of: string }
  /** libc tries `from` first and makes `to` only if `from` gets this answer. */
  | { readonly kind: 'fallback'; readonly from: string; readonly to: string }
  /** Every traced attempt failed with ENOSYS, so the profile answers ENOSYS too. */
  | { readonly kind: 'unimplemented'; readonly count: number; readonly first: string }
  /** Beyond the ceiling, and every attempt was refused: the call keeps that answer. */
  | ({ readonly kind: 'refused'; readonly ceiling: string; readonly errno: number } & Refused)
  /** Not seen, but the code can make the call by this path. `of`: the C library makes it beside this seen call. */
  | { readonly kind: 'reachable'; readonly path: string; readonly of?: string }
  /**
   * The rule has the ceiling's conditions. `unknown`: the values of the calls are unknown; `many`: too many other
   * values were seen.
   */
  | { readonly kind: 'within'; readonly ceiling: string; readonly values: 'seen' | 'unknown' | 'many' }
  /** Only seen values of this argument are allowed; `code`: those, and values that the program's code can pass. */
  | { readonly kind: 'narrowed'; readonly argument: number; readonly by?: 'code' }
  /** The ceiling refuses this; it was seen or requested. With one of `capabilities` the ceiling would allow it. */
  | ({ readonly kind: 'beyond'; readonly ceiling: string; readonly capabilities: readonly string[] } & Beyond)

export type Refused =
  | {
      readonly what: 'call'
      readonly architecture: Architecture
      readonly count: number
      readonly first: string
    }
  /** Calls with this value (decimal) of the argument. */
  | { readonly what: 'value'; readonly argument: number; readonly value: string }

/** The part of a rule that the trace shows and the ceiling refuses. */
export type Beyond =
  /**
   * The ceiling never allows the call. `on`: that is so on this other architecture, where the same rule opens the call.
   */
  | { readonly what: 'call'; readonly on?: Architecture }
  /** The ceiling allows the call, but not with this value (decimal) of the argument. */
  | { readonly what: 'value'; readonly argument: number; readonly value: string }
  /** The user did not want the ceiling's conditions. */
  | { readonly what: 'conditions' }

/** Why the kernel makes a program issue a call that nobody wrote. */
export type KernelWhy =
  | 'signal-return' // the signal trampoline makes it
  | 'restart' // the kernel resumes an interrupted call through it
  | 'vdso' // a call on some machines, answered without a call on others
  | 'exit' // the program must be able to end, which the trace of a stopped program does not show
  | 'multiplexer' // i386: one number for the whole family
  | 'processor' // with it a library on aarch64 finds out what the processor can do

/** A call that was seen and is in no rule, with the reason. */
export type LeftOut =
  | {
      readonly syscall: string
      /** The architecture on which it was seen. */
      readonly architecture: Architecture
      readonly why: 'unknown' | 'not-on-target'
      readonly count: number
      readonly first: string
    }
  /** It was seen and lies beyond the ceiling, and the user wants nothing beyond it. Absent argument: all arguments. */
  | {
      readonly syscall: string
      readonly architecture: Architecture
      readonly why: 'not-within'
      readonly ceiling: string
      readonly argument?: number
      readonly value?: string
    }
  /** It was not seen; the runtime or the kernel would need it, and the ceiling refuses it. */
  | { readonly syscall: string; readonly architecture: Architecture; readonly why: 'beyond-ceiling' }
