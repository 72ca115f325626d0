// Finds error numbers that do not mean what they seem to. Authority: runtime-spec ("errnoRet"), seccomp(2) (an errno of
// 0 skips the call and returns success), containers/common (its engines alone prefer `errno` strings to the numbers).
import { errnoNumber } from '../abi/errnos.ts'
import type { Action } from '../profile/document.ts'
import type { Standing } from '../profile/flaws.ts'
import { finding, type Finding } from './findings.ts'
import { takesErrno } from '../profile/words.ts'
import { keyOf, type CheckSubject } from './subject.ts'

export function* errnoProblems(subject: CheckSubject): Generator<Finding> {
  const { profile } = subject
  if (profile.defaultAction !== undefined) {
    const stated = {
      action: profile.defaultAction,
      number: profile.defaultErrnoRet,
      name: profile.defaultErrno,
    }
    yield* statedProblems(subject, profile, stated, 'defaultErrnoRet', 'defaultErrno')
  }
  for (const rule of profile.syscalls) {
    const stated = { action: rule.action, number: rule.errnoRet, name: rule.errno }
    yield* statedProblems(subject, rule, stated, 'errnoRet', 'errno')
  }
}

interface StatedErrno {
  readonly action: Action
  readonly number: number | undefined
  readonly name: string | undefined
}

function* statedProblems(
  subject: CheckSubject,
  whole: Standing,
  { action, number, name }: StatedErrno,
  numberKey: string,
  nameKey: string,
): Generator<Finding> {
  if (number !== undefined) {
    const where = keyOf(subject, whole, numberKey)
    if (number === 0 && action === 'SCMP_ACT_ERRNO') yield finding('errno-zero', where, { key: numberKey })
  }
  if (name === undefined || name === '' || subject.asOci) return
  const where = keyOf(subject, whole, nameKey)
  const meant = errnoNumber(name)
  if (meant === undefined) yield finding('unknown-errno', where, { name })
  else if (takesErrno(action) && meant !== (number ?? 1)) {
    yield finding('errno-differs', where, {
      name,
      number: String(meant),
      other: String(number ?? 1),
      key: numberKey,
    })
  }
}
