// `explain`: why each call is in a profile, whether the default allows it, and what it exposes.
import { Option } from 'commander'
import { assumedHost, type Architecture } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { explainProfile, type ExplainedCall } from '../explain/index.ts'
import { isBuiltinName } from '../meaning/builtin-name.ts'
import { UserError } from '../errors.ts'
import { appliedReach, permissiveness, type AppliedFilter } from '../meaning/index.ts'
import { printReport, type FormatName } from '../report/formats.ts'
import { addAppliedOptions, heldProfile, isApplied, type AppliedWords } from './applied.ts'
import { addContextOptions, contextOptionsFrom, type ContextWords } from './context.ts'
import { archOption, outputOption } from './document-options.ts'
import { mediumFor } from './medium.ts'
import { addReportOptions } from './report-option.ts'
import { checkOutput, refuseInputs, writeOutput } from './output.ts'
import { loadProfile, profileWords, type NamedProfile } from './profiles.ts'
import { say } from './say.ts'
import type { Declare, World } from './world.ts'

interface ExplainFlags extends ContextWords, AppliedWords {
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
    .usage(
      '[options] PROFILE [CALL…]\n       seccomp-gen explain --pid N | --container NAME | --pod NAME [CALL…]',
    )
    .argument('[profile]', profileWords)
    .argument('[call...]', 'names (default: all calls that a rule names, seen or reachable)')
    .addOption(
      new Option('--trace <file>', 'traces, logs or observations of the program; repeatable').argParser(
        (word: string, before: readonly string[] = []) => [...before, word],
      ),
    )
    .addOption(
      new Option(
        '--reachable <file>',
        'calls that the code can make, from scan --report json; repeatable',
      ).argParser((word: string, before: readonly string[] = []) => [...before, word]),
    )
    .addOption(
      new Option(
        '--only <calls>',
        'unexpected: allowed, and nothing says why; exceeded: beyond the default',
      ).choices(['unexpected', 'exceeded']),
    )
    .addOption(archOption('of the calls'))
    .addOption(outputOption('the report'))
  addAppliedOptions(addContextOptions(command))
    .addHelpText(
      'after',
      '\nExamples:\n  seccomp-gen explain app.json --trace app.strace\n  seccomp-gen explain docker bpf io_uring_setup ptrace\n  seccomp-gen explain --container web --only exceeded',
    )
    .action(async (word: string | undefined, calls: string[], options: ExplainFlags) => {
      await checkOutput(options.output, world)
      await refuseInputs(
        options.output,
        [...(word === undefined ? [] : [word]), ...(options.trace ?? [])],
        world,
      )
      if (isApplied(options)) {
        // The options replace the profile, so the first word is a call.
        const { applied, ...held } = await heldProfile(options, world)
        const all = [...(word === undefined ? [] : [word]), ...calls]
        await explain(held, all.length > 0 ? all : permittedCalls(applied), options, world)
      } else if (word === undefined) throw new UserError('profile-or-applied')
      else await explain(await loadProfile(word, world), calls, options, world)
      end(0)
    })
}

/** The calls that the filter allows for at least some arguments. */
const permittedCalls = (applied: AppliedFilter): readonly string[] =>
  syscallTable(applied.host)
    .entries.filter(({ number }) =>
      appliedReach(applied, applied.host, number).answers.some((each) => permissiveness(each) === 2),
    )
    .map(({ name }) => name)

async function explain(
  { name, profile, capabilities, kernel }: NamedProfile & { readonly kernel?: string },
  calls: readonly string[],
  options: ExplainFlags,
  world: World,
): Promise<void> {
  const { arch, trace, reachable: scans, report, output } = options
  // The readers of traces are loaded only if a trace is given.
  const observations = trace && (await (await import('./read.ts')).readInputs(trace, world, {}))
  const reachable = scans && (await (await import('./reachable.ts')).readReachable(scans, world))
  const { architecture: _, ...context } = contextOptionsFrom(
    { ...(kernel && { kernel }), ...options },
    assumedHost,
    capabilities,
  )
  const all = explainProfile(profile, {
    ...context,
    ...(arch === undefined ? {} : { architectures: arch }),
    ...(observations === undefined ? {} : { observations }),
    ...(reachable === undefined ? {} : { reachable }),
    ...(calls.length === 0 ? {} : { calls }),
  })
  const explained = all.filter((call) => isWanted(call, options.only))
  const result = { profile: name, calls: explained, ...(observations && { observations }) }
  await writeOutput(printReport('explanation', result, report, mediumFor(output, world)), output, world)
  if (trace === undefined && !isBuiltinName(name) && all.some((call) => isWanted(call, 'unexpected')))
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
  return (
    because.length === 0 && scan?.path === undefined && answers.some((each) => permissiveness(each) === 2)
  )
}
