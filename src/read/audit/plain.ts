// Compiled code (assembly/records.ts) sorts the commonest records of auditd's own file by kinds. This file passes it
// the bytes and the known machines. Its results are those of grammar.ts for the same lines; a test keeps the two equal.
import { architectures } from '../../abi/architectures.ts'
import { compiledOnce, Input, type Compiled, type CompiledGlobal } from '../compiled.ts'
import type { LinesOfKinds } from '../grammar.ts'
import { recordsCode } from './data/records.ts'

interface CompiledAudit extends Compiled {
  readonly machines: CompiledGlobal
  readonly room: CompiledGlobal
  readonly nexts: CompiledGlobal
  readonly kinds: CompiledGlobal
  read(line: number, end: number): number
}

class PlainRecords implements LinesOfKinds {
  readonly kinds: Int32Array
  readonly #nexts: Int32Array
  readonly #code: CompiledAudit
  readonly #input: Input

  constructor(code: CompiledAudit) {
    this.#code = code
    this.#input = new Input(code)
    const { buffer } = this.#input.memory
    const machines = Object.values(architectures).map(({ audit }) => audit)
    new Uint32Array(buffer, code.machines.value).set(machines)
    this.kinds = new Int32Array(buffer, code.kinds.value, code.room.value)
    this.#nexts = new Int32Array(buffer, code.nexts.value, code.room.value)
  }

  read(bytes: Uint8Array, line: number, end: number): number {
    const place = this.#input.placeOf(bytes, line, end)
    return this.#code.read(place, this.#input.end)
  }

  next(index: number): number {
    return this.#input.offsetOf(this.#nexts[index] as number)
  }
}

export const plainRecords = compiledOnce(recordsCode, PlainRecords)
