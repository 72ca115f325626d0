// Turns observations of refused or logged calls into rows for the edit of a profile: one row for each seen value of an
// argument that may decide.
import { architectureNames } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { contextOf, makeMeaning } from '../meaning/index.ts'
import type { ObservedCall, Observations } from '../observe/index.ts'
import { parseProfile } from '../profile/index.ts'
import type { RefusedCall } from '../verify/index.ts'
import type { PatchSubject } from './patch.ts'

/** A row, and whether the call was carried out at least once. */
export interface ObservedRow extends RefusedCall {
  readonly isCarriedOut: boolean
}

/** The rows of all calls that the profile does not allow silently. */
export function rowsOf(
  observations: Observations,
  { name, text, context }: PatchSubject,
): readonly ObservedRow[] {
  const meaning = makeMeaning(parseProfile(text, { name }), contextOf(context))
  return architectureNames.flatMap((architecture) =>
    Object.entries(observations.architectures[architecture] ?? {}).flatMap(([syscall, call]) => {
      const number = syscallTable(architecture).byName(syscall)?.number
      if (number === undefined) return []
      return callsWith(call).flatMap((args): readonly ObservedRow[] => {
        const answer = meaning.answer(architecture, number, args)
        // A logged call counts as refused: it will be refused when the roll-out ends.
        if (answer.action === 'SCMP_ACT_ALLOW') return []
        const { count, eperm = 0, eacces = 0, enosys = 0 } = call
        const failed = eperm + eacces + enosys
        return [
          {
            architecture,
            syscall,
            number,
            args,
            answer,
            count,
            processes: [],
            withheld: enosys >= count,
            isCarriedOut: failed < count,
          },
        ]
      })
    }),
  )
}

/** One set of arguments for each seen value; the other arguments are zero. */
function callsWith({ args = {} }: ObservedCall): readonly (readonly bigint[])[] {
  const zeros = [0n, 0n, 0n, 0n, 0n, 0n]
  const found = Object.entries(args).flatMap(([index, values]) =>
    (values ?? []).map((value) => zeros.with(Number(index), BigInt(value))),
  )
  return found.length === 0 ? [zeros] : found
}
