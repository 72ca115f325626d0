// Combines several profiles into one that chooses between their answers to every call. The result is exact. If no
// profile can state it, a UserError is thrown. For each call this file computes the set of arguments for each answer
// from the profiles' own filters, proposes rules for the sets in forms that people write, and proves on every
// architecture that libseccomp's filter of the rules equals the sets.
import { architectureNames, architectures, type Architecture } from '../abi/architectures.ts'
import { unlisted, unlistedNumber } from '../abi/numbers.ts'
import { syscallTable } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import type { OciArgument } from '../profile/document.ts'
import { answerText, isSameAnswer, noSuchCall, type Answer } from './answer.ts'
import { callsAnswered } from './call-sets.ts'
import type { Context } from './context.ts'
import { Diagrams, nodeLimit, TooManyConditions, type CallSet } from './diagram.ts'
import { decisionOn, makeFilter, type Filter } from './filter.ts'
import type { Meaning } from './meaning.ts'
import { isAnswer, type Branch } from './program.ts'
import type { Resolved, ResolvedRule } from './resolve.ts'
import { statements } from './statements.ts'

/** Chooses between two answers. The second is the later profile's. */
export type AnswerChoice = (one: Answer, other: Answer) => Answer

/** A rule of the result, still without names: calls that are answered alike share one rule later. */
export interface CombinedRule {
  readonly answer: Answer
  readonly args: readonly OciArgument[]
}

/** Each answer to a call, and the set of arguments that get it. */
export type Partition = ReadonlyMap<string, { readonly answer: Answer; readonly set: CallSet }>

/** The families of i386. A rule for a member is a rule for its family as well. */
const families: ReadonlySet<string> = new Set(['socketcall', 'ipc'])

/**
 * @param meanings of the profiles, all in one context; at least one
 * @throws UserError if no rule can state the result on all architectures at once, or if it needs too many conditions.
 */
export function combined(
  name: string,
  meanings: readonly Meaning[],
  on: readonly Architecture[],
  choose: AnswerChoice,
): Resolved {
  const { context } = meanings[0] as Meaning
  const defaultAnswer = meanings.map(({ filter }) => filter.defaultAnswer).reduce(choose)
  const result = (rules: readonly ResolvedRule[]): Resolved => ({
    name,
    defaultAnswer,
    architectures: on,
    named: [],
    flags: [],
    rules,
  })
  const drafts = new Map<string, readonly CombinedRule[]>()
  const names = new Set(on.flatMap((each) => syscallTable(each).entries.map((entry) => entry.name)))
  const familyDrafts = (): ReadonlyMap<string, readonly CombinedRule[]> =>
    new Map([...drafts].filter(([call]) => families.has(call)))
  const state = (call: string): void => {
    const wanted = wantedOf(meanings, on, call, choose)
    for (const stated of statements(wanted, meanings, call, defaultAnswer)) {
      const alone = [...beside(call, defaultAnswer), ...grouped(familyDrafts()), ...rulesOf(call, stated)]
      const filter = filterOf(result(alone), context)
      if (!says(filter, wanted, call)) continue
      if (stated.length > 0) drafts.set(call, stated)
      return
    }
    throw new UserError('profiles-not-combined', { call, architectures: on })
  }
  // A family with one answer for all arguments comes before its members: their rules then have no effect on it. For any
  // other family the rules of its members may already state everything.
  const wantedOfFamily = (family: string): readonly CombinedCalls[] =>
    wantedOf(
      meanings,
      on.filter((each) => architectures[each].multiplexes),
      family,
      choose,
    )
  for (const family of families) if (wantedOfFamily(family)[0]?.partition.size === 1) state(family)
  for (const call of names) if (!families.has(call)) state(call)
  for (const family of families)
    if (!says(filterOf(result(grouped(drafts)), context), wantedOfFamily(family), family)) state(family)
  const whole = result(grouped(drafts))
  const anywhere = filteredBy(meanings).flatMap((each) =>
    syscallTable(each).entries.map((entry) => entry.name),
  )
  proveAll(whole, meanings, choose, [...new Set(anywhere), undefined])
  return whole
}

/** What the combined profile has to answer to a call on one architecture. */
interface CombinedCalls {
  readonly architecture: Architecture
  readonly diagrams: Diagrams
  readonly partition: Partition
}

function wantedOf(
  meanings: readonly Meaning[],
  on: readonly Architecture[],
  call: string | undefined,
  choose: AnswerChoice,
): readonly CombinedCalls[] {
  return on.flatMap((architecture) => {
    const number = numberOf(architecture, call)
    if (number === undefined) return []
    const diagrams = new Diagrams()
    const parts = meanings.map(({ filter }) =>
      bounded(call, architecture, () => partitionOf(diagrams, decisionOn(filter, architecture, number))),
    )
    const partition = bounded(call, architecture, () =>
      parts.reduce((one, other) => together(diagrams, one, other, choose)),
    )
    return [{ architecture, diagrams, partition }]
  })
}

function numberOf(architecture: Architecture, call: string | undefined): number | undefined {
  if (call !== undefined) return syscallTable(architecture).byName(call)?.number
  return unlistedNumber(architecture)
}

