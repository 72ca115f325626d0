// An audit session of a command's own. The kernel writes its number into every record and hands it down to all that the
// command starts, in whatever namespace; no process can leave it without CAP_AUDIT_CONTROL.
// Authority: kernel/auditsc.c (audit_set_loginuid), proc_loginuid_write in fs/proc/base.c.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { statOf, textOf } from '../runner/processes.ts'

const own = '/proc/self/loginuid'
/** No login id. */
const unset = '4294967295'

/** Starts what `begin` starts in a new session, and gives its number. Throws an Error where none can be made. */
export function inNewSession<T>(begin: () => T): { readonly session: number; readonly begun: T } {
  const before = readFileSync(own, 'latin1').trim()
  // The same login id once more is a new session.
  writeFileSync(own, before === unset ? String(process.getuid?.() ?? 0) : before)
  try {
    return { session: Number(readFileSync('/proc/self/sessionid', 'latin1')), begun: begin() }
  } finally {
    writeFileSync(own, before)
  }
}

/** The processes of a session, in the order of their ids. */
export function processesOf(session: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && sessionOf(name) === session)
    .map(Number)
    .sort((a, b) => a - b)
}

function sessionOf(pid: string): number | undefined {
  // A process that has ended and is not waited for yet makes no calls.
  const session = statOf(pid)?.[0] === 'Z' ? undefined : textOf(pid, 'sessionid')
  return session === undefined ? undefined : Number(session)
}
