// The interface of edits: they insert and remove values in a text and keep the rest as it is. json-edits.ts and
// yaml-edits.ts implement it.
import type { JSONPath } from 'jsonc-parser'
import type { JsonValue } from '../print/json-text.ts'

/** Each edit returns the new text; undefined if the value at the path cannot take the edit. */
export interface TextEdits {
  /** Inserts an item into the array at a path, before the item of this index or at the end. */
  readonly insert: (text: string, path: JSONPath, index: number, item: JsonValue) => string | undefined
  /** Sets a member of the object at a path. */
  readonly set: (text: string, path: JSONPath, name: string, value: JsonValue) => string | undefined
  /** Removes an item of the array at a path. */
  readonly remove: (text: string, path: JSONPath, index: number) => string | undefined
}
