// seccomp, the recorders and the runtimes exist only on Linux. On other systems one error says what to do instead.
import { UserError } from '../errors.ts'
import type { OnLinux } from '../errors/recording.ts'

/** The usual names of the systems of process.platform. Other systems keep their own name. */
const systems: Readonly<Partial<Record<NodeJS.Platform, string>>> = { darwin: 'macOS', win32: 'Windows' }

/** Why this machine cannot record, as part of a sentence; undefined on Linux. */
export function whyNotLinux(): string | undefined {
  return process.platform === 'linux' ? undefined : 'it needs Linux'
}

/** Throws UserError (125) on another system. */
export function requireLinux(what: OnLinux): void {
  if (whyNotLinux() === undefined) return
  throw new UserError('needs-linux', { what, system: systems[process.platform] ?? process.platform })
}
