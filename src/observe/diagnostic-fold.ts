// Folds diagnostics: those with the same facts and the same source or workload become one row with a count. Rows of one
// code beyond a limit are summed into one. As in source-fold.ts, the order of adding does not matter.
import { ascending } from '../order.ts'
import type { Diagnostic } from '../read/diagnostics.ts'
import { comparePlaces, earlierPlace, sourceOf } from '../read/place.ts'
import { sumOf } from '../read/sum.ts'
import { workloadOf } from './workload.ts'

/** The most rows of one code. One more row, without facts, sums up all others at their first place. */
export const diagnosticLimit = 256

interface DiagnosticRow {
  readonly workload: string
  readonly diagnostic: Diagnostic
}

export class DiagnosticFold {
  /** Rows by code, then by workload and facts. */
  readonly #codes = new Map<string, Map<string, DiagnosticRow>>()

  add(diagnostic: Diagnostic): void {
    let rows = this.#codes.get(diagnostic.code)
    if (rows === undefined) this.#codes.set(diagnostic.code, (rows = new Map()))
    const workload = workloadOf(sourceOf(diagnostic.at))
    const key = JSON.stringify([workload, diagnostic.facts])
    const before = rows.get(key)
    rows.set(key, { workload, diagnostic: before === undefined ? diagnostic : sum(before, diagnostic) })
  }

  /** The diagnostics, sorted by place. */
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
          comparePlaces(a.at, b.at) ||
          ascending(a.code, b.code) ||
          ascending(JSON.stringify(a), JSON.stringify(b)),
      )
  }
}

/** The sum of two diagnostics: at the earlier place if they are of one source, else at the workload. */
function sum({ workload, diagnostic }: DiagnosticRow, more: Diagnostic): Diagnostic {
  const isOne = sourceOf(diagnostic.at) === sourceOf(more.at)
  const at = isOne ? earlierPlace(diagnostic.at, more.at) : workload
  return counted({ ...diagnostic, at }, sumOf(diagnostic.count ?? 1, more.count ?? 1))
}

function counted({ code, at, facts }: Diagnostic, count: number): Diagnostic {
  return { code, at, ...(count > 1 && { count }), ...(facts !== undefined && { facts }) }
}

/** Rows without facts come last, because the row that sums up all others has none. */
function inOrder(one: DiagnosticRow, other: DiagnosticRow): number {
  const factsOf = ({ diagnostic: { facts } }: DiagnosticRow): string =>
    facts === undefined ? '\uffff' : JSON.stringify(facts)
  return ascending(one.workload, other.workload) || ascending(factsOf(one), factsOf(other))
}
