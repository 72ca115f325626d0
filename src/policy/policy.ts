// A policy: which calls, on which architectures, under which conditions, with which answer, and why. It is what
// is decided; a profile only states it. schemas/policy.schema.json is its printed form.
import type { Architecture } from '../abi/architectures.ts'
import type { CompanionWhy } from '../abi/companion-why.ts'

/** What is decided: which calls, on which architectures, under which conditions, each with at least one reason (schemas/policy.schema.json). */
export interface Policy {
  readonly version: 1
  /** Target architectures, in the order of abi/architectures.ts; at least one. */
  readonly architectures: readonly [Architecture, ...Architecture[]]
  readonly defaultAction: DefaultAction
  /**
   * Sorted by call, then action, then conditions; every (architecture, call) stands under one action. Several rules of
   * a call with conditions are alternatives.
   */
  readonly rules: readonly PolicyRule[]
  /** What was seen, or would be added, and is deliberately left out. */
  readonly left: readonly LeftOut[]
}

/** What happens to a call that no rule allows. `errno`: a number of errno(3). */
export type DefaultAction =
  | { readonly type: 'errno'; readonly errno: number }
  | { readonly type: 'kill-process' }
  | { readonly type: 'log' }

/** What a rule answers. `errno`: a number of errno(3). */
export type RuleAction =
  | { readonly type: 'allow' }
  /** Carried out, and said in the log: for what the code can call and no run has. */
  | { readonly type: 'log' }
  | { readonly type: 'errno'; readonly errno: number }

/** One call, its answer, and why. A rule without conditions holds for all arguments. */
export interface PolicyRule {
  readonly syscall: string
  readonly architectures: readonly [Architecture, ...Architecture[]]
  readonly action: RuleAction
  /** All of them must hold. Empty: whatever the arguments. */
  readonly conditions: readonly MaskedCondition[]
  readonly because: readonly [Reason, ...Reason[]]
}

/** `(argument & mask) == value`: the one comparison that is right for int arguments (facts: the kernel truncates them). */
export interface MaskedCondition {
  /** Argument index, 0 to 5. */
  readonly index: number
  readonly mask: bigint
  readonly value: bigint
}

/** Why a rule is there. */
export type Reason =
  /** It was seen. */
  | {
      readonly kind: 'seen'
      readonly architecture: Architecture
      readonly count: number
      readonly first: string
    }
  /** The container runtime makes it between loading the filter and starting the program. */
  | { readonly kind: 'floor'; readonly runtime: string; readonly version: string }
  /** No program line asks for it: the kernel or the machine below does. */
  | { readonly kind: 'kernel'; readonly why: KernelWhy; readonly call?: string }
  /** Nothing seen asks for it; libc, a run-time of a language or the program's code may make it beside `of`. */
  | { readonly kind: 'margin'; readonly why: CompanionWhy; readonly of?: string }
  /** Another architecture's call was seen, and this is what libc makes of it here. Inferred, not seen. */
  | { readonly kind: 'equivalent'; readonly architecture: Architecture; readonly of: string }
  /** libc tries `instead of` first and goes on to the next call only when it is answered so. */
  | { readonly kind: 'fallback'; readonly from: string; readonly to: string }
  /** It only ever failed with ENOSYS while it was traced, and stays so. */
  | { readonly kind: 'unimplemented'; readonly count: number; readonly first: string }
  /** Beyond the ceiling, and refused each time that it was seen: it keeps that answer. */
  | ({ readonly kind: 'refused'; readonly ceiling: string; readonly errno: number } & Refused)
  /** The code can call it, by this way, and it was not seen. `of`: the C library makes it beside a call that was seen. */
  | { readonly kind: 'reachable'; readonly path: string; readonly of?: string }
  /** The ceiling allows it under conditions only, and so does this rule. `unknown`: with which values it was called is not known; `many`: with too many others. */
  | { readonly kind: 'within'; readonly ceiling: string; readonly values: 'seen' | 'unknown' | 'many' }
  /** Only the values that were seen are allowed for this argument; `code`: those and what the program's code can pass. */
  | { readonly kind: 'narrowed'; readonly argument: number; readonly by?: 'code' }
  /** The ceiling does not allow this; it was seen, or is allowed on request. With one of the capabilities the ceiling would. */
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

/** What of a rule the ceiling refuses and the trace shows. */
export type Beyond =
  /** The ceiling never allows the call; `on`: on another architecture of the policy, which the same rule opens. */
  | { readonly what: 'call'; readonly on?: Architecture }
  /** The ceiling allows the call, but not with this value (decimal) of the argument. */
  | { readonly what: 'value'; readonly argument: number; readonly value: string }
  /** The ceiling's conditions were not wanted. */
  | { readonly what: 'conditions' }

/** Why the kernel makes a program issue a call that nobody wrote. */
export type KernelWhy =
  | 'signal-return' // the kernel's signal trampoline makes it
  | 'restart' // the kernel makes the program repeat an interrupted call through it
  | 'vdso' // answered without a call on some machines, a call on others
  | 'exit' // a program must be able to end; a trace of one that was stopped does not show it
  | 'multiplexer' // i386: one number for the whole family
  | 'processor' // how a library finds out on aarch64 what the processor can do

/** A call that was seen and is in no rule, with the reason. */
export type LeftOut =
  | {
      readonly syscall: string
      /** Where it was seen. */
      readonly architecture: Architecture
      readonly why: 'unknown' | 'not-on-target'
      readonly count: number
      readonly first: string
    }
  /** It was seen and would be beyond the ceiling, where nothing is to be; absent: whatever the arguments. */
  | {
      readonly syscall: string
      readonly architecture: Architecture
      readonly why: 'not-within'
      readonly ceiling: string
      readonly argument?: number
      readonly value?: string
    }
  /** Nobody saw it; the runtime or the kernel would need it there, and the ceiling refuses it. */
  | { readonly syscall: string; readonly architecture: Architecture; readonly why: 'beyond-ceiling' }