function bounded<T>(call: string | undefined, architecture: Architecture, decide: () => T): T {
  try {
    return decide()
  } catch (error) {
    if (!(error instanceof TooManyConditions)) throw error
    throw new UserError('conditions-beyond-comparing', {
      call: call ?? String(unlisted),
      architecture,
      bound: nodeLimit,
    })
  }
}

function partitionOf(diagrams: Diagrams, target: Branch): Partition {
  const parts = new Map<string, { readonly answer: Answer; readonly set: CallSet }>()
  for (const answer of answersFrom(target)) {
    const set = callsAnswered(diagrams, target, (each) => isSameAnswer(each, answer))
    if (set !== false) parts.set(answerText(answer), { answer, set })
  }
  return parts
}

function answersFrom(start: Branch): readonly Answer[] {
  const answers = new Map<string, Answer>()
  const met = new Set<Branch>()
  const open = [start]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (met.has(at)) continue
    met.add(at)
    if (isAnswer(at)) answers.set(answerText(at), at)
    else open.push(at.whenTrue, at.whenFalse)
  }
  return [...answers.values()]
}

function together(diagrams: Diagrams, one: Partition, other: Partition, choose: AnswerChoice): Partition {
  const parts = new Map<string, { readonly answer: Answer; readonly set: CallSet }>()
  for (const a of one.values()) {
    for (const b of other.values()) {
      const both = diagrams.choose(a.set, b.set, false)
      if (both === false) continue
      const answer = choose(a.answer, b.answer)
      const key = answerText(answer)
      parts.set(key, { answer, set: diagrams.choose(both, true, parts.get(key)?.set ?? false) })
    }
  }
  return parts
}

/** Undefined if libseccomp refuses the rules. */
function filterOf(resolved: Resolved, context: Context): Filter | undefined {
  const made = makeFilter(resolved, context)
  return 'code' in made ? undefined : made
}

/** Whether a filter answers a call as wanted on every architecture. */
function says(
  filter: Filter | undefined,
  wanted: readonly CombinedCalls[],
  call: string | undefined,
): boolean {
  return (
    filter !== undefined &&
    wanted.every(({ architecture, diagrams, partition }) => {
      const decision = decisionOn(filter, architecture, numberOf(architecture, call) as number)
      const parts = bounded(call, architecture, () => partitionOf(diagrams, decision))
      return (
        parts.size === partition.size && [...parts].every(([key, { set }]) => partition.get(key)?.set === set)
      )
    })
  )
}

/** The architectures that some filter names. On all others every filter kills the thread. */
function filteredBy(meanings: readonly Meaning[]): readonly Architecture[] {
  return architectureNames.filter((each) => meanings.some(({ filter }) => filter.architectures.has(each)))
}

/**
 * Proves the whole result: rules of different calls can interact in libseccomp (program.ts), and the result can lack
 * architectures.
 */
function proveAll(
  whole: Resolved,
  meanings: readonly Meaning[],
  choose: AnswerChoice,
  calls: readonly (string | undefined)[],
): void {
  const filter = filterOf(whole, (meanings[0] as Meaning).context)
  const on = filteredBy(meanings)
  for (const call of calls) {
    if (says(filter, wantedOf(meanings, on, call, choose), call)) continue
    throw new UserError('profiles-not-combined', {
      call: call ?? String(unlisted),
      architectures: whole.architectures,
    })
  }
}

function rulesOf(call: string, drafts: readonly CombinedRule[]): readonly ResolvedRule[] {
  return drafts.map(({ answer, args }) => ({ names: [call], answer, args, ...nowhere }))
}

/**
 * A rule for a call that every architecture has. Without it libseccomp can lose a filter that has only conditions and
 * foreign names (program.ts, isLost).
 */
function beside(call: string, fallback: Answer): readonly ResolvedRule[] {
  const answer: Answer =
    fallback.action === 'SCMP_ACT_ALLOW' ? noSuchCall : { action: 'SCMP_ACT_ALLOW', errno: undefined }
  return rulesOf(call === 'getpid' ? 'getppid' : 'getpid', [{ answer, args: [] }])
}

const nowhere = { at: { offset: 0, line: 1, column: 1 }, pointer: '', namesAt: [] }

/** One rule for all calls that are answered alike. Rules without conditions come first. */
function grouped(drafts: ReadonlyMap<string, readonly CombinedRule[]>): readonly ResolvedRule[] {
  const rules = new Map<string, { readonly draft: CombinedRule; readonly names: string[] }>()
  for (const [call, its] of [...drafts].sort(([one], [other]) => (one < other ? -1 : 1))) {
    for (const draft of its) {
      const key = `${draft.args.length > 0 ? 1 : 0} ${answerText(draft.answer)} ${draft.args
        .map(({ index, op, value, valueTwo }) => `${index} ${op} ${value} ${valueTwo ?? 0n}`)
        .join(' ')}`
      const group = rules.get(key) ?? { draft, names: [] }
      group.names.push(call)
      rules.set(key, group)
    }
  }
  return [...rules.values()]
    .sort((one, other) => Math.sign(one.draft.args.length) - Math.sign(other.draft.args.length))
    .map(({ draft, names }) => ({ names, answer: draft.answer, args: draft.args, ...nowhere }))
}
