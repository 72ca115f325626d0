// The filter that runc and crun make of a resolved profile with libseccomp: for each architecture and call number an
// answer, or comparisons that lead to answers. Rules that repeat the default and names that libseccomp does not know
// are skipped. If libseccomp refuses a rule, the container does not start.
// Authority: runc and crun (seccomp_linux.go, seccomp.c), libseccomp 2.5.4 (db.c, gen_bpf.c).
import { architectures, type Architecture } from '../abi/architectures.ts'
import { markedBeside, unmarkedBeside } from '../abi/number-bit.ts'
import { killThread, noSuchCall, type Answer } from './answer.ts'
import type { Context } from './context.ts'
import { addRules } from './joined.ts'
import { FilterTooLong, makeProgram, type Order, type Branch } from './program.ts'
import type { ProfileRefusal } from './refusal.ts'
import type { Resolved } from './resolve.ts'
import { stubOf } from './stub.ts'
import { has } from './versions/runtimes.ts'

export interface Filter {
  readonly architectures: ReadonlyMap<Architecture, ReadonlyMap<number, Branch>>
  readonly defaultAnswer: Answer
  /** runc answers ENOSYS to numbers above this before the filter runs. Undefined if the runtime has no such stub. */
  readonly stub: ReadonlyMap<Architecture, number> | undefined
}

/** If a profile names more calls than this, runc asks libseccomp for a filter sorted by number (seccomp_linux.go). */
const mostUnsorted = 32

/** The filter, or why libseccomp makes none. */
export function makeFilter(resolved: Resolved, context: Context): Filter | ProfileRefusal {
  const { defaultAnswer } = resolved
  const { entries, refusals } = addRules(resolved, context)
  const [refusal] = refusals
  if (refusal !== undefined) return refusal
  try {
    return {
      architectures: makeProgram(entries, defaultAnswer, orderOf(resolved, context)),
      defaultAnswer,
      stub: stubOf(resolved, context),
    }
  } catch (error) {
    if (error instanceof FilterTooLong) return tooLong(resolved, error)
    throw error
  }
}

/** The refusal names the rule with the most conditions. */
function tooLong({ rules }: Resolved, { length }: FilterTooLong): ProfileRefusal {
  const [first, ...rest] = rules.filter(({ args }) => args.length > 0)
  if (first === undefined) throw new Error('a filter without conditions is too long')
  const { at, pointer } = rest.reduce(
    (most, each) => (each.args.length > most.args.length ? each : most),
    first,
  )
  return { code: 'filter-too-long', at, pointer, facts: { length: String(length) } }
}

/** runc counts every name of every rule, also those that it skips later. */
export function orderOf({ rules }: Resolved, { runtime }: Context): Order {
  const named = rules.reduce((count, { names }) => count + names.length, 0)
  return runtime !== undefined && has(runtime, 'sorts-rules') && named > mostUnsorted
    ? 'by number'
    : 'by priority'
}

/** The filter's answer to a call, or the first block that decides it. */
export function decisionOn(filter: Filter, architecture: Architecture, number: number): Branch {
  const abi = abiOf(architecture, number)
  const calls = filter.architectures.get(abi)
  if (calls === undefined) return killThread
  // The stub takes the number -1 for an x32 call.
  const limit = filter.stub?.get(number === 0xffffffff ? (markedBeside(abi) ?? abi) : abi)
  if (limit !== undefined && (number > limit || (number === 0 && architectures[abi].unknownIsZero)))
    return noSuchCall
  return calls.get(number) ?? filter.defaultAnswer
}

/**
 * An x32 call is an x86_64 number with bit 30 set. The number -1, by which a tracer skips a call, is not one
 * (asm/unistd.h, seccomp(2)).
 */
export function abiOf(architecture: Architecture, number: number): Architecture {
  const marked = markedBeside(architecture)
  if (marked === undefined) return architecture
  const isMarked = number >= architectures[marked].numberBit && number !== 0xffffffff
  return isMarked ? marked : unmarkedBeside(architecture)
}
