// What libseccomp makes of a call's name on an architecture: the call's number, or a pseudo number if the architecture
// lacks the call. On architectures that multiplex socket and ipc calls it also takes the family's number. A rule with a
// pseudo number stands in libseccomp's lists like any other and can change the filter: see program.ts.
// Authority: libseccomp 2.5.4, src/arch.c (arch_filter_rule_add), src/syscalls.c (abi_rule_add).
import { architectures, type Architecture } from '../abi/architectures.ts'
import { multiplexerOf, multiplexers } from '../abi/multiplexers.ts'
import { syscallTable } from '../abi/tables.ts'
import type { Condition } from './conditions.ts'
import type { OtherArchitecture } from './versions/architectures.ts'
import { numberIn, type LibraryVersion } from './versions/library.ts'
import { isKept, type OtherCalls } from './versions/other-calls.ts'
import { compareVersions } from './versions.ts'

export interface Named {
  /** The number; the name if the architecture lacks the call. */
  readonly call: number | string
  /** The member of the family, if the number is a family's. */
  readonly member?: number
}

/** The calls that a rule for `name` covers, the family's first. Empty if libseccomp drops the rule. */
export function callsOf(
  name: string,
  architecture: Architecture,
  library: LibraryVersion | undefined,
): readonly Named[] {
  const number = numberIn(library, name, architecture)
  const own = { call: number ?? pseudo(name) }
  if (!architectures[architecture].multiplexes) return [own]
  const family = multiplexerOf(name)
  if (family === undefined) return number === undefined ? [] : [own]
  const member = multiplexers[family][name]
  const familyNumber = syscallTable(architecture).byName(family)?.number
  return member === undefined || familyNumber === undefined ? [own] : [{ call: familyNumber, member }, own]
}

/** The same for an architecture without a table in this project: names stand for the numbers. */
export function otherCallsOf(
  name: string,
  { multiplexed }: OtherArchitecture,
  library: LibraryVersion | undefined,
): readonly Named[] {
  if (multiplexed === undefined || !multiplexesThere(multiplexed, library)) return [{ call: pseudo(name) }]
  if (!isKept(multiplexed, name, library)) return []
  const family = multiplexerOf(name)
  const member = family === undefined ? undefined : multiplexers[family][name]
  return family === undefined || member === undefined
    ? [{ call: name }]
    : [{ call: family, member }, { call: name }]
}

/** libseccomp multiplexes on mips and ppc since 2.5.2. */
function multiplexesThere(calls: OtherCalls, library: LibraryVersion | undefined): boolean {
  return !['mips', 'ppc'].includes(calls) || library === undefined || compareVersions(library, '2.5.2') >= 0
}

/** The first argument selects the member, so a rule's own condition on it is lost. The other conditions stay. */
export function memberConditions(member: number, conditions: readonly Condition[]): readonly Condition[] {
  return [
    { index: 0, operator: 'SCMP_CMP_EQ', mask: 0xffffffffffffffffn, value: BigInt(member) },
    ...conditions.filter(({ index }) => index !== 0),
  ]
}

/** include/seccomp-syscalls.h gives these two calls the same pseudo number. */
function pseudo(name: string): string {
  return name === 'switch_endian' ? 'sys_debug_setcontext' : name
}
