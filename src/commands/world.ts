// All that a command knows of the outside: streams, environment, working directory, signals. cli.ts makes the real
// one; files are the real ones for everybody, found from `cwd`.
import type { SignalFeed } from '../record/recording.ts'

export interface World {
  readonly stdin: { readonly isTerminal: boolean; readonly bytes: () => AsyncIterable<Uint8Array> }
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly signals: SignalFeed
  /** Which program this is: for reports that say so. */
  readonly tool?: () => import('../report/medium.ts').Tool
  /** Results go to regular files of ours alone: whoever names them is not who runs us. */
  readonly ownFilesOnly?: true
}

export interface Output {
  readonly isTerminal: boolean
  /** Of the terminal; undefined where they cannot be told. */
  readonly columns?: () => number | undefined
  /** Writes all of it before it returns. False: its reader has gone away, which is no error, but an end of the work. */
  readonly write: (text: string) => boolean
}

/** Declares a command's words and what it does; `end` takes its exit status. Every commands/<name>.ts exports one. */
export type Declare = (
  command: import('commander').Command,
  world: World,
  end: (status: number) => void,
) => void
