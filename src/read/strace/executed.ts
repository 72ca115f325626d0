// Reports the path and the arguments after argv[0] of each program that a traced process executed, as strace prints
// them. An execve without a result counts: in a thread other than the first it comes back under the pid of the first
// (execve(2)), and a kill may hide that it succeeded.
import { argumentsOf } from './call-values.ts'
import type { CameBack } from './completion.ts'
import { textsIn, stringIn } from './context/texts.ts'
import type { CallText } from './events.ts'
import { inherit, type Subscriber } from './subscriber.ts'
import { replacesProgram, type Thread } from './thread.ts'

/** `name`: argv[0], which need not be the program's name. The last words may be cut. */
export interface ExecutedProgram {
  readonly path: string
  readonly name: string | undefined
  readonly words: readonly string[]
}

export class ExecutedPrograms implements Subscriber {
  readonly #tell: (program: ExecutedProgram) => void
  /** By thread, the program of an execve that has not come back. */
  readonly #begun = new Map<Thread, ExecutedProgram>()

  constructor(tell: (program: ExecutedProgram) => void) {
    this.#tell = tell
  }

  entered(thread: Thread, call: CallText): void {
    if (replacesProgram(call.name)) this.#begun.set(thread, programIn(call))
  }

  returned(thread: Thread, _: string, { value }: CameBack): void {
    const program = this.#begun.get(thread)
    if (program === undefined) return
    this.#begun.delete(thread)
    if (value === 0n) this.#tell(program)
  }

  superseded(leader: Thread, by: Thread): void {
    inherit(this.#begun, leader, by)
  }

  /** Called once, after the last line. */
  end(): void {
    for (const program of this.#begun.values()) this.#tell(program)
  }
}

/** The program that execve or execveat names. */
export function programIn(call: CallText): ExecutedProgram {
  const { texts } = argumentsOf(call)
  const [path, list] = call.name === 'execveat' ? texts.slice(1) : texts
  const [first, ...words] = textsIn(list) ?? []
  return { path: stringIn(path)?.text ?? '', name: first?.text, words: words.map(({ text: word }) => word) }
}
