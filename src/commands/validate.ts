// `validate`: checks the schema and the meaning of profiles. validateReport is the pure part: it takes texts and
// returns a report and the status.
import { Option } from 'commander'
import { UserError } from '../errors.ts'
import type { FloorChoice } from '../policy/index.ts'
import { profileProblems, runtimeProblems, sortFindings, type Finding } from '../check/index.ts'
import { parseProfiles, type Dialect, type ParsedProfile } from '../profile/index.ts'
import { printReport, type FormatName } from '../report/formats.ts'
import type { Medium } from '../report/medium.ts'
import type { Checked } from '../report/problems.ts'
import type { EngineVersion } from '../meaning/index.ts'
import { readEngineVersion } from '../meaning/versions/engines.ts'
import { addReaderOptions } from './context.ts'
import { outputOption } from './document-options.ts'
import { mediumFor } from './medium.ts'
import { addReportOptions } from './report-option.ts'
import { runtimeOption } from './runtime-option.ts'
import { checkOutput, refuseInputs, writeOutput } from './output.ts'
import { say } from './say.ts'
import { readEach, type Given } from './profiles.ts'
import type { Declare, World } from './world.ts'

interface ValidateFlags {
  readonly report: FormatName
  readonly as?: Dialect
  readonly runtime: FloorChoice
  readonly engine?: EngineVersion
  readonly libseccomp?: string
  /** commander turns --no-new-privileges into `newPrivileges: false`. */
  readonly newPrivileges: boolean
  readonly output?: string
}

export const declare: Declare = (command, world, end) => {
  addReportOptions(command, 'findings')
  addReaderOptions(command)
    .argument('<file...>', 'a profile of any dialect, -, REVISION:path or built-in: docker …')
    .addOption(
      new Option('--as <dialect>', 'dialect of the profile (default: from its keys)').choices([
        'oci',
        'docker',
        'spo',
        'kubernetes',
      ]),
    )
    .addOption(runtimeOption('also check the calls of a runtime:').default('none'))
    .option('--no-new-privileges', 'the container runs with no_new_privs')
    .addOption(outputOption('the report'))
    .addHelpText(
      'after',
      '\nExample:\n  seccomp-gen validate app.json\n  seccomp-gen validate --as oci --report github profiles/*.json\n  seccomp-gen validate --runtime runc@1.3.6 app.json',
    )
    .action(async (files: string[], options: ValidateFlags) => end(await validate(files, options, world)))
}

async function validate(files: readonly string[], options: ValidateFlags, world: World): Promise<number> {
  const { report, as, output, runtime, newPrivileges, engine, libseccomp } = options
  await checkOutput(output, world)
  await refuseInputs(output, files, world)
  const { given, refused } = await readEach(files, world)
  const result = validateReport(given, {
    report,
    runtime,
    medium: mediumFor(output, world),
    noNewPrivileges: !newPrivileges,
    ...(as === undefined ? {} : { dialect: as }),
    ...(engine === undefined ? {} : { engine }),
    ...(libseccomp === undefined ? {} : { libseccomp }),
  })
  const unusable = [...refused, ...result.refused]
  // An unreadable file does not hide the findings about the others.
  if (unusable.length < files.length) await writeOutput(result.text, output, world)
  for (const message of unusable) say(world, message)
  return unusable.length > 0 ? 2 : result.status
}

export interface ValidateOptions {
  readonly report: FormatName
  /** The dialect of the files, if their keys do not show it (see profileProblems). */
  readonly dialect?: Dialect
  /** The runtime whose needs are checked. Default 'none'. */
  readonly runtime?: FloorChoice
  /** The engine that reads the files. Default: every engine that reads their keys. */
  readonly engine?: EngineVersion
  /** The version of libseccomp. Default: the newest and the oldest in use. */
  readonly libseccomp?: string
  readonly medium?: Medium
  /** The container starts with no_new_privs. Default false: the runtimes need more. */
  readonly noNewPrivileges?: boolean
}

/**
 * The status is 1 if there are errors or warnings, else 0: notes are printed but do not count. `refused`: a sentence
 * for each text that is not a profile.
 */
export function validateReport(
  files: readonly Given[],
  options: ValidateOptions,
): { readonly text: string; readonly status: 0 | 1; readonly refused: readonly string[] } {
  const { report, dialect, runtime = 'none', noNewPrivileges = false, engine, libseccomp } = options
  const reader = {
    ...(dialect === undefined ? {} : { dialect }),
    ...(runtime === 'none' || runtime === 'all' ? {} : { runtime }),
    ...(engine === undefined ? {} : { engine }),
    ...(libseccomp === undefined ? {} : { libseccomp }),
  }
  const missing = (parsed: ParsedProfile): readonly Finding[] =>
    runtimeProblems(parsed, runtime, { noNewPrivileges, ...(dialect === undefined ? {} : { dialect }) })
  const refused: string[] = []
  const checked = files.flatMap((file): readonly Checked[] => {
    const { name } = file
    try {
      // A text can have several profiles; a built-in is one.
      const profiles = file.text === undefined ? [file.profile] : parseProfiles(file.text, { name })
      return profiles.map((parsed) => ({
        file: name,
        ...(parsed.title === undefined ? {} : { title: parsed.title }),
        findings: sortFindings([...profileProblems(parsed, { ...own(file), ...reader }), ...missing(parsed)]),
      }))
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      refused.push(error.message)
      return []
    }
  })
  const counts = checked.some(({ findings }) => findings.some(({ severity }) => severity !== 'note'))
  return { text: printReport('findings', checked, report, options.medium), status: counts ? 1 : 0, refused }
}

/** The engine of a built-in. */
function own({ name, text }: Given): { readonly engine?: EngineVersion } {
  return text === undefined && readEngineVersion(name) !== undefined ? { engine: name as EngineVersion } : {}
}
