// What a recorded command is given: directory, environment, streams. The same under every recorder.
import type { Options as StartOptions } from 'execa'
import type { RecordSettings } from '../recording.ts'

/** Where the command runs and what it finds there. */
export interface SpawnEnvironment {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly extendEnv: false
}

export function spawnEnvironmentOf({ cwd, env = process.env }: RecordSettings): SpawnEnvironment {
  const plain = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { cwd: cwd ?? process.cwd(), env: Object.fromEntries(plain), extendEnv: false }
}

/** `descriptors`: those the command finds at 3 and on. execa passes them as they are, which its types do not say. */
export function streamsOf(
  { streams = 'inherit' }: RecordSettings,
  descriptors: readonly number[] = [],
): StartOptions {
  const more = descriptors as readonly (0 | 1 | 2)[]
  switch (streams) {
    case 'inherit':
      return { stdio: ['inherit', 'inherit', 'inherit', ...more] }
    case 'to-stderr':
      return { stdio: ['inherit', 2, 'inherit', ...more] }
    case 'ignore':
      return { stdio: ['ignore', 'ignore', 'ignore', ...more] }
  }
}
