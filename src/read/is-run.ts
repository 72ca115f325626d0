// Whether a source is a run of a program. A run is a sample of the program's calls, so a source that by its nature
// shows a part of them is none: what it lacks may have been called. Authority: kernel/seccomp.c (a filter's answer is
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
 * `calls`: what the source shows; `refused`: of these, what a filter refused. A log of a filter is a run only if the
 * filter logs every call. Such a filter logs the execve of the program, which a filter that allows calls has to allow.
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
