// Options of commands whose input is a document, not a trace. A file of its own, so that these commands start without
// the readers of traces, which options.ts loads.
import { InvalidArgumentError, Option } from 'commander'
import { architectureNames, architectureOf, architectures, type Architecture } from '../abi/architectures.ts'
import { similarWords } from '../report/similar.ts'

export const outputOption = (what: string): Option =>
  new Option('-o, --output <file>', `write ${what} to a file`)

/** `--arch A`, repeatable. */
export const archOption = (what: string): Option =>
  new Option('--arch <arch>', `${what} (${architectureNames.join(', ')})`).argParser(
    (word: string, before: readonly Architecture[] = []) => {
      const architecture = architectureIn(word, architectureNames)
      return before.includes(architecture) ? before : [...before, architecture]
    },
  )

/** The architecture that `word` spells in any way, if it is one of `names`. Throws InvalidArgumentError. */
export function architectureIn<Name extends Architecture>(word: string, names: readonly Name[]): Name {
  const architecture = architectureOf(word)
  const found = names.find((each) => each === architecture)
  if (found === undefined) throw new InvalidArgumentError(unknownArchitecture(word, names))
  return found
}

/** The message for an unknown architecture: a similar one, and the known ones. */
function unknownArchitecture(word: string, names: readonly Architecture[]): string {
  const spellings = names.flatMap((each) => [each, ...architectures[each].spellings])
  const [meant] = similarWords(word.toLowerCase(), spellings)
  const known = `Known: ${names.join(', ')}.`
  return meant === undefined ? known : `Did you mean ${meant}? ${known}`
}
