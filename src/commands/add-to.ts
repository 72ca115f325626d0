// `trace --add-to FILE`: observations that grow by a run at a time. Others may add to the same file meanwhile, so it is
// read again when the run is over, and from then on until it is written it is ours alone.
import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { architectureNames } from '../abi/architectures.ts'
import { mergeObservations, observe, printObservations, type Observations } from '../observe/index.ts'
import { locked } from '../record/index.ts'
import { destination, writeOutput } from './output.ts'
import { say } from './say.ts'
import type { World } from './world.ts'

/** What a file holds; undefined where it is not there yet. Throws UserError for a file of another kind. */
export async function readKnown(file: string, world: World): Promise<Observations | undefined> {
  const path = resolve(world.cwd, file)
  const isThere = await access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
  return isThere
    ? observe([{ name: file, bytes: createReadStream(path) }], { format: 'observations' })
    : undefined
}

/** Adds a run to the file; `known` is what it held when the run began, and the run may lack. Returns the whole. */
export async function addTo(
  file: string,
  known: Observations | undefined,
  run: Observations,
  world: World,
): Promise<Observations> {
  const { path } = await destination(resolve(world.cwd, file))
  return locked(
    dirname(path),
    async () => {
      const now = await readKnown(file, world)
      const whole = mergeObservations(...(now ? [now] : []), ...missing(known, now), run)
      await writeOutput(printObservations(whole), file, world)
      return whole
    },
    (why) =>
      say(world, `${file} cannot be kept to this run (${why}): what another adds just now may be lost`),
  )
}

/** Of a file taken away or made anew during a run: what the run left out as known must not be missing from both. */
function missing(known: Observations | undefined, now: Observations | undefined): readonly Observations[] {
  return known === undefined || (now !== undefined && covers(now, known)) ? [] : [known]
}

/** Whether every call of one is in the other as often at least. */
function covers(all: Observations, some: Observations): boolean {
  return (['architectures', 'unknown'] as const).every((part) =>
    architectureNames.every((architecture) =>
      Object.entries(some[part][architecture] ?? {}).every(
        ([name, { count }]) => (all[part][architecture]?.[name]?.count ?? 0) >= count,
      ),
    ),
  )
}
