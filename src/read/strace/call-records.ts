// Emits each call as it is entered, for readTrace.
import type { Architecture } from '../../abi/architectures.ts'
import { resolvePrinted } from '../../abi/spellings.ts'
import { placeOf } from '../place.ts'
import type { TraceRecord } from '../records.ts'
import { valuesIn } from './call-values.ts'
import type { CallText } from './events.ts'
import type { Thread } from './thread.ts'
import type { Subscriber } from './subscriber.ts'

export class CallRecords implements Subscriber {
  readonly #wanted: ReadonlyMap<string, readonly number[]>
  readonly #give: (record: TraceRecord) => void
  readonly #source: () => string
  readonly #architectureOf: (thread: Thread, call: CallText) => Architecture | undefined

  constructor(
    wanted: ReadonlyMap<string, readonly number[]>,
    give: (record: TraceRecord) => void,
    source: () => string,
    architectureOf: (thread: Thread, call: CallText) => Architecture | undefined,
  ) {
    this.#wanted = wanted
    this.#give = give
    this.#source = source
    this.#architectureOf = architectureOf
  }

  entered(thread: Thread, call: CallText): void {
    const { name, prefix, line } = call
    const values = valuesIn(call)
    const args: Record<string, bigint | null> = {}
    for (const index of this.#wanted.get(name) ?? []) args[index] = values?.(index) ?? null
    const architecture = this.#architectureOf(thread, call)
    this.#give({
      name: (architecture && resolvePrinted(architecture, name)?.names[0]) ?? name,
      printed: name,
      ...(architecture === undefined ? {} : { architecture }),
      ...(prefix.number === undefined ? {} : { number: prefix.number }),
      ...(thread.pid === undefined ? {} : { pid: thread.pid }),
      at: placeOf(this.#source(), line),
      args,
    })
  }
}
