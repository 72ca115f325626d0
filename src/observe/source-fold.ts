// Folds sources, so that observations do not grow with the number of merged recordings. Sources of one name, and those
// of one workload's pods, are one row. Rows beyond a limit are summed into one. The result does not depend on the
// order: a row among the first of the whole is among the first of every part.
import { ascending } from '../order.ts'
import type { SourceSummary } from '../read/account.ts'
import { sumOf } from '../read/sum.ts'
import { workloadOf } from './workload.ts'

/** The most rows of one format and evidence. One more row sums up all others under the name of the first. */
export const sourceLimit = 256

interface SourceRow {
  readonly workload: string
  readonly source: SourceSummary
}

export class SourceFold {
  /** Rows by format and evidence, then by image and workload. */
  readonly #kinds = new Map<string, Map<string, SourceRow>>()

  add(source: SourceSummary): void {
    const kind = JSON.stringify([source.format, source.evidence])
    let rows = this.#kinds.get(kind)
    if (rows === undefined) this.#kinds.set(kind, (rows = new Map()))
    const workload = workloadOf(source.name)
    const key = JSON.stringify([workload, source.image ?? ''])
    const before = rows.get(key)
    rows.set(key, { workload, source: before === undefined ? source : sum(before, source) })
  }

  /** The sources, sorted by name. */
  sources(): readonly SourceSummary[] {
    return [...this.#kinds.values()]
      .flatMap((rows) => {
        const sorted = [...rows.values()].sort(inOrder)
        const [first, ...others] = sorted.slice(sourceLimit)
        const kept = sorted.slice(0, sourceLimit).map(({ source }) => source)
        if (first === undefined) return kept
        return [...kept, others.reduce((all, { source }) => added(all, source), first.source)]
      })
      .sort(
        (a, b) =>
          ascending(a.name, b.name) ||
          a.lines - b.lines ||
          a.calls - b.calls ||
          ascending(JSON.stringify(a), JSON.stringify(b)),
      )
  }
}

/** The sum of two sources of one workload, under the workload's name if their names differ. */
function sum({ workload, source }: SourceRow, more: SourceSummary): SourceSummary {
  return { ...added(source, more), name: source.name === more.name ? source.name : workload }
}

function added(one: SourceSummary, more: SourceSummary): SourceSummary {
  const total = (key: 'lines' | 'calls' | 'ignored' | 'unparsed'): number => sumOf(one[key], more[key])
  const lost = sumOf(one.lost ?? 0, more.lost ?? 0)
  const { name, image, format, evidence } = one
  return {
    name,
    ...(image !== undefined && { image }),
    count: sumOf(one.count ?? 1, more.count ?? 1),
    format,
    lines: total('lines'),
    calls: total('calls'),
    ignored: total('ignored'),
    unparsed: total('unparsed'),
    ...(lost > 0 && { lost }),
    ...(evidence !== undefined && { evidence }),
  }
}

function inOrder(one: SourceRow, other: SourceRow): number {
  return (
    ascending(one.workload, other.workload) || ascending(one.source.image ?? '', other.source.image ?? '')
  )
}
