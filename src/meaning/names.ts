// What libseccomp takes a name for on an architecture: a number; where the architecture multiplexes socket and ipc
// calls, also the family's; or a number of its own for a call that the architecture does not have. Such a rule stands in
// the filter's lists as any other, and matters there: see program.ts.
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
  /** Or a name, where the architecture does not have it. */
  readonly call: number | string
  /** Where the number stands for a family: which of its members. */
  readonly member?: number
}

/** None where the rule falls away; the family goes before the call itself. */
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

/** The same on an architecture that has no table here: a name stands for each number. */
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

/** mips and ppc came to it with 2.5.2. */
function multiplexesThere(calls: OtherCalls, library: LibraryVersion | undefined): boolean {
  return !['mips', 'ppc'].includes(calls) || library === undefined || compareVersions(library, '2.5.2') >= 0
}

/** The first argument says which call is meant; what a rule said of it is lost, the other conditions stay. */
export function memberConditions(member: number, conditions: readonly Condition[]): readonly Condition[] {
  return [
    { index: 0, operator: 'SCMP_CMP_EQ', mask: 0xffffffffffffffffn, value: BigInt(member) },
    ...conditions.filter(({ index }) => index !== 0),
  ]
}

/** include/seccomp-syscalls.h gives these two one number. */
function pseudo(name: string): string {
  return name === 'switch_endian' ? 'sys_debug_setcontext' : name
}
