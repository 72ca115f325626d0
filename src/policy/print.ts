// A policy as a file: canonical JSON, the shape of schemas/policy.schema.json. 64-bit values are decimal strings,
// because a JSON number would lose them; what could act on a terminal is written as \u escapes, which JSON allows.
import type { Policy } from './policy.ts'

/** The same policy, the same bytes: keys in the order of the types, two spaces, a newline at the end. */
export function printPolicy(policy: Policy): string {
  const text = JSON.stringify(
    {
      version: policy.version,
      architectures: policy.architectures,
      defaultAction: policy.defaultAction,
      rules: policy.rules.map(({ syscall, architectures, action, conditions, because }) => ({
        syscall,
        architectures,
        action,
        conditions: conditions.map((each) =>
          'below' in each
            ? { index: each.index, below: `${each.below}` }
            : { index: each.index, mask: `${each.mask}`, value: `${each.value}` },
        ),
        because,
      })),
      left: policy.left,
    },
    null,
    2,
  )
  return `${text.replaceAll(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)}\n`
}

/** JSON.stringify escapes the rest of the control characters itself. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}
