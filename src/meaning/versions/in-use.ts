// Which runtimes and libraries a profile is checked for if the user names none or one: the newest, whose refusals are
// errors, and the oldest in use, whose refusals are warnings.
import type { RuntimeVersion } from './runtime-word.ts'
import { oldestLibrary, type LibraryVersion } from './library.ts'
import { oldestRuntimes } from './runtimes.ts'

export interface Surroundings {
  readonly runtime: RuntimeVersion
  readonly library: LibraryVersion | undefined
  /** Whether this is the oldest in use, which the user did not name. */
  readonly older: boolean
}

/** `runtime`: "runc" means all of its versions; undefined means runc and crun. */
export function surroundingsOf(
  runtime: RuntimeVersion | undefined,
  library: LibraryVersion | undefined,
): readonly Surroundings[] {
  const named = runtime === undefined ? (['runc', 'crun'] as const) : [runtime]
  const wanted = named.map((each) => ({ runtime: each, library, older: false }))
  const older = named.flatMap((each): readonly Surroundings[] => {
    const oldest = each === 'runc' || each === 'crun' ? oldestRuntimes[each] : each
    if (oldest === each && library !== undefined) return []
    return [{ runtime: oldest, library: library ?? oldestLibrary, older: true }]
  })
  return [...wanted, ...older]
}
