// The recorder audit: finds what a profile would refuse in the kernel's audit records, if neither bpf(2) nor ptrace is
// permitted. The kernel records a refusal only if the filter asks for that, which runc before 1.2 and prctl(2) cannot.
// It always records a call that the filter answers with LOG. So the command runs under a filter for audit, which
// answers LOG to each call that the profile refuses and to each start of a program. The records of program starts prove
// that records arrive, so if they show no refusal, the profile would have refused nothing.
// Authority: seccomp(2) (SECCOMP_RET_LOG, actions_logged), kernel/seccomp.c (seccomp_log).
import { isatty } from 'node:tty'
import { syscallTable } from '../../abi/tables.ts'
import { UserError } from '../../errors.ts'
import { filterRecordOf } from '../../read/audit/filter-record.ts'
import type { EndingSignal } from '../recording.ts'
import type { Recorder } from '../recorder.ts'
import type { Suspect, Watch } from '../refusals.ts'
import { endingOf } from '../runner/ending.ts'
import { programOf } from '../runner/program.ts'
import { inNewSession, processesOf } from './login-session.ts'
import { AuditSocket } from './socket.ts'

/** The calls that start a program. A filter for audit answers LOG to them, whatever the profile says. */
export const programStarts: readonly string[] = ['execve', 'execveat']

/** SECCOMP_RET_LOG. Apart from that, a filter for audit only kills processes that call in a foreign architecture. */
const letThrough = 0x7ffc0000
const typedSignals: readonly EndingSignal[] = ['SIGINT', 'SIGQUIT']

/** Records a command under a filter for audit. It counts no calls, so the observations are empty. */
export const audit: Recorder = {
  prepare: async ({ name, options, watch }) => {
    if (watch === undefined) throw new Error('audit tells of refusals only')
    const file = programOf(options)
    const found = new FilterRecords(watch)
    const socket = await AuditSocket.open((text) => found.take(text))
    return {
      words: options.command,
      file,
      starting: (begin) => {
        const started = inNewSession(begin)
        found.session = started.session
        return started.begun
      },
      hasBegun: () => found.programs > 0,
      members: () => (found.session === undefined ? [] : processesOf(found.session)),
      // Records show no signals. Typed signals reach every process at the terminal, others only us.
      reached: (signal) => isatty(0) && typedSignals.includes(signal),
      echo: 0,
      result: async (end) => {
        const lost = await socket.end()
        const suspects = [...found.suspects.values()]
        if (found.programs === 0 && suspects.length === 0)
          throw new UserError('audit-saw-nothing', { program: name })
        return {
          observations: { version: 1, architectures: {}, unknown: {}, sources: [], diagnostics: [] },
          ending: endingOf(end),
          programs: found.programs,
          started: found.programs > 0,
          refusals: { suspects, lost },
        }
      },
      close: async () => socket.close(),
    }
  },
}

/** The records of one audit session. */
class FilterRecords {
  session: number | undefined
  programs = 0
  readonly suspects = new Map<string, Suspect>()
  readonly #never: ReadonlySet<string>

  constructor({ calls }: Watch) {
    this.#never = new Set(
      calls.flatMap((each) => (each.arguments.length === 0 ? [`${each.architecture} ${each.number}`] : [])),
    )
  }

  take(text: string): void {
    const record = filterRecordOf(text)
    if (record === undefined || record.session !== this.session) return
    const { architecture, number, pid, comm } = record
    if (this.#never.has(`${architecture} ${number}`)) {
      if (programStarts.includes(syscallTable(architecture).byNumber(number)?.name ?? '')) this.programs++
      return
    }
    const result = record.code === letThrough ? 'logged' : 'ended'
    const key = [architecture, number, pid, comm, result].join(' ')
    const count = (this.suspects.get(key)?.count ?? 0) + 1
    this.suspects.set(key, { architecture, number, args: undefined, result, pid, comm, count })
  }
}
