// `trace --each DIR`: writes a profile for each container below the command. With --observations and --explain, which
// then name directories, it also writes each container's observations and reasons.
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { countCalls, printObservations } from '../observe/index.ts'
import type { Recording } from '../record/index.ts'
import { accountLine, plural } from '../report/account.ts'
import { endingText } from '../report/ending.ts'
import { makeDirectory } from './directory.ts'
import { checkOutput, writeOutput } from './output.ts'
import { writeProfile, type CeilingChoice, type ProfileOptions } from './profile.ts'
import { say } from './say.ts'
import type { World } from './world.ts'

export interface EachOptions extends ProfileOptions {
  /** The directory for the profiles. */
  readonly each: string
  readonly observations?: string
  readonly addTo?: string
  readonly under?: string
  readonly scan?: true
}

/** Makes the directories. Throws a UserError if options exclude each other or a directory cannot be written. */
export async function checkEach(options: EachOptions, isCommand: boolean, world: World): Promise<void> {
  if (!isCommand) throw new UserError('each-without-command')
  const { output, addTo, under, scan } = options
  for (const [option, value] of Object.entries({
    '-o': output,
    '--add-to': addTo,
    '--under': under,
    '--scan': scan,
  }))
    if (value !== undefined) throw new UserError('each-with', { option })
  for (const directory of [options.each, options.observations, options.explain]) {
    if (directory === undefined) continue
    await makeDirectory(directory, world)
    await checkOutput(join(directory, 'container.json'), world)
  }
}

/** Writes all files. The status is 1 if a profile lacks a call that was seen. */
export async function writeEach(
  { each = [], ending }: Recording,
  options: EachOptions,
  ceiling: CeilingChoice,
  world: World,
): Promise<number> {
  if (each.length === 0) throw new UserError('no-container-recorded')
  let status = 0
  for (const { name, observations } of each) {
    if (countCalls(observations) === 0) continue
    const at = (directory: string | undefined, ends: string): string | undefined =>
      directory === undefined ? undefined : join(directory, `${name}${ends}`)
    const [file, explain] = [
      at(options.observations, '.observations.json'),
      at(options.explain, '.policy.json'),
    ]
    if (file !== undefined) await writeOutput(printObservations(observations), file, world)
    const written = await writeProfile(
      observations,
      { ...options, output: join(options.each, `${name}.json`), ...(explain !== undefined && { explain }) },
      ceiling,
      world,
    )
    status ||= written.status
    say(world, `${name}: ${accountLine(observations)}`)
    say(world, `${name}: ${written.contents}`)
  }
  say(world, `${plural(each.length, 'container')} recorded${endingText(ending)}`)
  return status
}
