// The directory, environment and streams of a recorded command, the same under every recorder.
import type { Options as StartOptions } from 'execa'
import type { RecordSettings } from '../recording.ts'

/** The command's directory and environment. */
export interface SpawnEnvironment {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly extendEnv: false
}

export function spawnEnvironmentOf({ cwd, env = process.env }: RecordSettings): SpawnEnvironment {
  const plain = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { cwd: cwd ?? process.cwd(), env: Object.fromEntries(plain), extendEnv: false }
}

/** `descriptors` become 3 and up in the command. execa passes them unchanged, although its types do not say so. */
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
