// Diagnostics folded: what is said with the same facts of one source, or of the containers of one workload, is said once,
// with how often; of a code beyond a bound the rest is one more. Order-free, as the sources are.
import type { Diagnostic } from '../read/diagnostics.ts'
import { comparePlaces, earlierPlace, sourceOf } from '../read/place.ts'
import { sumOf } from '../read/seen.ts'
import { byText } from './order.ts'
import { workloadOf } from './workload.ts'

/** Rows of one code; the sum of all others is one more, at the first of their places and without facts. */
export const diagnosticLimit = 256

interface Row {
  readonly workload: string
  readonly diagnostic: Diagnostic
}

export class DiagnosticFold {
  /** By code, then by workload and facts. */
  readonly #codes = new Map<string, Map<string, Row>>()

  add(diagnostic: Diagnostic): void {
    let rows = this.#codes.get(diagnostic.code)
    if (rows === undefined) this.#codes.set(diagnostic.code, (rows = new Map()))
    const workload = workloadOf(sourceOf(diagnostic.at))
    const key = JSON.stringify([workload, diagnostic.facts])
    const before = rows.get(key)
    rows.set(key, { workload, diagnostic: before === undefined ? diagnostic : sum(before, diagnostic) })
  }

  /** By place. */
  diagnostics(): readonly Diagnostic[] {
    return [...this.#codes.values()]
      .flatMap((rows) => {
        const sorted = [...rows.values()].sort(inOrder)
        const kept = sorted.slice(0, diagnosticLimit).map(({ diagnostic }) => diagnostic)
        const [first, ...others] = sorted.slice(diagnosticLimit).map(({ diagnostic }) => diagnostic)
        if (first === undefined) return kept
        const count = others.reduce((all, each) => sumOf(all, each.count ?? 1), first.count ?? 1)
        return [...kept, counted({ code: first.code, at: first.at }, count)]
      })
      .sort(
        (a, b) =>
          comparePlaces(a.at, b.at) || byText(a.code, b.code) || byText(JSON.stringify(a), JSON.stringify(b)),
      )
  }
}

/** Of two places in one source the earlier, of two sources the name of their workload. */
function sum({ workload, diagnostic }: Row, more: Diagnostic): Diagnostic {
  const isOne = sourceOf(diagnostic.at) === sourceOf(more.at)
  const at = isOne ? earlierPlace(diagnostic.at, more.at) : workload
  return counted({ ...diagnostic, at }, sumOf(diagnostic.count ?? 1, more.count ?? 1))
}

function counted({ code, at, facts }: Diagnostic, count: number): Diagnostic {
  return { code, at, ...(count > 1 && { count }), ...(facts !== undefined && { facts }) }
}

/** Those without facts come last: the rest of all others is one of them. */
function inOrder(one: Row, other: Row): number {
  const factsOf = ({ diagnostic: { facts } }: Row): string =>
    facts === undefined ? '\uffff' : JSON.stringify(facts)
  return byText(one.workload, other.workload) || byText(factsOf(one), factsOf(other))
}
