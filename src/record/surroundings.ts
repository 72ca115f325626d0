// What a recorded command is given: directory, environment, streams. The same under every recorder.
import type { Options as StartOptions } from 'execa'
import type { RecordSettings } from './recording.ts'

/** Where the command runs and what it finds there. */
export interface Surroundings {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly extendEnv: false
}

export function surroundingsOf({ cwd, env = process.env }: RecordSettings): Surroundings {
  const plain = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { cwd: cwd ?? process.cwd(), env: Object.fromEntries(plain), extendEnv: false }
}

export function streamsOf({ streams = 'inherit' }: RecordSettings): StartOptions {
  switch (streams) {
    case 'inherit':
      return { stdio: 'inherit' }
    case 'to-stderr':
      return { stdin: 'inherit', stdout: 2, stderr: 'inherit' }
    case 'ignore':
      return { stdio: 'ignore' }
  }
}
