// Reads a command's inputs into observations and prints the account. Inputs without any call are refused: an allow-list
// made of nothing would refuse everything or consist of guesses.
import { UserError } from '../errors.ts'
import { countCalls, observe } from '../observe/index.ts'
import type { ObserveOptions, Observations } from '../observe/index.ts'
import { readingLine } from '../report/progress.ts'
import { counted, findInputs } from './inputs.ts'
import { refuseInputs } from './output.ts'
import { shown } from './progress.ts'
import { say, sayDiagnostics } from './say.ts'
import type { World } from './world.ts'

/** Throws a UserError for unusable input, including input without any call, and for an output that is one of them. */
export async function readInputs(
  words: readonly string[],
  world: World,
  options: ObserveOptions,
  outputs: readonly (string | undefined)[] = [],
): Promise<Observations> {
  const { sources, skipped, noFiles, again, size } = await findInputs(words, world)
  const names = sources.map(({ name }) => name)
  for (const output of outputs) await refuseInputs(output, names, world)
  let read = 0
  const observations = await shown(
    world,
    'line',
    (seconds) => readingLine(read, size, seconds),
    () =>
      observe(
        sources.map((source) => ({
          ...source,
          bytes: counted(source.bytes, (length) => (read += length)),
        })),
        options,
      ),
  )
  if (skipped.length > 0) say(world, `no calls at their start, skipped: ${skipped.join(', ')}`)
  if (noFiles.length > 0) say(world, `no regular files, skipped: ${noFiles.join(', ')}`)
  if (again.length > 0) say(world, `files named again, read once: ${again.join(', ')}`)
  sayDiagnostics(world, observations)
  const where = { file: sources[0]?.name ?? '', others: sources.length - 1 }
  if (
    countCalls(observations) === 0 &&
    observations.sources.some(({ evidence = [] }) => evidence.includes('log-only'))
  ) {
    throw new UserError('hook-log-alone', where)
  }
  if (countCalls(observations) === 0) {
    // Input of an unrecognised format goes to strace's reader.
    const isUnknown =
      (options.format ?? 'auto') === 'auto' && observations.sources.every(({ format }) => format === 'strace')
    const chosen = Object.keys(options.choice ?? {}).length > 0
    throw new UserError('no-call-in-sources', { ...where, unrecognised: isUnknown, chosen })
  }
  return observations
}
