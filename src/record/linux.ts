// seccomp is Linux's, and so are the recorders and runtimes: elsewhere one error says what to do instead.
import { UserError } from '../errors.ts'
import type { OnLinux } from '../errors/recording.ts'

/** What people call the systems of process.platform; others go by their own name. */
const systems: Readonly<Partial<Record<NodeJS.Platform, string>>> = { darwin: 'macOS', win32: 'Windows' }

/** Why this machine cannot, as part of a sentence; undefined on Linux. */
export function whyNotLinux(): string | undefined {
  return process.platform === 'linux' ? undefined : 'it needs Linux'
}

/** Throws UserError (125) on another system. */
export function requireLinux(what: OnLinux): void {
  if (whyNotLinux() === undefined) return
  throw new UserError('needs-linux', { what, system: systems[process.platform] ?? process.platform })
}
