// Calls as they came back under a filter, for those who look for what it refused: with all arguments, and what strace
// shows of the answer. A refused call returns the errno that the filter says; one answered with TRAP or KILL comes back
// with its registers rolled back, and SIGSYS follows. Authority: kernel/seccomp.c (__seccomp_filter), strace 6.1, tried.
import { errnoNumber } from '../../abi/errnos.ts'
import type { Architecture } from '../../abi/architectures.ts'
import type { Image, Thread } from './process.ts'
import { Part } from './tally.ts'

/** The same call of one process with the same outcome, as often as it was seen. */
export interface ReturnedCall {
  readonly architecture: Architecture
  readonly name: string
  /** Where -n prints it. */
  readonly number: number | undefined
  /** Of the first one, those that are shown, up to the first that is not. */
  readonly args: readonly bigint[]
  /** Of an error its negative number. */
  readonly result: number | 'trapped' | 'ended'
  readonly pid: number
  /** The name of the program that it runs; undefined where the trace does not show it. */
  readonly program: string | undefined
  readonly count: number
}

export interface ReturnedCalls {
  readonly calls: readonly ReturnedCall[]
  /** How many found no room. */
  readonly lost: number
  /** How many programs were started under a filter. */
  readonly programs: number
}

/** Which calls are kept: the arguments that calls differ in which are not one; undefined: not kept. */
export type KeepCall = (
  call: Pick<ReturnedCall, 'architecture' | 'name' | 'number' | 'result'>,
) => readonly number[] | undefined

/** A call that a thread is in the middle of, or has just made. */
export interface Entered {
  readonly name: string
  readonly number: number | undefined
  readonly architecture: Architecture | undefined
  readonly value: (index: number) => bigint | undefined
  /** What execve was asked for. */
  readonly program: string | undefined
}

const room = 65536
const failed = /\) += -1 (?:(E[A-Z0-9]+)|\(errno (\d+)\))(?: \([^()]*\))?(?: <[\d.]+>)?$/
const path = /^"((?:[^"\\]|\\.)*)"/

export class Returned {
  readonly #wanted: KeepCall
  readonly #found = new Map<Part, Map<string, ReturnedCall>>()
  readonly #programs = new Map<Part, number>()
  readonly #entered = new WeakMap<Thread, Entered>()
  readonly #names = new WeakMap<Image, string>()
  #size = 0
  #lost = 0

  constructor(wanted: KeepCall) {
    this.#wanted = wanted
  }

  /** `text`: from the call's first argument on. */
  enters(thread: Thread, entered: Omit<Entered, 'program'>, text: string): void {
    const asked = /^execve(?:at)?$/.test(entered.name)
      ? path.exec(text.slice(entered.name === 'execve' ? 0 : text.indexOf('"')))?.[1]
      : undefined
    this.#entered.set(thread, { ...entered, program: asked?.split('/').at(-1) || undefined })
  }

  /** `text`: the line that shows the result. */
  returns(thread: Thread, value: bigint | undefined, text: string): void {
    if (value === undefined) return
    const [, name, number] = value === -1n ? (failed.exec(text) ?? []) : []
    const errno = name === undefined ? Number(number ?? 0) : (errnoNumber(name) ?? 0)
    this.#keep(thread, value === -1n && errno > 0 ? -errno : Number(value))
  }

  /** After a successful execve, when the thread has its new image. */
  replaced(thread: Thread): void {
    const { part } = thread.image
    this.#programs.set(part, (this.#programs.get(part) ?? 0) + 1)
    const program = this.#entered.get(thread)?.program
    if (program !== undefined) this.#names.set(thread.image, program)
  }

  /** SIGSYS came: the thread's last call was not carried out. */
  trapped(thread: Thread): void {
    this.#keep(thread, 'trapped')
    this.#entered.delete(thread)
  }

  /** SIGSYS ended the thread. */
  ended(thread: Thread): void {
    this.#keep(thread, 'ended')
  }

  #keep(thread: Thread, result: ReturnedCall['result']): void {
    const entered = this.#entered.get(thread)
    if (entered?.architecture === undefined) return
    const { architecture, name, number, value } = entered
    const differing = this.#wanted({ architecture, name, number, result })
    if (differing === undefined) return
    const pid = thread.pid ?? 0
    const { part } = thread.image
    const calls = this.#found.get(part) ?? new Map<string, ReturnedCall>()
    this.#found.set(part, calls)
    // An execve makes another program of the same process.
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

  /** What was made in this part, once it is known which parts are of it. */
  of(told: Part): ReturnedCalls {
    const inside = <T>(of: ReadonlyMap<Part, T>): readonly T[] =>
      [...of].flatMap(([part, each]) => (part.whole === told.whole ? [each] : []))
    return {
      calls: inside(this.#found).flatMap((calls) => [...calls.values()]),
      lost: this.#lost,
      programs: inside(this.#programs).reduce((sum, each) => sum + each, 0),
    }
  }
}

/** clone is decoded, and strace prints its flags behind its stack. */
function shown({ name, value }: Entered): readonly bigint[] {
  const args: bigint[] = []
  for (let index = 0; index < (name === 'clone' ? 1 : 6); index++) {
    const each = value(index)
    if (each === undefined) break
    args.push(each)
  }
  return args
}
