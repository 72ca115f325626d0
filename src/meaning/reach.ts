// Which answers a call can get, and which arguments decide. A recorder must watch these to see refusals.
import type { Architecture } from '../abi/architectures.ts'
import type { Answer } from './answer.ts'
import { answerText } from './answer.ts'
import { decisionOn } from './filter.ts'
import type { Meaning } from './meaning.ts'
import { isAnswer, type Branch } from './program.ts'

export interface Reach {
  /** At least one. An answer may be listed that no arguments reach. */
  readonly answers: readonly Answer[]
  /** Indexes of the arguments that decide, ascending. */
  readonly arguments: readonly number[]
}

export function reachOf(
  { filter }: Pick<Meaning, 'filter'>,
  architecture: Architecture,
  number: number,
): Reach {
  const answers = new Map<string, Answer>()
  const words = new Set<number>()
  const met = new Set<Branch>()
  const open: Branch[] = [decisionOn(filter, architecture, number)]
  for (let target = open.pop(); target !== undefined; target = open.pop()) {
    if (met.has(target)) continue
    met.add(target)
    if (isAnswer(target)) {
      answers.set(answerText(target), target)
      continue
    }
    words.add(target.word)
    if (target.expects !== undefined) words.add(target.expects.word)
    open.push(target.whenTrue, target.whenFalse)
  }
  return {
    answers: [...answers.values()],
    arguments: [...new Set([...words].map((word) => word >> 1))].sort((one, other) => one - other),
  }
}
