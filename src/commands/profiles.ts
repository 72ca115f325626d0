// Words that name profiles: a file, `-`, a built-in, a file in a git revision. A file that is there goes before the
// others; /dev/null is how git's external diff says that there is none on that side.
import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { builtin, isBuiltinName } from '../meaning/index.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { parseProfile } from '../profile/parse.ts'
import { readText } from './texts.ts'
import type { World } from './world.ts'

export interface NamedProfile {
  readonly name: string
  readonly profile: ParsedProfile
  /** As it stands in its file; a built-in has none. */
  readonly text?: string
  /** Of a built-in: what its engine gives. */
  readonly capabilities?: readonly string[]
}

export async function readProfileWord(word: string, world: World): Promise<NamedProfile> {
  const isFile =
    word === '-' ||
    (await access(resolve(world.cwd, word)).then(
      () => true,
      () => false,
    ))
  if (!isFile && isBuiltinName(word)) {
    const { profile, capabilities } = builtin(word)
    return { name: word, profile, capabilities }
  }
  if (!isFile && /^[^:]+:./.test(word)) {
    const { showRevision } = await import('../git/show.ts')
    return named(word, await showRevision(word, world.cwd))
  }
  return named(word, await readText(word, world))
}

function named(name: string, text: string): NamedProfile {
  return { name, profile: parseProfile(text, { name }), text }
}
