// `generate`: reads traces, logs or observations and prints a profile.
import { Option } from 'commander'
import type { CallerChoice } from '../read/subject.ts'
import type { Format } from '../read/formats.ts'
import { addChoiceOptions, choiceOf, formatOption } from './options.ts'
import {
  addProfileOptions,
  argumentsOf,
  checkProfileOutputs,
  readCeiling,
  writeProfile,
  type ProfileOptions,
} from './profile.ts'
import { readInputs } from './read.ts'
import { mergeObservations } from '../observe/index.ts'
import { UserError } from '../errors.ts'
import { accountLines } from '../report/reachable.ts'
import { readReachable } from './reachable.ts'
import { say, sayAccount } from './say.ts'
import { columnsHelp } from './columns-help.ts'
import type { Declare, World } from './world.ts'

interface GenerateFlags extends ProfileOptions, CallerChoice {
  readonly fromScan?: readonly string[]
  readonly add?: string
  readonly format: Format | 'auto'
  readonly quiet?: true
}

export const declare: Declare = (command, world, end) => {
  command
    .argument('[file...]', 'traces, logs, profiles, observations, directories, -ff prefixes, -')
    .addOption(formatOption())
    .addOption(
      new Option('--from-scan <file>', 'make the profile from a scan alone; repeatable').argParser(
        (word: string, before: readonly string[] = []) => [...before, word],
      ),
    )
    .option('--add <profile>', 'add the missing calls to this profile and keep its layout')
  addProfileOptions(addChoiceOptions(command))
    .option('--name <name>', 'name of the Kubernetes objects that --as prints (default "app")')
    .option('--recording <recording>', 'with --as spo: the recording, NAMESPACE/NAME/CONTAINER')
    .addOption(
      new Option('--image <digest>', 'with --as in-toto: the image, NAME@sha256:…; repeatable').argParser(
        (word: string, before: readonly string[] = []) => [...before, word],
      ),
    )
    .option('-q, --quiet', 'print no account of the input')
    .addHelpText(
      'after',
      '\nExamples:\n  seccomp-gen generate app.strace -o app.json\n  docker run --security-opt seccomp=app.json IMAGE' +
        columnsHelp,
    )
    .action(async (files: string[], options: GenerateFlags) => end(await generate(files, options, world)))
}

async function generate(files: readonly string[], options: GenerateFlags, world: World): Promise<number> {
  await checkProfileOutputs(options, world)
  const ceiling = await readCeiling(options, world)
  const scanned = await readReachable(options.fromScan, world)
  if (scanned !== undefined) {
    if (files.length > 0) throw new UserError('scan-and-recordings')
    const format = options.format === 'auto' ? undefined : options.format
    const { add } = options
    const [option] = Object.entries({ ...choiceOf(options), format, add }).find(([, value]) => value) ?? []
    if (option !== undefined) throw new UserError('scan-and-recordings', { option })
    const written = await writeProfile(mergeObservations(), options, ceiling, world, {
      reachable: scanned,
      alone: true,
    })
    say(world, 'from the scan alone: nothing of it was seen to be called')
    for (const line of scanned.bound ? [] : accountLines(scanned).slice(1)) say(world, line)
    say(world, written.contents)
    return written.status
  }
  const observations = await readInputs(
    files,
    world,
    {
      format: options.format,
      choice: choiceOf(options),
      arguments: argumentsOf(ceiling, options),
    },
    [options.output, options.explain],
  )
  if (options.add !== undefined) {
    const { addDenials } = await import('./add-denials.ts')
    await addDenials(options.add, observations, options, world)
    return 0
  }
  const { status, contents } = await writeProfile(observations, options, ceiling, world)
  if (options.quiet === undefined) {
    sayAccount(world, observations)
    say(world, contents)
  }
  return status
}
