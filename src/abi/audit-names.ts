// The architectures by the names that the audit subsystem gives them. Authority: linux/audit.h for the values and the
// names of AUDIT_ARCH_*, libaudit's machinetab.h for those of its tools; both are in the rows.
import { architectureNames, architectures, type Architecture } from './architectures.ts'

const byValue: ReadonlyMap<string, Architecture> = new Map(
  architectureNames
    .toReversed()
    .map((each) => [architectures[each].audit.toString(16).padStart(8, '0'), each]),
)
const byName: ReadonlyMap<string, Architecture> = new Map(
  architectureNames
    .toReversed()
    .flatMap((each) => [...architectures[each].auditNames, each].map((name) => [name, each] as const)),
)

/** The architecture of `arch=c000003e` in a record; x32 shares x86_64's. Undefined if it is not supported. */
export function architectureOfAuditValue(digits: string): Architecture | undefined {
  return byValue.get(digits)
}

/** The architecture of libaudit's name, or of AUDIT_ARCH_* without the prefix; undefined if it is not supported. */
export function architectureOfAuditName(name: string): Architecture | undefined {
  return byName.get(name.toLowerCase())
}
