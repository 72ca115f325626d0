// Records folded into observations. Order-free: places, not the order of reading, decide what is first.
import { architectureNames, type Architecture } from '../abi/architectures.ts'
import type { SourceAccount } from '../read/account.ts'
import type { Diagnostic } from '../read/diagnostics.ts'
import { comparePlaces } from '../read/place.ts'
import { addSeen, newSeen, type Seen, type Sink } from '../read/seen.ts'
import type { Observations, ObservedCall } from '../read/observations/document.ts'

type Calls = Map<string, Seen>

export class Fold implements Sink {
  readonly #known = new Map<Architecture, Calls>()
  readonly #unknown = new Map<Architecture, Calls>()
  readonly #diagnostics: Diagnostic[] = []
  readonly #sources: SourceAccount[] = []

  seen(architecture: Architecture, name: string, seen: Seen): void {
    add(this.#known, architecture, name, seen)
  }

  unknown(architecture: Architecture, what: string, seen: Seen): void {
    add(this.#unknown, architecture, what, seen)
  }

  diagnostic(diagnostic: Diagnostic): void {
    this.#diagnostics.push(diagnostic)
  }

  account(account: SourceAccount): void {
    this.#sources.push(account)
  }

  observations(): Observations {
    return {
      version: 1,
      architectures: printed(this.#known),
      unknown: printed(this.#unknown),
      sources: [...this.#sources].sort(
        (a, b) => compare(a.name, b.name) || a.lines - b.lines || a.calls - b.calls,
      ),
      diagnostics: [...this.#diagnostics].sort(
        (a, b) =>
          comparePlaces(a.at, b.at) ||
          compare(a.code, b.code) ||
          compare(JSON.stringify(a), JSON.stringify(b)),
      ),
    }
  }
}

function add(into: Map<Architecture, Calls>, architecture: Architecture, name: string, more: Seen): void {
  let calls = into.get(architecture)
  if (calls === undefined) into.set(architecture, (calls = new Map()))
  let seen = calls.get(name)
  if (seen === undefined) calls.set(name, (seen = newSeen(more.first)))
  addSeen(seen, more)
}

function printed(all: ReadonlyMap<Architecture, Calls>): Observations['architectures'] {
  const result: Partial<Record<Architecture, Record<string, ObservedCall>>> = {}
  for (const architecture of architectureNames) {
    const calls = all.get(architecture)
    if (calls === undefined) continue
    const names = [...calls.keys()].sort(compare)
    // Without a prototype: "__proto__" is a key like any other.
    const table = Object.create(null) as Record<string, ObservedCall>
    for (const name of names) table[name] = observedCall(calls.get(name) as Seen)
    result[architecture] = table
  }
  return result
}

function observedCall({ count, first, enosys, args }: Seen): ObservedCall {
  return {
    count,
    first,
    ...(enosys === 0 ? {} : { enosys }),
    ...(args === undefined
      ? {}
      : {
          args: Object.fromEntries(
            [...args]
              .sort(([a], [b]) => a - b)
              .map(([index, values]) => [String(index), values === null ? null : inOrder(values)]),
          ),
        }),
  }
}

function inOrder(values: ReadonlySet<bigint>): readonly string[] {
  return [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).map(String)
}

/** By code unit: the same in every locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
