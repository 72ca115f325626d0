// Everything that a command knows of the outside: streams, environment, working directory, signals. cli.ts makes the
// real world. Files are always the real ones, relative to `cwd`.
import type { SignalFeed } from '../record/recording.ts'

export interface World {
  readonly stdin: { readonly isTerminal: boolean; readonly bytes: () => AsyncIterable<Uint8Array> }
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly signals: SignalFeed
  /** The program's name and version, for reports that print them. */
  readonly tool?: () => import('../report/medium.ts').Tool
  /** Results only go to our own regular files, because somebody else names them (hook). */
  readonly ownFilesOnly?: true
}

export interface Output {
  readonly isTerminal: boolean
  /** The width of the terminal; undefined if unknown. */
  readonly columns?: () => number | undefined
  /** Writes everything before it returns. Returns false if the reader has gone: the work then ends without an error. */
  readonly write: (text: string) => boolean
}

/** Declares a command's words and its action. `end` takes the exit status. Every commands/<name>.ts exports one. */
export type Declare = (
  command: import('commander').Command,
  world: World,
  end: (status: number) => void,
) => void
