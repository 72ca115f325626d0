// Scans that a command is given, and what they say of what was seen.
import { evaluate } from '../meaning/index.ts'
import type { Observations } from '../observe/index.ts'
import { coverageOf } from '../policy/index.ts'
import { coverageLines } from '../report/coverage.ts'
import { mergeReachable, parseReachable, type Reachable } from '../scan/index.ts'
import type { NamedProfile } from './profiles.ts'
import { say } from './say.ts'
import { readText } from './texts.ts'
import type { World } from './world.ts'

/** Undefined for no files. Throws a UserError for a file that is no scan. */
export async function readReachable(
  files: readonly string[] | undefined,
  world: World,
): Promise<Reachable | undefined> {
  if (files === undefined) return undefined
  const found: Reachable[] = []
  for (const file of files) found.push(parseReachable(await readText(file, world), file))
  return mergeReachable(...found)
}

/** Says how much of what is reachable was seen. */
export function sayCoverage(
  reachable: Reachable,
  observations: Observations,
  ceiling: 'none' | NamedProfile,
  world: World,
): void {
  for (const line of coverageLinesOf(reachable, observations, ceiling)) say(world, line)
}

export function coverageLinesOf(
  reachable: Reachable,
  observations: Observations,
  ceiling: 'none' | NamedProfile,
): readonly string[] {
  const coverage = coverageOf(reachable, observations.architectures)
  if (ceiling === 'none') return coverageLines(coverage)
  return coverageLines(coverage, (architecture, syscall) => {
    const answer = evaluate(ceiling.profile, { architecture, syscall, args: [] }, {})
    return /_(?:ALLOW|LOG)$/.test(answer.action)
  })
}
