// The places for the recordings of `collect`: files of a directory, tags of a repository, or lines on stdout.
import { join } from 'node:path'
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
  return {
    onlyFinal: false,
    accept: async ({ id, name }, text) => {
      const file = `${name.replaceAll('/', '_')}-${id.slice(0, 12)}.observations.json`
      await writeOutput(text, join(directory, file), world)
    },
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
  return {
    onlyFinal: false,
    // Each container has its own tag, so nobody overwrites another's.
    accept: async ({ id }, text) => void (await pushObservations(registry, text, `o-${id.slice(0, 32)}`)),
  }
}
