// Makes the filter for the audit recorder: it allows and logs every call that the profile refuses, and the start of
// each program. A rule that answers ENOSYS on purpose stays, so that programs still take another way.
import { architectureNames } from '../abi/architectures.ts'
import { numbersOf } from '../abi/numbers.ts'
import { syscallTable } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import { makeMeaning, permissiveness, reachOf, type Context, type Meaning } from '../meaning/index.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import type { Action, OciProfile, OciRule } from '../profile/document.ts'
import { printProfile } from '../print/index.ts'
import { parseProfile } from '../profile/index.ts'
import { programStarts } from '../record/index.ts'
import { isWithheld } from './refusals.ts'
import { resolvedProfile } from './resolved.ts'

/** The filter's text. Throws UserError (125) for a profile whose refusals the filter would not log exactly. */
export function auditedText(parsed: ParsedProfile, context: Context): string {
  const text = printProfile(audited(resolvedProfile(parsed, context)))
  const differing = difference(makeMeaning(parsed, context), makeMeaning(parseProfile(text), context))
  if (differing !== undefined) throw new UserError('audit-not-exact', { file: parsed.name, call: differing })
  return text
}

function audited(profile: OciProfile): OciProfile {
  const { defaultAction, architectures, flags, syscalls = [] } = profile
  const rules = syscalls.flatMap(auditedRule)
  const begins = rules.some(({ names }) => names.some(isStart))
  return {
    defaultAction: letting(defaultAction),
    ...(architectures && { architectures }),
    ...(flags && { flags }),
    syscalls:
      begins || !isAllowing(defaultAction)
        ? rules
        : [...rules, { names: programStarts, action: 'SCMP_ACT_LOG' }],
  }
}

function auditedRule(rule: OciRule): readonly OciRule[] {
  if (isWithheld(rule)) return [rule]
  const { names, action, args } = rule
  const rules = [
    { names: names.filter((each) => !isStart(each)), action: letting(action) },
    { names: names.filter(isStart), action: 'SCMP_ACT_LOG' as Action },
  ]
  return rules.filter((each) => each.names.length > 0).map((each) => ({ ...each, ...(args && { args }) }))
}

function isStart(name: string): boolean {
  return programStarts.includes(name)
}

function letting(action: Action): Action {
  return isAllowing(action) ? 'SCMP_ACT_ALLOW' : 'SCMP_ACT_LOG'
}

function isAllowing(action: Action): boolean {
  return action === 'SCMP_ACT_ALLOW' || action === 'SCMP_ACT_LOG'
}

/** The first call for which the filter does not log exactly what the profile refuses. */
function difference(profile: Meaning, filter: Meaning): string | undefined {
  for (const architecture of architectureNames)
    for (const number of numbersOf(architecture)) {
      const name = syscallTable(architecture).byNumber(number)?.name
      if (isStart(name ?? '')) continue
      const [said, done] = [profile, filter].map((each) => reachOf(each, architecture, number))
      const allowed = said?.answers.some((each) => permissiveness(each) === 2)
      const refused = said?.answers.some((each) => permissiveness(each) < 2)
      const silent = done?.answers.some(({ action }) => action === 'SCMP_ACT_ALLOW')
      const told = done?.answers.some(({ action }) => action !== 'SCMP_ACT_ALLOW')
      if (allowed !== silent || refused !== told || said?.arguments.join() !== done?.arguments.join())
        return `${name ?? number} (${architecture})`
    }
  return undefined
}
