// Finds a call after text of the program that has no line end: `no newlinewrite(2, "…", 27) = 27`.
import { holdsResult } from './completion.ts'
import { isNumeric, type Names } from './names.ts'

/** How many parentheses of a line are checked, and how long the name before one can be. */
const gluedLimit = 64
const nameLimit = 40

/** Whether a finished call follows other text. */
export function isGlued(text: string, names: Names): boolean {
  if (!holdsResult(text)) return false
  let open = text.indexOf('(', 1)
  for (let tried = 0; open !== -1 && tried < gluedLimit; tried++, open = text.indexOf('(', open + 1)) {
    // A name at the very start of the line follows no text.
    const before = /[a-z0-9_]+$/.exec(text.slice(Math.max(1, open - nameLimit), open))?.[0] ?? ''
    for (let from = 0; from < before.length; from++) if (names.isKnown(before.slice(from))) return true
  }
  return false
}

/** The longest known call that an unknown name ends with: `foowrite` is text of the program, then `write`. */
export function nameBehindLetters(name: string, names: Names): string | undefined {
  if (isNumeric(name)) return undefined
  for (let from = 1; from < name.length - 2; from++) {
    const own = name.slice(from)
    if (names.isKnown(own)) return own
  }
  return undefined
}
