// From observations to policy: which calls a workload may make, on which architectures, and why. The evidence is what
// was seen, what the code can call, the tables of abi/, and facts about runtimes, libcs and the kernel. Each decision
// is one file that names its authority in its first lines. print/ writes a policy as a profile.
export { beyondChoices, type BeyondChoice } from './beyond.ts'
export { conditionsChoices } from './bounds.ts'
export type { CeilingOptions, CeilingProfile } from './ceiling.ts'
export { coverageOf, unseenChoices, type Coverage, type UnseenCall, type UnseenChoice } from './reachable.ts'
export { derivePolicy } from './derive.ts'
export type { PolicyOptions } from './options.ts'
export { floors, isFloorMeasured, type Floor, type FloorChoice } from './floor.ts'
export { partNames, type PartName } from './parts.ts'
export { versionFloor, type Certainty, type FloorCall, type VersionFloor } from './floor-versions.ts'
export type { RuntimeVersion } from '../meaning/versions/runtime-word.ts'
export { defaultActionNames } from './policy.ts'
export type {
  Beyond,
  MaskedCondition,
  DefaultAction,
  KernelWhy,
  LeftOut,
  Policy,
  PolicyRule,
  Reason,
  RuleAction,
} from './policy.ts'
export type { Companion, Companions, MarginChoice, SeenCalls } from './margin.ts'
export { callsOn } from './translate.ts'
export { reasonsWithoutTrace } from './untraced.ts'
