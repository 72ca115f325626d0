// The entry of the library: pure, starts no process. Exports only. 'seccomp-gen/run' starts processes.
export type { Architecture } from './abi/architectures.ts'
export { syscallTable, type SyscallTable, type TableEntry } from './abi/tables.ts'
export type { Risk, RiskClass, RiskSeverity } from './abi/risks.ts'
export * from './check/index.ts'
export { UserError, type ErrorCode, type ErrorFacts, type ErrorStatus } from './errors.ts'
export { explainProfile, type CarriedOut, type ExplainedCall, type ExplainOptions } from './explain/index.ts'
export {
  hardenContext,
  parseContext,
  printContext,
  type Because,
  type CapabilitySets,
  type ContainerContext,
  type HardenOptions,
  type Mount,
  type PodSecurityLevel,
  type SecurityContext,
  type User,
} from './harden/index.ts'
export {
  answerText,
  builtin as builtinProfile,
  builtinNames as builtinProfileNames,
  builtinReleases as builtinProfileReleases,
  compareProfiles,
  evaluate,
  intersectProfiles,
  mergeProfiles,
  type Answer,
  type Builtin as BuiltinProfile,
  type BuiltinRelease as BuiltinProfileRelease,
  type Call,
  type Change,
  type CombinedProfile,
  type ChangeId,
  type CompareOptions,
  type Comparison,
  type ContextOptions,
  type Difference,
  type Direction,
  type Verdict,
} from './meaning/index.ts'
export {
  countCalls,
  estimateRuns,
  mergeObservations,
  observe,
  printObservations,
  type ObservedCall,
  type ObservedContext,
  type ObserveOptions,
  type Observations,
  type RunEstimate,
} from './observe/index.ts'
export {
  derivePolicy,
  type Beyond,
  type CeilingOptions,
  type CeilingProfile,
  type MaskedCondition,
  type DefaultAction,
  type KernelWhy,
  type LeftOut,
  type Policy,
  type PolicyOptions,
  type PolicyRule,
  type Reason,
  type RuleAction,
} from './policy/index.ts'
export * from './print/index.ts'
export * from './profile/index.ts'
export type { Evidence, SourceSummary } from './read/account.ts'
export type { Format } from './read/formats.ts'
export type { Diagnostic, DiagnosticCode } from './read/diagnostics.ts'
export { readTrace, type ReadTraceOptions } from './read/index.ts'
export type { CallerChoice } from './read/subject.ts'
export type { TraceRecord } from './read/records.ts'
export {
  loadImage,
  mergeReachable,
  parseReachable,
  printReachable,
  scanPrograms,
  type ArchiveFiles,
  type FileEntry,
  type LoadedImage,
  type ElfMachine,
  type NotFollowed,
  type Reachable,
  type ReachableCall,
  type RecordCache,
  type Records,
  type ScanOptions,
  type ScannedModule,
  type StartedAs,
  type Tree,
  type Unresolved,
} from './scan/index.ts'
export type { Source } from './read/source.ts'
export type { ByteStream, ReadingOptions } from './read/source.ts'
export { rateChanges, type RatedChange } from './explain/change-risks.ts'
export { accountLine, runLines } from './report/account.ts'
export type { Compared } from './report/changes.ts'
export { comparedProfiles, type ComparedOptions } from './report/compare.ts'
export { contentsLine } from './report/contents.ts'
export { diagnosticSentence } from './report/diagnostics.ts'
export { findingHint, findingSentence } from './report/findings.ts'
export type { Explained } from './report/explained.ts'
export {
  changesReport,
  explanationReport,
  findingsReport,
  observationsReport,
  reviewReport,
  type ChangesFormat,
} from './report/library.ts'
export type { Medium, Tool } from './report/medium.ts'
export type { Checked } from './report/problems.ts'
export { headline, reviewItems, type ReviewItem } from './report/review.ts'
export type { Reviewed, ReviewedProfile } from './report/reviewed.ts'
export type { Screen } from './report/screen.ts'
