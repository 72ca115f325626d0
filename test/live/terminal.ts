// A real terminal, that of script(1). Its shell is always sh, whatever SHELL is; sh executes the words in its place, so
// that Ctrl-C does not end sh before them.
import { execa, type ResultPromise } from 'execa'
import { plainEnvironment } from './command.ts'

/** Why there is no terminal here; false if there is one. */
export const noTerminal: string | false =
  (await execa('script', ['-qec', 'true', '/dev/null'], { reject: false, stdin: 'ignore' })).failed &&
  'no working script(1) here'

export const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ')

export interface Terminal {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}
type Running = ResultPromise<{ reject: false; stdin: 'pipe' }>

/** Runs a shell line in a terminal; text written to its stdin is typed there. */
export function lineInTerminal(line: string, { cwd, env }: Terminal): Running {
  return execa('script', ['-qec', line, '/dev/null'], {
    cwd,
    reject: false,
    env: { ...plainEnvironment, ...env, SHELL: '/bin/sh' },
    stdin: 'pipe',
  }) as Running
}
export const inTerminal = (words: readonly string[], terminal: Terminal): Running =>
  lineInTerminal(`exec ${quoted(words)}`, terminal)
