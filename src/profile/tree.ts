// A document as it was written: values have places, numbers keep their digits, members keep their order and
// repetitions. JSON and YAML both become this tree, and every reader of profiles works on it.

/** A place in a file. */
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
  /** RFC 6901. Repeated members have the same pointer. */
  readonly pointer: string
}

export interface ObjectNode extends Placed {
  readonly kind: 'object'
  /** In the order of the text. A name can occur more than once. */
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
  /** The exact value; undefined for a fraction, an exponent (1.0, 1e3) and more than 1000 digits. */
  readonly integer: bigint | undefined
}

export interface BooleanNode extends Placed {
  readonly kind: 'boolean'
  readonly value: boolean
}

export interface NullNode extends Placed {
  readonly kind: 'null'
}

/** Deeper documents are refused. A profile nests at most 8 deep, an OCI config.json at most 10. */
export const depthLimit = 200

/**
 * Documents with more values are refused, because a value takes many times its text. A large config.json has some
 * thousands.
 */
export const nodeLimit = 200_000

/** The pointer of a member or an item. */
export function below(pointer: string, step: string | number): string {
  return `${pointer}/${typeof step === 'number' ? step : step.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** The value of a member by its exact name; the last of repeated members, as in Go's encoding/json. */
export function member(node: TreeNode | undefined, name: string): TreeNode | undefined {
  if (node?.kind !== 'object') return undefined
  return node.members.findLast((each) => each.name === name)?.value
}

/** The exact integer. More than 1000 digits give undefined: converting them costs quadratic time. */
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

/** The value at a pointer into the file. `from` is a node on the way to it. Of repeated members the last one counts. */
export function nodeAt(from: TreeNode, pointer: string): TreeNode | undefined {
  if (!pointer.startsWith(from.pointer)) return undefined
  let node: TreeNode | undefined = from
  for (const step of pointer.slice(from.pointer.length).split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    node = node?.kind === 'array' ? node.items[Number(name)] : member(node, name)
  }
  return node
}
