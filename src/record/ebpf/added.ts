// Records the processes that `exec` adds to the command's container. They are not children of the command, so they are
// found by the container's cgroup, as soon as a program runs in it.
import { statSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { cgroupOfProcess } from '../cgroups.ts'
import type { RecordNotice } from '../recording.ts'
import { isFiltered } from '../runner/processes.ts'
import type { Session } from './session.ts'

/** Milliseconds. */
const pause = 50

/** Joins the container's cgroup to the session; gives a notice if the container has no cgroup of its own. */
export async function recordAdded(
  session: Session,
  notice: ((notice: RecordNotice) => void) | undefined,
  over: AbortSignal,
): Promise<void> {
  for (; !over.aborted; await wait(pause, undefined, { signal: over }).catch(() => undefined)) {
    if (session.programs() === 0) continue
    const first = session.members().find(isFiltered)
    if (first === undefined) continue
    const directory = cgroupOfProcess(first)
    const found =
      directory === undefined || directory === cgroupOfProcess('self')
        ? undefined
        : statSync(directory, { bigint: true, throwIfNoEntry: false })
    if (found !== undefined) session.join(found.ino)
    else if (isFiltered(first)) notice?.({ code: 'exec-unseen', why: 'no-cgroup' })
    else continue
    return
  }
}
