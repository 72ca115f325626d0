// Where libseccomp 2.5 and 2.6 may compare the wrong word. Their filter reuses the word that was loaded last, and
// reloads it only for the first jump that leads to a comparison (gen_bpf.c, "do we need to reload the accumulator?"):
// after a comparison of the lower half that fails, the next comparison of an upper half may see the lower half.
// The meaning that we compute is the one of the rules. This says whether a call passes such a place.
import { architectures, type Architecture } from '../../src/abi/architectures.ts'
import { firstOfLevel, type ChainNode } from '../../src/meaning/chain.ts'
import { passes, wordIndex } from '../../src/meaning/evaluate.ts'
import { abiOf, decisionOn, isAnswer } from '../../src/meaning/filter.ts'
import type { Meaning } from '../../src/meaning/index.ts'

interface Loaded {
  readonly word: number
  readonly mask: number
}

export function meetsStaleWord(
  { filter }: Meaning,
  architecture: Architecture,
  number: number,
  args: readonly bigint[],
): boolean {
  const decision = decisionOn(filter, architecture, number)
  if (isAnswer(decision) || decision.node === undefined) return false
  const { bits } = architectures[abiOf(architecture, number)]
  const words = args.flatMap((value) => [
    Number(value & 0xffffffffn),
    bits === 64 ? Number((value >> 32n) & 0xffffffffn) : 0,
  ])
  let stale = false
  let loaded: Loaded = { word: -1, mask: 0 }
  const walk = (level: ChainNode, entered: Loaded): boolean => {
    let expected = entered
    for (let node: ChainNode | undefined = firstOfLevel(level); node !== undefined; node = node.after) {
      const word = wordIndex(node)
      const kept = expected.word === word && (expected.mask & node.mask) >>> 0 === node.mask
      if (kept && (loaded.word !== expected.word || loaded.mask !== expected.mask)) stale = true
      expected = { word, mask: node.mask }
      loaded = expected
      const holds = passes(node, words[word] ?? 0)
      const below = (holds ? node.whenTrue : node.whenFalse).node
      if (below !== undefined) {
        if (walk(below, expected)) return true
      } else if ((holds ? node.answerTrue : node.answerFalse) !== undefined) return true
    }
    return false
  }
  walk(decision.node, loaded)
  return stale
}
