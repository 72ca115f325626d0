// The recorder strace: strace runs the command, is started without a shell, and is read while it writes. Authority:
// strace(1) 6.1, tried.
//
// While strace runs a command it ignores the ending signals (-I never, its default with -o and a command). So strace
// outlives the command, the trace is complete, and strace ends as the command did.
import { UserError } from '../../errors.ts'
import type { Observations } from '../../observe/index.ts'
import type { Launch, Recorder } from '../recorder.ts'
import { endingOf } from '../runner/ending.ts'
import { isFiltered, tracedBy } from '../runner/processes.ts'
import { spawnEnvironmentOf } from '../runner/spawn-environment.ts'
import { askStrace } from './available.ts'
import { makeFifo } from './fifo.ts'
import { leaveOutKnown, straceOptions } from './options.ts'
import { Progress } from './progress.ts'
import { readTrace, valueOf } from './reading.ts'
import { KeptRefusals } from './refusals.ts'

/** How long the trace may lag behind a signal. Milliseconds. */
const echo = 300

export const strace: Recorder = {
  prepare: async (launch) => {
    const { name, options, scope, watch, directory, takesExec } = launch
    const afterFilter = scope !== 'tree'
    const version = await askStrace(spawnEnvironmentOf(options), true)
    // --seccomp-bpf would put an engine under strace's filter.
    const cheaply =
      options.known === undefined || afterFilter
        ? []
        : leaveOutKnown(version, options.known, options.arguments)
    const fifo = await makeFifo(directory)
    const progress = new Progress()
    const recorded = straceOptions(version, afterFilter)
    const kept = new KeptRefusals()
    const reading = readTrace(name, options, fifo, progress, { afterFilter, watch, kept })
    let tracer = 0
    if (takesExec) options.notice?.({ code: 'exec-unseen', why: 'strace' })
    return {
      words: ['strace', ...recorded, ...cheaply, '-o', fifo.path, '--', ...options.command],
      file: 'strace',
      starting: (begin) => {
        const child = begin()
        tracer = child.pid ?? 0
        return child
      },
      command: () => progress.pid,
      // strace does not show whether a handler took a signal. A signal that ended the command shows in the ending.
      signals: () => [...progress.signals].sort().map((signal) => ({ signal, handled: true })),
      hasEnded: () => progress.ended,
      ...(afterFilter && { hasBegun: () => tracedBy(tracer).some(isFiltered) }),
      suspects: () => kept.suspects,
      members: () => tracedBy(tracer),
      // A signal that the trace showed shortly before it reached us is the same signal.
      reached: (signal, since) => (progress.arrival(signal) ?? Number.NEGATIVE_INFINITY) >= since - echo,
      echo,
      result: async (end) => {
        fifo.close()
        const read = await reading
        refuseCut(launch, progress)
        const { observations, refusals, filtered, programs, clients } = valueOf(read)
        return {
          observations: options.known === undefined ? observations : withoutFiltered(observations),
          ending: endingOf(end),
          programs,
          ...(filtered !== undefined && { started: filtered > 0 }),
          ...(refusals && { refusals }),
          ...(!afterFilter && { clients }),
        }
      },
      close: () => Promise.resolve(fifo.close()),
    }
  },
}

/** Throws UserError (125, 126) for a command that was not recorded from its first call to its last. */
function refuseCut({ options }: Launch, progress: Progress): void {
  const [program] = options.command
  if (progress.failure !== undefined) {
    const { words, errno } = progress.failure
    throw new UserError('cannot-run', { program, errno: undefined, words: words || errno })
  }
  if (progress.pid === undefined) throw new UserError('strace-saw-nothing', { program })
  if (!progress.ended) throw new UserError('strace-ended-early', { program })
}

/** Removes the diagnostic that calls are left out: we left them out, and they are known. */
function withoutFiltered(observations: Observations): Observations {
  return {
    ...observations,
    sources: observations.sources.map((each) => ({
      ...each,
      evidence: [
        ...(each.evidence ?? []).filter((kind) => kind !== 'every-call'),
        'new-only' as const,
      ].sort(),
    })),
    diagnostics: observations.diagnostics.filter(({ code }) => code !== 'filtered'),
  }
}
