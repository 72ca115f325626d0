// Reads the words of a program up to the command that it starts, by a table of the program's options. An unknown option
// is not guessed: the word after it may be its value or the command. Authority: getopt_long(3).
import parse from 'yargs-parser'

/** How a program's words are read up to the command that it starts: first options, then other words of its own. */
export interface CommandGrammar {
  /** Options that take a value: the next word, or attached text. */
  readonly valued: readonly string[]
  /** Options without a value; a long one may carry `=VALUE`. */
  readonly flags: readonly string[]
  /** The number of words between the options and the command, such as the duration of timeout. */
  readonly words?: number
  /** NAME=VALUE words stand before the command. */
  readonly assignments?: true
}

export const letters = (...groups: readonly string[]): readonly string[] =>
  groups.flatMap((group) => (group.length > 1 && !group.startsWith('-') ? Array.from(group) : [group]))
export const longs = (names: string): readonly string[] => names.split(' ')

export type After =
  | {
      readonly kind: 'at'
      readonly at: number
      /** The options before it: names without dashes, values in order. A flag has no values. */
      readonly options: ReadonlyMap<string, readonly string[]>
    }
  | { readonly kind: 'unread'; readonly at: number }

/** The index of the first word after the options, own words and assignments of the program at `words[at]`. */
export function commandAfter(words: readonly string[], at: number, grammar: CommandGrammar): After {
  const spread = spreadWords(words, at + 1, grammar)
  const { argv, error } = parse.detailed(
    spread.map(({ text }) => text),
    {
      array: [...grammar.valued],
      string: [...grammar.valued, ...grammar.flags],
      // A flag gets no word at all: as a boolean it would take `true` and `false`, which are also programs.
      narg: Object.fromEntries([
        ...grammar.valued.map((key) => [key, 1]),
        ...grammar.flags.map((key) => [key, 0]),
      ]),
      configuration: {
        'halt-at-non-option': true,
        'unknown-options-as-args': true,
        'nargs-eats-options': true,
        'greedy-arrays': false,
        'boolean-negation': false,
        'camel-case-expansion': false,
        'dot-notation': false,
        'parse-numbers': false,
        'parse-positional-numbers': false,
      },
    },
  )
  const rest = spread.length - argv._.length
  const place = spread[rest]?.at ?? words.length
  const known = new Set(['_', ...grammar.valued, ...grammar.flags])
  const foreign = Object.keys(argv).some((key) => !known.has(key))
  const word = spread[rest]?.text ?? ''
  const marked = spread[rest - 1]?.text === '--'
  if (error || foreign || (!marked && word.startsWith('-') && word.length > 1)) {
    return { kind: 'unread', at: foreign || error ? at + 1 : place }
  }
  let next = place
  // A lone `-` is env's old form of -i.
  if (grammar.assignments) while (/^(?:[A-Za-z_]\w*=|-$)/.test(words[next] ?? '')) next++
  const options = new Map(
    Object.entries(argv as Record<string, unknown>)
      .filter(([name]) => name !== '_')
      .map(([name, values]) => [name, [values].flat().filter((value) => typeof value === 'string')]),
  )
  return { kind: 'at', at: next + (grammar.words ?? 0), options }
}

/**
 * The words from `from` on, each with its index, as yargs-parser needs them to read like getopt: `-otrace.txt` becomes
 * `-o trace.txt`, and `--preserve-env=A` (a flag) loses its value. Everything after `--` stays.
 */
function spreadWords(
  words: readonly string[],
  from: number,
  grammar: CommandGrammar,
): readonly { text: string; at: number }[] {
  const spread: { text: string; at: number }[] = []
  for (let at = from; at < words.length; at++) {
    const text = words[at] ?? ''
    const flag = /^--([^=]+)=/s.exec(text)?.[1]
    const attached = /^-[^-]./s.test(text) ? valueAt(text, grammar) : 0
    if (text === '--') {
      spread.push(...words.slice(at).map((text, offset) => ({ text, at: at + offset })))
      break
    } else if (flag !== undefined && grammar.flags.includes(flag)) spread.push({ text: `--${flag}`, at })
    else if (attached > 0) {
      spread.push({ text: text.slice(0, attached), at }, { text: text.slice(attached), at })
    } else spread.push({ text, at })
  }
  return spread
}

/** The index at which an attached value begins in a group of short options; 0 if there is none. */
function valueAt(group: string, grammar: CommandGrammar): number {
  for (let index = 1; index < group.length - 1; index++) {
    const letter = group.charAt(index)
    if (grammar.valued.includes(letter)) return index + 1
    if (!grammar.flags.includes(letter)) return 0
  }
  return 0
}
