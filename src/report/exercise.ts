// Names paths that programs take in production and that a run did not exercise. The evidence is the run's calls,
// signals and end. Paths that this evidence cannot show are not mentioned.
import { architectures } from '../abi/architectures.ts'
import type { ObservedCall, Observations } from '../observe/index.ts'

type EndFacts = { readonly kind: string; readonly status?: number; readonly signal?: string }

export interface Exercised {
  readonly observations: Observations
  readonly ending: EndFacts
  readonly signals: readonly { readonly signal: string; readonly handled: boolean }[]
  readonly newest?: { readonly call: string; readonly milliseconds: number }
  /** How many programs were started, those that started the program included. */
  readonly programs?: number
  /** What ran beside the program: with `init`, the engine's own program started it. */
  readonly beside?: readonly ('init' | 'tty')[]
}

/** CLONE_THREAD of include/uapi/linux/sched.h; PF_INET, PF_INET6 and SOCK_DGRAM of the libc's headers. */
const cloneThread = 0x10000n
const internet: ReadonlySet<bigint> = new Set([2n, 10n])
/** Signals that servers use: read the configuration again, reopen the log. */
const asked = ['SIGHUP', 'SIGUSR1']

/** One or two lines about one run or several. */
export function exerciseLines(run: Exercised): readonly string[] {
  const calls = new ObservedCalls(run.observations, run.beside?.includes('init') ?? false)
  const missing = [
    ...(calls.makesChildren() ? [] : ['a child process']),
    ...(calls.starts(run.programs) ? [] : ['another program']),
    ...(calls.asksNames() ? [] : ['a look-up of a name']),
    ...(failed(run.ending) || calls.aborts() ? [] : ['an end with an error']),
    ...asked.filter((each) => !run.signals.some(({ signal, handled }) => signal === each && handled)),
  ]
  const end = endOf(run)
  const newest = run.newest === undefined ? [] : [newestText(run.newest, 'before it was asked to end')]
  return [
    ...newest,
    ...(missing.length === 0 && end === undefined
      ? []
      : [`not seen in this run: ${[...missing, ...(end === undefined ? [] : [end])].join(', ')}`]),
  ]
}

/** Such as `last new call 40 s ago: fsync`. */
export function newestText(
  { call, milliseconds }: { readonly call: string; readonly milliseconds: number },
  when: string,
): string {
  return `last new call ${Math.max(0, Math.round(milliseconds / 1000))} s ${when}: ${call}`
}

/** The program's own end as a missing path, if a signal ended the program instead. */
function endOf({ ending, signals }: Exercised): string | undefined {
  const [killed, terminated] = [9, 15]
  const { signal, status } = ending
  if (signal === 'SIGKILL' || status === 128 + killed) return 'its own end (SIGKILL ended it)'
  const byDefault =
    signal === 'SIGTERM' ||
    (status === 128 + terminated && !signals.some((each) => each.signal === 'SIGTERM' && each.handled))
  return byDefault ? 'its own end (SIGTERM ended it, without a handler)' : undefined
}

function failed({ status, signal }: EndFacts): boolean {
  return (status !== undefined && status > 0 && status < 128) || signal === 'SIGABRT' || signal === 'SIGSEGV'
}

/** The calls by name, over all architectures. */
class ObservedCalls {
  readonly #observations: Observations
  /** How often, in all runs, the engine's init made a child and executed the program in it. */
  readonly #byInit: number

  constructor(observations: Observations, init: boolean) {
    this.#observations = observations
    this.#byInit = init ? this.#runs : 0
  }

  /** Whether the program made children. Clones of threads may be among those counted. */
  makesChildren(): boolean {
    const clones = this.#of('clone', 'clone3').filter((call) =>
      valuesOf(call, 0).some((flags) => !isThread(flags)),
    )
    return sum([...this.#of('fork', 'vfork'), ...clones]) > this.#byInit
  }

  /**
   * Whether the program started others. Its own start is one a run. Recordings that do not count the started programs
   * give the calls, of which those that failed count too.
   */
  starts(programs = sum(this.#of('execve', 'execveat'))): boolean {
    return programs > this.#runs + this.#byInit
  }

  get #runs(): number {
    return this.#observations.runs ?? 1
  }

  /** Whether names were looked up, which glibc and musl do by datagrams. */
  asksNames(): boolean {
    return (
      this.#of('socket').some((call) =>
        valuesOf(call, 0).some((family) => family === undefined || internet.has(family)),
      ) &&
      this.#of('sendmmsg', 'sendto').length > 0 &&
      this.#of('recvfrom', 'recvmsg', 'recvmmsg').length > 0
    )
  }

  aborts(): boolean {
    return this.#of('tgkill').length > 0
  }

  #of(...names: readonly string[]): readonly ObservedCall[] {
    return Object.keys(architectures).flatMap((architecture) =>
      names.flatMap((name) => {
        const calls = this.#observations.architectures[architecture as keyof typeof architectures]
        return calls?.[name] ?? []
      }),
    )
  }
}

const sum = (calls: readonly ObservedCall[]): number => calls.reduce((all, { count }) => all + count, 0)

/** The seen values of an argument; undefined stands for an unknown one. */
function valuesOf({ args }: ObservedCall, index: number): readonly (bigint | undefined)[] {
  return args?.[index]?.map(BigInt) ?? [undefined]
}

function isThread(flags: bigint | undefined): boolean {
  return flags !== undefined && (flags & cloneThread) !== 0n
}
