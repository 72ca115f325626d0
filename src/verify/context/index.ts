// Verifies a security context by running the workload under all of it: capabilities, user, no_new_privs, read-only
// root, mounts, sysctls and the seccomp profile, with the recorder on. A refusal that occurs only under the context
// shows what the context lacks. With `repair` this is added, round after round.
import { UserError } from '../../errors.ts'
import type { ContainerContext, SecurityContext } from '../../harden/context.ts'
import { ContextFold } from '../../observe/context-fold.ts'
import type { ObservedContext } from '../../observe/index.ts'
import { unseen } from '../../harden/remarks.ts'
import { engineWords } from '../../print/context/engine.ts'
import { shortName } from '../../print/context/forms.ts'
import { allowAllText, readTarget, whyNoEbpf, type EngineRun } from '../../record/index.ts'
import { verified } from '../index.ts'
import { roundLimit } from '../repair.ts'
import type { ContextOutcome, Verification, VerifySettings } from '../verification.ts'
import type { ContextFinding } from './finding.ts'
import { beyondBaseline, contextFindings, removesNothing } from './findings.ts'
import { minimized } from './minimize.ts'
import { withAdded } from './repair.ts'

export type ContextSettings = Omit<VerifySettings, 'profile' | 'recorder' | 'noNewPrivileges'> & {
  readonly context: SecurityContext
  /** Default: a profile that allows every call. */
  readonly profile?: VerifySettings['profile']
  /** Removes each capability, mount and sysctl in turn, runs again, and reports the refusals of that run. */
  readonly minimize?: boolean
}

/** The result for the context beside the result for the profile. */
export type ContextVerification = Verification & { readonly context: ContextOutcome }

/**
 * Runs an engine's command under a context and reports what the context refused.
 *
 * @throws UserError with status 125 if the context cannot be added to the command or no recorder sees refusals;
 * otherwise as verify().
 */
export async function verifyContext(settings: ContextSettings): Promise<ContextVerification> {
  const { command, env = process.env, repair = false } = settings
  const target = readTarget(command, env)
  if (target.kind !== 'engine' || (target.engine !== 'docker' && target.engine !== 'podman'))
    throw new UserError('context-without-engine')
  const why = await whyNoEbpf()
  if (why !== undefined) throw new UserError('context-not-seen', { why })
  const given = containerFor(settings.context, target)
  refuseConflicts(target, given)
  const run = async (container: ContainerContext | undefined): Promise<Verification> =>
    await verified({
      ...settings,
      recorder: 'ebpf',
      profile: (container === undefined ? undefined : settings.profile) ?? allowAllText,
      command:
        container === undefined
          ? withCapabilities(command, target, given)
          : withWords(command, target, container),
      repair: repair && container !== undefined && settings.profile !== undefined,
    })
  let baseline: readonly ObservedContext[] | undefined
  const findingsOf = async (
    container: ContainerContext,
    verification: Verification,
  ): Promise<readonly ContextFinding[]> => {
    const { tolerated } = container.capabilities
    const found = contextFindings(folded(verification), tolerated)
    if (found.length === 0) return []
    // A refusal that also occurs without the context but with its capabilities says nothing about the context.
    baseline ??= folded(await run(undefined))
    const free = baseline
    const counted = found.filter((each) => !removesNothing(each, free))
    return beyondBaseline(counted, contextFindings(free, []))
  }
  let container = given
  const added: ContextFinding[] = []
  for (let round = 1; ; round++) {
    const verification = await run(container)
    const findings = await findingsOf(container, verification)
    const next = withAdded(container, findings, [...folded(verification), ...(baseline ?? [])])
    if (repair && next.added.length > 0 && round < roundLimit && !verification.interrupted) {
      settings.notice?.({
        code: 'round',
        round,
        refused: findings.length,
        added: next.added.map(({ what }) => what),
      })
      added.push(...next.added)
      container = next.container
      continue
    }
    const minimal =
      settings.minimize === true && findings.length === 0 && !verification.interrupted
        ? await minimized(container, { run, findingsOf })
        : { trials: [], container }
    const context: ContextOutcome = {
      container: container.name,
      findings,
      unseen: folded(verification).flatMap((each) =>
        unseen(each).map(({ what, evidence }) => `${what}: ${evidence}`),
      ),
      ...(baseline !== undefined && { withoutContext: contextFindings(baseline, []).length }),
      rounds: round,
      added,
      document: replaced(settings.context, given.name, minimal.container),
      trials: minimal.trials,
      ...(minimal.together !== undefined && { together: minimal.together }),
    }
    return { ...verification, context }
  }
}

function folded({ contexts = [] }: Verification): readonly ObservedContext[] {
  const fold = new ContextFold()
  for (const each of contexts) fold.add(each)
  return fold.contexts()
}

function replaced(context: SecurityContext, name: string, container: ContainerContext): SecurityContext {
  return { ...context, containers: context.containers.map((each) => (each.name === name ? container : each)) }
}

/** The command with the context's capabilities, which the engine's default may lack. */
function withCapabilities(
  command: VerifySettings['command'],
  { insertAt }: EngineRun,
  { capabilities }: ContainerContext,
): VerifySettings['command'] {
  const words = capabilities.needed.flatMap((each) => ['--cap-add', shortName(each)])
  return command.toSpliced(insertAt, 0, ...words) as [string, ...string[]]
}

function withWords(
  command: VerifySettings['command'],
  { insertAt, engine }: EngineRun,
  container: ContainerContext,
): VerifySettings['command'] {
  const words = engineWords(container, engine === 'podman' ? 'podman' : 'docker')
  return command.toSpliced(insertAt, 0, ...words) as [string, ...string[]]
}

/** The context of the container that the command names, or the only one of the document. */
function containerFor(context: SecurityContext, { container }: EngineRun): ContainerContext {
  const { containers } = context
  const found = containers.length === 1 ? containers[0] : containers.find(({ name }) => name === container)
  if (found !== undefined) return found
  throw new UserError('container-not-in-input', {
    name: container,
    names: containers.map(({ name }) => name),
  })
}

/** Refuses a command that itself sets what the context sets: it would add to the context or override it. */
function refuseConflicts(
  { capabilities, user, groups, readOnly, noNewPrivileges, sysctls }: EngineRun,
  context: ContainerContext,
): void {
  const isDecided = (sysctl: string): boolean =>
    Object.hasOwn(context.sysctls ?? {}, sysctl.split('=')[0] ?? '')
  const [conflict] = [
    ...capabilities.add.map((each) => `--cap-add ${each}`),
    ...capabilities.drop.map((each) => `--cap-drop ${each}`),
    ...(context.user === undefined || user === undefined ? [] : [`--user ${user}`]),
    ...(context.user === undefined ? [] : groups.map((each) => `--group-add ${each}`)),
    ...(readOnly === undefined || readOnly === context.readOnlyRoot ? [] : [`--read-only=${readOnly}`]),
    ...(noNewPrivileges === undefined || noNewPrivileges === context.noNewPrivileges
      ? []
      : [`--security-opt no-new-privileges=${noNewPrivileges}`]),
    ...sysctls.filter(isDecided).map((each) => `--sysctl ${each}`),
  ]
  if (conflict !== undefined) throw new UserError('beside-context', { option: conflict })
}
