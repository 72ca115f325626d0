// `observe`: reads traces, logs or observations and prints observations.
import { Option } from 'commander'
import type { Architecture } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import type { Format } from '../read/formats.ts'
import { printReport, type FormatName } from '../report/formats.ts'
import { isLoss } from '../report/diagnostics.ts'
import { addChoiceOptions, archOption, choiceOf, formatOption, outputOption } from './options.ts'
import { mediumFor } from './medium.ts'
import { columnsHelp } from './columns-help.ts'
import { addReportOptions } from './report-option.ts'
import { checkOutput, writeOutput } from './output.ts'
import type { CallerChoice } from '../read/subject.ts'
import { readInputs } from './read.ts'
import { sayAccount } from './say.ts'
import type { Declare, World } from './world.ts'

interface ObserveFlags extends CallerChoice {
  readonly format: Format | 'auto'
  readonly arch?: readonly Architecture[]
  readonly strict?: true
  readonly afterFilter?: true
  readonly context?: true
  readonly quiet?: true
  readonly report: FormatName
  readonly output?: string
}

export const declare: Declare = (command, world, end) => {
  addReportOptions(addChoiceOptions(command).optionsGroup('Options:'), 'observations', 'json')
    .argument('[file...]', 'traces, logs, profiles, observations, directories, -ff prefixes, -')
    .addOption(formatOption())
    .addOption(archOption('architecture of the recording'))
    .option('--after-filter', 'count only calls under a filter, in an engine’s trace')
    .addOption(
      new Option('--context', 'also read evidence of the security context from strace').conflicts(
        'afterFilter',
      ),
    )
    .option('-q, --quiet', 'print no account of the input')
    .option('--strict', 'status 1 if anything was lost or not understood')
    .addOption(outputOption('the observations'))
    .addHelpText(
      'after',
      '\nExample:\n  strace -f -o app.strace ./app\n  seccomp-gen observe app.strace -o app.json' +
        columnsHelp,
    )
    .action(async (files: string[], options: ObserveFlags) => end(await observe(files, options, world)))
}

async function observe(files: readonly string[], options: ObserveFlags, world: World): Promise<number> {
  const { arch = [], format, output, strict, afterFilter, context } = options
  if (arch.length > 1) throw new UserError('several-machines')
  await checkOutput(output, world)
  const observations = await readInputs(files, world, {
    format,
    ...(arch[0] && { architecture: arch[0] }),
    choice: choiceOf(options),
    ...(afterFilter && { afterFilter }),
    ...(context && { context }),
  })
  const text = printReport('observations', observations, options.report, mediumFor(output, world))
  await writeOutput(text, output, world)
  if (options.quiet === undefined) sayAccount(world, observations)
  const doubtful =
    observations.diagnostics.some(isLoss) ||
    observations.sources.some(({ unparsed, lost = 0 }) => unparsed > 0 || lost > 0)
  return strict && doubtful ? 1 : 0
}
