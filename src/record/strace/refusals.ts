// Finds in strace's lines the calls that a filter may have refused, as the ebpf recorder finds them at sys_exit.
import { architectureOfNumber, numberOfFilter, unmarkedBeside } from '../../abi/number-bit.ts'
import { syscallTable } from '../../abi/tables.ts'
import type { ReturnedCalls, KeepCall } from '../../read/strace/filtered-results.ts'
import type { Refusals, Suspect, Watch } from '../refusals.ts'

type FilteredCall = Parameters<KeepCall>[0]

/** Keeps the calls that the filter may refuse and whose result may be a refusal. Calls `kept` with each of them. */
export function wantedFor({ calls, results, traps }: Watch, kept: (call: FilteredCall) => void): KeepCall {
  const allowed = new Map(calls.map((each) => [`${each.architecture} ${each.number}`, each.arguments]))
  const possible = new Set(results)
  return (call) => {
    const { result } = call
    const { architecture, number } = filteredCall(call)
    const differing = allowed.get(`${architecture} ${number}`) ?? []
    if (allowed.has(`${architecture} ${number}`) && differing.length === 0) return undefined
    const isPossible = result === 'trapped' ? traps : result === 'ended' || possible.has(result)
    if (!isPossible) return undefined
    kept(call)
    return differing
  }
}

/** Counts the calls that were kept so far, by call, without arguments and processes. */
export class KeptRefusals {
  readonly #counts = new Map<string, Suspect>()

  add(call: FilteredCall): void {
    const { result } = call
    const key = `${call.architecture} ${call.name} ${call.number} ${result}`
    const count = (this.#counts.get(key)?.count ?? 0) + 1
    this.#counts.set(key, { ...filteredCall(call), args: undefined, result, pid: 0, comm: '?', count })
  }

  get suspects(): readonly Suspect[] {
    return [...this.#counts.values()]
  }
}

export function refusalsIn({ calls, lost, ownFilter }: ReturnedCalls): Refusals {
  const suspects = calls.flatMap((call): readonly Suspect[] => {
    const { architecture, number } = filteredCall(call)
    if (number === undefined) return []
    const { args, result, pid, program, count } = call
    return [{ architecture, number, args, result, pid, comm: program ?? '?', count }]
  })
  return { suspects, lost, ...(ownFilter && { ownUnknown: true }) }
}

/**
 * The call as the filter sees it. Without -n the number comes from the name. strace names a call that is in no table by
 * its number, and calls a process that made such a call x32's if bit 30 is set, as in -16.
 */
function filteredCall({
  architecture,
  name,
  number,
}: FilteredCall): Pick<Suspect, 'architecture' | 'number'> {
  const printed = /^syscall_(0x[0-9a-f]+)$/.exec(name)?.[1]
  if (printed === undefined)
    return { architecture, number: number ?? syscallTable(architecture).byName(name)?.number }
  const seen = numberOfFilter(printed)
  return { architecture: architectureOfNumber(unmarkedBeside(architecture), seen), number: seen }
}
