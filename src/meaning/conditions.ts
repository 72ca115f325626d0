// The conditions of a rule as the runtimes pass them to libseccomp. If a rule compares an argument twice, the runtimes
// make one rule of each condition. crun before 1.30 reads only the first six conditions.
// Authority: runc libcontainer/seccomp/seccomp_linux.go (matchCall), crun src/libcrun/seccomp.c.
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

/** The rules that libseccomp gets, each as its conditions: all of them must hold, ordered by argument. */
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
