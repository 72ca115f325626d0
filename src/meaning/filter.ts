// The filter that a resolved profile becomes: per architecture and call number an answer, or comparisons that lead to
// one. Made as runc and crun make it with libseccomp: rules that say what the default says are skipped, names that no
// architecture of the filter has are skipped, i386's socket and ipc calls are two, and what libseccomp refuses keeps
// the container from starting. Authority: runc and crun (seccomp_linux.go, seccomp.c), libseccomp 2.5.4 (db.c,
// syscalls.c, gen_bpf.c).
import type { Architecture } from '../abi/architectures.ts'
import { architectures } from '../abi/architectures.ts'
import { multiplexerOf, multiplexers } from '../abi/multiplexers.ts'
import { isKnownAnywhere, syscallTable } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import { isSameAnswer, killThread, noSuchCall, type Answer } from './answer.ts'
import { addChain, type Added } from './chain-add.ts'
import type { Link } from './chain.ts'
import { makeChain } from './chain-make.ts'
import { alternativesOf, type Condition } from './conditions.ts'
import type { Context } from './context.ts'
import type { Resolved } from './resolve.ts'

/** An answer whatever the arguments, or the comparisons to make. */
export type Decision = Answer | Link

export interface Filter {
  readonly architectures: ReadonlyMap<Architecture, ReadonlyMap<number, Decision>>
  readonly defaultAnswer: Answer
  /** runc: numbers above this are answered ENOSYS before the filter runs; undefined where they are not. */
  readonly stub: ReadonlyMap<Architecture, number> | undefined
}

export function isAnswer(decision: Decision): decision is Answer {
  return 'action' in decision
}

/** @throws UserError, `file:line:column: …`, where libseccomp refuses a rule. */
export function makeFilter(resolved: Resolved, context: Context): Filter {
  const { defaultAnswer } = resolved
  const calls = new Map<Architecture, Map<number, Decision>>(
    resolved.architectures.map((each) => [each, new Map()]),
  )
  for (const rule of resolved.rules) {
    if (isSameAnswer(rule.answer, defaultAnswer)) continue
    const alternatives = alternativesOf(rule.args)
    for (const name of rule.names) {
      for (const conditions of alternatives) {
        for (const [architecture, decisions] of calls) {
          for (const target of targetsOf(name, architecture)) {
            const all = target.member === undefined ? conditions : memberConditions(target.member, conditions)
            const { bits } = architectures[architecture]
            const outcome = addRule(decisions, target.number, all, rule.answer, bits)
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
  return {
    architectures: calls,
    defaultAnswer,
    stub: context.runtime === 'runc' && hasStub(defaultAnswer) ? stubOf(resolved) : undefined,
  }
}

/** What the filter answers to a call that is not there at all, or leads to. */
export function decisionOn(filter: Filter, architecture: Architecture, number: number): Decision {
  const abi = abiOf(architecture, number)
  const calls = filter.architectures.get(abi)
  if (calls === undefined) return killThread
  const limit = filter.stub?.get(abi)
  if (limit !== undefined && number > limit) return noSuchCall
  return calls.get(number) ?? filter.defaultAnswer
}

/** x32 calls are x86_64's with bit 30; -1, with which a tracer skips a call, is none (linux asm/unistd.h, seccomp(2)). */
export function abiOf(architecture: Architecture, number: number): Architecture {
  if (architecture !== 'x86_64' && architecture !== 'x32') return architecture
  return number >= 0x40000000 && number !== 0xffffffff ? 'x32' : 'x86_64'
}

interface Target {
  readonly number: number
  /** Where the number stands for a family: which of its members. */
  readonly member?: number
}

/** The numbers of a name on an architecture; on i386 a socket or ipc call has its family's as well, first. */
export function targetsOf(name: string, architecture: Architecture): readonly Target[] {
  const number = syscallTable(architecture).byName(name)?.number
  const own = number === undefined ? [] : [{ number }]
  const family = architecture === 'x86' ? multiplexerOf(name) : undefined
  const member = family === undefined ? undefined : multiplexers[family][name]
  const familyNumber = family === undefined ? undefined : syscallTable(architecture).byName(family)?.number
  if (member === undefined || familyNumber === undefined) return own
  return [{ number: familyNumber, member }, ...own]
}

/** The first argument says which call is meant; what a rule said of it is lost, the other conditions stay. */
export function memberConditions(member: number, conditions: readonly Condition[]): readonly Condition[] {
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

function addRule(
  decisions: Map<number, Decision>,
  number: number,
  conditions: readonly Condition[],
  answer: Answer,
  bits: 64 | 32,
): Added {
  const before = decisions.get(number)
  // Of two rules for every call the first counts, and one for every call makes conditions needless.
  if (before !== undefined && isAnswer(before)) return 'added'
  const chain = makeChain(conditions, answer, bits)
  if (chain === undefined) decisions.set(number, answer)
  else if (before === undefined) decisions.set(number, { node: chain })
  else return addChain(before, { node: chain }, answer)
  return 'added'
}

function hasStub({ action }: Answer): boolean {
  return action !== 'SCMP_ACT_ALLOW' && action !== 'SCMP_ACT_LOG' && action !== 'SCMP_ACT_TRACE'
}

/** runc libcontainer/seccomp/patchbpf/enosys_linux.go: skipped rules count too. */
function stubOf({ architectures: names, rules }: Resolved): ReadonlyMap<Architecture, number> {
  const named = new Set(rules.flatMap((rule) => rule.names).filter(isKnownAnywhere))
  return new Map(
    names.map((each) => {
      const table = syscallTable(each)
      const numbers = [...named].flatMap((name) => table.byName(name)?.number ?? [])
      return [each, numbers.reduce((most, number) => Math.max(most, number), -1)] as const
    }),
  )
}
