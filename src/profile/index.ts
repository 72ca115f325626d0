// The profile as a document: read with places and without loss from every dialect, JSON or YAML, on the authority of
// the loaders (read-members.ts, read-values.ts). What it means for one call is decided in meaning/, what is wrong with
// that in check/; it is printed in print/.
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
