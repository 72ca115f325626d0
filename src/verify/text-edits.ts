// Values put into a text and taken out of it, the rest of it as it stands. What an edit of a profile needs, once for JSON
// and once for YAML.
import type { JSONPath } from 'jsonc-parser'
import type { JsonValue } from '../print/json-text.ts'

/** Each gives the text afterwards; undefined where what stands at the path cannot take it. */
export interface TextEdits {
  /** Puts an item into the array at a path, before the one of this index or at its end. */
  readonly insert: (text: string, path: JSONPath, index: number, item: JsonValue) => string | undefined
  /** Gives the object at a path a member, or the member another value. */
  readonly set: (text: string, path: JSONPath, name: string, value: JsonValue) => string | undefined
  /** Takes an item of an array away. */
  readonly remove: (text: string, path: JSONPath, index: number) => string | undefined
}
