// What a command is to a recorder. Its words are read once, here; they are never rebuilt: what is put in is spliced into
// the words that the user gave.
import { runsContainer } from './clients.ts'
import { readComposeUp, type ComposeUp } from './compose-up.ts'
import { readEngineRun, type EngineRun } from './engine-run.ts'
import { readRuntimeRun, type RuntimeRun } from './runtime-run.ts'
import { privilegeRaiser, readCommand } from './starters.ts'

export type Target = (Program | EngineRun | RuntimeRun | ComposeUp | Elsewhere | Unread) & {
  /** A program that runs the command as another user. */
  readonly raiser?: string
}

/** A program that runs here, as our child: `words[at]`. */
export interface Program {
  readonly kind: 'program'
  readonly name: string
  readonly at: number
}

/** A client that has its workload run somewhere, in no way that is known here to take a filter. */
export interface Elsewhere {
  readonly kind: 'elsewhere'
  readonly name: string
}

/** `program` was given an option that is not known, so that what it starts cannot be told. */
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
