// What the kernel sees of a call. A filter compares 64 bits of an `int` argument; the kernel drops the upper half.
// Calls that differ only there are one call to the kernel. Ordinary programs leave the half zero, so the filter's
// answer to a call with zeros there counts. A hostile program can write any value into it, so a profile permits a call
// if it permits any call that is the same to the kernel. A difference for some upper halves alone is neither wider nor
// narrower.
// Authority: abi/narrow-arguments.ts.
import { architectures, type Architecture } from '../abi/architectures.ts'
import { isNarrowArgument } from '../abi/narrow-arguments.ts'
import { isSameAnswer, permissiveness, type Answer } from './answer.ts'
import { callsAnswered, wordsCompared } from './call-sets.ts'
import { bitAt, Diagrams, type CallSet } from './diagram.ts'
import type { Branch } from './program.ts'

/**
 * The words of a call that the kernel never reads. A word is twice the index of its argument, plus one for the upper
 * half.
 */
export function droppedWords(architecture: Architecture, syscall: string): ReadonlySet<number> {
  if (architectures[architecture].bits === 32) return new Set()
  return new Set(
    [0, 1, 2, 3, 4, 5]
      .filter((each) => isNarrowArgument(architecture, syscall, each))
      .map((each) => each * 2 + 1),
  )
}

/**
 * A witness among the calls that get `lesser.answer` from one filter and `greater.answer` from the other: a call with
 * zeros in the dropped words, else one that the first filter answers less permissively than `greater.answer` for every
 * value of those words. Undefined if there is none. Throws TooManyConditions.
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
  const asMuch = callsAnswered(
    diagrams,
    lesser.target,
    (each) => permissiveness(each) >= permissiveness(greater.answer),
  )
  const moved = both(answered(lesser), answered(greater))
  const usual = diagrams.zeroIn(dropped, moved)
  const opened = usual === false ? diagrams.choose(diagrams.whateverIn(dropped, asMuch), false, moved) : usual
  return opened === false ? undefined : someOf(opened)
}

/** Whether an answer can depend on a dropped word. */
export function comparesDropped(target: Branch, dropped: ReadonlySet<number>): boolean {
  return dropped.size > 0 && [...wordsCompared(target)].some((word) => dropped.has(word))
}

/** The six arguments of the smallest call in a set. */
function someOf(set: CallSet): readonly bigint[] {
  const args = [0n, 0n, 0n, 0n, 0n, 0n]
  for (let at = set; typeof at !== 'boolean'; at = at.zero === false ? at.one : at.zero) {
    if (at.zero !== false) continue
    const { index, bit } = bitAt(at.variable)
    args[index] = (args[index] ?? 0n) | bit
  }
  return args
}
