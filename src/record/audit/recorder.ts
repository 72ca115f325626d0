// What a filter would refuse, from the kernel's audit records, where neither bpf(2) nor ptrace is permitted. A filter's
// refusal is recorded only if it asks for that, which runc before 1.2 and prctl(2) cannot; what it lets through with LOG
// always is. So the command runs under a filter that lets through and logs what the profile refuses, and each start of
// a program: a run without a record of these has seen nothing refused because nothing would have been.
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

/** What starts a program. A filter for audit answers LOG to it, whatever the profile says. */
export const programStarts: readonly string[] = ['execve', 'execveat']

/** SECCOMP_RET_LOG; a filter for audit ends only what calls in a foreign architecture. */
const letThrough = 0x7ffc0000
const typedSignals: readonly EndingSignal[] = ['SIGINT', 'SIGQUIT']

/** Under a filter for audit. No calls are counted: the observations are empty. */
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
      // Records tell no signals. Those that are typed reach everybody at the terminal, others only us.
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
