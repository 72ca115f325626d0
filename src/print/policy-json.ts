// Prints a policy as canonical JSON in the form of schemas/policy.schema.json. 64-bit values are decimal strings,
// because a JSON number would lose digits. Characters that a terminal could act on are written as \u escapes.
import { harmlessJson } from '../json-string.ts'
import type { Policy } from '../policy/policy.ts'
import { policyValue } from './build.ts'

/**
 * Equal policies give equal bytes: keys in the order of the types, two spaces, a newline at the end.
 *
 * @throws UserError for a value that is not a policy.
 */
export function printPolicy(policy: Policy): string {
  policyValue(policy, 'printPolicy: policy')
  const text = JSON.stringify(
    {
      version: policy.version,
      architectures: policy.architectures,
      defaultAction: policy.defaultAction,
      ...(policy.logsRefusals && { logsRefusals: true }),
      rules: policy.rules.map(({ syscall, architectures, action, conditions, because }) => ({
        syscall,
        architectures,
        action,
        conditions: conditions.map(({ index, mask, value }) => ({
          index,
          mask: `${mask}`,
          value: `${value}`,
        })),
        because,
      })),
      left: policy.left,
    },
    null,
    2,
  )
  return `${harmlessJson(text)}\n`
}
