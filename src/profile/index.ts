// The profile as a document: this room reads every dialect, JSON or YAML, without loss and with places. Authority: the
// loaders (read-members.ts, read-values.ts). meaning/ decides what a profile means, check/ finds mistakes in it, print/
// prints it.
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
export type { Flaw, FlawCode, Severity, Standing } from './flaws.ts'
export type { Recorded } from './recorded.ts'
export { isJson, parseProfile, parseProfiles, soundProfile, type ParseOptions } from './parse.ts'
