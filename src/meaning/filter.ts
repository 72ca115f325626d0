// The filter that a resolved profile becomes: per architecture and call number an answer, or comparisons that lead to
// one. Made as runc and crun make it with libseccomp: rules that say what the default says are skipped, names that the
// library does not know are skipped, and what it refuses keeps the container from starting.
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
  /** runc: numbers above this are answered ENOSYS before the filter runs; undefined where they are not. */
  readonly stub: ReadonlyMap<Architecture, number> | undefined
}

/** runc asks libseccomp for a filter sorted by number where more calls are named (seccomp_linux.go). */
const mostUnsorted = 32

/** A filter, or why there is none. */
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

/** Told of the rule with most conditions. */
function tooLong({ rules }: Resolved, { length }: FilterTooLong): ProfileRefusal {
  const [first, ...rest] = rules.filter(({ args }) => args.length > 0)
  if (first === undefined) throw new Error('a filter without conditions is too long')
  const { at, pointer } = rest.reduce(
    (most, each) => (each.args.length > most.args.length ? each : most),
    first,
  )
  return { code: 'filter-too-long', at, pointer, facts: { length: String(length) } }
}

/** Every name of a rule is a rule to runc, also one that is skipped. */
export function orderOf({ rules }: Resolved, { runtime }: Context): Order {
  const named = rules.reduce((count, { names }) => count + names.length, 0)
  return runtime !== undefined && has(runtime, 'sorts-rules') && named > mostUnsorted
    ? 'by number'
    : 'by priority'
}

/** What the filter answers to a call that is not there at all, or leads to. */
export function decisionOn(filter: Filter, architecture: Architecture, number: number): Branch {
  const abi = abiOf(architecture, number)
  const calls = filter.architectures.get(abi)
  if (calls === undefined) return killThread
  // The stub takes -1 for an x32 call.
  const limit = filter.stub?.get(number === 0xffffffff ? (markedBeside(abi) ?? abi) : abi)
  if (limit !== undefined && (number > limit || (number === 0 && architectures[abi].unknownIsZero)))
    return noSuchCall
  return calls.get(number) ?? filter.defaultAnswer
}

/** x32 calls are x86_64's with bit 30; -1, with which a tracer skips a call, is none (linux asm/unistd.h, seccomp(2)). */
export function abiOf(architecture: Architecture, number: number): Architecture {
  const marked = markedBeside(architecture)
  if (marked === undefined) return architecture
  const isMarked = number >= architectures[marked].numberBit && number !== 0xffffffff
  return isMarked ? marked : unmarkedBeside(architecture)
}
