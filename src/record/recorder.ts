// What a recorder is: three steps, behind which ebpf, strace and the kernel's audit records stand. The runner starts
// what a launch says and takes a recorder through them.
import type { Cgroup } from './cgroups.ts'
import type { LoadEnd } from '../ending.ts'
import type { CommandOptions, DeliveredSignal, EndingSignal, NewestCall, Recording } from './recording.ts'
import type { Suspect, Watch } from './refusals.ts'

/** What is started, and whose calls count. */
export interface Launch {
  /** Of the source, for messages. */
  readonly name: string
  readonly options: CommandOptions
  readonly scope: Scope
  /** What the filter may refuse, where that is asked. */
  readonly watch?: Watch
  /** A directory that somebody takes away, however we end. */
  readonly directory?: string
  /** Told the process id of what is started. */
  readonly started?: (pid: number) => void
  /** Descriptors beyond the standard three, as the command is to have them: 3 and on. */
  readonly descriptors?: readonly number[]
  /** The container, as its engine speaks of it. */
  readonly container?: EngineContainer
  /** Somebody may add to the container by exec: that is recorded too, or it is said that it is not. */
  readonly takesExec?: true
  /** Which of its processes are waited for and ended. Default: all. */
  readonly awaits?: (pid: number) => boolean
  /** Told what tells the clients of engines that the command has started up to then. */
  readonly clients?: (tell: () => readonly StartedClient[]) => void
  /** The command passes no signal on to what it starts: each is sent to that. */
  readonly passesNothing?: true
}

/** A client of a container engine that the command started. */
export interface StartedClient {
  readonly pid: number
  /** The last of them may be cut. */
  readonly words: readonly string[]
}

/** A container that an engine has started. */
export interface EngineContainer {
  /** Undefined before it is there. */
  readonly id: () => string | undefined
  /** `healthy`, `unhealthy`, `starting`; anything else where it has no check of its health. */
  readonly health: () => Promise<string>
  /** Stops it as its image asks for; false where that failed. */
  readonly stop: () => Promise<boolean>
}

/** Whose calls count. */
export type Scope =
  /** The command's, and those of all that it starts. */
  | 'tree'
  /** The same, of which only what is called under a filter: the command starts a container below itself. */
  | 'filtered'
  /** What is called under a filter in a cgroup: the command has somebody else start a container there. */
  | ContainerCgroup

export interface ContainerCgroup {
  readonly cgroup: Cgroup
  /** Processes in it and below, in the order of their ids. */
  readonly processes: () => readonly number[]
}

export interface Recorder {
  /** Makes ready what sees the calls. Throws UserError (125 to 127). */
  readonly prepare: (launch: Launch) => Promise<Following>
}

/** A recording under way. */
export interface Following {
  /** What is started: the command, or a tracer around it. */
  readonly words: readonly [string, ...string[]]
  /** The file of the first word. */
  readonly file: string
  /** The child that `begin` starts, before it returns, is what was to be started. */
  readonly starting: <T extends { readonly pid?: number | undefined }>(begin: () => T) => T
  /** The command's process, where that is not the child itself; undefined until it is known. */
  readonly command?: () => number | undefined
  /** Whether the command has ended, where the child outlives it. */
  readonly hasEnded?: () => boolean
  /** Whether the program of a container has started, where that is to be recorded. */
  readonly hasBegun?: () => boolean
  /** What a filter may have refused up to now, where it is watched. */
  readonly suspects?: () => readonly Suspect[]
  /** The last call that had not been made before, where that is known. */
  readonly newest?: () => NewestCall | undefined
  /** Told by the runner when what is recorded is asked to end: what comes then belongs to its end. */
  readonly askedToEnd?: () => void
  /** Signals that reached the recorded processes, once all has ended. */
  readonly signals?: () => readonly DeliveredSignal[]
  /** The recorded processes that have not ended. */
  readonly members: () => readonly number[] | Promise<readonly number[]>
  /**
   * Whether a signal reached the command by another way than us since that moment of performance.now(): a terminal, a
   * supervisor that signals the group. Asked once more when we have sent it, so that ours is not taken for another.
   */
  readonly reached: (signal: EndingSignal, since: number) => boolean
  /** How long a signal may take to be seen. Milliseconds. */
  readonly echo: number
  /** What was recorded, when the child has ended. Throws UserError (125, 126) where there is nothing to give. */
  readonly result: (end: ChildEnd) => Promise<Recording>
  /** Whatever came: nothing of the recorder is left. */
  readonly close: () => Promise<void>
}

/** How the child ended. */
export interface ChildEnd {
  readonly status: number | undefined
  readonly signal: string | undefined
  /** We ended it: the time was up, or its filter refused the same call without end. */
  readonly byUs: boolean
  /** How what drove it ended. */
  readonly load: LoadEnd | undefined
}
