// What is said on stderr: one escaped line each.
import type { Observations } from '../observe/index.ts'
import { diagnosticLines } from '../report/diagnostics.ts'
import { escapeTerminal } from '../report/escape.ts'
import type { World } from './world.ts'

export function say(world: World, sentence: string): void {
  world.stderr.write(`seccomp-gen: ${escapeTerminal(sentence)}\n`)
}

export function sayDiagnostics(world: World, observations: Observations): void {
  for (const line of diagnosticLines(observations)) world.stderr.write(`seccomp-gen: ${line}\n`)
}
