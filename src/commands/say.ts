// Prints to stderr: one escaped line a message.
import type { Observations } from '../observe/index.ts'
import { accountLine, accountTable, runLines } from '../report/account.ts'
import { diagnosticLines } from '../report/diagnostics.ts'
import { escapeTerminal } from '../report/escape.ts'
import type { World } from './world.ts'

export function say(world: World, sentence: string): void {
  world.stderr.write(`seccomp-gen: ${escapeTerminal(sentence)}\n`)
}

export function sayDiagnostics(world: World, observations: Observations): void {
  for (const line of diagnosticLines(observations)) world.stderr.write(`seccomp-gen: ${line}\n`)
}

/** Prints the table of sources, the estimate from several runs, and the closing line. */
export function sayAccount(world: World, observations: Observations): void {
  for (const row of accountTable(observations)) world.stderr.write(`${row}\n`)
  for (const line of runLines(observations)) say(world, line)
  say(world, accountLine(observations))
}
