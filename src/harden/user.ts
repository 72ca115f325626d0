// Decides which user the container starts as, and which users its programs become. Authority: credentials(7).
import { shellWord } from '../escape.ts'
import type { Identity, ObservedContext } from '../observe/index.ts'
import { ascending } from '../order.ts'
import type { Because, User } from './context.ts'
import { notEvidenced, times } from './evidence.ts'

export interface StartUser {
  readonly user?: User
  readonly because: readonly Because[]
}

export const root = 0

/** The user of the start. If starts differ, the lowest uid and gid, because root may do what others may. */
export function startUser({ starts }: ObservedContext): StartUser {
  if (starts.length === 0)
    return { because: [{ what: 'user', evidence: `${notEvidenced}: no start was recorded` }] }
  const inOrder = starts
    .flatMap(({ uid, gid, ...rest }) =>
      uid === undefined || gid === undefined ? [] : [{ uid, gid, ...rest }],
    )
    .sort((a, b) => a.uid - b.uid || a.gid - b.gid || ascending(a.path, b.path))
  const [first] = inOrder
  if (first === undefined)
    return { because: [{ what: 'user', evidence: `${notEvidenced}: who started it is not shown` }] }
  const { uid, gid } = first
  const alike = inOrder.filter((each) => each.uid === uid && each.gid === gid)
  const others = [
    ...new Set(inOrder.filter((each) => !alike.includes(each)).map((each) => `${each.uid}:${each.gid}`)),
  ]
  const groups = [...new Set(alike.flatMap((each) => each.groups ?? []))].sort((a, b) => a - b)
  const count = alike.reduce((sum, each) => sum + each.count, 0)
  return {
    user: { uid, gid, groups },
    because: [
      {
        what: 'user',
        evidence: `${first.path} was started as ${uid}:${gid}, ${times(count)}${others.length === 0 ? '' : `; others as ${others.join(', ')}`}, first ${first.first}`,
      },
    ],
  }
}

/** The non-root users that programs of the container become for good, the most frequent first. */
export function becomes({ identities }: ObservedContext): readonly User[] {
  const found = new Map<number, Identity[]>()
  for (const each of identities) {
    const { started, uid, euid, suid } = each
    if (started && uid !== undefined && uid !== root && uid === euid && uid === suid)
      found.set(uid, [...(found.get(uid) ?? []), each])
  }
  const total = (rows: readonly Identity[]): number => rows.reduce((sum, { count }) => sum + count, 0)
  return [...found]
    .sort(([a, one], [b, other]) => total(other) - total(one) || a - b)
    .map(([uid, rows]) => settled(uid, rows))
}

/** Prefers rows without root's groups: a program that is becoming another user may still have them. */
function settled(uid: number, rows: readonly Identity[]): User {
  const arrived = preferred(rows, ({ egid }) => egid !== root)
  const [gid = uid] = [...arrived]
    .sort((a, b) => b.count - a.count || (a.egid ?? 0) - (b.egid ?? 0))
    .flatMap(({ egid }) => egid ?? [])
  const own = preferred(
    arrived.filter(({ egid }) => egid === gid),
    ({ groups = [] }) => !groups.includes(root),
  )
  const groups = [...new Set(own.flatMap((each) => each.groups ?? []))].sort((a, b) => a - b)
  return { uid, gid, groups }
}

function preferred<Row>(rows: readonly Row[], wanted: (row: Row) => boolean): readonly Row[] {
  const found = rows.filter(wanted)
  return found.length === 0 ? rows : found
}

/** Programs that become another user and then execute a command. */
const switches: ReadonlySet<string> = new Set(
  'su su-exec sudo gosu setpriv setuidgid runuser chroot chpst s6-setuidgid capsh doas'.split(' '),
)

/** The command that such a program executed. A container that starts as the right user needs only this command. */
export function directCommand({ executions }: ObservedContext): Because | undefined {
  const direct = executions.find(
    ({ program, path, arguments: words, started }) =>
      started && words !== undefined && switches.has(program) && !switches.has(nameOf(path)),
  )
  if (direct?.arguments === undefined) return undefined
  const command = direct.arguments.map(shellWord).join(' ')
  return { what: 'user', evidence: `start without ${direct.program}: ${command}` }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
