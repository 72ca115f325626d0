// What a filter may have refused, from strace's lines: the same suspects that the ebpf recorder finds at sys_exit.
import { syscallTable } from '../../abi/tables.ts'
import type { ReturnedCalls, KeepCall } from '../../read/strace/filtered-results.ts'
import type { Refusals, Suspect, Watch } from '../refusals.ts'

type Call = Parameters<KeepCall>[0]

/** Calls that the filter could refuse, and that came back as it would let them. */
export function wantedFor({ calls, results, traps }: Watch): KeepCall {
  const allowed = new Map(calls.map((each) => [`${each.architecture} ${each.number}`, each.arguments]))
  const possible = new Set(results)
  return (call) => {
    const { architecture, result } = call
    const number = numberOf(call)
    const differing = allowed.get(`${architecture} ${number}`) ?? []
    if (allowed.has(`${architecture} ${number}`) && differing.length === 0) return undefined
    if (result === 'trapped') return traps ? differing : undefined
    return result === 'ended' || possible.has(result) ? differing : undefined
  }
}

export function refusalsIn({ calls, lost, programs }: ReturnedCalls): Refusals {
  const suspects = calls.flatMap((call): readonly Suspect[] => {
    const number = numberOf(call)
    if (number === undefined) return []
    const { architecture, args, result, pid, program, count } = call
    return [{ architecture, number, args, result, pid, comm: program ?? '?', count }]
  })
  return { suspects, lost, programs }
}

/** Without -n the name tells it; one that no table has is printed by its number. */
function numberOf({ architecture, name, number }: Call): number | undefined {
  const printed = /^syscall_(0x[0-9a-f]+)$/.exec(name)?.[1]
  return number ?? (printed === undefined ? syscallTable(architecture).byName(name)?.number : Number(printed))
}
