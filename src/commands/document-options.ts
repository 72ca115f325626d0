// Options of commands whose input is a document and not a trace: apart from options.ts, which knows every format of
// traces, so that these commands start without them.
import { InvalidArgumentError, Option } from 'commander'
import { architectureNames, architectureOf, architectures, type Architecture } from '../abi/architectures.ts'
import { similarWords } from '../report/similar.ts'

export const outputOption = (what: string): Option =>
  new Option('-o, --output <file>', `write ${what} to a file`)

/** `--arch A`, as often as there are architectures. */
export const archOption = (what: string): Option =>
  new Option('--arch <arch>', `${what} (${architectureNames.join(', ')})`).argParser(
    (word: string, before: readonly Architecture[] = []) => {
      const architecture = architectureOf(word)
      if (architecture === undefined) throw new InvalidArgumentError(unknownArchitecture(word))
      return before.includes(architecture) ? before : [...before, architecture]
    },
  )

/** What to say of a word that is none: what may be meant, else what there is. */
function unknownArchitecture(word: string): string {
  const spellings = architectureNames.flatMap((each) => [each, ...architectures[each].spellings])
  const [meant] = similarWords(word.toLowerCase(), spellings)
  const known = `Known: ${architectureNames.join(', ')}.`
  return meant === undefined ? known : `Did you mean ${meant}? ${known}`
}
