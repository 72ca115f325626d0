// YAML with a comment after some of its values. Strings are quoted so that YAML 1.1 readers, such as the Kubernetes
// tools and docker-compose, read every string as a string.
import { yaml } from '../../profile/bounded-yaml.ts'

export interface Commented<Value> {
  readonly value: Value
  /** The path of a value and the comment after it, one escaped line each. */
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
