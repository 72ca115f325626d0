// Reads the profile that a word names: a built-in, a file, `-`, an artifact (`oci://REF`), a file of a git revision or
// of git's index (`:path`). An existing file wins over a revision. /dev/null is a missing side of git's external diff.
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
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
  /** The text of its file; absent for a built-in. */
  readonly text?: string
  /** The default capabilities of a built-in's engine. */
  readonly capabilities?: readonly string[]
}

/** The kinds of words, for help texts. */
export const profileWords = 'a file, -, REVISION:path, oci://REF or built-in name'

/** A built-in, or the text of a file that is not parsed yet. */
export type Given = (NamedProfile & { readonly text?: never }) | TextFile

export async function loadProfile(word: string, world: World): Promise<NamedProfile> {
  return parsedGiven(await readGiven(word, world))
}

/** Parses a text. Throws a UserError if it is not a profile. */
export function parsedGiven(given: Given): NamedProfile {
  return given.text === undefined
    ? given
    : { ...given, profile: parseProfile(given.text, { name: given.name }) }
}

/** Reads every word, and collects a sentence for each unreadable one. Throws a UserError if stdin is named twice. */
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

/** A built-in's name never means a file: a file in the directory must not change what a command compares with. */
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
  const isFile = word === '-' || existsSync(resolve(world.cwd, word))
  // On Windows C:\x.json is a file, not a revision.
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

/** Similar built-ins, else similar files in the directory. */
async function similarNames(word: string, world: World): Promise<readonly string[]> {
  const [engine = '', ...version] = word.replace(/@$/, '').split('@')
  const builtins = similarWords(engine, builtinNames).map((each) => [each, ...version].join('@'))
  if (builtins.length > 0) return builtins
  const folder = dirname(word)
  const beside = await readdir(resolve(world.cwd, folder)).catch(() => [])
  return similarWords(basename(word), beside).map((each) => (folder === '.' ? each : nameIn(folder, each)))
}
