// The conditions of a rule as the runtimes hand them to libseccomp.
// Authority: runc libcontainer/seccomp/seccomp_linux.go (matchCall), crun src/libcrun/seccomp.c: a rule that compares
// an argument twice becomes one rule for each of its conditions. crun looked at the first six conditions alone.
import type { OciArgument, Operator } from '../profile/document.ts'
import { has } from './versions/runtimes.ts'
import type { RuntimeVersion } from './versions/runtime-word.ts'

export interface Condition {
  /** 0 to 5. */
  readonly index: number
  readonly operator: Operator
  readonly mask: bigint
  readonly value: bigint
}

const all64 = 0xffffffffffffffffn

/** The alternatives: sets of conditions of which all must hold, each on arguments in their order. */
export function alternativesOf(
  args: readonly OciArgument[],
  runtime?: RuntimeVersion,
): readonly (readonly Condition[])[] {
  const looked = runtime === undefined || has(runtime, 'all-conditions') ? args : args.slice(0, 6)
  const conditions = looked.map(({ index, op, value, valueTwo }): Condition => {
    if (op === 'SCMP_CMP_MASKED_EQ') return { index, operator: op, mask: value, value: valueTwo ?? 0n }
    return { index, operator: op, mask: all64, value }
  })
  if (new Set(conditions.map(({ index }) => index)).size < conditions.length) {
    return conditions.map((each) => [each])
  }
  return [conditions.sort((one, other) => one.index - other.index)]
}
