// The profile as a document: read with places and without loss from every dialect, checked, built from a policy and
// printed. What a profile means for one call is decided in meaning/.
export type { Action, Dialect, OciArgument, OciProfile, OciRule, Operator } from './document.ts'
export type {
  ArchMapEntry,
  BeyondOci,
  DockerProfile,
  DockerRule,
  Envelope,
  ParsedProfile,
  PlacedRule,
  ProfileDialect,
  ReadProfile,
  RuleFilter,
} from './dialects.ts'
export type { Finding, FindingCode, Severity, Standing } from '../check/findings.ts'
export { sortFindings } from '../check/findings.ts'
export { buildProfile } from '../print/build.ts'
export { buildDockerProfile, printPolicyAs, type PrintPolicyOptions } from '../print/print-policy.ts'
export { isJson, parseProfile, parseProfiles, soundProfile, type ParseOptions } from './parse.ts'
export { printProfile } from '../print/profile.ts'
export { floorProblems, type FloorProblemOptions } from '../check/floor.ts'
export { isValid, profileProblems, type ProblemOptions } from '../check/problems.ts'
