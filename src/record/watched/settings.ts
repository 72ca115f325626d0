// What a watch is asked for, and what it needs to know of what it looks at.
import type { Watched } from '../ebpf/watched/programs.ts'
import type { Sighting, WatchSession } from '../ebpf/watched/session.ts'
import type { PodQuery, RecordNotice, RecordSettings } from '../recording.ts'

export type WatchTarget =
  | { readonly pid: number }
  | { readonly cgroup: string }
  | { readonly query: PodQuery; readonly cri?: string }
  | 'everything'

export interface WatchSettings extends Pick<RecordSettings, 'for' | 'stop' | 'signals' | 'env'> {
  readonly target: WatchTarget
  /** For pods: also watches containers that start later, until all have ended. */
  readonly wait?: boolean
  /** Called with each sighting, usually within a second. `where`: the container, cgroup or process. */
  readonly sighted: (where: string, sighting: Sighting) => void
  /** Called after each read of the kernel's counts. */
  readonly looked?: () => void
  readonly notice?: (notice: RecordNotice) => void
  /** Called once, when the watch has begun: every later refusal is seen. */
  readonly begun?: () => void
}

/** How long the owner of a call may stay unknown, because names come after the first calls. Milliseconds. */
export const namePatience = 10_000

/** A watch target that has been looked up. */
export interface Subject {
  readonly watched: Watched
  readonly processes: readonly number[]
  /** The text of the query, if none of its containers runs yet and the watch waits for them. */
  readonly waitingFor?: string
  /** Undefined: not known, perhaps not yet. Null: not watched. */
  readonly whereOf: (sighting: Sighting) => string | null | undefined
  readonly isOver: (session: WatchSession) => boolean
  /** The processes that run now and should have a filter. */
  readonly running: (session: WatchSession) => readonly number[]
  readonly close: () => void
}
