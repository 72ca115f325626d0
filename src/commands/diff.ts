// `diff`: what changes in meaning between two profiles. As git's external diff (GIT_EXTERNAL_DIFF, diff.NAME.command)
// it is called with path, old file, hex, mode, new file, hex, mode (gitrunning: git(1), "git Diffs").
import { Option } from 'commander'
import type { Architecture } from '../abi/architectures.ts'
import { architectures } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import { answerAlways, changesBetween, countsAgainst, makeMeaning } from '../meaning/index.ts'
import { changesReport } from '../report/changes.ts'
import type { ReportFormat } from '../report/problems.ts'
import { addContextOptions, contextFrom, type ContextWords } from './context.ts'
import { archOption, outputOption } from './options.ts'
import { checkOutput, writeOutput } from './output.ts'
import { readProfileWord } from './profiles.ts'
import type { Declare, World } from './world.ts'

interface Options extends ContextWords {
  readonly arch?: readonly Architecture[]
  readonly report: ReportFormat
  readonly failOn: 'wider' | 'any' | 'never'
  readonly output?: string
}

export const declare: Declare = (command, world, end) => {
  command
    .argument('<base>', 'a file, - (stdin), REVISION:path, or docker, podman, containerd, cri-o, docker@25 …')
    .argument('<head>', 'the same')
    .addOption(archOption('host whose kernel and 32-bit calls are compared; default x86_64'))
    .addOption(
      new Option('--report <format>', 'how to print it')
        .choices(['text', 'json', 'markdown', 'sarif', 'github'])
        .default('text'),
    )
    .addOption(
      new Option('--fail-on <changes>', 'which changes make the status 1')
        .choices(['wider', 'any', 'never'])
        .default('any'),
    )
    .addOption(outputOption('the report'))
  addContextOptions(command)
    .addHelpText(
      'after',
      '\nExamples:\n  seccomp-gen diff docker app.json\n  seccomp-gen diff --fail-on wider origin/main:profiles/app.json profiles/app.json',
    )
    .action(async (base: string, head: string, options: Options) =>
      end(await diff(base, head, options, world)),
    )
}

async function diff(base: string, head: string, options: Options, world: World): Promise<number> {
  if (base === '-' && head === '-') throw new UserError('-: standard input can be read only once')
  await checkOutput(options.output, world)
  const [one, other] = [await readProfileWord(base, world), await readProfileWord(head, world)]
  const host = architectures[options.arch?.[0] ?? 'x86_64'].host
  const context = contextFrom(options, host, one.capabilities)
  const [before, after] = [makeMeaning(one.profile, context), makeMeaning(other.profile, context)]
  const comparison = changesBetween(before, after, { before: one.profile, after: other.profile })
  const calls = syscallTable(host).entries.map(({ name, number }) => {
    const always = answerAlways(before, host, number)
    return { name, allowed: always === undefined || /_(?:ALLOW|LOG)$/.test(always.action) }
  })
  const text = changesReport(
    {
      ...comparison,
      base,
      head,
      architecture: host,
      counts: countsAgainst(
        comparison.changes.filter(({ architecture }) => architecture === host),
        calls,
      ),
      capabilities: [...context.capabilities].sort(),
      kernel: context.kernel.join('.'),
    },
    options.report,
  )
  await writeOutput(text, options.output, world)
  const counted = comparison.changes.filter(
    ({ direction }) => options.failOn === 'any' || direction === 'wider',
  )
  return options.failOn !== 'never' && counted.length > 0 ? 1 : 0
}
