// Tries whether strace works here, and if not, why.
import { execa } from 'execa'
import { UserError } from '../../errors.ts'
import { isNotFound } from '../../not-found.ts'
import { whyNotLinux } from '../linux.ts'
import { spawnEnvironmentOf, type SpawnEnvironment } from '../runner/spawn-environment.ts'
import { straceVersion, type StraceVersion } from './options.ts'

/** Why strace cannot trace a command here; undefined if it can. */
export async function whyNoStrace(
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const notLinux = whyNotLinux()
  if (notLinux !== undefined) return notLinux
  try {
    await askStrace(spawnEnvironmentOf({ env }), true)
    return undefined
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return error.message
  }
}

/**
 * Asks strace for its version. With `tracing`, strace traces `strace -V`, to find out whether it can trace here. Throws
 * UserError (125) that says what to do.
 */
export async function askStrace(
  environment: SpawnEnvironment,
  tracing: boolean,
): Promise<StraceVersion | undefined> {
  const quietly = { ...environment, stdin: 'ignore', reject: false } as const
  const words = tracing ? ['-o', '/dev/null', 'strace', '-V'] : ['-V']
  const asked = await execa('strace', words, quietly)
  if (isNotFound(asked)) {
    throw new UserError('no-strace')
  }
  if (asked.exitCode !== 0) {
    throw new UserError('strace-not-permitted', {
      why: complaint(asked.stderr) || (asked.shortMessage ?? ''),
    })
  }
  return straceVersion(asked.stdout)
}

/** The first error message of strace: later ones are its consequences. */
export function complaint(output: unknown): string {
  const lines = typeof output === 'string' ? output.split('\n') : []
  return (lines.find((line) => line.startsWith('strace: ')) ?? lines[0] ?? '').replace(/^strace: /, '')
}
