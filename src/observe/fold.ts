// Folds records into observations. The order of reading does not matter: places decide which call is first.
import { architectureNames, type Architecture } from '../abi/architectures.ts'
import { ascending } from '../order.ts'
import type { SourceSummary } from '../read/account.ts'
import type { Diagnostic } from '../read/diagnostics.ts'
import type { RefusalErrno, RefusedValues } from '../read/failures.ts'
import type { ObservedContext } from '../read/observations/context.ts'
import { addSeen, newSeen, type Seen, type Sink } from '../read/seen.ts'
import { sumOf } from '../read/sum.ts'
import type { Observations, ObservedCall } from '../read/observations/document.ts'
import { ContextFold } from './context-fold.ts'
import { DiagnosticFold } from './diagnostic-fold.ts'
import { SourceFold } from './source-fold.ts'

type SeenByKey = Map<string, Seen>

export class Fold implements Sink {
  readonly #known = new Map<Architecture, SeenByKey>()
  readonly #unknown = new Map<Architecture, SeenByKey>()
  readonly #diagnostics = new DiagnosticFold()
  readonly #sources = new SourceFold()
  readonly #contexts = new ContextFold()
  #runs = 0
  /** The calls of the current run. */
  readonly #now = new Set<Seen>()

  seen(architecture: Architecture, name: string, seen: Seen): void {
    this.#note(add(this.#known, architecture, name, seen), seen)
  }

  unknown(architecture: Architecture, what: string, seen: Seen): void {
    this.#note(add(this.#unknown, architecture, what, seen), seen)
  }

  /** Counts the runs of a call: those that the record states, else the current run. */
  #note(sum: Seen, more: Seen): void {
    if (more.runs === undefined) this.#now.add(sum)
    else sum.runs = sumOf(sum.runs ?? 0, more.runs)
  }

  runs(count: number): void {
    this.#runs = sumOf(this.#runs, count)
  }

  endRun(counts: boolean): void {
    if (counts) {
      this.#runs++
      for (const seen of this.#now) seen.runs = (seen.runs ?? 0) + 1
    }
    this.#now.clear()
  }

  diagnostic(diagnostic: Diagnostic): void {
    this.#diagnostics.add(diagnostic)
  }

  account(account: SourceSummary): void {
    this.#sources.add(account)
  }

  context(context: ObservedContext): void {
    this.#contexts.add(context)
  }

  observations(): Observations {
    const context = this.#contexts.contexts()
    return {
      version: 1,
      ...(this.#runs !== 1 ? { runs: this.#runs } : {}),
      architectures: printed(this.#known, this.#runs),
      unknown: printed(this.#unknown, this.#runs),
      ...(context.length > 0 ? { context } : {}),
      sources: this.#sources.sources(),
      diagnostics: this.#diagnostics.diagnostics(),
    }
  }
}

function add(into: Map<Architecture, SeenByKey>, architecture: Architecture, name: string, more: Seen): Seen {
  let calls = into.get(architecture)
  if (calls === undefined) into.set(architecture, (calls = new Map()))
  let seen = calls.get(name)
  if (seen === undefined) calls.set(name, (seen = newSeen(more.first)))
  addSeen(seen, more)
  return seen
}

function printed(all: ReadonlyMap<Architecture, SeenByKey>, runs: number): Observations['architectures'] {
  const result: Partial<Record<Architecture, Record<string, ObservedCall>>> = {}
  for (const architecture of architectureNames) {
    const calls = all.get(architecture)
    if (calls === undefined) continue
    const names = [...calls.keys()].sort(ascending)
    // No prototype, so that "__proto__" is an ordinary key.
    const table = Object.create(null) as Record<string, ObservedCall>
    for (const name of names) table[name] = observedCall(calls.get(name) as Seen, runs)
    result[architecture] = table
  }
  return result
}

function observedCall(seen: Seen, all: number): ObservedCall {
  const { count, first, enosys, eperm, eacces, injected, args, refused, runs = 0 } = seen
  return {
    count,
    first,
    ...(all > 1 || runs !== Math.min(all, 1) ? { runs } : {}),
    ...(enosys === 0 ? {} : { enosys }),
    ...(eperm === 0 ? {} : { eperm }),
    ...(eacces === 0 ? {} : { eacces }),
    ...(injected === 0 ? {} : { injected }),
    ...(args === undefined
      ? {}
      : {
          args: Object.fromEntries(
            [...args]
              .sort(([a], [b]) => a - b)
              .map(([index, values]) => [String(index), values === null ? null : inOrder(values)]),
          ),
        }),
    ...(refused === undefined || refused.size === 0 ? {} : { refused: printedRefused(refused) }),
  }
}

function printedRefused(refused: RefusedValues): NonNullable<ObservedCall['refused']> {
  const indexes = [...refused].filter(([, values]) => values.size > 0).sort(([a], [b]) => a - b)
  return Object.fromEntries(
    indexes.map(([index, values]) => [
      index,
      Object.fromEntries(
        inOrder(values.keys()).map((each) => [each, values.get(BigInt(each)) as RefusalErrno]),
      ),
    ]),
  )
}

function inOrder(values: Iterable<bigint>): readonly string[] {
  return [...values].sort(ascending).map(String)
}
