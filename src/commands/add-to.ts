// `trace --add-to FILE`: observations that grow by a run at a time. Others may add to the same file meanwhile, so it is
// read again when the run is over, and from then on until it is written it is ours alone.
import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { architectureNames } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import { mergeObservations, observe, printObservations, type Observations } from '../observe/index.ts'
import { locked } from '../record/index.ts'
import { callerOf } from './caller.ts'
import { destination } from './destination.ts'
import { writeOutput } from './output.ts'
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

/** How long another may keep the file to itself: adding takes it a moment. */
const patience = 60_000

export interface Additions {
  /** What the file is going to hold, as far as that can be known before it is ours alone. */
  foreseen(world: World): Promise<Observations>
  /** Adds the run. Throws a UserError where another keeps the file to itself. */
  write(world: World): Promise<void>
}

/** A run to add to a file; `known` is what it held when the run began, and the run may lack. */
export function additions(file: string, known: Observations | undefined, run: Observations): Additions {
  const foreseen = async (world: World): Promise<Observations> => {
    const now = await readKnown(file, world)
    return mergeObservations(...(now ? [now] : []), ...missing(known, now), run)
  }
  return {
    foreseen,
    async write(world) {
      const { path } = await destination(file, world.cwd, callerOf(world))
      const done = await locked(
        join(dirname(path), `.${basename(path).slice(0, 200)}.lock`),
        patience,
        async () => writeOutput(printObservations(await foreseen(world)), file, world),
        {
          waiting: () => say(world, `another adds to ${file}: waiting for it, up to ${patience / 1000} s`),
          unlocked: (why) =>
            say(world, `${file} cannot be kept to this run (${why}): what another adds just now may be lost`),
        },
      )
      if (done === undefined) throw new UserError('file-kept-locked', { file })
    },
  }
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
