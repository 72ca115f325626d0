// Decides whether the filter refused a call, or the kernel did: the filter refused it if its answer to the arguments
// gives the result that was seen. verify, watch and recordings of containers all use this file.
// Authority: seccomp(2) for what each answer does to a call.
import { ENOSYS } from '../abi/errnos.ts'
import { answerOfPrograms, permissiveness, prevails, type Answer, type Meaning } from '../meaning/index.ts'
import type { Suspect } from './refusals.ts'

/** The result of a call with this answer; undefined if it does not return, or if the kernel or a handler decides. */
export function resultOf({ action, errno = 0 }: Answer): number | undefined {
  switch (action) {
    case 'SCMP_ACT_ERRNO':
      return errno === 0 ? 0 : -errno
    // seccomp(2): without a tracer or a listener.
    case 'SCMP_ACT_TRACE':
    case 'SCMP_ACT_NOTIFY':
      return -ENOSYS
    case 'SCMP_ACT_ALLOW':
    case 'SCMP_ACT_LOG':
    case 'SCMP_ACT_TRAP':
    case 'SCMP_ACT_KILL_THREAD':
    case 'SCMP_ACT_KILL_PROCESS':
      return undefined
  }
}

/** Whether the answer is a refusal that gives this result. */
export function isRefusedBy(answer: Answer, result: Suspect['result']): boolean {
  // A filter for audit logs and allows what the profile refuses.
  if (result === 'logged') return permissiveness(answer) < 2
  switch (answer.action) {
    case 'SCMP_ACT_KILL_PROCESS':
    case 'SCMP_ACT_KILL_THREAD':
      return result === 'ended'
    case 'SCMP_ACT_TRAP':
      return result === 'trapped'
    case 'SCMP_ACT_ALLOW':
    case 'SCMP_ACT_LOG':
      return false
    case 'SCMP_ACT_ERRNO':
    case 'SCMP_ACT_TRACE':
    case 'SCMP_ACT_NOTIFY':
      return result === resultOf(answer)
  }
}

/**
 * Whether the filters that the program has set itself decided the call, whatever the filter that it began with answers.
 * seccomp(2): the strictest answer counts, and of equal ones that of the newest filter.
 */
export function isDecidedByOwn(
  { architecture, number, args, ownFilters = [] }: Suspect,
  answer: Answer,
): boolean {
  if (number === undefined || args === undefined || ownFilters.length === 0) return false
  return prevails(answerOfPrograms(ownFilters, architecture, number, args), answer)
}

/**
 * The answer that refused a call; undefined if the filter did not refuse it. `filter`: the meaning of a profile, or the
 * filters of a process as the kernel has them (answerOfPrograms).
 */
export function refusedBy(
  filter: Pick<Meaning, 'answer'>,
  { architecture, number, args, result }: Pick<Suspect, 'architecture' | 'number' | 'args' | 'result'>,
): Answer | undefined {
  if (number === undefined || args === undefined) return undefined
  const answer = filter.answer(architecture, number, args)
  return isRefusedBy(answer, result) ? answer : undefined
}
