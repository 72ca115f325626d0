// `generate`: traces, logs or observations in, a profile out.
import type { Choice } from '../read/subject.ts'
import type { Format } from '../read/detect.ts'
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
import { say, sayAccount } from './say.ts'
import type { Declare, World } from './world.ts'

interface Options extends ProfileOptions, Choice {
  readonly format: Format | 'auto'
}

export const declare: Declare = (command, world, end) => {
  command
    .argument('[file...]', 'traces, logs, profiles, observations, directories, -ff prefixes, -')
    .addOption(formatOption())
  addProfileOptions(addChoiceOptions(command))
    .addHelpText(
      'after',
      '\nExamples:\n  seccomp-gen generate app.strace -o app.json\n  docker run --security-opt seccomp=app.json IMAGE',
    )
    .action(async (files: string[], options: Options) => end(await generate(files, options, world)))
}

async function generate(files: readonly string[], options: Options, world: World): Promise<number> {
  await checkProfileOutputs(options, world)
  const ceiling = await readCeiling(options, world)
  const observations = await readInputs(files, world, {
    format: options.format,
    choice: choiceOf(options),
    arguments: argumentsOf(ceiling, options),
  })
  const { status, contents } = await writeProfile(observations, options, ceiling, world)
  sayAccount(world, observations)
  say(world, contents)
  return status
}
