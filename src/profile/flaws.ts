// Flaws of a document: mistakes, and parts that only some loaders read. The reader reports each with a place and facts.
// Mistakes of the meaning are check/'s and have the same form. report/findings.ts has the sentence for each code.
//   error    some runtime or loader of this dialect refuses the document, or the specification forbids it
//   warning  it is accepted, but does something else than it says, or differs between loaders
//   note     worth knowing; it works
import { nodeAt, type Place, type TreeNode } from './tree.ts'

/** `error`: something refuses the profile. `warning`: it does something else than it says. `note`: worth knowing. */
export type Severity = 'error' | 'warning' | 'note'

/** A mistake in a document and its place. `line`, `column`: from 1; `pointer`: RFC 6901. */
export interface Flaw<Code extends string = FlawCode> {
  readonly code: Code
  readonly severity: Severity
  /** RFC 6901, relative to the file; in a ConfigMap relative to the profile in the value. */
  readonly pointer: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  /** The values for the sentence: names, numbers, pieces of input. They are raw; the printer escapes them. */
  readonly facts: Readonly<Record<string, string>>
}

/** Every code with its usual severity. */
export const flawSeverities = {
  'byte-order-mark': 'error',
  'duplicate-key': 'error',
  'key-case': 'warning',
  'unknown-key': 'note',
  'null-value': 'note',
  'wrong-type': 'error',
  'missing-key': 'error',
  'no-default-action': 'error',
  'name-with-names': 'error',
  'min-kernel-form': 'error',
  'unknown-action': 'error',
  'unknown-operator': 'error',
  'not-unsigned': 'error',
  'out-of-range': 'error',
  'rounded-elsewhere': 'warning',
  'argument-index': 'error',
  'errno-range': 'error',
  'empty-names': 'error',
} as const satisfies Readonly<Record<string, Severity>>

/** The codes of mistakes that parsing finds. */
export type FlawCode = keyof typeof flawSeverities

/** A place in a document. */
export interface Standing {
  readonly at: Place
  readonly pointer: string
}

/** The place of a key of a profile or rule; the place of the whole if the key is written in another case. */
export function standingOf(tree: TreeNode, whole: Standing, key: string): Standing {
  const { at, pointer } = nodeAt(tree, `${whole.pointer}/${key}`) ?? whole
  return { at, pointer }
}

export function flaw(
  code: FlawCode,
  where: Standing,
  facts: Readonly<Record<string, string>> = {},
  severity: Severity = flawSeverities[code],
): Flaw {
  return placed(code, severity, where, facts)
}

export function placed<Code extends string>(
  code: Code,
  severity: Severity,
  { at, pointer }: Standing,
  facts: Readonly<Record<string, string>>,
): Flaw<Code> {
  return { code, severity, pointer, line: at.line, column: at.column, facts }
}
