// The arguments in one line of a call, and the scalar ones at the kernel's indexes. If the line does not show an
// argument whole, it is unknown. Authority: strace's clone.c, which prints the stack before the flags; clone(2).
import { scalarValue, splitArguments, type ArgumentTexts } from './arguments.ts'
import type { CallText } from './events.ts'
import { endings } from './lines.ts'

/** The texts that the line of a call shows between its parenthesis and its completion. */
export function argumentsOf({ text, open, completion }: CallText): ArgumentTexts {
  const shown = 'at' in completion ? text.slice(0, completion.at) : text.replace(endings.mark.pattern, '')
  return splitArguments(shown, open)
}

/** The flags argument of the equivalent clone: the flags and exit signal that clone3 has in a structure (clone(2)). */
function flagsIn(structure: string): bigint | undefined {
  const flags = /^(?:[a-z_]+=)?\{flags=([^,}]+)/.exec(structure)?.[1]
  const signal = /, exit_signal=([^,}]+)/.exec(structure)?.[1]
  if (flags === undefined || signal === undefined) return undefined
  const [value, low] = [scalarValue(flags), scalarValue(signal)]
  return value === undefined || low === undefined ? undefined : value | low
}

/**
 * Gives the value of the kernel's argument `index`, if the line shows it; of clone3's first argument, the flags of the
 * equivalent clone. Undefined if the line shows no argument.
 */
export function valuesIn(call: CallText): ((index: number) => bigint | undefined) | undefined {
  const { name, completion } = call
  const { texts, end } = argumentsOf(call)
  if (texts.length === 0) return undefined
  // Foreign text may cut the last argument anywhere. strace's own messages cut only between two of its writes.
  const whole = completion.kind === 'open' && end === undefined ? texts.length - 1 : texts.length
  return (index) => {
    const flags = name === 'clone' && index === 0 ? texts.findIndex((each) => each.startsWith('flags=')) : -1
    const position = flags === -1 ? index : flags
    const argument = texts[position]
    if (argument === undefined || position >= whole) return undefined
    if (name === 'clone3' && index === 0) return flagsIn(argument)
    if (name === 'clone' && flags === -1 && argument.startsWith('child_stack=')) return undefined
    return scalarValue(argument)
  }
}
