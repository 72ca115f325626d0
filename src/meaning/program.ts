// The filter that libseccomp generates from the comparisons of all calls, as far as answers depend on it: blocks that
// load a word of an argument if they must, compare it, and jump. Equal blocks are shared between calls and
// architectures. A block can rely on the word that its predecessor loaded. libseccomp gives it a load of its own only
// if the first block that leads to it, in the order of assembly, leaves another word. A later block that leads to it
// may leave a word that the shared block was not made for. The shared block then compares that word, so the answers to
// a call can depend on the order of assembly and on the rules of other calls.
// Authority: libseccomp 2.5.4, src/gen_bpf.c. test/meaning/libseccomp.long.test.ts proves the answers equal.
import type { Architecture } from '../abi/architectures.ts'
import { markedBeside, unmarkedBeside } from '../abi/number-bit.ts'
import { answerText, type Answer } from './answer.ts'
import { firstOfLevel, type ChainNode } from './chain.ts'
import type { Entries, FilterEntry } from './entries.ts'

/** `by number`: libseccomp's SCMP_FLTATR_CTL_OPTIMIZE 2. */
export type Order = 'by priority' | 'by number'

/**
 * The content of the BPF accumulator: a masked word. A word is twice the index of its argument, plus one for the upper
 * half.
 */
export interface Accumulator {
  readonly word: number
  readonly mask: number
}

export interface Block {
  /** The accumulator that the block was made for; undefined if the block loads its word itself. */
  readonly expects: Accumulator | undefined
  /** The block loads what it expects, so its predecessor does not matter. */
  reloads: boolean
  readonly word: number
  readonly mask: number
  readonly test: 'eq' | 'gt' | 'ge'
  readonly datum: number
  readonly whenTrue: Branch
  readonly whenFalse: Branch
}

export type Branch = Answer | Block

export function isAnswer(target: Branch): target is Answer {
  return 'action' in target
}

const all32 = 0xffffffff

/** What a block compares if it is entered with this accumulator. */
export function comparedBy(
  { expects, reloads, word, mask }: Pick<Block, 'expects' | 'reloads' | 'word' | 'mask'>,
  entered: Accumulator | undefined,
): Accumulator {
  const found = expects === undefined ? { word, mask: all32 } : reloads ? expects : (entered ?? expects)
  // The block masks only if the accumulator that it expects has another mask.
  const masks = mask !== (expects?.mask ?? all32)
  return masks ? { word: found.word, mask: (found.mask & mask) >>> 0 } : found
}

/** For each architecture and number, where the filter goes once it knows both. Throws FilterTooLong. */
export function makeProgram(
  entries: ReadonlyMap<Architecture, Entries>,
  fallback: Answer,
  order: Order,
): ReadonlyMap<Architecture, ReadonlyMap<number, Branch>> {
  const blocks = new Blocks()
  const made = new Map<Architecture, Map<number, Branch>>(
    [...entries.keys()].map((each) => [each, new Map()]),
  )
  const heads = listed(entries, order).flatMap((group) => {
    const lost = isLost(group, entries, order)
    return group.flatMap(({ architecture, entry: { number, answer, node } }) => {
      if (number === undefined) return []
      const head = answer ?? blocks.level(node as ChainNode, fallback, undefined)
      if (!lost) made.get(architecture)?.set(number, head)
      return head
    })
  })
  const length = assemble(heads) + heads.length
  if (length > instructionLimit) throw new FilterTooLong(length)
  return made
}

/**
 * The architectures whose calls the filter never finds (see isLost), and the name of the first call, which has no
 * number there.
 */
export function lostIn(
  entries: ReadonlyMap<Architecture, Entries>,
  order: Order,
): ReadonlyMap<Architecture, string> {
  return new Map(
    listed(entries, order)
      .filter((group) => isLost(group, entries, order))
      .flatMap((group) =>
        [
          ...new Set(
            group.flatMap(({ architecture, entry }) => (entry.number === undefined ? [] : architecture)),
          ),
        ].map((architecture) => [architecture, group[0]?.key as string] as const),
      ),
  )
}

/** The kernel's limit (linux/filter.h, BPF_MAXINSNS). */
const instructionLimit = 4096

/** Thrown if a filter exceeds the kernel's limit. */
export class FilterTooLong extends Error {
  override readonly name = 'FilterTooLong'
  readonly length: number

  constructor(length: number) {
    super(`${length} instructions`)
    this.length = length
  }
}

class Blocks {
  readonly #levels = new Map<ChainNode, Map<string, Branch>>()
  readonly #made = new Map<string, Block>()
  readonly #numbers = new Map<Block, number>()

  /** The first block of a level. `next`: where the filter continues if the level has no answer. */
  level(node: ChainNode, next: Branch, entered: Accumulator | undefined): Branch {
    // Two nodes can lead here: the upper half of a comparison decides alone or leaves the decision to the lower half.
    const known = this.#levels.get(node) ?? new Map<string, Branch>()
    this.#levels.set(node, known)
    const key = `${this.#name(next)} ${entered?.word} ${entered?.mask}`
    const before = known.get(key)
    if (before !== undefined) return before
    const made = this.#level(node, next, entered)
    known.set(key, made)
    return made
  }

