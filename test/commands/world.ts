// A world that keeps its output. Its files are real, below `cwd`.
import type { World } from '../../src/commands/world.ts'
import { run } from '../../src/main.ts'

export interface Transcript {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs seccomp-gen in this process: its words, its directory, and its stdin (undefined: a terminal; an error: no read succeeds). */
export async function transcript(
  argv: readonly string[],
  cwd: string,
  stdin?: string | Uint8Array | Error,
  env: World['env'] = {},
): Promise<Transcript> {
  const written = { stdout: '', stderr: '' }
  const output = (name: 'stdout' | 'stderr') => ({
    isTerminal: false,
    write: (text: string): boolean => {
      written[name] += text
      return true
    },
  })
  const status = await run(argv, {
    stdin: {
      isTerminal: stdin === undefined,
      bytes: async function* () {
        if (stdin instanceof Error) throw stdin
        yield typeof stdin === 'string' ? Buffer.from(stdin) : (stdin ?? new Uint8Array())
      },
    },
    stdout: output('stdout'),
    stderr: output('stderr'),
    env,
    cwd,
    signals: () => () => undefined,
  })
  return { status, ...written }
}
