// The difference between two scans, for people (text, Markdown) and for programs (JSON): calls, the values that their
// arguments can have, and whether the list is a bound.
import { architectureNames, type Architecture } from '../abi/architectures.ts'
import { argumentText } from '../abi/constant-names.ts'
import { harmlessJson } from '../json-string.ts'
import type { Reachable, ReachableCall } from '../scan/reachable.ts'
import { escapeMarkdown, escapeTerminal } from './escape.ts'
import { accountLines, pathText } from './reachable.ts'

export interface ScanChange {
  readonly direction: 'wider' | 'narrower'
  readonly architecture: Architecture
  readonly syscall: string
  readonly path: readonly string[]
  /** The call is reachable on both sides, and this argument's values differ. Absent: the call itself differs. */
  readonly argument?: number
  /** The values (unsigned, decimal) that one side has and the other lacks; absent: any value. */
  readonly values?: readonly string[]
}

export interface ScanComparison {
  /** Whether each scan is a bound. If only the base is one, the head is wider, whatever calls it lists. */
  readonly bound: { readonly before: boolean; readonly after: boolean }
  /** Sentences about what the only scan without a bound could not follow; empty if both are bounds or neither is. */
  readonly account: readonly string[]
  /** Wider ones first, then by architecture and name. */
  readonly changes: readonly ScanChange[]
}

/** `architectures`: the architectures to compare; empty for all. */
export function compareScans(
  base: Reachable,
  head: Reachable,
  architectures: readonly Architecture[] = [],
): ScanComparison {
  const on = architectureNames.filter((each) => architectures.length === 0 || architectures.includes(each))
  const only = (
    one: Reachable,
    other: Reachable,
    direction: ScanChange['direction'],
  ): readonly ScanChange[] =>
    on.flatMap((architecture) =>
      Object.entries(one.architectures[architecture] ?? {}).flatMap(
        ([syscall, call]): readonly ScanChange[] => {
          const change = { direction, architecture, syscall, path: call.path }
          const less = other.architectures[architecture]?.[syscall]
          return less === undefined
            ? [change]
            : valuesBeyond(call, less).map((beyond) => ({ ...change, ...beyond }))
        },
      ),
    )
  const unbounded = base.bound === head.bound ? undefined : base.bound ? head : base
  return {
    bound: { before: base.bound, after: head.bound },
    account: unbounded === undefined ? [] : accountLines(unbounded).slice(1),
    changes: [...only(head, base, 'wider'), ...only(base, head, 'narrower')],
  }
}

/** The arguments that can have values in `more` that they cannot have in `less`, with these values. */
function valuesBeyond(
  { args: more = {} }: ReachableCall,
  { args: less = {} }: ReachableCall,
): readonly Required<Pick<ScanChange, 'argument'>>[] {
  return Object.entries(less).flatMap(([index, known]) => {
    const argument = Number(index)
    const own = more[index]
    if (own === undefined) return [{ argument }]
    const values = own.filter((each) => !known.includes(each))
    return values.length === 0 ? [] : [{ argument, values }]
  })
}

export function scanDirections({ bound, changes }: ScanComparison): ReadonlySet<ScanChange['direction']> {
  return new Set([
    ...changes.map(({ direction }) => direction),
    ...(bound.before === bound.after ? [] : [bound.before ? ('wider' as const) : ('narrower' as const)]),
  ])
}

function verdictOf(comparison: ScanComparison): 'identical' | 'wider' | 'narrower' | 'mixed' {
  const [direction = 'identical', other] = scanDirections(comparison)
  return other === undefined ? direction : 'mixed'
}

export type ScanChangesFormat = 'text' | 'json' | 'markdown'

export function scanChangesReport(comparison: ScanComparison, format: ScanChangesFormat): string {
  const verdict = verdictOf(comparison)
  const { bound, account, changes } = comparison
  if (format === 'json')
    return `${harmlessJson(
      JSON.stringify(
        {
          verdict,
          bound,
          changes: changes.map(({ direction, architecture, syscall, path, argument, values }) => ({
            direction,
            arch: architecture,
            syscall,
            path,
            ...(argument !== undefined && { argument, values: values ?? 'any' }),
          })),
        },
        null,
        2,
      ),
    )}\n`
  const [mark, escape] = format === 'markdown' ? ['- ', escapeMarkdown] : ['', escapeTerminal]
  if (verdict === 'identical') return `${mark}the same calls are reachable\n`
  return [...boundLines(bound, account), ...changes.map(changeLine)]
    .map((line) => `${mark}${escape(line)}\n`)
    .join('')
}

/** Only the counts. */
export function scanStatLine(comparison: ScanComparison): string {
  const of = (direction: ScanChange['direction']): number =>
    comparison.changes.filter((each) => each.direction === direction).length
  const { before, after } = comparison.bound
  const flips = before === after ? '' : after ? '; a bound now' : '; no bound any more'
  return `${verdictOf(comparison)}: ${of('wider')} wider, ${of('narrower')} narrower${flips}\n`
}

function boundLines(
  { before, after }: ScanComparison['bound'],
  account: readonly string[],
): readonly string[] {
  if (before === after) return []
  return [
    before
      ? 'wider: the list was a bound and is none any more: any call may be reachable'
      : 'narrower: the list is a bound now',
    ...account,
  ]
}

function changeLine({ direction, architecture, syscall, path, argument, values }: ScanChange): string {
  const call = `${direction}: ${syscall} on ${architecture}`
  const by = pathText(path)
  const isWider = direction === 'wider'
  if (argument === undefined)
    return `${call} ${isWider ? 'became reachable' : 'is no longer reachable'}: ${by}`
  const words = (values ?? []).map((each) => argumentText(architecture, syscall, argument, BigInt(each)))
  const which = values === undefined ? 'any value' : words.join(' ')
  return `${call}: argument ${argument} ${isWider ? 'can be' : 'can no longer be'} ${which}: ${by}`
}
