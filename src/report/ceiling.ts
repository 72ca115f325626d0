// One sentence for each place where a policy exceeds its ceiling, or respects it although the program may need more.
import { errnoText } from '../abi/errnos.ts'
import type { LeftOut, Policy, PolicyRule, Reason } from '../policy/index.ts'

type RefusedReason = Extract<Reason, { kind: 'refused' }>
type BeyondReason = Extract<Reason, { kind: 'beyond' }>

/**
 * In the order of the policy's rules. Architectures and values of an argument with the same sentence share one line.
 */
export function ceilingLines({ rules, left }: Policy): readonly string[] {
  const wider = rules.flatMap((rule) =>
    rule.because.flatMap((reason) => (reason.kind === 'beyond' ? [[rule, reason] as const] : [])),
  )
  const unwanted = wider.filter(([, { what }]) => what === 'conditions')
  const unknown = rules.filter((each) => isUnknown(each) && !isForClone3(each))
  const unseen = rules.filter((each) => isUnknown(each) && isForClone3(each))
  const many = rules.filter(({ because }) =>
    because.some((each) => each.kind === 'within' && each.values === 'many'),
  )
  const refused = left.filter(({ why }) => why === 'beyond-ceiling')
  const stays = rules.flatMap((rule) =>
    rule.because.flatMap((reason) => (reason.kind === 'refused' ? [[rule, reason] as const] : [])),
  )
  const outside = left.filter((each) => each.why === 'not-within')
  return [
    ...refusedSentence(stays),
    ...notWithinSentence(outside),
    ...widerSentences(wider.filter(([, { what }]) => what !== 'conditions')),
    ...together(
      unwanted.map(([rule]) => rule),
      (calls) => `wider than ${unwanted[0]?.[1].ceiling}, which has conditions on them: ${calls}`,
    ),
    ...together(
      unknown,
      (calls) =>
        `with which arguments these were called is not known, so that the conditions of ${ceilingOf(unknown)} stay: ${calls}`,
    ),
    ...together(
      many,
      (calls) =>
        `called with too many values beyond the conditions of ${ceilingOf(many)} to add them, so that the conditions stay: ${calls}`,
    ),
    ...together(
      unseen,
      (calls) =>
        `the flags of clone3 are in memory, and not known: libc falls back to ${calls}, where the conditions of ${ceilingOf(unseen)} stay; a program that makes namespaces by clone3 needs --allow-clone3 or --conditions none`,
    ),
    ...together(
      refused,
      (calls) =>
        `the runtime or the kernel may make these calls, the ceiling refuses them, and nobody saw them; left out: ${calls}`,
    ),
  ]
}

function refusedSentence(stays: readonly (readonly [PolicyRule, RefusedReason])[]): readonly string[] {
  const [first] = stays
  if (first === undefined) return []
  const calls = stays.map(([{ syscall }, { errno, ...rest }]) => {
    const value = rest.what === 'value' ? ` with argument ${rest.argument} = ${rest.value}` : ''
    return `${syscall}${value} (${errnoText(errno)})`
  })
  const names = [...new Set(calls)]
  return [
    `beyond ${first[1].ceiling}, and refused every time ${names.length === 1 ? 'it was' : 'they were'} tried, so kept refused: ${names.join(', ')}`,
  ]
}

function notWithinSentence(outside: readonly Extract<LeftOut, { why: 'not-within' }>[]): readonly string[] {
  const [first] = outside
  if (first === undefined) return []
  const calls = outside.map(({ syscall, argument, value }) =>
    argument === undefined ? syscall : `${syscall} with argument ${argument} = ${value}`,
  )
  return [
    `left out, although the workload was seen to need it, because ${first.ceiling} ${first.ceiling.includes(' and ') ? 'together refuse' : 'refuses'} it (--beyond never): ${[...new Set(calls)].join(', ')}`,
  ]
}

function widerSentences(wider: readonly (readonly [PolicyRule, BeyondReason])[]): readonly string[] {
  const values = new Map<string, { readonly tell: (values: string) => string; readonly seen: Set<string> }>()
  for (const [{ syscall, because }, reason] of wider) {
    const { ceiling, what } = reason
    const place = because.find((each) => each.kind === 'seen')?.first
    const how = because.some(({ kind }) => kind === 'seen' || kind === 'equivalent')
      ? 'was seen'
      : 'is needed'
    const tell = (seen: string): string =>
      what === 'value'
        ? `wider than ${ceiling}: ${syscall} with argument ${reason.argument} = ${seen} ${how}; ${ceiling} ${beyondText(reason)}`
        : `wider than ${ceiling}: ${syscall} ${how}${place === undefined ? '' : ` at ${place}`}; ${ceiling} ${beyondText(reason)}`
    const known = values.get(tell(''))
    const value = what === 'value' ? reason.value : ''
    if (known === undefined) values.set(tell(''), { tell, seen: new Set([value]) })
    else known.seen.add(value)
  }
  return [...values.values()].map(({ tell, seen }) => tell([...seen].join(', ')))
}

/** Says what the ceiling does not allow. The text follows the ceiling's name. */
export function beyondText(reason: BeyondReason): string {
  if (reason.what === 'conditions') return 'has conditions on it'
  const where = reason.what === 'call' && reason.on !== undefined ? ` on ${reason.on}` : ''
  const capabilities = reason.capabilities.join(' or ')
  // One of several ceilings is enough to refuse a call.
  const several = reason.ceiling.includes(' and ')
  if (capabilities === '') return `${several ? 'together refuse' : 'refuses'} it${where}`
  return `${several ? 'together allow' : 'allows'} it${where} only with ${capabilities}`
}

/** Whether argument values are unknown. Those of calls that only the runtime makes are known. */
function isUnknown({ because }: PolicyRule): boolean {
  return (
    because.some((each) => each.kind === 'within' && each.values === 'unknown') &&
    because.some(({ kind }) => kind !== 'within' && kind !== 'floor')
  )
}

function isForClone3({ because }: PolicyRule): boolean {
  return because.some((each) => each.kind === 'fallback' && each.from === 'clone3')
}

function ceilingOf(rules: readonly PolicyRule[]): string {
  const [name = 'the ceiling'] = rules.flatMap(({ because }) =>
    because.flatMap((each) => (each.kind === 'within' ? [each.ceiling] : [])),
  )
  return name
}

function together(
  calls: readonly { readonly syscall: string }[],
  sentence: (calls: string) => string,
): readonly string[] {
  const names = [...new Set(calls.map(({ syscall }) => syscall))]
  return names.length === 0 ? [] : [sentence(names.join(', '))]
}
