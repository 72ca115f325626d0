// Reads an observations file as an input and passes it on unchanged. Authority: schemas/observations.schema.json.
import { isArchitecture } from '../../abi/architectures.ts'
import { syscallTable } from '../../abi/tables.ts'
import { UserError } from '../../errors.ts'
import type { Observations, ObservedCall } from './document.ts'
import { observationsIn } from './documents.ts'
import { parseObservations } from './parse.ts'
import { joined, utf8 } from '../pieces.ts'
import type { LinesAccount, Reader } from '../reader.ts'
import { newSeen, type Seen, type Sink } from '../seen.ts'

/** A table of calls is small, lists of opened files are larger. A file beyond this size is something else. */
const sizeLimit = 64 * 1024 * 1024

export class ObservationsReader implements Reader {
  readonly format = 'observations'
  readonly #files: { readonly name: string; readonly pieces: Uint8Array[] }[] = []
  #size = 0

  isDocument(): boolean {
    return true
  }

  startSource(name: string): void {
    this.#files.push({ name, pieces: [] })
    this.#size = 0
  }

  takeLines(bytes: Uint8Array, start: number, end: number): void {
    const file = this.#files.at(-1) as { name: string; pieces: Uint8Array[] }
    this.#size += end - start
    if (this.#size > sizeLimit)
      throw new UserError('file-too-large', { file: file.name, kind: 'observations' })
    file.pieces.push(Uint8Array.from(bytes.subarray(start, end)))
  }

  endSource(): LinesAccount {
    return { lines: 0, calls: 0, ignored: 0, unparsed: 0 }
  }

  end(sink: Sink): void {
    for (const { name, pieces } of this.#files) {
      for (const { text, line } of observationsIn(utf8(joined(pieces)))) {
        const observations = parseObservations(name, text, line)
        tellObservations(observations, sink)
        for (const [architecture, calls] of Object.entries(observations.architectures)) {
          if (!isArchitecture(architecture)) continue
          const table = syscallTable(architecture)
          for (const call of Object.keys(calls).filter((each) => table.byName(each) === undefined))
            sink.diagnostic({ code: 'unknown-call', at: name, facts: { call, architecture } })
        }
      }
    }
  }
}

/** Passes whole observations to a sink. */
export function tellObservations(observations: Observations, sink: Sink): void {
  const { runs = 1 } = observations
  sink.runs(runs)
  for (const [architecture, calls] of Object.entries(observations.architectures)) {
    if (!isArchitecture(architecture)) continue
    for (const [name, call] of Object.entries(calls)) sink.seen(architecture, name, seenOf(call, runs))
  }
  for (const [architecture, calls] of Object.entries(observations.unknown)) {
    if (!isArchitecture(architecture)) continue
    for (const [what, call] of Object.entries(calls)) sink.unknown(architecture, what, seenOf(call, runs))
  }
  for (const context of observations.context ?? []) sink.context(context)
  for (const diagnostic of observations.diagnostics) sink.diagnostic(diagnostic)
  for (const source of observations.sources) sink.account(source)
}

function seenOf(call: ObservedCall, runs: number): Seen {
  const seen = newSeen(call.first)
  seen.count = call.count
  seen.runs = call.runs ?? Math.min(runs, 1)
  seen.enosys = call.enosys ?? 0
  seen.eperm = call.eperm ?? 0
  seen.eacces = call.eacces ?? 0
  seen.injected = call.injected ?? 0
  if (call.args !== undefined) {
    seen.args = new Map(
      Object.entries(call.args).map(([index, values]) => [
        Number(index),
        values === null ? null : new Set(values.map(BigInt)),
      ]),
    )
  }
  if (call.refused !== undefined) {
    seen.refused = new Map(
      Object.entries(call.refused).map(([index, values]) => [
        Number(index),
        new Map(Object.entries(values).map(([value, refusal]) => [BigInt(value), refusal])),
      ]),
    )
  }
  return seen
}
