// Decides which parts of a context a workload does not need: one run without each capability, mount and sysctl, and a
// last run without everything that can go. The end of each run and its refusals decide. A capability is tolerated if
// the workload works without it; its refusals are reported. A mount or a sysctl goes only if nothing is refused.
import { hasFailed } from '../../ending.ts'
import type { ContainerContext } from '../../harden/context.ts'
import type { Trial, Verification } from '../verification.ts'
import type { ContextFinding } from './finding.ts'
import { beyondBaseline } from './findings.ts'

export interface Minimized {
  readonly trials: readonly Trial[]
  /** The run without everything that can go; absent if that is one thing or none. */
  readonly together?: Omit<Trial, 'without'>
  /** The context without everything that can go; the given context if all of it together cannot go. */
  readonly container: ContainerContext
}

/** How a container runs under a context, and its refusals that it does not have without the context. */
export interface Runs {
  readonly run: (container: ContainerContext) => Promise<Verification>
  readonly findingsOf: (
    container: ContainerContext,
    verification: Verification,
  ) => Promise<readonly ContextFinding[]>
}

export async function minimized(given: ContainerContext, { run, findingsOf }: Runs): Promise<Minimized> {
  const trials: Trial[] = []
  const gone: ContextPart[] = []
  for (const part of partsOf(given)) {
    const less = part.takenFrom(given)
    const verification = await run(less)
    if (verification.interrupted) return { trials, container: given }
    const ended = hasWorked(verification)
    const refused = await findingsOf(less, verification)
    trials.push({ without: part.name, refused, ended })
    if (ended && (part.layer === 'capability' || refused.length === 0)) gone.push(part)
  }
  const container = gone.reduce((rest, part) => asTolerated(part.takenFrom(rest), part), given)
  if (gone.length < 2) return { trials, container }
  const verification = await run(container)
  if (verification.interrupted) return { trials, container: given }
  const known = trials.flatMap(({ refused }) => refused)
  const together = {
    refused: beyondBaseline(await findingsOf(container, verification), known),
    ended: hasWorked(verification),
  }
  const canGo = together.ended && together.refused.length === 0
  return { trials, together, container: canGo ? container : given }
}

function hasWorked({ started, ending }: Verification): boolean {
  return started && !hasFailed(ending)
}

/** Something that a context gives. */
interface ContextPart {
  readonly layer: 'capability' | 'mount' | 'sysctl'
  /** The capability, the path or the sysctl. */
  readonly name: string
  readonly takenFrom: (container: ContainerContext) => ContainerContext
}

export function partsOf({
  capabilities,
  readOnlyRoot,
  mounts,
  sysctls = {},
}: ContainerContext): readonly ContextPart[] {
  return [
    ...capabilities.needed.map((name): ContextPart => ({
      layer: 'capability',
      name,
      takenFrom: (container) => ({
        ...container,
        capabilities: {
          ...container.capabilities,
          needed: container.capabilities.needed.filter((each) => each !== name),
        },
      }),
    })),
    // With a writable root they are not mounted.
    ...(readOnlyRoot ? mounts : []).map(({ path }): ContextPart => ({
      layer: 'mount',
      name: path,
      takenFrom: (container) => ({
        ...container,
        mounts: container.mounts.filter((each) => each.path !== path),
      }),
    })),
    ...Object.keys(sysctls).map((name): ContextPart => ({
      layer: 'sysctl',
      name,
      takenFrom: ({ sysctls: all = {}, ...container }) => {
        const rest = Object.entries(all).filter(([each]) => each !== name)
        return { ...container, ...(rest.length > 0 && { sysctls: Object.fromEntries(rest) }) }
      },
    })),
  ]
}

/** Lists a removed capability in the document as tolerated: refused and not missed. */
function asTolerated(container: ContainerContext, { layer, name }: ContextPart): ContainerContext {
  if (layer !== 'capability') return container
  const { needed, tolerated } = container.capabilities
  return { ...container, capabilities: { needed, tolerated: [...new Set([...tolerated, name])].sort() } }
}