  #level(node: ChainNode, next: Branch, entered: Accumulator | undefined): Branch {
    const steps: {
      readonly node: ChainNode
      readonly expects: Accumulator | undefined
      readonly left: Accumulator
    }[] = []
    let accumulator = entered
    for (let each: ChainNode | undefined = firstOfLevel(node); each !== undefined; each = each.after) {
      const word = wordIndex(each)
      const kept = accumulator?.word === word && (accumulator.mask & each.mask) >>> 0 === each.mask
      const expects = kept ? accumulator : undefined
      const left = comparedBy({ expects, reloads: false, word, mask: each.mask }, accumulator)
      steps.push({ node: each, expects, left })
      accumulator = left
    }
    return steps.reduceRight<Branch>((after, { node, expects, left }, index) => {
      const onwards = index === steps.length - 1 ? next : after
      const target = (below: ChainNode | undefined, answer: Answer | undefined): Branch =>
        below === undefined ? (answer ?? onwards) : this.level(below, onwards, left)
      return this.#same({
        expects,
        reloads: false,
        word: wordIndex(node),
        mask: node.mask,
        test: node.test === 'masked-eq' ? 'eq' : node.test,
        datum: node.datum,
        whenTrue: target(node.whenTrue.node, node.answerTrue),
        whenFalse: target(node.whenFalse.node, node.answerFalse),
      })
    }, next)
  }

  #same(block: Block): Block {
    const { expects, word, mask, test, datum, whenTrue, whenFalse } = block
    const key = [
      expects?.word,
      expects?.mask,
      word,
      mask,
      test,
      datum,
      this.#name(whenTrue),
      this.#name(whenFalse),
    ].join()
    const known = this.#made.get(key)
    if (known !== undefined) return known
    this.#made.set(key, block)
    // Each block is at least one jump.
    if (this.#made.size > instructionLimit) throw new FilterTooLong(this.#made.size)
    this.#numbers.set(block, this.#numbers.size)
    return block
  }

  #name(target: Branch): string {
    return isAnswer(target) ? answerText(target) : String(this.#numbers.get(target))
  }
}

function wordIndex({ index, high }: ChainNode): number {
  return index * 2 + (high ? 1 : 0)
}

interface Listed {
  readonly architecture: Architecture
  readonly key: number | string
  readonly entry: FilterEntry
}

/** All calls in the order in which the filter tries them. x32 calls stand among those of x86_64. */
function listed(entries: ReadonlyMap<Architecture, Entries>, order: Order): readonly (readonly Listed[])[] {
  const number = ({ entry }: Listed): number => entry.number ?? Number.MAX_SAFE_INTEGER
  const groups = new Map<string, Listed[]>()
  for (const [architecture, calls] of entries) {
    const name = unmarkedBeside(architecture)
    const own = [...calls]
      .map(([key, entry]) => ({ architecture, key, entry }))
      .sort((one, other) => number(one) - number(other))
    groups.set(name, [...(groups.get(name) ?? []), ...own])
  }
  return [...groups.values()].map((calls) =>
    calls.sort((one, other) =>
      order === 'by number' ? number(other) - number(one) : other.entry.priority - one.entry.priority,
    ),
  )
}

/**
 * Whether the filter never loads the call's number and so never finds a call. libseccomp puts this load with the first
 * call; if the architecture lacks that call, the load is dropped with it. A filter sorted by number loads the number
 * earlier, and so does one that must distinguish x86_64 from x32.
 */
function isLost(
  group: readonly Listed[],
  entries: ReadonlyMap<Architecture, Entries>,
  order: Order,
): boolean {
  const first = group[0]
  if (first === undefined || first.entry.number !== undefined || order === 'by number') return false
  const { architecture } = first
  const marked = markedBeside(architecture)
  return marked === undefined || (entries.has(marked) && entries.has(unmarkedBeside(architecture)))
}

/**
 * Assembles the blocks from the end: the last call first, and the true branch of a comparison before the false one.
 * Returns the number of instructions without those that bridge long jumps.
 */
function assemble(heads: readonly Branch[]): number {
  let length = 0
  const placed = new Set<Block>()
  const open: { readonly from: Block | undefined; readonly target: Branch }[] = heads.map((target) => ({
    from: undefined,
    target,
  }))
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { from, target } = next
    if (isAnswer(target) || placed.has(target)) continue
    placed.add(target)
    const { expects } = target
    const left = from === undefined ? undefined : comparedBy(from, from.expects)
    target.reloads = expects !== undefined && (left?.word !== expects.word || left.mask !== expects.mask)
    const loads = expects === undefined || target.reloads
    length += 1 + (loads ? 1 : 0) + (target.mask === (expects?.mask ?? all32) ? 0 : 1)
    open.push({ from: target, target: target.whenFalse }, { from: target, target: target.whenTrue })
  }
  return length
}
