// Which architectures a policy is for, and what is known of each. Where nothing was seen and nothing can be
// inferred, there is no honest policy: that is an impossible request, not an empty list.
import {
  architectureNames,
  architectures,
  isHost,
  type Architecture,
  type Host,
} from '../abi/architectures.ts'
import { UserError } from '../errors.ts'

/**
 * `seen`: calls of it were seen, and they alone speak for it, even if another architecture was seen as well: what
 * was recorded on a target is evidence, and an inference beside it would only widen it. To have both, merge
 * recordings. `inferred`: only calls of x86_64 were seen, and this is aarch64. `host`: nothing of it was seen; it
 * is here for the container runtime alone.
 */
export type PolicyTarget =
  | { readonly architecture: Architecture; readonly known: 'seen' | 'host' }
  | { readonly architecture: Host; readonly known: 'inferred'; readonly from: Host }

/**
 * The targets, in the order of abi/architectures.ts.
 *
 * A container runtime is a program of the host's 64-bit architecture, also where the workload is a 32-bit one. Its own
 * calls are judged under that architecture, which libseccomp has in every filter whether the profile names it or not:
 * with no word on it they would get the default action, and the container would end before the workload begins. So a
 * floor brings the host along, with the floor alone.
 *
 * @throws UserError where a requested architecture was not seen and cannot be inferred, or nothing was seen at all.
 */
export function targetsOf(
  seen: readonly Architecture[],
  requested: readonly Architecture[],
  withFloor: boolean,
): readonly [PolicyTarget, ...PolicyTarget[]] {
  if (seen.length === 0) {
    throw new UserError('nothing-seen')
  }
  const wanted = architectureNames.filter((each) =>
    (requested.length === 0 ? seen : requested).includes(each),
  )
  const known = new Map<Architecture, PolicyTarget>()
  for (const architecture of wanted) {
    const from = architectures[architecture].inferredFrom
    if (seen.includes(architecture)) known.set(architecture, { architecture, known: 'seen' })
    else if (from !== undefined && seen.includes(from) && isHost(architecture))
      known.set(architecture, { architecture, known: 'inferred', from })
  }
  if (withFloor) {
    for (const architecture of wanted) {
      const { host } = architectures[architecture]
      if (known.has(architecture) && !known.has(host)) known.set(host, { architecture: host, known: 'host' })
    }
  }
  const missing = wanted.find((each) => !known.has(each))
  if (missing !== undefined) {
    throw new UserError('not-inferable', { architecture: missing, seen })
  }
  const targets = architectureNames.flatMap((each) => known.get(each) ?? [])
  return targets as [PolicyTarget, ...PolicyTarget[]]
}
