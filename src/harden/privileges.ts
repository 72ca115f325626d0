// Decides whether no_new_privs can be set: no executed program gained a privilege. Authority: prctl(2),
// PR_SET_NO_NEW_PRIVS; execve(2), "Effect on process attributes": set-user-ID bits and file capabilities then give
// nothing. A program that gains a privilege may not need it. Only a run with no_new_privs shows that.
import type { Execution, ObservedContext } from '../observe/index.ts'
import type { Because } from './context.ts'
import { deedsText, type Deed } from './evidence.ts'
import { whyIncomplete, whyNoStart } from './lost.ts'

export interface Privileges {
  readonly noNewPrivileges: boolean
  readonly because: readonly Because[]
}

export function privilegesOf({ executions, starts, blind, lost }: ObservedContext): Privileges {
  const say = (noNewPrivileges: boolean, evidence: string): Privileges => ({
    noNewPrivileges,
    because: [{ what: 'noNewPrivileges', evidence }],
  })
  const gaining = executions.filter((each) => each.started && gains(each))
  if (gaining.length > 0) return say(false, `executing gave privileges: ${deedsText(gaining.map(gainDeed))}`)
  if (starts.length > 0 && starts.every(({ noNewPrivileges }) => noNewPrivileges === true))
    return say(true, 'it ran so')
  if (blind.some(({ what }) => what === 'gains'))
    return say(false, 'not evidenced: the recording does not show what executing gives')
  const incomplete = whyNoStart({ blind, starts }) ?? whyIncomplete({ lost }, 'executions')
  if (incomplete !== undefined) return say(false, incomplete)
  if (starts.length === 0 && executions.length === 0)
    return say(false, 'not evidenced: no execution was recorded')
  return say(true, 'nothing that was executed gained a user, a group or a capability')
}

function gains({ gained = [], euidBefore, egidBefore, euid, egid }: Execution): boolean {
  return (
    gained.length > 0 ||
    (euidBefore !== undefined && euidBefore !== euid) ||
    (egidBefore !== undefined && egidBefore !== egid)
  )
}

function gainDeed({
  path,
  program,
  gained = [],
  euidBefore,
  euid,
  egidBefore,
  egid,
  count,
  first,
}: Execution): Deed {
  const what = [
    ...(euidBefore !== undefined && euidBefore !== euid ? [`uid ${euid}`] : []),
    ...(egidBefore !== undefined && egidBefore !== egid ? [`gid ${egid}`] : []),
    ...gained,
  ]
  return { what: `execve of ${path} gave ${what.join(' ')}`, program, uid: euidBefore ?? euid, count, first }
}
