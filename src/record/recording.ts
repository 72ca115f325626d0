// What every recorder is asked for and what it gives back.
import type { Ending } from '../ending.ts'
import type { Observations } from '../observe/index.ts'
import type { Refusals, Suspect } from './refusals.ts'

/** The signals people and supervisors end a program with. They are passed on to the command. */
export type EndingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGQUIT'
export const endingSignals: readonly EndingSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']

/** Calls the listener for every signal that reached this process; the result ends that. */
export type SignalFeed = (listener: (signal: EndingSignal) => void) => () => void

/** Something a person wants to know while the recording goes on. */
export type RecordNotice =
  /** `program` was given an option we do not know, so which program it starts could not be told. */
  | { readonly code: 'not-read'; readonly program: string; readonly option: string }
  /** The command raises privileges itself, so `program`'s own calls are recorded as well. */
  | { readonly code: 'raiser-recorded'; readonly program: string }
  /** The command has ended; so many processes that it left behind are still running and recorded. */
  | { readonly code: 'left-running'; readonly processes: number }
  /** The container is there still, and with it the filter of the recording, which allows all. */
  | { readonly code: 'container-kept'; readonly engine: string; readonly container: string }
  /** The recording has begun, and what it is for may come. */
  | { readonly code: 'waiting'; readonly what: string }
  /** Of containers in a cgroup only what runs under a filter is recorded: these run without one. */
  | { readonly code: 'without-filter'; readonly processes: readonly string[] }
  /** What `exec` adds to the container is not recorded: strace follows children only, or the container has no cgroup. */
  | { readonly code: 'exec-unseen'; readonly why: 'strace' | 'no-cgroup' }
  /** The command has ended; these containers that it started are running and recorded. */
  | { readonly code: 'containers-running'; readonly containers: readonly string[] }
  /** The programs of these containers never started: nothing is written of them. */
  | { readonly code: 'never-started'; readonly containers: readonly string[] }
  /** So many containers came that are not the command's. */
  | { readonly code: 'others-left-out'; readonly containers: number }
  /** So many cgroups were gone before they were looked at. */
  | { readonly code: 'cgroups-nameless'; readonly cgroups: number }
  /** So are the containers of a compose project. */
  | { readonly code: 'project-kept' }
  /** The command is ready, so long after its start, and the load begins. */
  | { readonly code: 'load'; readonly milliseconds: number }
  /** Which recorder does it; `why` is the reason why it is not ebpf, for `auto`. */
  | { readonly code: 'recorder'; readonly recorder: RecorderName; readonly why?: string }

/** The ways to record: in the kernel (root, BTF), or by ptrace. */
export type RecorderName = 'ebpf' | 'strace'

/** What sees that calls are refused: a recorder, or the kernel's audit records, which tell nothing of other calls. */
export type RefusalsSeenBy = RecorderName | 'audit'

/** What drives a command while it is recorded. Words are given as they are: there is no shell. */
export interface Load {
  /** Its status decides whether the run succeeded. */
  readonly command: readonly [string, ...string[]]
  /** Ends with 0 once the command is ready. Default: the container is healthy, or a process of it listens. */
  readonly ready?: readonly [string, ...string[]]
}

/** A signal that reached what was recorded; `handled`: a handler of its own took it. */
export interface DeliveredSignal {
  /** Such as SIGHUP. */
  readonly signal: string
  readonly handled: boolean
}

/** The last call that had not been made before, and how long ago. */
export interface NewestCall {
  readonly call: string
  readonly milliseconds: number
}

/** What a run did beside its calls. */
export interface Exercise {
  readonly signals: readonly DeliveredSignal[]
  /** When it was asked to end; undefined where it ended by itself, or where that is not known. */
  readonly newest?: NewestCall
}

/** A container of a recording that holds several. */
export interface RecordedContainer {
  /** The user's name for it, or its service's or image's: one part of a path, and no other's. */
  readonly name: string
  readonly observations: Observations
}

