// Compiled code (assembly/records.ts) sorts the commonest lines of audit logs by kinds. This file passes it the bytes
// and the prefixes that it has learnt. Its results are those of grammar.ts for the same lines; a test keeps the two
// equal.
import { latin1Bytes } from '../byte-text.ts'
import { compiledOnce, Input, type Compiled, type CompiledGlobal } from '../compiled.ts'
import type { LinesOfKinds } from '../grammar.ts'
import { recordsCode } from './data/records.ts'
import type { Header } from './header.ts'
import { prefixLimit, recordPrefix, type PrefixItem } from './record-prefix.ts'

interface CompiledAudit extends Compiled {
  readonly prefixRoom: CompiledGlobal
  readonly prefixSize: CompiledGlobal
  readonly prefixItems: CompiledGlobal
  readonly prefixes: CompiledGlobal
  readonly digits: CompiledGlobal
  readonly room: CompiledGlobal
  readonly nexts: CompiledGlobal
  readonly kinds: CompiledGlobal
  read(line: number, end: number): number
  makeRoom(): void
}

/** Each look at a prefix doubles the number of lines until the next look, to this number at most. */
const mostPause = 1 << 16
/** After this many lines of kinds, another look is worth its time. */
const worthLearning = 1 << 10
/** How many prefixes are remembered as tried. */
const mostTried = 1 << 10

class PlainRecords implements LinesOfKinds {
  readonly kinds: Int32Array
  readonly #nexts: Int32Array
  readonly #code: CompiledAudit
  readonly #input: Input
  /** The prefixes that were tried, with all digits alike. */
  readonly #tried = new Set<string>()
  /** The shapes of the prefixes that the code has. */
  readonly #known: string[] = []
  #learnt = 0
  #pause = 1
  /** How many records are left out before the next look. */
  #left = 0
  /** How many lines had a kind since the last look. */
  #alike = 0

  constructor(code: CompiledAudit) {
    if (code.prefixSize.value < prefixLimit + code.prefixItems.value)
      throw new Error('assembly/records.ts has no room for such prefixes')
    this.#code = code
    this.#input = new Input(code)
    const { buffer } = this.#input.memory
    this.kinds = new Int32Array(buffer, code.kinds.value, code.room.value)
    this.#nexts = new Int32Array(buffer, code.nexts.value, code.room.value)
  }

  /** In another source, prefixes are others, and so are the kinds of records. */
  startSource(): void {
    this.#code.makeRoom()
    this.#pause = 1
    this.#left = 0
  }

  read(bytes: Uint8Array, line: number, end: number): number {
    const place = this.#input.placeOf(bytes, line, end)
    const count = this.#code.read(place, this.#input.end)
    this.#alike += count
    return count
  }

  next(index: number): number {
    return this.#input.offsetOf(this.#nexts[index] as number)
  }

  /** Learns the prefix of a record that was read with care. */
  learn(line: string, header: Header): void {
    if (line.startsWith('type=') || (header.kind !== 'seccomp' && header.kind !== 'other')) return
    if (this.#alike > worthLearning) this.#pause = 1
    else if (this.#left-- > 0) return
    this.#alike = 0
    this.#pause = Math.min(this.#pause * 2, mostPause)
    this.#left = this.#pause
    const shape = line.slice(0, header.at).replaceAll(/\d/g, '0')
    if (this.#tried.has(shape)) return
    if (this.#tried.size === mostTried) this.#tried.clear()
    this.#tried.add(shape)
    const items = recordPrefix(line, header)
    if (items !== undefined) this.#load(items, header.kind === 'seccomp', shape)
  }

  /** Puts a prefix in place of the one that was learnt first, which can be learnt again. */
  #load(items: readonly PrefixItem[], isOfFilter: boolean, shape: string): void {
    const { prefixes, prefixSize, prefixRoom, prefixItems, digits } = this.#code
    const index = this.#learnt++ % prefixRoom.value
    this.#tried.delete(this.#known[index] ?? '')
    this.#known[index] = shape
    const place = prefixes.value + index * prefixSize.value
    const { memory } = this.#input
    memory.set([items.length, isOfFilter ? 1 : 0], place)
    const bytes = items.map((item) =>
      typeof item === 'number' ? digits.value + item : (latin1Bytes(item)[0] as number),
    )
    memory.set(bytes, place + prefixItems.value)
  }
}

export type { PlainRecords }
export const plainRecords = compiledOnce(recordsCode, PlainRecords)
