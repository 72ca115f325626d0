// Finds the nodes of a YAML document that aliases (`*name`) use, merge keys included. A change of such a node changes
// every place that uses it. Authority: YAML 1.2, 7.1 "Alias Nodes".
import type { Alias, Document, Node } from 'yaml'
import { yaml } from '../../profile/bounded-yaml.ts'

/** By node, at or below an anchor in use: the name of the anchor. */
export type SharedNodes = ReadonlyMap<unknown, string>

export function sharedNodes(document: Document): SharedNodes {
  const shared = new Map<unknown, string>()
  const { visit } = yaml()
  const sources = new Map<Node, string>()
  visit(document, {
    Alias: (_, alias: Alias) => {
      const source = alias.resolve(document)
      if (source !== undefined) sources.set(source, alias.source)
    },
  })
  for (const [source, name] of sources) visit(source, { Node: (_, node) => void shared.set(node, name) })
  return shared
}

/** The anchor in use at, above or below the node; undefined if no alias uses it or a part of it. */
export function anchorOf(node: unknown, shared: SharedNodes): string | undefined {
  if (shared.size === 0) return undefined
  let name = shared.get(node)
  if (name === undefined && yaml().isNode(node))
    yaml().visit(node as Node, {
      Node: (_, each) => {
        name = shared.get(each)
        return name === undefined ? undefined : yaml().visit.BREAK
      },
    })
  return name
}
