// `validate`: schema and meaning checks of profiles. validateReport is the pure part: texts in, a report and the
// status out.
import { Option } from 'commander'
import { parseProfiles, profileProblems, type Dialect } from '../profile/index.ts'
import { problemsReport, type Checked, type ReportFormat } from '../report/problems.ts'
import { outputOption } from './document-options.ts'
import { checkOutput, writeOutput } from './output.ts'
import { readTexts, type TextFile } from './texts.ts'
import type { Declare, World } from './world.ts'

interface Options {
  readonly report: ReportFormat
  readonly as?: Dialect
  readonly output?: string
}

export const declare: Declare = (command, world, end) => {
  command
    .argument('<file...>', 'profiles: OCI, Docker format, config.json, SeccompProfile, ConfigMap; - is stdin')
    .addOption(
      new Option('--as <dialect>', 'check it as what will read it; default: what its keys say').choices([
        'oci',
        'docker',
        'spo',
        'kubernetes',
      ]),
    )
    .addOption(
      new Option('--report <format>', 'how to print it')
        .choices(['text', 'json', 'markdown', 'sarif', 'github'])
        .default('text'),
    )
    .addOption(outputOption('the report'))
    .addHelpText(
      'after',
      '\nExample:\n  seccomp-gen validate app.json\n  seccomp-gen validate --as oci --report github profiles/*.json',
    )
    .action(async (files: string[], options: Options) => end(await validate(files, options, world)))
}

async function validate(files: readonly string[], options: Options, world: World): Promise<number> {
  const { report, as, output } = options
  await checkOutput(output, world)
  const { text, status } = validateReport(await readTexts(files, world), {
    report,
    ...(as === undefined ? {} : { dialect: as }),
  })
  await writeOutput(text, output, world)
  return status
}

export interface ValidateOptions {
  readonly report: ReportFormat
  /** Who will read the files, if that is not to be told from their keys: see profileProblems. */
  readonly dialect?: Dialect
}

/**
 * Status 0: nothing to report; notes may be printed, and do not count. Status 1: errors or warnings. Throws a
 * UserError (status 2) for the first text that is no profile.
 */
export function validateReport(
  files: readonly TextFile[],
  { report, dialect }: ValidateOptions,
): { readonly text: string; readonly status: 0 | 1 } {
  const checked = files.flatMap(({ name, text }) =>
    parseProfiles(text, { name }).map((parsed): Checked => ({
      file: name,
      ...(parsed.title === undefined ? {} : { title: parsed.title }),
      findings: profileProblems(parsed, dialect === undefined ? {} : { dialect }),
    })),
  )
  const counts = checked.some(({ findings }) => findings.some(({ severity }) => severity !== 'note'))
  return { text: problemsReport(checked, report), status: counts ? 1 : 0 }
}
