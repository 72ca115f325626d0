// Watches running workloads for refusals until they end: reads what the kernel saw, and tells whose calls were refused.
import { UserError } from '../errors.ts'
import { whyNoEbpf } from './ebpf/index.ts'
import { untilOver } from './ebpf/over.ts'
import { WatchSession, type Sighting } from './ebpf/watched/session.ts'
import { Unfiltered } from './unfiltered.ts'
import { namePatience, type WatchSettings } from './watched/settings.ts'
import { subjectOf } from './watched/subject.ts'

export type { Sighting } from './ebpf/watched/session.ts'
export type { WatchSettings, WatchTarget } from './watched/settings.ts'

/** How often the kernel's counts are read. Milliseconds. */
const pace = 200
/**
 * Watches until the target has ended, or until `for`, `stop` or a signal. Returns how many calls found no room. Throws
 * UserError (125) if the target cannot be watched.
 */
export async function watchRefusals(settings: WatchSettings): Promise<{ readonly lost: number }> {
  const { target, sighted, looked } = settings
  const isByProcess = target === 'everything' || 'pid' in target
  const why = await whyNoEbpf(isByProcess ? 'processes' : 'cgroup')
  if (why !== undefined) throw new UserError('ebpf-needed', { for: 'watch', why })
  const subject = await subjectOf(settings)
  try {
    const session = await WatchSession.start(subject.watched, subject.processes)
    settings.begun?.()
    if (subject.waitingFor !== undefined) settings.notice?.({ code: 'waiting', what: subject.waitingFor })
    const unfiltered = new Unfiltered(() => subject.running(session))
    const untold: { readonly since: number; readonly sighting: Sighting }[] = []
    const take = (): void => {
      for (const sighting of session.take()) untold.push({ since: performance.now(), sighting })
      for (const each of untold.splice(0)) {
        const where = subject.whereOf(each.sighting)
        if (typeof where === 'string') sighted(where, each.sighting)
        else if (where === undefined && performance.now() - each.since < namePatience) untold.push(each)
      }
      unfiltered.look()
      looked?.()
    }
    try {
      await untilOver(
        settings,
        () => {
          take()
          return subject.isOver(session)
        },
        pace,
      )
      take()
      const processes = unfiltered.names()
      if (processes.length > 0) settings.notice?.({ code: 'without-filter', processes })
      return { lost: session.lost() }
    } finally {
      session.close()
    }
  } finally {
    subject.close()
  }
}
