// Turns the conditions of one rule into a chain of comparisons of 32-bit words. A 64-bit value is compared in an upper
// and a lower half. Only EQ, GT and GE are tested; NE, LE and LT are their negations. Authority: libseccomp 2.5.4,
// src/db.c.
import type { Answer } from './answer.ts'
import { held, type ChainNode, type Chains } from './chain.ts'
import type { Condition } from './conditions.ts'

const all64 = 0xffffffffffffffffn

/** The chain has no node if the conditions exclude nothing: then the rule holds for every call. */
export function makeChain(conditions: readonly Condition[], answer: Answer, bits: 64 | 32): Chains {
  let first: ChainNode | undefined
  let nodes = 0
  let open: readonly End[] = []
  for (const condition of conditions) {
    const level = bits === 64 ? halves(condition) : narrow(condition)
    const top = level?.[0]
    if (level === undefined || top === undefined) continue
    nodes += level.length
    if (first === undefined) first = held(top.node)
    for (const { node, branch } of open) node[`when${branch}`].node = held(top.node)
    open = level.filter((each): each is End => each.branch !== undefined)
  }
  for (const { node, branch } of open) node[`answer${branch}`] = answer
  return { node: first, nodes }
}

interface End {
  readonly node: ChainNode
  readonly branch: 'True' | 'False'
}

type ChainPart = { readonly node: ChainNode; readonly branch: End['branch'] | undefined }

/**
 * All nodes of a 64-bit comparison, the top one first, and for each the branch that it takes when the condition holds.
 */
function halves({ index, operator, mask, value }: Condition): readonly ChainPart[] | undefined {
  if (mask === 0n) return undefined
  const part = (high: boolean, test: ChainNode['test']): ChainNode => {
    const half = (number: bigint): number =>
      Number(high ? (number >> 32n) & 0xffffffffn : number & 0xffffffffn)
    return makeNode(index, high, test, operator, half(mask), (half(value) & half(mask)) >>> 0, value)
  }
  switch (operator) {
    case 'SCMP_CMP_EQ':
    case 'SCMP_CMP_MASKED_EQ':
    case 'SCMP_CMP_NE': {
      const test = operator === 'SCMP_CMP_MASKED_EQ' ? 'masked-eq' : 'eq'
      const [high, low] = [part(true, test), part(false, test)]
      high.whenTrue.node = held(low)
      return operator === 'SCMP_CMP_NE'
        ? [
            { node: high, branch: 'False' },
            { node: low, branch: 'False' },
          ]
        : [
            { node: high, branch: undefined },
            { node: low, branch: 'True' },
          ]
    }
    case 'SCMP_CMP_GT':
    case 'SCMP_CMP_GE':
    case 'SCMP_CMP_LT':
    case 'SCMP_CMP_LE': {
      const [above, same] = [part(true, 'gt'), part(true, 'eq')]
      const low = part(false, operator === 'SCMP_CMP_GT' || operator === 'SCMP_CMP_LE' ? 'gt' : 'ge')
      above.whenFalse.node = held(same)
      same.whenTrue.node = held(low)
      return operator === 'SCMP_CMP_GT' || operator === 'SCMP_CMP_GE'
        ? [
            { node: above, branch: 'True' },
            { node: same, branch: undefined },
            { node: low, branch: 'True' },
          ]
        : [
            { node: above, branch: undefined },
            { node: same, branch: 'False' },
            { node: low, branch: 'False' },
          ]
    }
  }
}

/** The node of a 32-bit comparison: the upper half of every number is dropped. */
function narrow({ index, operator, mask, value }: Condition): readonly ChainPart[] | undefined {
  const low = Number(mask & 0xffffffffn)
  if (low === 0) return undefined
  const datum = (Number(value & 0xffffffffn) & low) >>> 0
  const make = (test: ChainNode['test'], branch: End['branch']): readonly ChainPart[] => [
    { node: makeNode(index, false, test, operator, low, datum, value), branch },
  ]
  switch (operator) {
    case 'SCMP_CMP_EQ':
      return make('eq', 'True')
    case 'SCMP_CMP_MASKED_EQ':
      return make('masked-eq', 'True')
    case 'SCMP_CMP_GT':
      return make('gt', 'True')
    case 'SCMP_CMP_GE':
      return make('ge', 'True')
    case 'SCMP_CMP_NE':
      return make('eq', 'False')
    case 'SCMP_CMP_LE':
      return make('gt', 'False')
    case 'SCMP_CMP_LT':
      return make('ge', 'False')
  }
}

function makeNode(
  index: number,
  high: boolean,
  test: ChainNode['test'],
  operator: Condition['operator'],
  mask: number,
  datum: number,
  whole: bigint,
): ChainNode {
  return {
    index,
    high,
    test,
    operator,
    mask,
    datum,
    whole: whole & all64,
    whenTrue: { node: undefined },
    whenFalse: { node: undefined },
    answerTrue: undefined,
    answerFalse: undefined,
    before: undefined,
    after: undefined,
    links: 0,
  }
}
