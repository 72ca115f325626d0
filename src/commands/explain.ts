// `explain`: why each call is in a profile, whether the default allows it, and what it exposes.
import { Option } from 'commander'
import { assumedHost, type Architecture } from '../abi/architectures.ts'
import { explainProfile } from '../explain/index.ts'
import { printReport, type FormatName } from '../report/formats.ts'
import { addContextOptions, contextOptionsFrom, type ContextWords } from './context.ts'
import { archOption, outputOption } from './document-options.ts'
import { mediumFor } from './medium.ts'
import { reportOption } from './report-option.ts'
import { checkOutput, writeOutput } from './output.ts'
import { loadProfile, profileWords } from './profiles.ts'
import type { Declare, World } from './world.ts'

interface Options extends ContextWords {
  readonly arch?: readonly Architecture[]
  readonly trace?: readonly string[]
  readonly report: FormatName
  readonly output?: string
}

export const declare: Declare = (command, world, end) => {
  command
    .argument('<profile>', profileWords)
    .argument('[call...]', 'names; default: all that a rule names or that were seen')
    .addOption(
      new Option('--trace <file>', 'where the calls were seen: any input; repeatable').argParser(
        (word: string, before: readonly string[] = []) => [...before, word],
      ),
    )
    .addOption(archOption('of the calls'))
    .addOption(reportOption('explanation'))
    .addOption(outputOption('the report'))
  addContextOptions(command)
    .addHelpText(
      'after',
      '\nExamples:\n  seccomp-gen explain app.json --trace app.strace\n  seccomp-gen explain docker bpf io_uring_setup ptrace',
    )
    .action(async (word: string, calls: string[], options: Options) => {
      await explain(word, calls, options, world)
      end(0)
    })
}

async function explain(
  word: string,
  calls: readonly string[],
  options: Options,
  world: World,
): Promise<void> {
  const { arch, trace, report, output } = options
  await checkOutput(output, world)
  const { profile, capabilities } = await loadProfile(word, world)
  // Every format of traces, for those who give one.
  const observations = trace && (await (await import('./read.ts')).readInputs(trace, world, {}))
  const { architecture: _, ...context } = contextOptionsFrom(options, assumedHost, capabilities)
  const explained = explainProfile(profile, {
    ...context,
    ...(arch === undefined ? {} : { architectures: arch }),
    ...(observations === undefined ? {} : { observations }),
    ...(calls.length === 0 ? {} : { calls }),
  })
  const result = { profile: word, calls: explained, ...(observations && { observations }) }
  await writeOutput(printReport('explanation', result, report, mediumFor(output, world)), output, world)
}
