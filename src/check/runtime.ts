// Finds calls that container runtimes need and a profile does not allow. The caller names the runtime.
import { versionFloor } from '../policy/floor-versions.ts'
import { flag, oneOf, readOptions, type OptionTable } from '../options.ts'
import { floorChoice } from '../policy/floor-choice.ts'
import type { FloorChoice, RuntimeVersion } from '../policy/index.ts'
import { callsOn } from '../policy/translate.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { dialects, type Dialect } from '../profile/document.ts'
import { parsedProfile } from '../profile/parse.ts'
import { sortFindings, type Finding } from './findings.ts'
import { floorProblems } from './floor.ts'

/** How the container starts, and who reads the profile. */
export interface RuntimeProblemOptions {
  /** The container starts with no_new_privs. Default false: the runtimes need more. */
  readonly noNewPrivileges?: boolean
  /** Who reads the file, if its keys do not show it: see profileProblems. */
  readonly dialect?: Dialect
}

/**
 * What the newest runc and crun (`all`), one of them, or one version such as `runc@1.3.6` lacks, sorted by place in the
 * text.
 *
 * @throws UserError for an unknown runtime or option, and for a value that an option does not take.
 */
export function runtimeProblems(
  parsed: ParsedProfile,
  runtime: FloorChoice,
  given: RuntimeProblemOptions = {},
): readonly Finding[] {
  parsedProfile(parsed, 'runtimeProblems: profile')
  const { noNewPrivileges = false, ...options } = readOptions('runtimeProblems', runtimeTable, given)
  return sortFindings(
    runtimesOf(floorChoice(runtime, 'runtimeProblems: runtime')).flatMap((each) =>
      floorProblems(parsed, versionFloor(each, noNewPrivileges), { ...options, callsOn }),
    ),
  )
}

const runtimeTable: OptionTable<RuntimeProblemOptions> = { noNewPrivileges: flag, dialect: oneOf(dialects) }

function runtimesOf(choice: FloorChoice): readonly RuntimeVersion[] {
  if (choice === 'none') return []
  return choice === 'all' ? ['runc', 'crun'] : [choice]
}
