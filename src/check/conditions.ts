// Finds conditions that do not compare what they seem to. Authority: runc and crun (an index that is named twice splits
// the rule into alternatives; crun before 1.30 reads six conditions), seccomp_rule_add(3), include/linux/syscalls.h
// (int arguments).
import { architectures } from '../abi/architectures.ts'
import { isNarrowArgument } from '../abi/narrow-arguments.ts'
import type { PlacedRule } from '../profile/dialects.ts'
import { has, surroundingsOf } from '../meaning/index.ts'
import { finding, type Finding } from './findings.ts'
import type { CheckSubject } from './subject.ts'

/** On these architectures libseccomp compares 32 bits anyway. */
const narrowArchitectures: ReadonlySet<string> = new Set(
  Object.values(architectures).flatMap(({ scmp, bits }) => (bits === 32 ? [scmp] : [])),
)

export function* conditionProblems(subject: CheckSubject): Generator<Finding> {
  const onlyNarrow = subject.named.length > 0 && subject.named.every((each) => narrowArchitectures.has(each))
  for (const rule of subject.profile.syscalls) {
    yield* indexProblems(subject, rule)
    for (const [place, { index, value, valueTwo = 0n, op }] of (rule.args ?? []).entries()) {
      const where = rule.argsAt[place] ?? rule
      if (op === 'SCMP_CMP_MASKED_EQ') {
        if ((valueTwo & ~value) !== 0n) {
          yield finding('never-matches', where, { mask: hex(value), comparand: hex(valueTwo) })
        }
      } else if (!onlyNarrow) {
        const calls = rule.names.filter((name) =>
          subject.architectures.some((each) => isNarrowArgument(each, name, index)),
        )
        if (calls.length > 0) {
          yield finding('narrow-argument', where, {
            index: String(index),
            op,
            calls: calls.slice(0, 8).join(', '),
            value: String(value),
          })
        }
      }
    }
  }
}

function* indexProblems({ runtime }: CheckSubject, rule: PlacedRule): Generator<Finding> {
  const met = new Set<number>()
  const seventh = rule.argsAt[6]
  if (seventh !== undefined && limitsConditions(runtime)) yield finding('conditions-beyond-six', seventh)
  for (const [place, { index }] of (rule.args ?? []).entries()) {
    const where = rule.argsAt[place] ?? rule
    if (met.has(index)) {
      yield finding('repeated-index', where, { index: String(index) })
      break
    }
    met.add(index)
  }
}

/** Whether the named runtime, or without one any runtime in use, ignores conditions after the sixth. */
function limitsConditions(runtime: CheckSubject['runtime']): boolean {
  return surroundingsOf(runtime, undefined).some((each) => !has(each.runtime, 'all-conditions'))
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`
}
