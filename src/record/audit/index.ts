// What a filter would refuse, from the kernel's audit records, where neither bpf(2) nor ptrace is permitted. A filter's
// refusal is recorded only if it asks for that, which runc before 1.2 and prctl(2) cannot; what it lets through with LOG
// always is. So the command runs under a filter that lets through and logs what the profile refuses, and each start of
// a program: a run without a record of these has seen nothing refused because nothing would have been.
// Authority: seccomp(2) (SECCOMP_RET_LOG, actions_logged), kernel/seccomp.c (seccomp_log).
import { isatty } from 'node:tty'
import { constants } from 'node:os'
import { readFileSync, readlinkSync } from 'node:fs'
import { syscallTable } from '../../abi/tables.ts'
import { UserError } from '../../errors.ts'
import { filterRecordOf } from '../../read/audit/filter-record.ts'
import type { Suspect, Watch } from '../refusals.ts'
import type { CommandOptions, Recording } from '../recording.ts'
import { programOf, runToEnd, type Followed, type Launch } from '../running.ts'
import { inNewSession, processesOf } from './login-session.ts'
import { AuditSocket } from './socket.ts'

export interface AuditedLaunch extends Launch {
  readonly watch: Watch
}

/** What starts a program. A filter for audit answers LOG to it, whatever the profile says. */
export const programStarts: readonly string[] = ['execve', 'execveat']

/** SECCOMP_RET_LOG; a filter for audit ends only what calls in a foreign architecture. */
const letThrough = 0x7ffc0000
const typedSignals: readonly number[] = [constants.signals.SIGINT, constants.signals.SIGQUIT]
/** PROC_PID_INIT_INO of include/linux/proc_ns.h. */
const initialPidNamespace = 'pid:[4026531836]'

/**
 * Runs a command that starts something under a filter for audit. No calls are counted: `observations` is empty.
 * Throws UserError (125, 126, 127).
 */
export async function runWithAudit(
  name: string,
  options: CommandOptions,
  launch: AuditedLaunch,
): Promise<Recording> {
  const file = programOf(options)
  let session: number | undefined
  let programs = 0
  const suspects = new Map<string, Suspect>()
  const { calls } = launch.watch
  const never = new Set(
    calls.flatMap((each) => (each.arguments.length === 0 ? [`${each.architecture} ${each.number}`] : [])),
  )
  const socket = await AuditSocket.open((text) => {
    const record = filterRecordOf(text)
    if (record === undefined || record.session !== session) return
    const { architecture, number, pid, comm } = record
    if (never.has(`${architecture} ${number}`)) {
      if (programStarts.includes(syscallTable(architecture).byNumber(number)?.name ?? '')) programs++
      return
    }
    const result = record.code === letThrough ? 'logged' : 'ended'
    const key = [architecture, number, pid, comm, result].join(' ')
    const count = (suspects.get(key)?.count ?? 0) + 1
    suspects.set(key, { architecture, number, args: undefined, result, pid, comm, count })
  })
  let typed = 0
  const followed: Followed = {
    starting: (begin) => {
      const started = inNewSession(begin)
      session = started.session
      return started.begun
    },
    members: () => (session === undefined ? [] : processesOf(session)),
    // Records tell no signals. Those that are typed reach everybody at the terminal, others only us.
    arrivals: (signal) => (isatty(0) && typedSignals.includes(signal) ? ++typed : 0),
  }
  try {
    const ending = await runToEnd(options, file, followed, launch)
    const lost = await socket.end()
    if (programs === 0 && suspects.size === 0)
      throw new UserError(
        `${name}: the kernel recorded nothing, not even that a program was started under the filter: either none was, or an audit rule leaves records out (auditctl -l)`,
        125,
      )
    return {
      observations: { version: 1, architectures: {}, unknown: {}, sources: [], diagnostics: [] },
      ending,
      refusals: { suspects: [...suspects.values()], lost, programs },
    }
  } catch (error) {
    socket.close()
    throw error
  }
}

/** Why audit records cannot be had here, as part of a sentence; undefined where they can. */
export async function whyNoAudit(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'it needs Linux'
  if (process.getuid?.() !== 0) return 'it needs root'
  try {
    if (readlinkSync('/proc/self/ns/pid') !== initialPidNamespace)
      return 'seccomp-gen runs in a container, where audit records do not come'
    const logged = readFileSync('/proc/sys/kernel/seccomp/actions_logged', 'latin1').split(/\s+/)
    if (!logged.includes('log')) return 'the sysctl kernel.seccomp.actions_logged does not hold log'
    inNewSession(() => undefined)
    const socket = await AuditSocket.open(() => undefined)
    socket.close()
    return undefined
  } catch (error) {
    return (error as Error).message.split('\n')[0] ?? ''
  }
}
