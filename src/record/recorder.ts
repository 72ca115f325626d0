// The interface of a recorder: ebpf, strace or the kernel's audit records. The runner starts the command of a launch
// and takes a recorder through three steps: `prepare`, `starting` and `result`.
import type { Cgroup } from './cgroups.ts'
import type { LoadEnd } from '../ending.ts'
import type { CommandOptions, DeliveredSignal, EndingSignal, NewestCall, Recording } from './recording.ts'
import type { Suspect, Watch } from './refusals.ts'

/** A command to start, and which calls count. */
export interface Launch {
  /** The name of the source, for messages. */
  readonly name: string
  readonly options: CommandOptions
  readonly scope: Scope
  /** What the filter may refuse, if refusals are recorded. */
  readonly watch?: Watch
  /** A directory that another process removes, however we end. */
  readonly directory?: string
  /** Called with the process id of the child. */
  readonly started?: (pid: number) => void
  /** Descriptors that the command gets as 3 and up. */
  readonly descriptors?: readonly number[]
  /** The container, as its engine reports it. */
  readonly container?: EngineContainer
  /** `exec` may add processes to the container: they are recorded too, or a notice says that they are not. */
  readonly takesExec?: true
  /** Which recorded processes are waited for and ended. Default: all. */
  readonly awaits?: (pid: number) => boolean
  /** Called once with a function that returns the engine clients that the command has started so far. */
  readonly clients?: (tell: () => readonly StartedClient[]) => void
  /** The command does not pass signals on to its children, so each signal is sent to the children. */
  readonly passesNothing?: true
}

/** A client of a container engine that the command started. */
export interface StartedClient {
  readonly pid: number
  /** The last word may be truncated. */
  readonly words: readonly string[]
}

/** A container that an engine has started. */
export interface EngineContainer {
  /** Undefined until the container exists. */
  readonly id: () => string | undefined
  /** `healthy`, `unhealthy`, `starting`; anything else if the container has no health check. */
  readonly health: () => Promise<string>
  /** Stops the container as its image defines; false if that failed. */
  readonly stop: () => Promise<boolean>
}

/** Whose calls count. */
export type Scope =
  /** The calls of the command and of all processes that it starts. */
  | 'tree'
  /** The same processes, but only their calls under a filter: the command starts a container as its child. */
  | 'filtered'
  /** The calls under a filter in a cgroup: the command has an engine start a container there. */
  | ContainerCgroup

export interface ContainerCgroup {
  readonly cgroup: Cgroup
  /** The processes in the cgroup and below it, sorted by id. */
  readonly processes: () => readonly number[]
  /** The service of a container, by the path of its cgroup: each container lies in the cgroup of its service. */
  readonly serviceIn?: (path: string) => string | undefined
}

export interface Recorder {
  /** Prepares the recording, before the command starts. Throws UserError (125 to 127). */
  readonly prepare: (launch: Launch) => Promise<Following>
}

/** A recording under way. */
export interface Following {
  /** The words to start: the command, or a tracer that runs the command. */
  readonly words: readonly [string, ...string[]]
  /** The program file to execute for the first word. */
  readonly file: string
  /** Calls `begin`, which starts the child before it returns, and follows that child. */
  readonly starting: <T extends { readonly pid?: number | undefined }>(begin: () => T) => T
  /** The command's process, if it is not the child itself. Returns undefined until the process is known. */
  readonly command?: () => number | undefined
  /** Whether the command has ended, if the child outlives the command. */
  readonly hasEnded?: () => boolean
  /** Whether the container's program has started, if a container is recorded. */
  readonly hasBegun?: () => boolean
  /** What a watched filter may have refused so far. */
  readonly suspects?: () => readonly Suspect[]
  /** The last call that was made for the first time, if the recorder knows it. */
  readonly newest?: () => NewestCall | undefined
  /** How many programs were started so far, if the recorder knows it while it records. */
  readonly programs?: () => number
  /** The runner calls it when it asks the workload to end: later calls belong to the shutdown. */
  readonly askedToEnd?: () => void
  /** Signals that reached the recorded processes. Called after all processes have ended. */
  readonly signals?: () => readonly DeliveredSignal[]
  /** The recorded processes that have not ended. */
  readonly members: () => readonly number[] | Promise<readonly number[]>
  /**
   * Whether the command has received the signal from someone else since that time of performance.now(): a terminal, or
   * a supervisor that signals the group. Called once more after we have sent a signal, so that ours is not counted.
   */
  readonly reached: (signal: EndingSignal, since: number) => boolean
  /** How long the recorder may take to see a signal. Milliseconds. */
  readonly echo: number
  /** The recording, after the child has ended. Throws UserError (125, 126) if nothing was recorded. */
  readonly result: (end: ChildEnd) => Promise<Recording>
  /** Removes everything that the recorder made. Always called. */
  readonly close: () => Promise<void>
}

/** How the child ended. */
export interface ChildEnd {
  readonly status: number | undefined
  readonly signal: string | undefined
  /** We ended the child: the time was up, it was never ready, or its filter refused the same call without end. */
  readonly byUs: boolean
  /** How the load ended. */
  readonly load: LoadEnd | undefined
}