/** How a recording is made, whatever is recorded. `for`: milliseconds. */
export interface RecordSettings {
  /** Which recorder; `auto` (default) takes ebpf where the machine and our rights allow it, else strace. */
  readonly recorder?: 'auto' | RecorderName
  /**
   * Milliseconds after which the command is ended: SIGTERM, and SIGKILL when that was not enough. They count from the
   * start of a container's program where there is one.
   */
  readonly for?: number
  /** What is known already. strace then leaves out calls that it holds, and the workload hardly waits for it. */
  readonly known?: Observations
  /** What the source is called in the observations. Default: after the program, `docker:NAME` for a container. */
  readonly name?: string
  /** Arguments (index 0 to 5) whose values are recorded besides the ones always recorded, by call name. */
  readonly arguments?: ReadonlyMap<string, readonly number[]>
  /**
   * Run once the command is ready. When it has ended, the command is stopped: its container by the engine's `stop`, else
   * by SIGTERM. SECCOMP_GEN_PID is its first process for the load, SECCOMP_GEN_CONTAINER the id of its container.
   */
  readonly load?: Load
  /** Aborting it ends the recording as `for` does. */
  readonly stop?: AbortSignal
  /** Of a command: records the containers below it, each by itself, and nothing else. Needs the ebpf recorder. */
  readonly each?: boolean
  /** Aborting it kills what is recorded. */
  readonly kill?: AbortSignal
  /** Called when the recording has begun, where it is known, with what tells the last new call from then on. */
  readonly begun?: (newest: () => NewestCall | undefined) => void
  /** Signals to pass on to the command. One that reaches it anyway (Ctrl-C in its terminal) is not sent twice. */
  readonly signals?: SignalFeed
  readonly notice?: (notice: RecordNotice) => void
  /** Default: this process's. */
  readonly cwd?: string
  /** The whole environment of the command. Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /**
   * The command's standard streams: `inherit` (default) leaves it ours, `to-stderr` too but with its output on our
   * stderr, so that our stdout stays free; `ignore` gives it none.
   */
  readonly streams?: 'inherit' | 'to-stderr' | 'ignore'
}

/** What says that it is time to end what is recorded from now on. */
export function stopSignals({ for: time, stop }: RecordSettings): readonly AbortSignal[] {
  return [...(time === undefined ? [] : [AbortSignal.timeout(time)]), ...(stop === undefined ? [] : [stop])]
}

/** A command that is started and recorded to its end. */
export type CommandOptions = RecordSettings & {
  readonly command: readonly [string, ...string[]]
  readonly pid?: never
  readonly cgroup?: never
  readonly container?: never
  readonly query?: never
}
/** A process that runs already, and what it starts from now on. */
export type ProcessOptions = RecordSettings & {
  readonly pid: number
  readonly command?: never
  readonly cgroup?: never
  readonly container?: never
  readonly query?: never
}
/** All that runs in a cgroup (version 2, by its directory) and below it. Needs the ebpf recorder. */
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
  /** The socket of the node's container runtime, which is asked instead of engines. */
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
  /** Records what comes, from its first call, until it has ended. */
  readonly wait?: boolean
  readonly command?: never
  readonly pid?: never
  readonly cgroup?: never
  readonly container?: never
}

/** What to record: a command, or what runs already. */
export type RecordOptions = CommandOptions | ProcessOptions | CgroupOptions | ContainerOptions | PodOptions

/** What was recorded, and how it ended. */
export interface Recording {
  readonly observations: Observations
  /** The recorded container runs with no_new_privs, as far as its command line says so. */
  readonly noNewPrivileges?: true
  readonly ending: Ending
  /** Undefined where only part of a run was recorded. */
  readonly exercise?: Exercise
  /** Of a container: how many programs were started in it. */
  readonly programs?: number
  /** Of a container: whether the program that it is for was started. */
  readonly started?: boolean
  /** Clients of container engines that the command started, with their words: their containers are not recorded. */
  readonly clients?: readonly (readonly string[])[]
  /** What the engine puts beside the program of the container: a first program, a terminal. */
  readonly beside?: readonly ('init' | 'tty')[]
  /** With `each`: what was recorded of each container. `observations` holds all of it. */
  readonly each?: readonly RecordedContainer[]
  /** Of pods: the filter that each container ran under, as its runtime says (runtime specification, linux.seccomp). */
  readonly applied?: readonly { readonly container: string; readonly profile: object }[]
  /** Where a filter was watched: what it may have refused. */
  readonly refusals?: Refusals
  /** Where a filter was watched: the call that was refused again and again, so that the command was ended. */
  readonly endless?: Suspect
}
