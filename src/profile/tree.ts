// A document as it was written: every value with its place, numbers with their digits, members in their order and
// with their repetitions. JSON and YAML both become this tree, and everything that reads profiles reads it.

/** Where something stands in a file. */
export interface Place {
  /** UTF-16 code units from the start of the text. */
  readonly offset: number
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 code units. */
  readonly column: number
}

export type TreeNode = ObjectNode | ArrayNode | StringNode | NumberNode | BooleanNode | NullNode

interface Placed {
  readonly at: Place
  /** RFC 6901; of a repeated member the same for each. */
  readonly pointer: string
}

export interface ObjectNode extends Placed {
  readonly kind: 'object'
  /** In the order of the text; a name may occur more than once. */
  readonly members: readonly Member[]
}

export interface Member {
  readonly name: string
  readonly nameAt: Place
  readonly value: TreeNode
}

export interface ArrayNode extends Placed {
  readonly kind: 'array'
  readonly items: readonly TreeNode[]
}

export interface StringNode extends Placed {
  readonly kind: 'string'
  readonly value: string
}

export interface NumberNode extends Placed {
  readonly kind: 'number'
  /** As written. */
  readonly text: string
  /** Exact; undefined for what has a fraction or an exponent, such as 1.0 and 1e3, and for over 1000 digits. */
  readonly integer: bigint | undefined
}

export interface BooleanNode extends Placed {
  readonly kind: 'boolean'
  readonly value: boolean
}

export interface NullNode extends Placed {
  readonly kind: 'null'
}

/** Deeper documents are refused: no profile nests further than 8, an OCI config.json not further than 10. */
export const depthLimit = 200

/** Documents of more values are refused, for each takes many times its text: a large config.json has some thousands. */
export const nodeLimit = 200_000

/** The pointer of a member or an item. */
export function below(pointer: string, step: string | number): string {
  return `${pointer}/${typeof step === 'number' ? step : step.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** The value of a member by its exact name; of repeated ones the last, as Go's encoding/json takes it. */
export function member(node: TreeNode | undefined, name: string): TreeNode | undefined {
  if (node?.kind !== 'object') return undefined
  return node.members.findLast((each) => each.name === name)?.value
}

/** An integer as written, exactly; converting more digits than this costs quadratic time and means nothing. */
export function exactInteger(text: string): bigint | undefined {
  return /^-?\d{1,1000}$/.test(text) ? BigInt(text) : undefined
}

/** Turns offsets into places. */
export function placesOf(text: string): (offset: number) => Place {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] as number) <= offset) low = middle
      else high = middle - 1
    }
    return { offset, line: low + 1, column: offset - (starts[low] as number) + 1 }
  }
}

/** The document as plain values for a schema validator. Numbers may be rounded: their digits are checked elsewhere. */
export function plainValue(node: TreeNode): unknown {
  switch (node.kind) {
    case 'object':
      return Object.fromEntries(node.members.map(({ name, value }) => [name, plainValue(value)]))
    case 'array':
      return node.items.map(plainValue)
    case 'string':
    case 'boolean':
      return node.value
    case 'number':
      return Number(node.text)
    case 'null':
      return null
  }
}

/** What stands at a pointer into the file, looked for from a node on the way to it; of repeated members the last. */
export function nodeAt(from: TreeNode, pointer: string): TreeNode | undefined {
  if (!pointer.startsWith(from.pointer)) return undefined
  let node: TreeNode | undefined = from
  for (const step of pointer.slice(from.pointer.length).split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    node = node?.kind === 'array' ? node.items[Number(name)] : member(node, name)
  }
  return node
}
