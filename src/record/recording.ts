// The options of a recording and its result, the same for every recorder.
import type { Ending } from '../ending.ts'
import type { Observations } from '../observe/index.ts'
import type { Refusals, Suspect } from './refusals.ts'

/** The signals with which people and supervisors end a program. They are passed on to the command. */
export type EndingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGQUIT'
export const endingSignals: readonly EndingSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']

/** Calls the listener for every signal that reaches this process. The returned function unsubscribes the listener. */
export type SignalFeed = (listener: (signal: EndingSignal) => void) => () => void

/** Something that the user should know during the recording. */
export type RecordNotice =
  /** `program` was given an unknown option, so the program that it starts is not known. */
  | { readonly code: 'not-read'; readonly program: string; readonly option: string }
  /** The command raises privileges itself, so `program`'s own calls are recorded as well. */
  | { readonly code: 'raiser-recorded'; readonly program: string }
  /** The command has ended, but this many processes that it left behind still run and are recorded. */
  | { readonly code: 'left-running'; readonly processes: number }
  /** The container still exists and keeps the filter of the recording, which allows all calls. */
  | { readonly code: 'container-kept'; readonly engine: string; readonly container: string }
  /** The recording has begun and waits for `what`. */
  | { readonly code: 'waiting'; readonly what: string }
  /** These processes or containers run without a filter: in cgroups only calls under a filter are recorded. */
  | { readonly code: 'without-filter'; readonly processes: readonly string[] }
  /** Processes added by `exec` are not recorded: strace follows only children, or the container has no cgroup. */
  | { readonly code: 'exec-unseen'; readonly why: 'strace' | 'no-cgroup' }
  /** The command has ended, but these containers that it started still run and are recorded. */
  | { readonly code: 'containers-running'; readonly containers: readonly string[] }
  /** The programs of these containers never started, so nothing is written for them. */
  | { readonly code: 'never-started'; readonly containers: readonly string[] }
  /** This many containers started meanwhile that do not belong to the command. */
  | { readonly code: 'others-left-out'; readonly containers: number }
  /** This many cgroups were removed before we looked at them. */
  | { readonly code: 'cgroups-nameless'; readonly cgroups: number }
  /** The containers of a compose project still exist and keep the filter of the recording. */
  | { readonly code: 'project-kept' }
  /** A container goes on after a signal; a second one stops it by its engine. */
  | { readonly code: 'second-signal-stops' }
  /** The command is ready this long after its start, and the load begins. */
  | { readonly code: 'load'; readonly milliseconds: number }
  /** The chosen recorder, with `auto`. `why`: why it is not ebpf. */
  | { readonly code: 'recorder'; readonly recorder: RecorderName; readonly why?: string }

/** The ways to record: in the kernel (needs root and BTF), or by ptrace. */
export type RecorderName = 'ebpf' | 'strace'
export const recorderNames: readonly RecorderName[] = ['ebpf', 'strace']

/** What sees refused calls: a recorder, or the kernel's audit records, which do not show other calls. */
export type RefusalsSeenBy = RecorderName | 'audit'
export const refusalRecorders: readonly RefusalsSeenBy[] = [...recorderNames, 'audit']

/** The programs that exercise a command while it is recorded. The words are passed unchanged, without a shell. */
export interface Load {
  /** Its status decides whether the run succeeded. */
  readonly command: readonly [string, ...string[]]
  /** Exits with 0 once the command is ready. Default: the container is healthy, or a recorded process listens. */
  readonly ready?: readonly [string, ...string[]]
}

/** A signal that reached a recorded process. `handled`: a handler of the program took the signal. */
export interface DeliveredSignal {
  /** For example SIGHUP. */
  readonly signal: string
  readonly handled: boolean
}

/** The last call that was made for the first time, and how long ago. */
export interface NewestCall {
  readonly call: string
  readonly milliseconds: number
}

/** What a run exercised besides its calls. */
export interface Exercise {
  readonly signals: readonly DeliveredSignal[]
  /** The newest call when the run was asked to end; undefined if it ended by itself or the recorder cannot tell. */
  readonly newest?: NewestCall
  /** How many programs were started, the command's own included; undefined if the recorder cannot tell. */
  readonly programs?: number
}

/** One container of a recording of several. */
export interface RecordedContainer {
  /** The user's name for it, or its service's or image's: a unique path component. */
  readonly name: string
  readonly observations: Observations
}

