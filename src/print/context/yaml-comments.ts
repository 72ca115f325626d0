// YAML with a comment behind some of its values. Strings are written so that YAML 1.1 readers, which the Kubernetes
// tools and docker-compose are, take every string for a string.
import { yaml } from '../../profile/bounded-yaml.ts'

export interface Commented<Value> {
  readonly value: Value
  /** By the way to a value: what is written behind it. One line each, escaped. */
  readonly remarks: readonly (readonly [path: readonly (string | number)[], remark: string])[]
}

export function commentedYaml({ value, remarks }: Commented<unknown>): string {
  const { Document, isScalar } = yaml()
  const document = new Document(value, { version: '1.1', aliasDuplicateObjects: false })
  for (const [path, remark] of remarks) {
    const node: unknown = document.getIn(path, true)
    if (!isScalar(node)) throw new TypeError(`no scalar to comment on at ${path.join('.')}`)
    node.comment = ` ${remark}`
  }
  return document.toString({ lineWidth: 0 })
}
