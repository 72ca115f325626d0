// Finds rules that contradict, repeat or undo each other. Authority: libseccomp's merging (seccomp_rule_add(3),
// tested): the rules for a call are a union; the first of two unconditional rules wins; an unconditional rule wins over
// every conditional one; the same condition with another action fails with EEXIST, and the container does not start.
// runc and crun skip a rule that equals the default. Only rules with the same includes and excludes are compared:
// whether others apply together depends on the context, which meaning/ knows.
import type { DockerRule, PlacedRule } from '../profile/dialects.ts'
import { finding, type Finding } from './findings.ts'
import { answerOf, defaultAnswer, type CheckSubject } from './subject.ts'

/** A rule as libseccomp gets it: a call, its conditions, its answer. */
interface RuleEntry {
  readonly name: string
  /** Empty: the rule holds for all arguments. */
  readonly condition: string
  readonly answer: string
  readonly rule: PlacedRule
  readonly place: number
}

export function* ruleProblems(subject: CheckSubject): Generator<Finding> {
  const byDefault = defaultAnswer(subject)
  const groups = new Map<string, RuleEntry[]>()
  const skipped: RuleEntry[] = []
  for (const entry of entriesOf(subject)) {
    if (entry.answer === byDefault) {
      skipped.push(entry)
      continue
    }
    const key = groupKey(entry)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [entry])
    else group.push(entry)
  }
  yield* skippedProblems(skipped, groups)
  for (const group of groups.values()) yield* groupProblems(group)
}

function* entriesOf(subject: CheckSubject): Generator<RuleEntry> {
  for (const rule of subject.profile.syscalls) {
    if (!rule.whole) continue
    const answer = answerOf(subject, rule.action, rule.errnoRet, rule.errno)
    const conditions = conditionsOf(rule)
    const names = new Set(rule.names)
    for (const name of names) {
      for (const condition of conditions)
        yield { name, condition, answer, rule, place: rule.names.indexOf(name) }
    }
  }
}

/** One text for each rule that libseccomp gets: all conditions joined, or each one alone if an index is named twice. */
function conditionsOf({ args = [] }: PlacedRule): readonly string[] {
  const each = args.map(({ index, value, valueTwo = 0n, op }) =>
    op === 'SCMP_CMP_MASKED_EQ' ? `${index} ${op} ${value} ${valueTwo}` : `${index} ${op} ${value}`,
  )
  const repeated = new Set(args.map(({ index }) => index)).size < args.length
  return repeated ? [...new Set(each)] : [each.sort().join(', ')]
}

function groupKey({ name, rule }: RuleEntry): string {
  return `${name} ${gateOf(rule)}`
}

function gateOf({ includes = {}, excludes = {} }: DockerRule): string {
  return JSON.stringify(
    [includes, excludes].map(({ caps = [], arches = [], minKernel = '' }) => [
      caps.toSorted(),
      arches.toSorted(),
      minKernel,
    ]),
  )
}

/**
 * One finding a rule. It is a warning if another rule gives the same call another answer, because then the skipped rule
 * has no effect.
 */
function* skippedProblems(
  skipped: readonly RuleEntry[],
  groups: ReadonlyMap<string, readonly RuleEntry[]>,
): Generator<Finding> {
  const undone = new Map<PlacedRule, RuleEntry | undefined>()
  for (const entry of skipped) {
    if (undone.get(entry.rule) === undefined)
      undone.set(entry.rule, groups.has(groupKey(entry)) ? entry : undefined)
  }
  for (const [rule, entry] of undone) {
    const other = entry && groups.get(groupKey(entry))?.[0]
    if (entry === undefined || other === undefined) yield finding('rule-equals-default', rule)
    else {
      const facts = { name: entry.name, answer: other.answer, line: String(other.rule.at.line) }
      yield finding('rule-equals-default', rule.namesAt[entry.place] ?? rule, facts, 'warning')
    }
  }
}

/** `group`: the rules for one call, in the order of the file. */
function* groupProblems(group: readonly RuleEntry[]): Generator<Finding> {
  if (group.length < 2) return
  const always = group.find(({ condition }) => condition === '')
  const met = new Map<string, RuleEntry>()
  for (const entry of group) {
    const { name, condition, answer, rule, place } = entry
    const where = rule.namesAt[place] ?? rule
    const before = met.get(condition)
    if (before !== undefined) {
      if (before.rule === rule) continue
      const facts = { name, answer: before.answer, line: String(before.rule.at.line) }
      if (before.answer === answer) yield finding('duplicate-rule', where, facts)
      else if (condition === '') yield finding('first-rule-wins', where, facts)
      continue
    }
    met.set(condition, entry)
    if (always !== undefined && condition !== '' && always.rule !== rule) {
      const facts = { name, answer: always.answer, line: String(always.rule.at.line) }
      yield finding('condition-without-effect', where, facts)
    }
  }
}
