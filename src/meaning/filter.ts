// The filter that a resolved profile becomes: per architecture and call number an answer, or comparisons that lead to
// one. Made as runc and crun make it with libseccomp: rules that say what the default says are skipped, unknown names
// are skipped, a socket or ipc call is two where it can be multiplexed, and what libseccomp refuses keeps the container from starting.
// Authority: runc and crun (seccomp_linux.go, seccomp.c), libseccomp 2.5.4 (db.c, syscalls.c, gen_bpf.c).
import type { Architecture } from '../abi/architectures.ts'
import { architectures } from '../abi/architectures.ts'
import { markedBeside, unmarkedBeside } from '../abi/number-bit.ts'
import { multiplexerOf, multiplexers } from '../abi/multiplexers.ts'
import { isKnownAnywhere, syscallTable } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import { isSameAnswer, killThread, noSuchCall, type Answer } from './answer.ts'
import type { Added } from './chain-add.ts'
import { alternativesOf, type Condition } from './conditions.ts'
import type { Context } from './context.ts'
import { addRule, type Entry } from './entries.ts'
import { makeProgram, type Target } from './program.ts'
import type { Resolved } from './resolve.ts'

export interface Filter {
  readonly architectures: ReadonlyMap<Architecture, ReadonlyMap<number, Target>>
  readonly defaultAnswer: Answer
  /** runc: numbers above this are answered ENOSYS before the filter runs; undefined where they are not. */
  readonly stub: ReadonlyMap<Architecture, number> | undefined
}

/** runc asks libseccomp for a filter sorted by number where a profile has more rules (seccomp_linux.go). */
const mostUnsorted = 32

/** @throws UserError, `file:line:column: …`, where libseccomp refuses a rule. */
export function makeFilter(resolved: Resolved, context: Context): Filter {
  const { defaultAnswer } = resolved
  const calls = new Map<Architecture, Map<number | string, Entry>>(
    resolved.architectures.map((each) => [each, new Map()]),
  )
  for (const rule of resolved.rules) {
    if (isSameAnswer(rule.answer, defaultAnswer)) continue
    const alternatives = alternativesOf(rule.args)
    for (const name of rule.names.filter(isKnownAnywhere)) {
      for (const conditions of alternatives) {
        for (const [architecture, entries] of calls) {
          for (const { call, member } of callsOf(name, architecture)) {
            const all = member === undefined ? conditions : memberConditions(member, conditions)
            const { bits } = architectures[architecture]
            const outcome = addRule(entries, call, all, rule.answer, bits)
            if (outcome === 'added') continue
            const { line, column } = rule.at
            throw new UserError(
              `${resolved.name}:${line}:${column}: ${refusals[outcome](name, architecture)}, and the container does not start`,
            )
          }
        }
      }
    }
  }
  const sorted = context.runtime === 'runc' && resolved.rules.length > mostUnsorted
  return {
    architectures: makeProgram(calls, defaultAnswer, sorted ? 'by number' : 'by priority'),
    defaultAnswer,
    stub: context.runtime === 'runc' && hasStub(defaultAnswer) ? stubOf(resolved) : undefined,
  }
}

/** What the filter answers to a call that is not there at all, or leads to. */
export function decisionOn(filter: Filter, architecture: Architecture, number: number): Target {
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

interface Named {
  /** Or the name, where the architecture does not have it. */
  readonly call: number | string
  /** Where the number stands for a family: which of its members. */
  readonly member?: number
}

/** What libseccomp takes a name for; where there are multiplexers a socket or ipc call is its family's as well, first. */
function callsOf(name: string, architecture: Architecture): readonly Named[] {
  const number = syscallTable(architecture).byName(name)?.number
  const own = { call: number ?? name }
  if (!architectures[architecture].multiplexes) return [own]
  const family = multiplexerOf(name)
  if (family === undefined) return number === undefined ? [] : [own]
  const member = multiplexers[family][name]
  const familyNumber = syscallTable(architecture).byName(family)?.number
  return member === undefined || familyNumber === undefined ? [own] : [{ call: familyNumber, member }, own]
}

/** The first argument says which call is meant; what a rule said of it is lost, the other conditions stay. */
function memberConditions(member: number, conditions: readonly Condition[]): readonly Condition[] {
  return [
    { index: 0, operator: 'SCMP_CMP_EQ', mask: 0xffffffffffffffffn, value: BigInt(member) },
    ...conditions.filter(({ index }) => index !== 0),
  ]
}

const refusals: Readonly<
  Record<Exclude<Added, 'added'>, (name: string, architecture: Architecture) => string>
> = {
  clash: (name, architecture) =>
    `another rule answers ${name} otherwise under the same condition on ${architecture}: libseccomp refuses that`,
  endless: (name, architecture) =>
    `together with the rules before it this one of ${name} makes libseccomp 2.5 loop without end on ${architecture}: compare with SCMP_CMP_MASKED_EQ or SCMP_CMP_EQ`,
}

function hasStub({ action }: Answer): boolean {
  return action !== 'SCMP_ACT_ALLOW' && action !== 'SCMP_ACT_LOG' && action !== 'SCMP_ACT_TRACE'
}

/**
 * runc libcontainer/seccomp/patchbpf/enosys_linux.go: skipped rules count too; an architecture whose largest number is
 * 0 has no stub; where there are multiplexers the members of socketcall and ipc have no number of their own.
 */
function stubOf({ architectures: names, rules }: Resolved): ReadonlyMap<Architecture, number> {
  const named = new Set(rules.flatMap((rule) => rule.names).filter(isKnownAnywhere))
  return new Map(
    names.flatMap((each) => {
      const table = syscallTable(each)
      const largest = [...named]
        .filter((name) => !architectures[each].multiplexes || multiplexerOf(name) === undefined)
        .reduce((most, name) => Math.max(most, table.byName(name)?.number ?? 0), 0)
      return largest === 0 ? [] : [[each, largest] as const]
    }),
  )
}
