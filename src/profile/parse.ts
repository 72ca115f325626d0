// Reads the profiles of a file's text. A document with mistakes is still read, and its mistakes are listed. A text that
// is not a profile, or neither JSON nor YAML, is refused.
import { UserError } from '../errors.ts'
import { readOptions, text as anyText, valueOf, isObject, type OptionTable } from '../options.ts'
import type { DockerProfile, ParsedProfile, ProfileDialect } from './dialects.ts'
import { findProfiles, foreignText, type FoundProfile } from './envelope.ts'
import { flaw } from './flaws.ts'
import { parseJson } from './json.ts'
import { operatorKeys, readProfile, type Reading } from './read-profile.ts'
import type { Place, TreeNode } from './tree.ts'
import { parseYaml } from './yaml.ts'

/** `name`: of the profile in messages. */
export interface ParseOptions {
  /** The file's name, for messages. Default "profile". */
  readonly name?: string
}

export const parseTable: OptionTable<ParseOptions> = { name: anyText }

/** A parsed profile. */
export const parsedProfile = valueOf<ParsedProfile>(
  'a profile: give what parseProfile or builtinProfile returns',
  (value) => isObject(value) && isObject(value['profile']) && isObject(value['tree']),
)

/**
 * The only profile of a file: plain OCI, Docker's or containers/common's format, a config.json, a SeccompProfile or a
 * ConfigMap (YAML or JSON).
 *
 * @throws UserError, `file:line:column: why`, for a text that is not a profile, that cannot be parsed, or that has
 * several profiles; for an unknown option, and for a value that is not a string.
 */
export function parseProfile(text: string, options: ParseOptions = {}): ParsedProfile {
  const { name = 'profile' } = readOptions('parseProfile', parseTable, options)
  const [profile, second] = profilesIn(anyText(text, 'parseProfile: text'), name)
  if (profile === undefined) throw new Error('parseProfiles returned nothing')
  if (second === undefined) return profile
  throw new UserError('several-profiles', { ...placed(profile.name, second.profile.at), title: second.title })
}

/**
 * All profiles of a file, at least one. A stream of Kubernetes objects can have several.
 *
 * @throws UserError, as parseProfile does, for a text that holds none.
 */
export function parseProfiles(
  text: string,
  options: ParseOptions = {},
): readonly [ParsedProfile, ...ParsedProfile[]] {
  const { name = 'profile' } = readOptions('parseProfiles', parseTable, options)
  return profilesIn(anyText(text, 'parseProfiles: text'), name)
}

function profilesIn(text: string, name: string): readonly [ParsedProfile, ...ParsedProfile[]] {
  const found: FoundProfile[] = []
  for (const root of documentsOf(name, text)) {
    const finds = findProfiles(root, text)
    if (!finds.ok) {
      const at = placed(name, finds.at)
      throw 'because' in finds
        ? new UserError('not-a-profile', { ...at, because: finds.because })
        : new UserError('invalid-json', { ...at, ...finds.why, value: finds.value })
    }
    found.push(...finds.found)
  }
  const hasMark = text.startsWith('\uFEFF')
  const [first, ...rest] = found.map((each) => parsedFrom(name, each, hasMark))
  if (first === undefined) {
    throw new UserError('not-a-profile', { ...placed(name, start), because: 'none-in-objects' })
  }
  return [first, ...rest]
}

/**
 * The profile with the guarantee that it is complete, for everything that works with its meaning.
 *
 * @throws UserError that names the first mistake for which a runtime or a loader refuses the profile.
 */
export function soundProfile({
  name,
  profile,
  flaws,
}: ParsedProfile): DockerProfile & ParsedProfile['profile'] {
  const flaw = flaws.find(({ severity }) => severity === 'error')
  if (flaw === undefined && profile.defaultAction !== undefined) {
    return { ...profile, defaultAction: profile.defaultAction }
  }
  throw new UserError('flawed-profile', {
    ...placed(name, flaw ?? profile.at),
    finding: flaw?.code ?? 'no-default-action',
  })
}

/** Whether a profile's text is read as JSON. Other texts are read as YAML. */
export function isJson(text: string): boolean {
  return /^\uFEFF?\s*[{[]/.test(text)
}

const start: Place = { offset: 0, line: 1, column: 1 }

function placed(
  file: string,
  { line, column }: Pick<Place, 'line' | 'column'>,
): { readonly file: string; readonly line: number; readonly column: number } {
  return { file, line, column }
}

function documentsOf(name: string, text: string): readonly TreeNode[] {
  if (isJson(text)) {
    const json = parseJson(text)
    if (json.ok) return [json.root]
    throw new UserError('invalid-json', { ...placed(name, json.at), ...json.why })
  }
  if (!/^["']?(?:kind|spec)["']?[ \t]*:/m.test(text)) {
    throw new UserError('not-a-profile', { ...placed(name, start), because: foreignText(text) })
  }
  const yaml = parseYaml(text)
  if (yaml.ok) return yaml.documents
  throw new UserError('invalid-yaml', { ...placed(name, yaml.at), ...yaml.why })
}

const markFlaw = flaw('byte-order-mark', { at: start, pointer: '' })

function parsedFrom(
  name: string,
  { node, envelope, title, base, recorded, isListed }: FoundProfile,
  hasMark: boolean,
): ParsedProfile {
  const reading = readProfile(node, envelope === 'spo' ? operatorKeys : {})
  return {
    name,
    ...(title === undefined ? {} : { title }),
    dialect: dialectOf(reading),
    envelope,
    profile: reading.profile,
    ...(base === undefined ? {} : { base }),
    ...(recorded === undefined ? {} : { recorded }),
    ...(isListed === undefined ? {} : { isListed }),
    // Go's encoding/json and crun's parser refuse a byte order mark. Readers of Kubernetes objects accept one.
    flaws:
      hasMark && (envelope === 'none' || envelope === 'config')
        ? [markFlaw, ...reading.flaws]
        : reading.flaws,
    beyondOci: reading.beyondOci,
    tree: node,
  }
}

function dialectOf({ beyondOci }: Reading): ProfileDialect {
  if (beyondOci.length === 0) return 'oci'
  return beyondOci.some(({ key }) => key === 'errno' || key === 'defaultErrno') ? 'containers' : 'docker'
}
