// Words that name profiles: a built-in, a file, `-`, an artifact (`oci://REF`), a file in a git revision or in git's
// index (`:path`). A file that is
// there goes before a revision; /dev/null is how git’s external diff says that there is none on that side.
import { access, readdir } from 'node:fs/promises'
import { basename, dirname, isAbsolute, resolve } from 'node:path'
import { UserError } from '../errors.ts'
import { builtinNames, isBuiltinName } from '../meaning/builtin-name.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { parseProfile } from '../profile/parse.ts'
import { similarWords } from '../report/similar.ts'
import { nameIn, shownName } from './file-name.ts'
import { readText, type TextFile } from './texts.ts'
import type { World } from './world.ts'

export interface NamedProfile {
  readonly name: string
  readonly profile: ParsedProfile
  /** As it stands in its file; a built-in has none. */
  readonly text?: string
  /** Of a built-in: what its engine gives. */
  readonly capabilities?: readonly string[]
}

/** Which words those are, for the help of a command. */
export const profileWords = 'a file, -, REVISION:path, oci://REF or built-in name'

/** A built-in, which has no text; else a text, which nobody has looked at. */
export type Given = (NamedProfile & { readonly text?: never }) | TextFile

export async function loadProfile(word: string, world: World): Promise<NamedProfile> {
  return parsedGiven(await readGiven(word, world))
}

/** Throws a UserError for a text that is no profile. */
export function parsedGiven(given: Given): NamedProfile {
  return given.text === undefined
    ? given
    : { ...given, profile: parseProfile(given.text, { name: given.name }) }
}

/** All that can be read, and a sentence for each that cannot. Throws a UserError where stdin is named twice. */
export async function readEach(
  words: readonly string[],
  world: World,
): Promise<{ readonly given: readonly Given[]; readonly refused: readonly string[] }> {
  if (words.indexOf('-') !== words.lastIndexOf('-')) {
    throw new UserError('stdin-twice')
  }
  const given: Given[] = []
  const refused: string[] = []
  for (const word of words) {
    try {
      given.push(await readGiven(word, world))
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      refused.push(error.message)
    }
  }
  return { given, refused }
}

/** A built-in's name is never a file's: what stands beside a command must not change what it compares with. */
export async function readGiven(word: string, world: World): Promise<Given> {
  if (isBuiltinName(word)) {
    const { builtin } = await import('../meaning/index.ts')
    const { profile, capabilities } = builtin(word)
    return { name: word, profile, capabilities }
  }
  if (word.startsWith('oci://')) {
    const { readProfileArtifact } = await import('./registry.ts')
    return { name: word, text: await readProfileArtifact(word, world) }
  }
  const isFile =
    word === '-' ||
    (await access(resolve(world.cwd, word)).then(
      () => true,
      () => false,
    ))
  // C:\x.json is no revision, where names begin with a drive.
  if (!isFile && /^[^:]*:./.test(word) && !isAbsolute(word)) {
    const { showRevision } = await import('../git/show.ts')
    return { name: word, text: await showRevision(shownName(word), world.cwd) }
  }
  if (!isFile) {
    const meant = await similarNames(word, world)
    if (meant.length > 0) throw new UserError('no-such-profile', { file: word, meant })
  }
  return { name: shownName(word), text: await readText(word, world) }
}

/** Built-ins, and files that lie beside it. */
async function similarNames(word: string, world: World): Promise<readonly string[]> {
  const [engine = '', ...version] = word.replace(/@$/, '').split('@')
  const builtins = similarWords(engine, builtinNames).map((each) => [each, ...version].join('@'))
  if (builtins.length > 0) return builtins
  const folder = dirname(word)
  const beside = await readdir(resolve(world.cwd, folder)).catch(() => [])
  return similarWords(basename(word), beside).map((each) => (folder === '.' ? each : nameIn(folder, each)))
}
