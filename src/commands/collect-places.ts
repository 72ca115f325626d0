// The places for the recordings of `collect`: files of a directory, tags of a repository, or lines on stdout.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { UserError } from '../errors.ts'
import { harmlessJson } from '../json-string.ts'
import { prepareRepository, pushObservations, type Registry } from '../registry/index.ts'
import type { ContainerRecording } from './deliveries.ts'
import { makeDirectory } from './directory.ts'
import { writeOutput } from './output.ts'
import { say } from './say.ts'
import type { World } from './world.ts'

export interface CollectPlace {
  /** Wants a recording once, when it is complete. Other places want it again as it grows. */
  readonly onlyFinal: boolean
  /** @throws UserError if the place does not accept it now. */
  readonly accept: (recording: ContainerRecording, text: string) => Promise<void>
}

export async function directoryPlace(directory: string, world: World): Promise<CollectPlace> {
  await makeDirectory(directory, world)
  const pathOf = (name: string): string => join(directory, `${name}.observations.json`)
  const names = new FreeNames(async (name) => existsSync(resolve(world.cwd, pathOf(name))))
  return {
    onlyFinal: false,
    accept: async (recording, text) => {
      const { id, name } = recording
      const file = await names.nameOf(recording, `${name.replaceAll('/', '_')}-${id.slice(0, 12)}`)
      await writeOutput(text, pathOf(file), world)
    },
  }
}

/**
 * Names for recordings. An earlier `collect` may have recorded a container that is there already, with its start: its
 * recording stays, and ours becomes NAME-2, NAME-3 …
 */
class FreeNames {
  readonly #isTaken: (name: string) => Promise<boolean>
  /** By the ids of containers that were there when the recording began. */
  readonly #names = new Map<string, string>()

  constructor(isTaken: (name: string) => Promise<boolean>) {
    this.#isTaken = isTaken
  }

  async nameOf({ id, wasThere }: ContainerRecording, name: string): Promise<string> {
    if (!wasThere) return name
    let found = this.#names.get(id)
    for (let count = 1; found === undefined; count++) {
      const next = count === 1 ? name : `${name}-${count}`
      if (!(await this.#isTaken(next))) found = next
    }
    this.#names.set(id, found)
    return found
  }
}

export function stdoutPlace(world: World): CollectPlace {
  return {
    onlyFinal: true,
    accept: async ({ observations }) =>
      void world.stdout.write(`${harmlessJson(JSON.stringify(observations))}\n`),
  }
}

/** @throws UserError if the registry denies a push. An unreachable one is no error: it may be back when needed. */
export async function repositoryPlace(registry: Registry, world: World): Promise<CollectPlace> {
  await prepareRepository(registry).catch((error: unknown) => {
    if (!(error instanceof UserError) || error.code === 'registry-denies') throw error
    say(world, `${error.message}; recording nevertheless`)
  })
  const tags = new FreeNames((tag) => registry.has(tag))
  return {
    onlyFinal: false,
    // Each container has its own tag, so nobody overwrites another's.
    accept: async (recording, text) => {
      const tag = await tags.nameOf(recording, `o-${recording.id.slice(0, 32)}`)
      await pushObservations(registry, text, tag)
    },
  }
}
