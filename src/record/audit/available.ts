// Tries whether the kernel's audit records are available here, and if not, why.
import { readFileSync, readlinkSync } from 'node:fs'
import { whyNotLinux } from '../linux.ts'
import { inNewSession } from './login-session.ts'
import { AuditSocket } from './socket.ts'

/** PROC_PID_INIT_INO of include/linux/proc_ns.h. */
const initialPidNamespace = 'pid:[4026531836]'

/** Why audit records are not available here, as part of a sentence; undefined if they are. */
export async function whyNoAudit(): Promise<string | undefined> {
  const notLinux = whyNotLinux()
  if (notLinux !== undefined) return notLinux
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
