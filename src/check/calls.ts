// Checks the calls that a profile names, and the few calls that every program needs. runc and crun silently skip a name
// that they do not know, so a misspelt name changes what the profile allows. Authority: libseccomp's tables (abi/).
import { isKnownElsewhere } from '../abi/elsewhere.ts'
import { isKnownAnywhere, syscallTable } from '../abi/tables.ts'
import type { PlacedRule } from '../profile/dialects.ts'
import type { Standing } from '../profile/flaws.ts'
import { finding, type Finding } from './findings.ts'
import { callNamed } from '../abi/other-names.ts'
import { proposedCall } from '../profile/proposals.ts'
import { refuses } from '../profile/words.ts'
import { answerOf, defaultAnswer, keyOf, type CheckSubject } from './subject.ts'

/** A guess compares all names, so it costs time. More unknown names than this in a file are not misspellings. */
const guessLimit = 100

export function* callProblems(subject: CheckSubject): Generator<Finding> {
  const guess = guesser(subject)
  for (const rule of subject.profile.syscalls) yield* nameProblems(subject, rule, guess)
  // A part that could not be read may allow the call.
  if (!subject.parsed.flaws.some(({ severity }) => severity === 'error')) yield* neededProblems(subject)
}

function* nameProblems(
  subject: CheckSubject,
  rule: PlacedRule,
  guess: (name: string) => string | undefined,
): Generator<Finding> {
  const met = new Set<string>()
  const elsewhere: string[] = []
  function* elsewhereOnly(name: string, where: Standing): Generator<Finding> {
    if (!subject.allKnown) return
    const meant = renamed(subject, name)
    if (meant === undefined) elsewhere.push(name)
    else
      yield finding('call-renamed', where, { name, meant, architectures: subject.architectures.join(', ') })
  }
  for (const [index, name] of rule.names.entries()) {
    const where = rule.namesAt[index] ?? rule
    // meaning/ decides who refuses an empty name.
    if (name === '') continue
    if (met.has(name)) yield finding('repeated-name', where, { name })
    else if (!isKnownAnywhere(name)) {
      if (isKnownElsewhere(name)) yield* elsewhereOnly(name, where)
      else if (isKnownAnywhere(name.toLowerCase())) {
        yield finding('call-case', where, { name, meant: name.toLowerCase() })
      } else {
        const meant = guess(name)
        yield finding('unknown-call', where, { name, ...(meant === undefined ? {} : { meant }) })
      }
    } else if (!subject.architectures.some((each) => syscallTable(each).byName(name))) {
      yield* elsewhereOnly(name, where)
    }
    met.add(name)
  }
  if (elsewhere.length > 0) {
    const where = rule.namesAt[rule.names.indexOf(elsewhere[0] as string)] ?? rule
    const names =
      elsewhere.length > 8
        ? `${elsewhere.slice(0, 8).join(', ')} and ${elsewhere.length - 8} more`
        : elsewhere.join(', ')
    yield finding('call-elsewhere', where, { names, architectures: subject.architectures.join(', ') })
  }
}

function guesser(subject: CheckSubject): (name: string) => string | undefined {
  let left = guessLimit
  const architectures = subject.architectures.length > 0 ? subject.architectures : undefined
  return (name) => (left-- <= 0 ? undefined : proposedCall(name, architectures))
}

/**
 * The name under which programs of the profile's architectures make a call that only other architectures have, unless a
 * rule names it: for `waitpid` on x86_64 that is `wait4`.
 */
function renamed(subject: CheckSubject, name: string): string | undefined {
  const meant = callNamed(name, subject.architectures)
  return meant === undefined || subject.profile.syscalls.some(({ names }) => names.includes(meant))
    ? undefined
    : meant
}

/** Checks the calls without which no program starts or ends, and clone3, whose refusal must be ENOSYS. */
function* neededProblems(subject: CheckSubject): Generator<Finding> {
  const { profile, parsed } = subject
  const { defaultAction } = profile
  if (defaultAction === undefined) return
  const where = keyOf(subject, profile, 'defaultAction')
  if (!refuses(defaultAction)) {
    if (defaultAction !== 'SCMP_ACT_NOTIFY')
      yield finding('allows-by-default', where, { action: defaultAction })
    yield* neededOfDenyList(subject)
    return
  }
  const allowed = new Set(profile.syscalls.flatMap(({ action, names }) => (refuses(action) ? [] : names)))
  // The operator adds the calls of the base profile.
  if (parsed.base === undefined) {
    if (!allowed.has('execveat') && !profile.syscalls.some(startsPrograms))
      yield finding('no-execve', where, { action: defaultAction })
    if (!allowed.has('exit_group') && !allowed.has('exit'))
      yield finding('no-exit', where, { action: defaultAction })
    const call = ['clone', 'clone3'].find((each) => allowed.has(each))
    if (call !== undefined && allowed.has('exit_group') && !allowed.has('exit'))
      yield finding('thread-exit-refused', where, { call, action: defaultAction })
  }
  if (!allowed.has('clone') || allowed.has('clone3')) return
  const refusing = profile.syscalls.filter(({ names }) => names.includes('clone3'))
  const answers = refusing.map((rule) => answerOf(subject, rule.action, rule.errnoRet, rule.errno))
  const answer = answers[0] ?? defaultAnswer(subject)
  if (
    answer === undefined ||
    [...answers, ...(answers.length === 0 ? [answer] : [])].includes('SCMP_ACT_ERRNO(38)')
  )
    return
  yield finding('clone3-refused', refusing[0] ?? where, { answer })
}

/** The same for a profile that allows by default: the needed calls that a rule refuses for all arguments. */
function* neededOfDenyList(subject: CheckSubject): Generator<Finding> {
  const refusing = (name: string): PlacedRule | undefined => {
    const first = subject.profile.syscalls.find(
      ({ names, args, includes }) =>
        names.includes(name) && (args ?? []).length === 0 && (subject.asOci || isAlways(includes)),
    )
    // The first rule without conditions wins.
    return first !== undefined && refuses(first.action) ? first : undefined
  }
  const whole = (...names: readonly string[]): PlacedRule | undefined => {
    const rules = names.map(refusing)
    return rules.includes(undefined) ? undefined : rules[0]
  }
  const at = (rule: PlacedRule, name: string): Standing => rule.namesAt[rule.names.indexOf(name)] ?? rule
  // Every engine and runtime starts programs with execve, so allowing execveat does not help.
  const execve = refusing('execve')
  if (execve !== undefined) yield finding('no-execve', at(execve, 'execve'), { action: execve.action })
  const exit = whole('exit_group', 'exit')
  if (exit !== undefined) yield finding('no-exit', at(exit, 'exit_group'), { action: exit.action })
  const clone3 = refusing('clone3')
  if (clone3 === undefined || refusing('clone') !== undefined) return
  const answer = answerOf(subject, clone3.action, clone3.errnoRet, clone3.errno)
  if (answer !== 'SCMP_ACT_ERRNO(38)') yield finding('clone3-refused', at(clone3, 'clone3'), { answer })
}

/** Whether a rule allows execve. The arguments are pointers, so a condition on one value never holds. */
function startsPrograms({ action, names, args = [] }: PlacedRule): boolean {
  return !refuses(action) && names.includes('execve') && !args.some(({ op }) => op === 'SCMP_CMP_EQ')
}

function isAlways(includes: PlacedRule['includes']): boolean {
  return (includes?.caps ?? []).length === 0 && (includes?.arches ?? []).length === 0
}
