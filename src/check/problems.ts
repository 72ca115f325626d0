// Runs every check on a profile and decides whose rules apply. Each check is a file of this room and covers one
// subject.
import { engineVersion, libraryVersion, runtimeVersion } from '../meaning/context-options.ts'
import { oneOf, readOptions, text, type OptionTable } from '../options.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { dialects, type Dialect } from '../profile/document.ts'
import { finding, sortFindings, type Finding } from './findings.ts'
import { parsedProfile, parseProfile, type ParseOptions } from '../profile/parse.ts'
import type { EngineVersion } from '../meaning/index.ts'
import { callProblems } from './calls.ts'
import { conditionProblems } from './conditions.ts'
import { dialectProblems } from './dialect.ts'
import { errnoProblems } from './errnos.ts'
import { libraryProblems } from './library.ts'
import { notifyProblems } from './notify.ts'
import { sameEffectProblems } from './same-effect.ts'
import { ruleProblems } from './rules.ts'
import { refusedProblems } from './refused.ts'
import { subjectOf, type Check, type Readers } from './subject.ts'
import { wordProblems } from './words.ts'
import { schemaErrors } from './schema.ts'
import { nodeAt, plainValue } from '../profile/tree.ts'

/** Who reads the profile. Default: every engine that reads its keys. */
export interface ProblemOptions extends ParseOptions, Readers {
  /**
   * Who reads the file: "docker" stands for Docker, Podman and CRI-O; all others read plain OCI only. Default: the
   * file's keys decide. A config.json and a SeccompProfile are always read as plain OCI.
   */
  readonly dialect?: Dialect
}

const problemTable: OptionTable<ProblemOptions> = {
  name: text,
  dialect: oneOf(dialects),
  runtime: runtimeVersion,
  libseccomp: libraryVersion,
  engine: engineVersion,
}

const checks: readonly Check[] = [
  dialectProblems,
  wordProblems,
  errnoProblems,
  notifyProblems,
  callProblems,
  libraryProblems,
  sameEffectProblems,
  conditionProblems,
  ruleProblems,
  refusedProblems,
]

/**
 * Every finding about a profile, sorted by place in the text. The profile is valid if no finding has severity "error".
 *
 * @throws UserError, as parseProfile does, for a text that is not a profile; for an unknown option or a value that it
 * does not take.
 */
export function profileProblems(
  profile: string | ParsedProfile,
  given: ProblemOptions = {},
): readonly Finding[] {
  const { name = 'profile', ...options } = readOptions('profileProblems', problemTable, given)
  const parsed =
    typeof profile === 'string'
      ? parseProfile(profile, { name })
      : parsedProfile(profile, 'profileProblems: profile')
  const asOci = readAsOci(parsed, options.dialect, options.engine)
  const subject = subjectOf(parsed, asOci, options)
  const found = [...parsed.flaws, ...checks.flatMap((check) => [...check(subject)])]
  if (!found.some(({ severity }) => severity === 'error')) found.push(...schemaProblems(parsed, asOci))
  return sortFindings(found)
}

/** Whether no finding is an error. Warnings do not count. */
export function isValid(findings: readonly Finding[]): boolean {
  return !findings.some(({ severity }) => severity === 'error')
}

/** Whether the reader ignores every key that plain OCI lacks. */
export function readAsOci(
  { envelope }: ParsedProfile,
  dialect: Dialect | undefined,
  engine?: EngineVersion,
): boolean {
  if (engine?.startsWith('containerd') === true) return true
  if (dialect !== undefined) return dialect !== 'docker'
  switch (envelope) {
    case 'config':
    case 'spo':
      return true
    case 'none':
    case 'config-map':
      return false
  }
}

/** What the other checks missed, which should be nothing. */
function schemaProblems({ tree }: ParsedProfile, asOci: boolean): readonly Finding[] {
  const errors = schemaErrors(asOci ? 'oci-profile' : 'docker-profile', plainValue(tree))
  return errors.map(({ pointer, message }) =>
    finding('schema', nodeAt(tree, tree.pointer + pointer) ?? tree, { message }),
  )
}
