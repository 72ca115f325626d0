// What the kernel sees of a call. It drops the upper half of an `int` argument, and a filter compares it: two calls that
// differ there alone are one call to the kernel. Programs leave that half zero, and may write into it what they like. So
// a call with zeros there counts as the filter answers it; of the others a profile permits each of which it carries out
// any that the kernel takes for the same, and one that answers otherwise only for some upper halves permits neither more
// nor less. Authority: abi/narrow-arguments.ts.
import { architectures, type Architecture } from '../abi/architectures.ts'
import { isNarrowArgument } from '../abi/narrow-arguments.ts'
import { isSameAnswer, level, type Answer } from './answer.ts'
import { callsAnswered, wordsCompared } from './call-sets.ts'
import { bitAt, Diagrams, type CallSet } from './diagram.ts'
import type { Branch } from './program.ts'

/** Words (twice the index of the argument, and one for the upper half) of a call that the kernel never looks at. */
export function droppedWords(architecture: Architecture, syscall: string): ReadonlySet<number> {
  if (architectures[architecture].bits === 32) return new Set()
  return new Set(
    [0, 1, 2, 3, 4, 5]
      .filter((each) => isNarrowArgument(architecture, syscall, each))
      .map((each) => each * 2 + 1),
  )
}

/**
 * Of the calls that one filter gives the lesser answer and another the greater: arguments of one with zeros in the
 * dropped words, or of one of which the first filter carries out nothing more, whatever stands in them. Undefined where
 * there is none. Throws TooManyConditions.
 */
export function callOpened(
  lesser: { readonly target: Branch; readonly answer: Answer },
  greater: { readonly target: Branch; readonly answer: Answer },
  dropped: ReadonlySet<number>,
): readonly bigint[] | undefined {
  const diagrams = new Diagrams()
  const both = (one: CallSet, other: CallSet): CallSet => diagrams.choose(one, other, false)
  const answered = ({ target, answer }: typeof lesser): CallSet =>
    callsAnswered(diagrams, target, (each) => isSameAnswer(each, answer))
  const asMuch = callsAnswered(diagrams, lesser.target, (each) => level(each) >= level(greater.answer))
  const moved = both(answered(lesser), answered(greater))
  const usual = diagrams.zeroIn(dropped, moved)
  const opened = usual === false ? diagrams.choose(diagrams.whateverIn(dropped, asMuch), false, moved) : usual
  return opened === false ? undefined : someOf(opened)
}

/** Whether an answer can depend on what the kernel drops. */
export function comparesDropped(target: Branch, dropped: ReadonlySet<number>): boolean {
  return dropped.size > 0 && [...wordsCompared(target)].some((word) => dropped.has(word))
}

/** The six arguments of one call of a set, the smallest. */
function someOf(set: CallSet): readonly bigint[] {
  const args = [0n, 0n, 0n, 0n, 0n, 0n]
  for (let at = set; typeof at !== 'boolean'; at = at.zero === false ? at.one : at.zero) {
    if (at.zero !== false) continue
    const { index, bit } = bitAt(at.variable)
    args[index] = (args[index] ?? 0n) | bit
  }
  return args
}
