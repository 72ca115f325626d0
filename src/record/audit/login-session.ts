// Gives a command its own audit session. The kernel writes the session's number into every record, and every process
// that the command starts inherits it, in any namespace. Without CAP_AUDIT_CONTROL no process can leave the session.
// Authority: kernel/auditsc.c (audit_set_loginuid), proc_loginuid_write in fs/proc/base.c.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { statOf, textOf } from '../runner/processes.ts'

const own = '/proc/self/loginuid'
/** The value for no login id. */
const unset = '4294967295'

/** Calls `begin` in a new session. Returns the session's number. Throws an Error if no session can be made. */
export function inNewSession<T>(begin: () => T): { readonly session: number; readonly begun: T } {
  const before = readFileSync(own, 'latin1').trim()
  // Writing the same login id again makes a new session.
  writeFileSync(own, before === unset ? String(process.getuid?.() ?? 0) : before)
  try {
    return { session: Number(readFileSync('/proc/self/sessionid', 'latin1')), begun: begin() }
  } finally {
    writeFileSync(own, before)
  }
}

/** The processes of a session, sorted by id. */
export function processesOf(session: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && sessionOf(name) === session)
    .map(Number)
    .sort((a, b) => a - b)
}

function sessionOf(pid: string): number | undefined {
  // A zombie makes no calls.
  const session = statOf(pid)?.[0] === 'Z' ? undefined : textOf(pid, 'sessionid')
  return session === undefined ? undefined : Number(session)
}
