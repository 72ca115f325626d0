// Sources folded, so that observations do not grow with how many they were merged from: sources of one name are one row,
// and so are the containers of one workload's pods; of rows beyond a bound one is the sum. Order-free: a row among the
// first of the whole is among the first of every part.
import type { SourceSummary } from '../read/account.ts'
import { sumOf } from '../read/seen.ts'
import { byText } from './order.ts'
import { workloadOf } from './workload.ts'

/** Rows of one format and evidence; the sum of all others is one more, named for the first of them. */
export const sourceLimit = 256

interface Row {
  readonly workload: string
  readonly source: SourceSummary
}

export class SourceFold {
  /** By format and evidence, then by image and workload. */
  readonly #kinds = new Map<string, Map<string, Row>>()

  add(source: SourceSummary): void {
    const kind = JSON.stringify([source.format, source.evidence])
    let rows = this.#kinds.get(kind)
    if (rows === undefined) this.#kinds.set(kind, (rows = new Map()))
    const workload = workloadOf(source.name)
    const key = JSON.stringify([workload, source.image ?? ''])
    const before = rows.get(key)
    rows.set(key, { workload, source: before === undefined ? source : sum(before, source) })
  }

  /** By name. */
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
          byText(a.name, b.name) ||
          a.lines - b.lines ||
          a.calls - b.calls ||
          byText(JSON.stringify(a), JSON.stringify(b)),
      )
  }
}

/** Two of one workload: of two names the one for all of its pods. */
function sum({ workload, source }: Row, more: SourceSummary): SourceSummary {
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

function inOrder(one: Row, other: Row): number {
  return byText(one.workload, other.workload) || byText(one.source.image ?? '', other.source.image ?? '')
}
