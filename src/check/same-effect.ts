// Finds deny lists that refuse one call and leave another with the same effect open: chmod but not fchmodat. Only rules
// without conditions count, because a conditional rule refuses less than the call. Authority: abi/same-effect.ts.
import { sameEffect } from '../abi/same-effect.ts'
import { refuses } from '../profile/words.ts'
import { finding, type Finding } from './findings.ts'
import { answerOf, type CheckSubject } from './subject.ts'

export function* sameEffectProblems(subject: CheckSubject): Generator<Finding> {
  const { defaultAction, syscalls } = subject.profile
  if (defaultAction === undefined || refuses(defaultAction)) return
  const refused = new Set(syscalls.flatMap(({ action, names }) => (refuses(action) ? names : [])))
  for (const rule of syscalls) {
    const conditional =
      (rule.args?.length ?? 0) > 0 || rule.includes !== undefined || rule.excludes !== undefined
    if (conditional || !refuses(rule.action)) continue
    for (const [index, name] of rule.names.entries()) {
      const open = sameEffect(name, subject.architectures).filter((each) => !refused.has(each))
      if (open.length === 0) continue
      const answer = answerOf(subject, rule.action, rule.errnoRet, rule.errno)
      yield finding('same-effect-allowed', rule.namesAt[index] ?? rule, {
        name,
        answer,
        others: open.join(', '),
      })
    }
  }
}
