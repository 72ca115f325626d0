// `explain`: why each call is in a profile, whether the default allows it, and what it exposes.
import { Option } from 'commander'
import { assumedHost, type Architecture } from '../abi/architectures.ts'
import { explainProfile, type ExplainedCall } from '../explain/index.ts'
import { isBuiltinName } from '../meaning/builtin-name.ts'
import { level } from '../meaning/index.ts'
import { printReport, type FormatName } from '../report/formats.ts'
import { addContextOptions, contextOptionsFrom, type ContextWords } from './context.ts'
import { archOption, outputOption } from './document-options.ts'
import { mediumFor } from './medium.ts'
import { addReportOptions } from './report-option.ts'
import { checkOutput, writeOutput } from './output.ts'
import { loadProfile, profileWords } from './profiles.ts'
import { say } from './say.ts'
import type { Declare, World } from './world.ts'

interface ExplainFlags extends ContextWords {
  readonly arch?: readonly Architecture[]
  readonly trace?: readonly string[]
  readonly reachable?: readonly string[]
  readonly only?: 'unexpected' | 'exceeded'
  readonly report: FormatName
  readonly output?: string
}

export const declare: Declare = (command, world, end) => {
  addReportOptions(command, 'explanation')
  command
    .argument('<profile>', profileWords)
    .argument('[call...]', 'names; default: all that a rule names, that were seen or that are reachable')
    .addOption(
      new Option('--trace <file>', 'where the calls were seen: any input; repeatable').argParser(
        (word: string, before: readonly string[] = []) => [...before, word],
      ),
    )
    .addOption(
      new Option('--reachable <file>', 'what the code can call, as `scan` printed it; repeatable').argParser(
        (word: string, before: readonly string[] = []) => [...before, word],
      ),
    )
    .addOption(
      new Option(
        '--only <calls>',
        'unexpected: allowed, and nothing says why; exceeded: beyond the default',
      ).choices(['unexpected', 'exceeded']),
    )
    .addOption(archOption('of the calls'))
    .addOption(outputOption('the report'))
  addContextOptions(command)
    .addHelpText(
      'after',
      '\nExamples:\n  seccomp-gen explain app.json --trace app.strace\n  seccomp-gen explain docker bpf io_uring_setup ptrace',
    )
    .action(async (word: string, calls: string[], options: ExplainFlags) => {
      await explain(word, calls, options, world)
      end(0)
    })
}

async function explain(
  word: string,
  calls: readonly string[],
  options: ExplainFlags,
  world: World,
): Promise<void> {
  const { arch, trace, reachable: scans, report, output } = options
  await checkOutput(output, world)
  const { profile, capabilities } = await loadProfile(word, world)
  // The readers of traces are loaded only if a trace is given.
  const observations = trace && (await (await import('./read.ts')).readInputs(trace, world, {}))
  const reachable = scans && (await (await import('./reachable.ts')).readReachable(scans, world))
  const { architecture: _, ...context } = contextOptionsFrom(options, assumedHost, capabilities)
  const all = explainProfile(profile, {
    ...context,
    ...(arch === undefined ? {} : { architectures: arch }),
    ...(observations === undefined ? {} : { observations }),
    ...(reachable === undefined ? {} : { reachable }),
    ...(calls.length === 0 ? {} : { calls }),
  })
  const explained = all.filter((call) => isWanted(call, options.only))
  const result = { profile: word, calls: explained, ...(observations && { observations }) }
  await writeOutput(printReport('explanation', result, report, mediumFor(output, world)), output, world)
  if (trace === undefined && !isBuiltinName(word) && all.some((call) => isWanted(call, 'unexpected')))
    say(
      world,
      'no --trace was given, so nothing here says which calls were seen: give traces or observations',
    )
}

function isWanted(
  { answers, because, scan, default: { exceeded } }: ExplainedCall,
  only: ExplainFlags['only'],
): boolean {
  if (only === undefined) return true
  if (only === 'exceeded') return exceeded
  return because.length === 0 && scan?.path === undefined && answers.some((each) => level(each) === 2)
}
