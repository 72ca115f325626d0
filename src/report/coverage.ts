// Sentences about how many of the reachable calls were seen, and what to exercise next.
import type { Coverage } from '../policy/index.ts'

/** The most functions to name for the next exercise. */
const mostNamed = 5

/** `ceiling`: the ceiling's name. */
export function coverageLines(coverage: readonly Coverage[], ceiling = 'the ceiling'): readonly string[] {
  return coverage.flatMap(({ architecture, reachable, seen, unseen, unreachable }) => {
    const within = unseen.filter(({ isWithin }) => isWithin)
    const names = within.map(({ call }) => call).join(' ')
    return [
      `${architecture}: ${seen} of ${reachable} reachable calls seen`,
      ...(within.length === 0 ? [] : [`unseen and within ${ceiling}: ${within.length}: ${names}`]),
      ...next(within).map(([by, calls]) => `to exercise next: ${by} leads to ${calls.join(' ')}`),
      ...(unreachable.length === 0
        ? []
        : [
            `seen and not reachable by the scan, so made by the container runtime, by a started program or by what the scan did not follow: ${unreachable.join(' ')}`,
          ]),
    ]
  })
}

/** The program's own functions from which most unseen calls are reached, each with these calls. */
function next(unseen: Coverage['unseen']): readonly (readonly [by: string, calls: readonly string[]])[] {
  const by = new Map<string, string[]>()
  for (const { call, path } of unseen) {
    const [first = ''] = path
    const program = first.slice(0, first.indexOf(':'))
    const own = path.filter((each) => each.startsWith(`${program}:`))
    const last = own.at(-1)
    if (last === undefined || own.length < 2) continue
    const before = by.get(last)
    if (before === undefined) by.set(last, [call])
    else before.push(call)
  }
  return [...by]
    .sort(([one, calls], [other, others]) => others.length - calls.length || (one < other ? -1 : 1))
    .slice(0, mostNamed)
}
