// Reads the scans that a command's options name, and compares them with the seen calls.
import { architectureNames, type Architecture } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import type { Observations } from '../observe/index.ts'
import { coverageOf, derivePolicy, type PolicyOptions } from '../policy/index.ts'
import { coverageLines } from '../report/coverage.ts'
import { mergeReachable, parseReachable, type Reachable } from '../scan/reachable.ts'
import { say } from './say.ts'
import { readText } from './texts.ts'
import type { World } from './world.ts'

/** The merged scans; undefined for no files. Throws a UserError for a file that is not a scan. */
export async function readReachable(
  files: readonly string[] | undefined,
  world: World,
): Promise<Reachable | undefined> {
  if (files === undefined) return undefined
  const found: Reachable[] = []
  for (const file of files) found.push(parseReachable(await readText(file, world), file))
  const merged = mergeReachable(...found)
  const unknown = unknownCalls(merged)
  if (unknown.length > 0) say(world, `in no table, so in no profile: ${unknown.join(' ')}`)
  return merged
}

/** Calls that no table knows, because a newer seccomp-gen made the scan. */
function unknownCalls({ architectures }: Reachable): readonly string[] {
  const names = architectureNames.flatMap((architecture) =>
    Object.keys(architectures[architecture] ?? {}).filter(
      (name) => syscallTable(architecture).byName(name) === undefined,
    ),
  )
  return [...new Set(names)].sort()
}

/** Sentences: how many reachable calls were seen, and which of the others the policy's ceiling allows. */
export function coverage(
  reachable: Reachable,
  observations: Observations,
  options: PolicyOptions,
): readonly string[] {
  const { rules } = derivePolicy(observations, { ...options, reachable, unseen: 'allow' })
  const within = new Set(
    rules.flatMap(({ syscall, architectures, action }) =>
      action.type === 'allow' ? architectures.map((each) => `${each} ${syscall}`) : [],
    ),
  )
  const isWithin = (architecture: Architecture, call: string): boolean =>
    within.has(`${architecture} ${call}`)
  return coverageLines(coverageOf(reachable, observations.architectures, isWithin))
}
