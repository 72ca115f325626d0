// What a profile means: how libseccomp's filter and the kernel answer any call in a context (host, bounding set,
// kernel, runtime). The profile alone decides. Authority: the loaders (resolve.ts), runc and crun (filter.ts,
// conditions.ts), libseccomp (chain*.ts). Pure: this room starts no process and reads no file.
export { refusalsOf, refusalsOnOthers } from './refusals.ts'
export type { ProfileRefusal, RefusalCode } from './refusal.ts'
export { has } from './versions/runtimes.ts'
export { surroundingsOf, type Surroundings } from './versions/in-use.ts'
export { oldestLibraryOn, type LibraryVersion } from './versions/library.ts'
export type { RuntimeName, RuntimeVersion } from './versions/runtime-word.ts'
export type { EngineName, EngineVersion } from './versions/engines.ts'
export { answerOfPrograms, decodeProgram, prevails, type BpfProgram } from './bpf.ts'
export {
  appliedFilter,
  appliedMeaning,
  appliedReach,
  eachNotAllowed,
  isLogging,
  isRefusing,
  isWithheld,
  type AppliedFilter,
} from './applied.ts'
export { builtinsEqualTo, likelyMaker } from './applied-name.ts'
export { appliedProfile } from './applied-profile.ts'
export { reachOf, type Reach } from './reach.ts'
export { answerAlways, makeMeaning, type Meaning } from './meaning.ts'
export { answerText, directionOf, permissiveness, type Answer, type Direction } from './answer.ts'
export { contextOf, dockerCapabilities, type Context, type ContextOptions } from './context.ts'
export { builtin, builtinNames, builtinReleases, type Builtin, type BuiltinRelease } from './builtin.ts'
export { isPermitted, permittedCases, type Case } from './permitted.ts'
export { answersTo, differencesOf, differencesOfCall, type Difference } from './compare.ts'
export {
  changesBetween,
  countsAgainst,
  type Change,
  type ChangeId,
  type Comparison,
  type Counts,
  type Verdict,
} from './changes.ts'
export { compareProfiles, contextsFor, evaluate, type Call, type CompareOptions } from './profiles.ts'
export { resolve, type Resolved, type ResolvedRule } from './resolve.ts'
export { intersectProfiles, mergeProfiles, type CombinedProfile } from './intersect.ts'
