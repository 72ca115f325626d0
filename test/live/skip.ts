// A file of tests that cannot run here says why and ends.
import t from 'tap'

/** Ends the process where there is a reason. */
export function skipFile(reason: string | undefined): void {
  if (reason === undefined) return
  t.comment(reason)
  t.plan(0, reason)
  process.exit(0)
}
