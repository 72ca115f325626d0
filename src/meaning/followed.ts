// Turns the kernel's filters into decisions that can be compared with a profile exactly: for every call of a table, the
// answer and the argument words that are compared. A filter that computes with arguments, or tests where a call was
// made, is not followed. libseccomp writes no such program. Authority: as bpf.ts; the words of struct seccomp_data on a
// little-endian machine.
import { architectures, familyOf, type Architecture, type Host } from '../abi/architectures.ts'
import { unlistedNumber } from '../abi/numbers.ts'
import { syscallTable } from '../abi/tables.ts'
import { isSameAnswer } from './answer.ts'
import { answerIn, computed, isTrue, leastOf, type BpfProgram, type FilterInstruction } from './bpf.ts'
import type { Filter } from './filter.ts'
import { isAnswer, type Block, type Branch } from './program.ts'

/** The most blocks for one call; no known filter comes near it. */
const mostBlocks = 20_000

/** What a register or a place in memory holds: a number, or a word of the arguments, masked. */
type FollowedValue = number | { readonly word: number; readonly mask: number }

interface FollowedState {
  readonly a: FollowedValue
  readonly x: FollowedValue
  readonly memory: readonly FollowedValue[]
}

class BeyondFollowing extends Error {}

/** All filters of a process as one, the newest first; undefined if one of them is not followed. */
export function followed(programs: readonly BpfProgram[], host: Host): Filter | undefined {
  try {
    const family = familyOf(host)
    const all = new Map(
      family.map((each) => {
        const numbers = syscallTable(each).entries.map(({ number }) => number)
        return [
          each,
          new Map(
            [...numbers, unlistedNumber(each)].map((number) => [number, decisionOf(programs, each, number)]),
          ),
        ]
      }),
    )
    const other = all.get(host)?.get(unlistedNumber(host))
    if (other === undefined || !isAnswer(other)) return undefined
    return { architectures: all, defaultAnswer: other, stub: undefined }
  } catch (error) {
    if (error instanceof BeyondFollowing) return undefined
    throw error
  }
}

function decisionOf(programs: readonly BpfProgram[], architecture: Architecture, number: number): Branch {
  const known = new Map<string, Branch>()
  const { bits, audit } = architectures[architecture]

  /** Follows from the start of a program. `least`: the combined answer of the programs before it. */
  const next = (index: number, least: number): Branch => {
    const program = programs[index]
    if (program === undefined) return answerIn(least)
    return follow(program, index, least, 0, { a: 0, x: 0, memory: Array.from({ length: 16 }, () => 0) })
  }

  const follow = (
    program: BpfProgram,
    index: number,
    least: number,
    start: number,
    from: FollowedState,
  ): Branch => {
    let at = start
    let { a, x, memory } = from
    for (; ; at++) {
      const instruction = program[at]
      if (instruction === undefined) throw new BeyondFollowing()
      const { code, k, jt, jf } = instruction
      const operand = (code & 0x08) === 0 ? k : x
      switch (code & 0x07) {
        case 0x00:
          a = loaded(instruction, memory)
          break
        case 0x01:
          x = loaded(instruction, memory)
          break
        case 0x02:
          memory = memory.with(k & 15, a)
          break
        case 0x03:
          memory = memory.with(k & 15, x)
          break
        case 0x04:
          a = calculated(code, a, operand)
          break
        case 0x06: {
          const returned = (code & 0x18) === 0x10 ? a : k
          if (typeof returned !== 'number') throw new BeyondFollowing()
          return next(index + 1, leastOf(least, returned >>> 0))
        }
        case 0x07:
          if ((code & 0xf8) === 0x80) a = x
          else x = a
          break
        default: {
          if ((code & 0xf0) === 0) {
            at += k
            break
          }
          const test = comparison(code, a, operand)
          if (typeof test === 'boolean') {
            at += test ? jt : jf
            break
          }
          const key = JSON.stringify([index, least, at, a, x, memory])
          const before = known.get(key)
          if (before !== undefined) return before
          if (known.size > mostBlocks) throw new BeyondFollowing()
          const go = (by: number): Branch => follow(program, index, least, at + 1 + by, { a, x, memory })
          const block: Block = {
            expects: undefined,
            reloads: false,
            ...test,
            whenTrue: go(jt),
            whenFalse: go(jf),
          }
          const made = isSameBranch(block.whenTrue, block.whenFalse) ? block.whenTrue : block
          known.set(key, made)
          return made
        }
      }
    }
  }

  const loaded = ({ code, k }: FilterInstruction, memory: readonly FollowedValue[]): FollowedValue => {
    switch (code & 0xe0) {
      case 0x00:
        return k
      case 0x20:
        if (k === 0) return number >>> 0
        if (k === 4) return audit
        if (k < 16) throw new BeyondFollowing()
        // The arguments of a 32-bit call have no upper halves.
        return k % 8 === 4 && bits === 32 ? 0 : { word: (k - 16) / 4, mask: 0xffffffff }
      case 0x60:
        return memory[k & 15] ?? 0
      default:
        return 64
    }
  }

  return next(0, 0x7fff0000)
}

function calculated(code: number, a: FollowedValue, operand: FollowedValue): FollowedValue {
  if (typeof a === 'number' && typeof operand === 'number') return computed(code, a, operand)
  const [word, mask] = typeof a === 'number' ? [operand, a] : [a, operand]
  const masks = (code & 0xf0) === 0x50 && typeof word !== 'number' && typeof mask === 'number'
  if (!masks) throw new BeyondFollowing()
  return { word: word.word, mask: (word.mask & mask) >>> 0 }
}

/** The comparison, or its result if the arguments do not matter. */
function comparison(
  code: number,
  a: FollowedValue,
  operand: FollowedValue,
): boolean | Pick<Block, 'word' | 'mask' | 'test' | 'datum'> {
  if (typeof operand !== 'number') throw new BeyondFollowing()
  if (typeof a === 'number') return isTrue(code, a, operand)
  const { word, mask } = a
  switch (code & 0xf0) {
    case 0x10:
      return (operand & ~mask) === 0 ? { word, mask, test: 'eq', datum: operand } : false
    case 0x20:
      return { word, mask, test: 'gt', datum: operand }
    case 0x30:
      return { word, mask, test: 'ge', datum: operand }
    default: {
      const both = (mask & operand) >>> 0
      return both === 0 ? false : { word, mask: both, test: 'gt', datum: 0 }
    }
  }
}

function isSameBranch(one: Branch, other: Branch): boolean {
  return isAnswer(one) && isAnswer(other) ? isSameAnswer(one, other) : one === other
}
