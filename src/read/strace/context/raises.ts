// Calls that set capabilities without a check. Authority: capset(2), prctl(2) (PR_CAP_AMBIENT, PR_SET_SECUREBITS).
// A line does not show which capabilities the program had. A refused capset lacked at least those that it requested as
// effective and not as permitted.
import type { CapabilityName, CapabilityRaise } from '../../observations/context.ts'

export function raiseIn(
  name: string,
  texts: readonly string[],
  isRefused: boolean,
): Pick<CapabilityRaise, 'call' | 'capabilities'> | undefined {
  if (name === 'capset') {
    const [effective, permitted] = ['effective', 'permitted'].map((set) =>
      capabilitiesIn(new RegExp(`${set}=([^,}]+)`).exec(texts[1] ?? '')?.[1]),
    )
    const capabilities = isRefused
      ? effective?.filter((each) => permitted?.includes(each) !== true)
      : permitted
    return { call: name, capabilities: capabilities ?? [] }
  }
  if (name !== 'prctl') return undefined
  const [option, second, third] = texts
  if (option?.includes('PR_SET_SECUREBITS') === true) return { call: 'securebits', capabilities: [] }
  if (option?.includes('PR_CAPBSET_DROP') === true) return { call: 'drop-bounding', capabilities: [] }
  if (option?.includes('PR_CAP_AMBIENT') !== true || second?.includes('PR_CAP_AMBIENT_RAISE') !== true)
    return undefined
  return { call: 'ambient', capabilities: isRefused ? [] : capabilitiesIn(third) }
}

function capabilitiesIn(text = ''): CapabilityName[] {
  return [...new Set(text.match(/CAP_[A-Z_]+/g) as CapabilityName[] | null)].sort()
}
