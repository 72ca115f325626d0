// The options of derivePolicy, and what each of them takes.
import type { Architecture } from '../abi/architectures.ts'
import { capabilitiesOrAll, kernelVersion } from '../meaning/context-options.ts'
import {
  architecture,
  callback,
  flag,
  listOf,
  object,
  oneOf,
  readKnown,
  text,
  texts,
  type OptionTable,
  type OptionReader,
} from '../options.ts'
import { parsedProfile } from '../profile/parse.ts'
import { reachableValue, type Reachable } from '../scan/reachable.ts'
import { beyondChoices, type BeyondChoice } from './beyond.ts'
import { conditionsChoices, type ConditionsChoice } from './bounds.ts'
import type { CeilingOptions, CeilingProfile } from './ceiling.ts'
import type { FloorChoice } from './floor.ts'
import { floorChoice } from './floor-choice.ts'
import type { MarginChoice } from './margin.ts'
import { partNames, type PartName } from './parts.ts'
import { defaultActionNames, type DefaultAction } from './policy.ts'
import { unseenChoices, type UnseenChoice } from './reachable.ts'

/** What shapes a policy beside the observations: floor, ceiling, margin and conditions. */
export interface PolicyOptions extends CeilingOptions {
  /** The calls that the program's code can make, as a scan found them. */
  readonly reachable?: Reachable
  /** How calls that are reachable and were not seen are answered. Default 'refuse'. */
  readonly unseen?: UnseenChoice
  /** Nothing was recorded: the policy rests on the scan alone and never exceeds the ceiling. */
  readonly fromScan?: boolean
  /**
   * The architectures of the policy. Default, also for an empty list: those that were seen. If aarch64 is requested but
   * was not seen, it is inferred from x86_64. With a floor, the 64-bit host of a 32-bit architecture is added.
   */
  readonly architectures?: readonly Architecture[]
  /** The runtime whose floor is added. Default 'all'; 'none' for programs that no container runtime starts. */
  readonly runtime?: FloorChoice
  /** The workload has no_new_privs (Kubernetes: allowPrivilegeEscalation false). Default false: the larger floor. */
  readonly noNewPrivileges?: boolean
  /** The answer to every call without a rule. 'errno' (the default) is EPERM. */
  readonly defaultAction?: DefaultAction['type']
  /**
   * The kernel logs each refusal. Refused for a version of a runtime that starts no container whose profile has flags.
   */
  readonly logRefusals?: boolean
  /** Allow clone3 if it was seen. Default false: it is answered ENOSYS, and libc makes clone instead. */
  readonly allowClone3?: boolean
  /**
   * 'within' (the default): the ceiling's own conditions. 'observed': only the seen values, if all are known and they
   * are few. 'none': no conditions, so that the ceiling decides only about whole calls.
   */
  readonly conditions?: ConditionsChoice
  /** Calls and values seen beyond the ceiling: 'seen' (the default) allows those not always refused, 'never' none. */
  readonly beyond?: BeyondChoice
  /** Programs beside the workload whose calls are allowed, within the ceiling. Default: none. */
  readonly with?: readonly PartName[]
  /** Unseen calls on rare paths that are allowed within the ceiling. Default 'libc'. */
  readonly margin?: MarginChoice
}

/** Other members are not looked at: what builtinProfile returns is a ceiling too. */
const ceilingProfile: OptionReader<CeilingProfile> = (value, at) =>
  readKnown<CeilingProfile>(
    at,
    { name: text, profile: parsedProfile, capabilities: texts },
    object(value, at),
    ['name', 'profile'],
  )

const ceiling: OptionReader<NonNullable<CeilingOptions['within']>> = (value, at) => {
  if (typeof value === 'string') return value
  return Array.isArray(value) ? listOf(ceilingProfile)(value, at) : ceilingProfile(value, at)
}

const margin: OptionReader<MarginChoice> = (value, at) =>
  typeof value === 'function' ? callback<MarginChoice>()(value, at) : oneOf(['none', 'libc'])(value, at)

export const policyTable: OptionTable<PolicyOptions> = {
  reachable: reachableValue,
  unseen: oneOf(unseenChoices),
  fromScan: flag,
  architectures: listOf(architecture),
  runtime: floorChoice,
  noNewPrivileges: flag,
  defaultAction: oneOf(defaultActionNames),
  logRefusals: flag,
  allowClone3: flag,
  within: ceiling,
  capabilities: capabilitiesOrAll,
  kernel: kernelVersion,
  conditions: oneOf(conditionsChoices),
  beyond: oneOf(beyondChoices),
  with: listOf(oneOf(partNames)),
  margin,
}
