// Which architectures a policy covers, and what is known about each. If nothing was seen and nothing can be inferred,
// there is no honest policy: the request is impossible, and the answer is an error, not an empty list.
import {
  architectureNames,
  architectures,
  isHost,
  type Architecture,
  type Host,
} from '../abi/architectures.ts'
import { UserError } from '../errors.ts'

/**
 * `seen`: calls of the architecture were seen, and only they count. A recording on the target is evidence; an inference
 * from another architecture would only widen it. `inferred`: only calls of x86_64 were seen, and this is aarch64.
 * `host`: nothing was seen; the architecture is needed for the container runtime's own calls.
 */
export type PolicyTarget =
  | { readonly architecture: Architecture; readonly known: 'seen' | 'host' }
  | { readonly architecture: Host; readonly known: 'inferred'; readonly from: Host }

/**
 * The targets, in the order of abi/architectures.ts.
 *
 * A container runtime is a program of the host's 64-bit architecture, even if the workload is a 32-bit program.
 * libseccomp has that architecture in every filter, whether the profile names it or not. Without rules for it the
 * runtime's calls would get the default action, and the container would end before the workload starts. So a floor adds
 * the host, with the floor alone.
 *
 * @throws UserError if a requested architecture was not seen and cannot be inferred, or if nothing was seen at all.
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
