// Ends a test file that cannot run here, with the reason.
import t from 'tap'

/** Ends the process if there is a reason. */
export function skipFile(reason: string | undefined): void {
  if (reason === undefined) return
  t.comment(reason)
  t.plan(0, reason)
  process.exit(0)
}
