// `trace --add-to FILE`: observations that grow by one run at a time. Other processes may add to the same file
// meanwhile, so the file is read again after the run and locked from then on until it is written.
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

/** The observations of a file; undefined if it does not exist yet. Throws UserError for a file of another kind. */
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

/** How long to wait for another process's lock. Adding a run takes a moment. Milliseconds. */
const patience = 60_000

export interface Additions {
  /** The expected content of the file, computed without the lock. */
  foreseen(world: World): Promise<Observations>
  /** Adds the run under the lock. Throws a UserError if another process keeps the lock. */
  write(world: World): Promise<void>
}

/** Prepares the addition of a run. `known`: the content at the start of the run; the run may leave these calls out. */
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

/** The known calls, which the run left out, if the file lacks them because it was removed or replaced meanwhile. */
function missing(known: Observations | undefined, now: Observations | undefined): readonly Observations[] {
  return known === undefined || (now !== undefined && covers(now, known)) ? [] : [known]
}

/** Whether `all` contains every call of `some` at least as often. */
function covers(all: Observations, some: Observations): boolean {
  return (['architectures', 'unknown'] as const).every((part) =>
    architectureNames.every((architecture) =>
      Object.entries(some[part][architecture] ?? {}).every(
        ([name, { count }]) => (all[part][architecture]?.[name]?.count ?? 0) >= count,
      ),
    ),
  )
}
