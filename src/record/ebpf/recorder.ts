// The recorder in the kernel: small programs count the calls of a command's processes, or of a cgroup, at full speed.
// The command is an ordinary child, as of a shell: nothing traces it.
import { constants } from 'node:os'
import { basename } from 'node:path'
import type { EndingSignal } from '../recording.ts'
import type { Recorder, Scope, StartedClient } from '../recorder.ts'
import { endingOf } from '../runner/ending.ts'
import { isFiltered } from '../runner/processes.ts'
import { programOf } from '../runner/program.ts'
import { recordAdded } from './added.ts'
import type { Membership } from './membership.ts'
import { Session } from './session.ts'

/** The longest time until a signal is counted, in milliseconds. */
const echo = 150

export const ebpf: Recorder = {
  prepare: async ({ name, options, scope, watch, clients, takesExec, awaits = () => true }) => {
    const file = programOf(options)
    const session = await Session.start(membershipOf(scope), {
      asked: options.arguments,
      watch,
      // A command inherits our filter, if we have one.
      unfiltered: scope === 'tree' && !isFiltered('self'),
      // The filter that we give a recorded container allows every call.
      filters: watch === undefined && !isFiltered('self') ? 'own' : 'foreign',
    })
    const over = new AbortController()
    if (takesExec) void recordAdded(session, options.notice, over.signal)
    let last: readonly StartedClient[] | undefined
    clients?.(() => last ?? session.clients())
    return {
      words: options.command,
      file,
      starting: (begin) => session.starting(begin),
      ...(scope !== 'tree' && { hasBegun: () => session.programs() > 0 }),
      newest: () => session.newest(),
      signals: () => session.signals(),
      programs: () => session.programs(),
      suspects: () => session.refusals().suspects,
      members: () => (typeof scope === 'object' ? scope.processes() : session.members().filter(awaits)),
      reached: countedBy((signal) => session.arrivals(signal)),
      echo,
      result: async (end) => ({
        // Outside of containers the first execve counted is the command's own.
        observations: session.observations(name, false, {
          command: scope === 'tree' ? basename(file) : undefined,
          nameOf: typeof scope === 'object' ? scope.serviceIn : undefined,
        }),
        ending: endingOf(end),
        clients: session.clients().map(({ words }) => words),
        ...(scope !== 'tree' && { programs: session.programs(), started: session.programs() > 0 }),
        ...(watch === undefined ? {} : { refusals: session.allRefusals() }),
      }),
      close: async () => {
        over.abort()
        last = session.clients()
        session.close()
      },
    }
  },
}

function membershipOf(scope: Scope): Membership {
  if (typeof scope === 'object')
    return { who: scope.cgroup, underFilter: true, ...(scope.serviceIn && { containers: 2 }) }
  return { who: 'tree', underFilter: scope === 'filtered' }
}

/** Whether a signal reached the command since the last question: its count has grown. */
export function countedBy(arrivals: (signal: number) => number): (signal: EndingSignal) => boolean {
  const counts = new Map<number, number>()
  return (name) => {
    const signal = constants.signals[name]
    const [before, now] = [counts.get(signal) ?? 0, arrivals(signal)]
    counts.set(signal, Math.max(before, now))
    return now > before
  }
}
