// The answer of a filter to one call.
import { architectures, type Architecture } from '../abi/architectures.ts'
import type { Answer } from './answer.ts'
import { abiOf, decisionOn, type Filter } from './filter.ts'
import { comparedBy, isAnswer, type Accumulator, type Block } from './program.ts'

/** `args`: up to six 64-bit values; missing ones are 0. On 32-bit architectures only the lower halves count. */
export function answerTo(
  filter: Filter,
  architecture: Architecture,
  number: number,
  args: readonly bigint[],
): Answer {
  let target = decisionOn(filter, architecture, number)
  if (isAnswer(target)) return target
  const words = wordsOf(args, architectures[abiOf(architecture, number)].bits)
  let accumulator: Accumulator | undefined
  while (!isAnswer(target)) {
    accumulator = comparedBy(target, accumulator)
    const value = (words[accumulator.word] ?? 0) & accumulator.mask
    target = passes(target, value >>> 0) ? target.whenTrue : target.whenFalse
  }
  return target
}

/** Twelve 32-bit words: the lower half of each argument, then its upper half. */
function wordsOf(args: readonly bigint[], bits: 64 | 32): readonly number[] {
  return Array.from({ length: 6 }, (_, index) => args[index] ?? 0n).flatMap((value) => [
    Number(value & 0xffffffffn),
    bits === 64 ? Number((value >> 32n) & 0xffffffffn) : 0,
  ])
}

/** Whether a value passes the block's comparison, unsigned. */
export function passes({ test, datum }: Pick<Block, 'test' | 'datum'>, value: number): boolean {
  switch (test) {
    case 'eq':
      return value === datum
    case 'gt':
      return value > datum
    case 'ge':
      return value >= datum
  }
}
