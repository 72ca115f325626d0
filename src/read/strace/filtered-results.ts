// Collects the results of calls under a filter, with all arguments, to find what the filter refused. A refused call
// returns the errno of the filter. A call answered with TRAP or KILL returns with its registers rolled back, and SIGSYS
// follows. Authority: kernel/seccomp.c (__seccomp_filter), strace 6.1, tried.
import type { Architecture } from '../../abi/architectures.ts'
import { valuesIn } from './call-values.ts'
import type { CameBack } from './completion.ts'
import type { CallText } from './events.ts'
import { programIn } from './executed.ts'
import { inherit, type Subscriber } from './subscriber.ts'
import { FilterScope } from './tally.ts'
import { replacesProgram, type Image, type Thread } from './thread.ts'

/** The same call of one process with the same outcome, and how often it was seen. */
export interface ReturnedCall {
  readonly architecture: Architecture
  readonly name: string
  /** Undefined without -n. */
  readonly number: number | undefined
  /** The arguments of the first such call, up to the first that is not shown. */
  readonly args: readonly bigint[]
  /** For an error, the negative errno. */
  readonly result: number | 'trapped' | 'ended'
  readonly pid: number
  /** The name of the program that the process runs; undefined if the trace does not show it. */
  readonly program: string | undefined
  readonly count: number
}

export interface ReturnedCalls {
  readonly calls: readonly ReturnedCall[]
  /** How many calls were dropped for lack of room. */
  readonly lost: number
  /** How many programs were executed under a filter. */
  readonly programs: number
  /** Whether a program that was executed under a filter set another one. */
  readonly ownFilter: boolean
}

/** Returns undefined to drop a call; else the indexes of the arguments that distinguish kept calls. */
export type KeepCall = (
  call: Pick<ReturnedCall, 'architecture' | 'name' | 'number' | 'result'>,
) => readonly number[] | undefined

/** The call that a thread is inside, or made last. */
interface LastCall {
  readonly name: string
  readonly number: number | undefined
  readonly architecture: Architecture | undefined
  readonly value: (index: number) => bigint | undefined
  /** The program that execve names. */
  readonly program: string | undefined
}

/** How many different calls are kept. */
const room = 65536

export class FilteredResults implements Subscriber {
  readonly #wanted: KeepCall
  readonly #architectureOf: (thread: Thread, call: CallText) => Architecture | undefined
  /** By scope, the kept calls by what distinguishes them; `#size`: how many there are in all. */
  readonly #found = new Map<FilterScope, Map<string, ReturnedCall>>()
  /** By scope, how many programs were executed. */
  readonly #programs = new Map<FilterScope, number>()
  /** By thread, the call that it made last, until SIGSYS takes the call back. */
  readonly #entered = new WeakMap<Thread, LastCall>()
  /** By image, the name of its program; absent for an image that a fork made. */
  readonly #names = new WeakMap<Image, string>()
  /** The scopes in which a program set another filter after it was executed. */
  readonly #own = new Set<FilterScope>()
  #size = 0
  #lost = 0

  constructor(
    wanted: KeepCall,
    architectureOf: (thread: Thread, call: CallText) => Architecture | undefined,
  ) {
    this.#wanted = wanted
    this.#architectureOf = architectureOf
  }

  entered(thread: Thread, call: CallText): void {
    const { name, prefix } = call
    const path = replacesProgram(name) ? programIn(call).path : ''
    this.#entered.set(thread, {
      name,
      number: prefix.number,
      architecture: this.#architectureOf(thread, call),
      value: valuesIn(call) ?? (() => undefined),
      program: path.split('/').at(-1) || undefined,
    })
  }

  returned(thread: Thread, _: string, { value, errno }: CameBack): void {
    if (value === undefined) return
    // AfterFilter forgets the request only after this.
    if (thread.asked !== undefined && value >= 0n && this.#programs.has(thread.image.scope))
      this.#own.add(thread.image.scope)
    this.#keep(thread, value === -1n && errno !== undefined ? -errno : Number(value))
  }

  superseded(leader: Thread, by: Thread): void {
    inherit(this.#entered, leader, by)
  }

  /** After a successful execve, when the thread has its new image. */
  replaced(thread: Thread): void {
    const { scope } = thread.image
    this.#programs.set(scope, (this.#programs.get(scope) ?? 0) + 1)
    const program = this.#entered.get(thread)?.program
    if (program !== undefined) this.#names.set(thread.image, program)
  }

  /** SIGSYS came: the kernel did not run the thread's last call. */
  trapped(thread: Thread): void {
    this.#keep(thread, 'trapped')
    this.#entered.delete(thread)
  }

  endedByFilter(thread: Thread): void {
    this.#keep(thread, 'ended')
  }

  #keep(thread: Thread, result: ReturnedCall['result']): void {
    const entered = this.#entered.get(thread)
    if (entered?.architecture === undefined) return
    const { architecture, name, number, value } = entered
    const differing = this.#wanted({ architecture, name, number, result })
    if (differing === undefined) return
    const pid = thread.pid ?? 0
    const { scope } = thread.image
    const calls = this.#found.get(scope) ?? new Map<string, ReturnedCall>()
    this.#found.set(scope, calls)
    // After an execve, the same process runs another program.
    const program = this.#programOf(thread.image)
    const key = [architecture, number, name, pid, result, ...differing.map(value), program].join(' ')
    const before = calls.get(key)
    if (before === undefined && this.#size >= room) {
      this.#lost++
      return
    }
    if (before === undefined) this.#size++
    calls.set(key, {
      architecture,
      name,
      number,
      args: before?.args ?? shown(entered),
      result,
      pid,
      program,
      count: (before?.count ?? 0) + 1,
    })
  }

  #programOf(image: Image): string | undefined {
    for (let each: Image | undefined = image; each !== undefined; each = each.parent) {
      const name = this.#names.get(each)
      if (name !== undefined) return name
    }
    return undefined
  }

  /** The calls of this scope, once all scopes that belong to it have joined it. */
  of(told: FilterScope): ReturnedCalls {
    const inside = <T>(of: ReadonlyMap<FilterScope, T>): readonly T[] =>
      [...of].flatMap(([scope, each]) => (scope.whole === told.whole ? [each] : []))
    return {
      calls: inside(this.#found).flatMap((calls) => [...calls.values()]),
      lost: this.#lost,
      programs: inside(this.#programs).reduce((sum, each) => sum + each, 0),
      ownFilter: [...this.#own].some((scope) => scope.whole === told.whole),
    }
  }
}

/** The arguments up to the first unknown one; for clone only the flags, because strace prints the stack before them. */
function shown({ name, value }: LastCall): readonly bigint[] {
  const args: bigint[] = []
  for (let index = 0; index < (name === 'clone' ? 1 : 6); index++) {
    const each = value(index)
    if (each === undefined) break
    args.push(each)
  }
  return args
}