/** The settings of every recording. */
export interface RecordSettings {
  /** The recorder. `auto` (default) takes ebpf if the machine and our rights allow it, else strace. */
  readonly recorder?: 'auto' | RecorderName
  /**
   * Milliseconds after which the recording ends. A command is stopped: its container by the engine's `stop`, else by
   * SIGTERM, and by SIGKILL if that was not enough. For a container the time counts from the start of its program.
   */
  readonly for?: number
  /** Earlier observations. strace then leaves out the calls in them, so it hardly slows the workload. */
  readonly known?: Observations
  /** The name of the source in the observations. Default: after the program, `docker:NAME` for a container. */
  readonly name?: string
  /** By call name, the arguments (index 0 to 5) whose values are recorded too, besides those always recorded. */
  readonly arguments?: ReadonlyMap<string, readonly number[]>
  /**
   * Runs once the command is ready. When the load has ended, the command is stopped: its container by the engine's
   * `stop`, else by SIGTERM. The load's environment has the id of the first recorded process in SECCOMP_GEN_PID and the
   * id of the container in SECCOMP_GEN_CONTAINER.
   */
  readonly load?: Load
  /** Aborting it ends the recording as `for` does. */
  readonly stop?: AbortSignal
  /** For a command: records only the containers that it starts, each separately. Needs the ebpf recorder. */
  readonly each?: boolean
  /** Aborting it kills the recorded processes. */
  readonly kill?: AbortSignal
  /** Called when the recording begins, if the recorder knows new calls, with a function that returns the last one. */
  readonly begun?: (newest: () => NewestCall | undefined) => void
  /** Signals to pass on to the command. A signal that reaches it anyway (Ctrl-C in its terminal) is not sent twice. */
  readonly signals?: SignalFeed
  readonly notice?: (notice: RecordNotice) => void
  /** Default: this process's. */
  readonly cwd?: string
  /** The whole environment of the command. Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /**
   * The command's standard streams. `inherit` (default): ours. `to-stderr`: ours, but its output goes to our stderr, so
   * that our stdout stays free. `ignore`: none.
   */
  readonly streams?: 'inherit' | 'to-stderr' | 'ignore'
}

/** Signals that abort when a recording that begins now must end. */
export function stopSignals({ for: time, stop }: RecordSettings): readonly AbortSignal[] {
  return [...(time === undefined ? [] : [AbortSignal.timeout(time)]), ...(stop === undefined ? [] : [stop])]
}

/** A command to start and record to its end. */
export type CommandOptions = RecordSettings & {
  readonly command: readonly [string, ...string[]]
  readonly pid?: never
  readonly cgroup?: never
  readonly container?: never
  readonly query?: never
}
/** A running process, and the processes that it starts from now on. */
export type ProcessOptions = RecordSettings & {
  readonly pid: number
  readonly command?: never
  readonly cgroup?: never
  readonly container?: never
  readonly query?: never
}
/** All processes in a cgroup (version 2, by its directory) and below it. Needs the ebpf recorder. */
export type CgroupOptions = RecordSettings & {
  readonly cgroup: string
  readonly command?: never
  readonly pid?: never
  readonly container?: never
  readonly query?: never
}
/** A running container of Docker, Podman or nerdctl, by name or id. */
export type ContainerOptions = RecordSettings & {
  readonly container: string
  /** The socket of the node's container runtime, which is then asked instead of engines. */
  readonly cri?: string
  readonly command?: never
  readonly pid?: never
  readonly cgroup?: never
  readonly query?: never
}

/** Which pods, or which container of a node. */
export type PodQuery =
  /** `namespace/pod` or `namespace/pod/container`; a pod alone is in the namespace `default`. */
  | { readonly pod: string }
  /** Labels of a pod: `key=value,key=value`. */
  | { readonly selector: string }
  /** A container's id, the start of one, or its name. */
  | { readonly container: string }

/** Containers of pods, through the container runtime of the node. Needs the ebpf recorder. */
export type PodOptions = RecordSettings & {
  readonly query: PodQuery
  /** The runtime's socket. Default: found as crictl finds it. */
  readonly cri?: string
  /** Records containers that start later, from their first call, until all have ended. */
  readonly wait?: boolean
  readonly command?: never
  readonly pid?: never
  readonly cgroup?: never
  readonly container?: never
}

/** What to record: a command or running processes. */
export type RecordOptions = CommandOptions | ProcessOptions | CgroupOptions | ContainerOptions | PodOptions

/** What was recorded, and how it ended. */
export interface Recording {
  readonly observations: Observations
  /** The recorded container runs with no_new_privs, according to its command line or configuration. */
  readonly noNewPrivileges?: true
  readonly ending: Ending
  /** Undefined if only part of a run was recorded. */
  readonly exercise?: Exercise
  /** For a container: how many programs were started in it. */
  readonly programs?: number
  /** For a container: whether its own program was started. */
  readonly started?: boolean
  /** Clients of container engines that the command started, with their words: their containers are not recorded. */
  readonly clients?: readonly (readonly string[])[]
  /** What the engine adds to the container's program: an init program, a terminal. */
  readonly beside?: readonly ('init' | 'tty')[]
  /** With `each`: the recording of each container. `observations` merges them. */
  readonly each?: readonly RecordedContainer[]
  /** For pods: the filter of each container, as its runtime reports it (runtime specification, linux.seccomp). */
  readonly applied?: readonly { readonly container: string; readonly profile: object }[]
  /** If a filter was watched: what it may have refused. */
  readonly refusals?: Refusals
  /** If a filter was watched: the call that was refused again and again, so that we ended the command. */
  readonly endless?: Suspect
}
