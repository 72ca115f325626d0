// The answer of a filter to one call.
import { architectures, type Architecture } from '../abi/architectures.ts'
import type { Answer } from './answer.ts'
import { firstOfLevel, type ChainNode, type Link } from './chain.ts'
import { abiOf, decisionOn, isAnswer, type Filter } from './filter.ts'

/** `args`: up to six 64-bit values, missing ones are 0; on 32-bit architectures their lower halves count. */
export function answerTo(
  filter: Filter,
  architecture: Architecture,
  number: number,
  args: readonly bigint[],
): Answer {
  const decision = decisionOn(filter, architecture, number)
  if (isAnswer(decision)) return decision
  const words = wordsOf(args, architectures[abiOf(architecture, number)].bits)
  return walk(decision, words) ?? filter.defaultAnswer
}

/** Twelve 32-bit words: of each argument the lower half, then the upper. */
function wordsOf(args: readonly bigint[], bits: 64 | 32): readonly number[] {
  return Array.from({ length: 6 }, (_, index) => args[index] ?? 0n).flatMap((value) => [
    Number(value & 0xffffffffn),
    bits === 64 ? Number((value >> 32n) & 0xffffffffn) : 0,
  ])
}

function walk({ node: start }: Link, words: readonly number[]): Answer | undefined {
  if (start === undefined) return undefined
  for (let node: ChainNode | undefined = firstOfLevel(start); node !== undefined; node = node.after) {
    const holds = passes(node, words[wordIndex(node)] ?? 0)
    const below = holds ? node.whenTrue : node.whenFalse
    const answer =
      below.node === undefined ? (holds ? node.answerTrue : node.answerFalse) : walk(below, words)
    if (answer !== undefined) return answer
  }
  return undefined
}

export function wordIndex({ index, high }: ChainNode): number {
  return index * 2 + (high ? 1 : 0)
}

/** Whether a word passes the node's comparison: unsigned, under its mask. */
export function passes({ test, mask, datum }: ChainNode, word: number): boolean {
  const value = (word & mask) >>> 0
  switch (test) {
    case 'eq':
    case 'masked-eq':
      return value === datum
    case 'gt':
      return value > datum
    case 'ge':
      return value >= datum
  }
}
