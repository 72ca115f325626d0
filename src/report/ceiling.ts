// Where a policy is wider than its ceiling, and where it is not although the program may need it: a sentence each.
import type { Policy, PolicyRule, Reason } from '../policy/index.ts'

type Beyond = Extract<Reason, { kind: 'beyond' }>

/** In the order of the policy's rules; the same said once for all architectures. */
export function ceilingLines({ rules, left }: Policy): readonly string[] {
  const wider = rules.flatMap((rule) =>
    rule.because.flatMap((reason) => (reason.kind === 'beyond' ? [[rule, reason] as const] : [])),
  )
  const one = wider.filter(([, { what }]) => what !== 'conditions')
  const unwanted = wider.filter(([, { what }]) => what === 'conditions')
  const unknown = rules.filter(isUnknown)
  const refused = left.filter(({ why }) => why === 'beyond-ceiling')
  return [
    ...new Set(one.map(([rule, reason]) => widerSentence(rule, reason))),
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
      refused,
      (calls) =>
        `the runtime or the kernel may make these calls, the ceiling refuses them, and nobody saw them; left out: ${calls}`,
    ),
  ]
}

function widerSentence({ syscall, because }: PolicyRule, reason: Beyond): string {
  const what =
    reason.what === 'value' ? `${syscall} with argument ${reason.argument} = ${reason.value}` : syscall
  const [first] = because.flatMap((each) => (each.kind === 'seen' ? [` at ${each.first}`] : []))
  const where = reason.what === 'call' ? (first ?? '') : ''
  const caps = reason.capabilities.join(' or ')
  const allowed = caps === '' ? 'refuses it' : `allows it only with ${caps}`
  return `wider than ${reason.ceiling}: ${what} was seen${where}; ${reason.ceiling} ${allowed}`
}

/** Of what the runtime alone does everything is known. */
function isUnknown({ because }: PolicyRule): boolean {
  return (
    because.some((each) => each.kind === 'within' && each.values === 'unknown') &&
    because.some(({ kind }) => kind !== 'within' && kind !== 'floor')
  )
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
