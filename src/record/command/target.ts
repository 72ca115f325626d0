// Decides how a command is recorded. Its words are read once, here, and never rebuilt: additions are spliced into the
// user's words.
import { runsContainer } from './clients.ts'
import { readComposeUp, type ComposeUp } from './compose-up.ts'
import { readEngineRun, type EngineRun } from './engine-run.ts'
import { readRuntimeRun, type RuntimeRun } from './runtime-run.ts'
import { privilegeRaiser, readCommand } from './starters.ts'

export type Target = (Program | EngineRun | RuntimeRun | ComposeUp | Elsewhere | Unread) & {
  /** A program that runs the command as another user. */
  readonly raiser?: string
}

/** A program that runs as our child: `words[at]`. */
export interface Program {
  readonly kind: 'program'
  readonly name: string
  readonly at: number
}

/** A client whose workload runs in another process, and to which we cannot give a filter. */
export interface Elsewhere {
  readonly kind: 'elsewhere'
  readonly name: string
}

/** `program` was given an unknown option, so the program that it starts is not known. */
export interface Unread {
  readonly kind: 'unread'
  readonly program: string
  readonly option: string
}

/** Throws UserError (125) for a container that cannot be recorded, such as a privileged one. */
export function readTarget(
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Target {
  const reading = readCommand(words)
  const raiser = privilegeRaiser(reading)
  const raised = raiser === undefined ? {} : { raiser }
  if (reading.kind === 'unread')
    return { kind: 'unread', program: reading.program, option: words[reading.at] ?? '', ...raised }
  const { at, name } = reading
  const started = readEngineRun(words, at, env) ?? readRuntimeRun(words, at) ?? readComposeUp(words, at, env)
  if (started !== undefined) return { ...started, ...raised }
  if (runsContainer(words, at)) return { kind: 'elsewhere', name, ...raised }
  return { kind: 'program', name, at, ...raised }
}
