// Decides whether a source is a run: a sample of a program's calls. A source that by its nature shows only some calls
// is no run, because the program may have made the others too. Authority: kernel/seccomp.c (a filter's answer is
// logged, an allowed call is not); seccomp(2), runtime-spec (a runtime loads the filter, then executes the program).
import type { Evidence } from './account.ts'

const partial: ReadonlySet<Evidence> = new Set([
  'wanted',
  'log-only',
  'rules-only',
  'failures-only',
  'most-frequent',
])
const starts: ReadonlySet<string> = new Set(['execve', 'execveat'])

/**
 * `calls`: the calls that the source shows; `refused`: those that a filter refused. A filter's log is a run only if the
 * filter logs every call. Then the log has the program's execve, which every filter must let pass.
 */
export function isRun(
  evidence: readonly Evidence[],
  calls: Iterable<string>,
  refused: ReadonlySet<string>,
): boolean {
  if (evidence.some((each) => partial.has(each))) return false
  if (!evidence.includes('refused-only')) return true
  return [...calls].some((call) => starts.has(call) && !refused.has(call))
}
