// Makes remarks on the recording from which a context is derived: where it was made, and what it does not show.
import type { ObservedContext } from '../observe/index.ts'
import { ascending } from '../order.ts'
import type { Because } from './context.ts'
import { deedsText } from './evidence.ts'

export function remarks(context: ObservedContext): readonly Because[] {
  const { starts, blind, rings } = context
  const engines = [...new Set(starts.flatMap(({ engine }) => (engine === undefined ? [] : [engine])))].sort(
    ascending,
  )
  const roots = [
    ...new Set(
      starts.flatMap(({ rootMode, rootUid = 0, rootGid = 0 }) =>
        rootMode === undefined ? [] : [`${rootMode} ${rootUid}:${rootGid}`],
      ),
    ),
  ].sort(ascending)
  const where = engines.length === 0 ? '' : `, recorded under ${engines.join(' and ')}`
  return [
    ...roots.map((each) => ({
      what: 'root directory',
      evidence: `mode and owner ${each}${where}; engines differ`,
    })),
    ...(blind.some(({ what }) => what === 'checks') ? refusals(context) : []),
    ...unseen(context),
    ...rings.map(({ program, first }) => ({
      what: 'io_uring',
      evidence: `${program} uses it: what is done through it is not seen, first ${first}`,
    })),
  ]
}

/** What the recording does not show. Without a remark here, the absence of a row is evidence too. */
export function unseen({ blind, lost }: Pick<ObservedContext, 'blind' | 'lost'>): readonly Because[] {
  return [
    ...blind.map(({ what, count, first }) => ({
      what: 'not seen',
      evidence: `${what === 'skipped' ? `at most ${count} ` : ''}${blindTexts[what]}, in ${first}`,
    })),
    ...lost.map(({ what, count, first }) => ({
      what: 'lost',
      evidence: `${count} rows of ${what} found no room in the recording, first ${first}`,
    })),
  ]
}

/** Refused calls, for recordings without capability checks: each may have lacked a capability or a right. */
function refusals({ changes, reads, executions, binds }: ObservedContext): readonly Because[] {
  const refused = [
    ...[...changes, ...reads].map((each) => ({ ...each, what: `${each.kind} ${each.path}` })),
    ...executions.map((each) => ({ ...each, uid: each.euid, what: `execve of ${each.path}` })),
    ...binds.map((each) => ({ ...each, uid: each.euid, what: `bind to port ${each.port}` })),
  ].flatMap(({ what, refused: errno, program, uid, count, first }) =>
    errno === undefined ? [] : [{ what: `${what} (${errno})`, program, uid, count, first }],
  )
  return refused.length === 0 ? [] : [{ what: 'refused', evidence: deedsText(refused) }]
}

const blindTexts: Readonly<Record<ObservedContext['blind'][number]['what'], string>> = {
  checks: 'checks for capabilities',
  'direct-checks': 'checks that the kernel makes without security_capable (capset, securebits)',
  functions: 'the kernel functions that check',
  files: 'files',
  owners: 'modes and owners of files',
  mounts: 'which mount a path is in',
  ids: 'who a program is, unless it asked or changed it',
  'file-capabilities': 'capabilities of executed files',
  gains: 'what executing gives',
  start: 'the start',
  'compat-calls': 'paths of 32-bit calls',
  skipped: 'events for which the kernel skipped the recorder',
}
