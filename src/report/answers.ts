// A filter's answer in a word or two for readers of reports.
import { errnoText } from '../abi/errnos.ts'
import type { Answer } from '../meaning/answer.ts'

/** Such as `allowed`, `EPERM`, `kills the process`. */
export function answerWords({ action, errno }: Answer): string {
  switch (action) {
    case 'SCMP_ACT_ALLOW':
      return 'allowed'
    case 'SCMP_ACT_LOG':
      return 'allowed and logged'
    case 'SCMP_ACT_NOTIFY':
      return 'a supervisor decides'
    case 'SCMP_ACT_TRACE':
      return `a tracer decides (${errno ?? 0})`
    case 'SCMP_ACT_ERRNO':
      return errno === 0 ? 'skipped, returns 0' : errnoText(errno ?? 1)
    case 'SCMP_ACT_TRAP':
      return 'SIGSYS'
    case 'SCMP_ACT_KILL_THREAD':
      return 'kills the thread'
    case 'SCMP_ACT_KILL_PROCESS':
      return 'kills the process'
  }
}
