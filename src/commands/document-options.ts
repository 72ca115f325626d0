// Options of commands whose input is a document and not a trace: apart from options.ts, which knows every format of
// traces, so that these commands start without them.
import { InvalidArgumentError, Option } from 'commander'
import { architectureNames, isArchitecture, type Architecture } from '../abi/architectures.ts'

export const outputOption = (what: string): Option =>
  new Option('-o, --output <file>', `write ${what} to a file`)

/** `--arch A`, as often as there are architectures. */
export const archOption = (what: string): Option =>
  new Option('--arch <arch>', `${what} (${architectureNames.join(', ')})`).argParser(
    (word: string, before: readonly Architecture[] = []) => {
      if (!isArchitecture(word)) throw new InvalidArgumentError(`Known: ${architectureNames.join(', ')}.`)
      return before.includes(word) ? before : [...before, word]
    },
  )
