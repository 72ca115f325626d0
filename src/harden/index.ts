// Derives a container's security context from its evidence: capabilities, user, no_new_privs, a read-only root and its
// writable mounts, sysctls and the Pod Security level, each statement with its evidence. Observations are the only
// input; print/ writes the context for a runtime.
import { observationsValue, type Observations, type ObservedContext } from '../observe/index.ts'
import { UserError } from '../errors.ts'
import { objectOf, readOptions, text, wholeFrom, type OptionTable } from '../options.ts'
import { ascending } from '../order.ts'
import { capabilitiesAs, ownedMounts, userOf } from './as-user.ts'
import { capabilityNeeds, type CapabilityNeeds } from './capabilities.ts'
import type { Because, ContainerContext, SecurityContext, User } from './context.ts'
import { deedsText } from './evidence.ts'
import { whyIncomplete } from './lost.ts'
import { levelOf } from './pod-security.ts'
import { sysctlsOf } from './ports.ts'
import { privilegesOf } from './privileges.ts'
import { remarks } from './remarks.ts'
import { becomes, directCommand, root, startUser } from './user.ts'
import { whatIf, type WhatIf } from './what-if.ts'
import { writableOf } from './writable.ts'

export { contextValue, grouped, isContext, parseContext, printContext } from './context.ts'
export type {
  Because,
  CapabilitySets,
  ContainerContext,
  ContextMount as Mount,
  PodSecurityLevel,
  SecurityContext,
  User,
} from './context.ts'

/** Options of hardenContext(). */
export interface HardenOptions {
  /** Only the container with this name. Default: all containers. */
  readonly container?: string
  /** Start as this user, not the recorded one. Default gid: that of programs that became the user, else the uid. */
  readonly user?: { readonly uid: number; readonly gid?: number }
}

/**
 * The security context that the evidence of observations supports.
 *
 * @throws UserError for an unknown option or a value that it does not take, and if the observations hold no such
 * evidence or not the named container.
 */
export function hardenContext(observations: Observations, options: HardenOptions = {}): SecurityContext {
  observationsValue(observations, 'hardenContext: observations')
  return hardenAs(observations, readOptions('hardenContext', hardenTable, options)).context
}

const hardenTable: OptionTable<HardenOptions> = {
  container: text,
  user: objectOf<NonNullable<HardenOptions['user']>>({ uid: wholeFrom(0), gid: wholeFrom(0) }, 'uid'),
}

/** Like hardenContext(), with the number of root's deeds that would be refused to the chosen user. */
export function hardenAs(
  observations: Observations,
  options: HardenOptions,
): { readonly context: SecurityContext; readonly refused: number } {
  const { context: all = [] } = observations
  if (all.length === 0) throw new UserError('no-context-evidence')
  const chosen = all.filter(({ name }) => options.container === undefined || name === options.container)
  if (chosen.length === 0)
    throw new UserError('container-not-in-input', {
      name: options.container ?? '',
      names: all.map(({ name }) => name),
    })
  const containers = [...chosen]
    .sort((a, b) => ascending(a.name, b.name))
    .map((each) => containerContext(each, observations, options.user))
  return {
    context: { version: 1, containers: containers.map(({ container }) => container) },
    refused: containers.reduce((sum, { refused }) => sum + refused, 0),
  }
}

function containerContext(
  context: ObservedContext,
  observations: Observations,
  asked: HardenOptions['user'],
): { readonly container: ContainerContext; readonly refused: number } {
  const privileges = privilegesOf(context)
  const needs = capabilityNeeds(context, privileges.noNewPrivileges)
  const writable = writableOf(context)
  const start = startUser(context)
  const other = otherUser(context, start.user, asked)
  const as =
    other === undefined
      ? startedAsRecorded(context, start, needs, writable.mounts)
      : startedAs(other, context, needs, writable.mounts)
  const { user, needed, mounts } = as
  const sysctls = sysctlsOf(context, observations, user, (each) => needed.includes(each))
  const settled = {
    capabilities: { needed, tolerated: needs.tolerated },
    ...(user === undefined ? {} : { user }),
    runAsNonRoot: user !== undefined && user.uid !== root,
    noNewPrivileges: privileges.noNewPrivileges,
    readOnlyRoot: writable.readOnlyRoot,
    mounts,
    ...(Object.keys(sysctls.sysctls).length === 0 ? {} : { sysctls: sysctls.sysctls }),
  }
  const level = levelOf(settled)
  return {
    container: {
      name: context.name,
      ...settled,
      podSecurity: level.podSecurity,
      because: [
        ...level.because,
        ...(as.refused === 0
          ? []
          : [
              {
                what: 'podSecurity',
                evidence: `${as.refused} kinds of what root did would be refused: see below`,
              },
            ]),
        ...as.because,
        ...privileges.because,
        ...writable.because,
        ...sysctls.because,
        ...remarks(context),
      ],
    },
    refused: as.refused,
  }
}

interface Started {
  readonly user: User | undefined
  readonly needed: readonly string[]
  readonly mounts: ContainerContext['mounts']
  readonly because: readonly Because[]
  /** Kinds of opens, changes and privileged deeds that would be refused to the user. */
  readonly refused: number
}

/** The user of the options; undefined if the workload starts as it was recorded. */
function otherUser(
  context: ObservedContext,
  recorded: User | undefined,
  asked: HardenOptions['user'],
): User | undefined {
  if (asked === undefined || asked.uid === root || asked.uid === recorded?.uid) return undefined
  return userOf(context, asked.uid, asked.gid)
}

/** If it starts as root, the reasons also say whether a user that its programs become could start it. */
function startedAsRecorded(
  context: ObservedContext,
  { user, because }: ReturnType<typeof startUser>,
  needs: CapabilityNeeds,
  mounts: ContainerContext['mounts'],
): Started {
  const what = 'runAsNonRoot'
  const candidates = becomes(context)
  const nonRoot =
    user === undefined
      ? []
      : user.uid !== root
        ? [{ what, evidence: 'it ran so' }]
        : candidates.length === 0
          ? [
              {
                what,
                evidence: whyIncomplete(context, 'identities') ?? 'no program of it became anybody but root',
              },
            ]
          : candidates.flatMap((each) =>
              whatIfBecause(whatIf(context, each, ownedMounts(mounts, each)), each, context),
            )
  return {
    user,
    needed: needs.needed,
    mounts,
    because: [...needs.because, ...because, ...nonRoot],
    refused: 0,
  }
}

function startedAs(
  user: User,
  context: ObservedContext,
  needs: CapabilityNeeds,
  recorded: ContainerContext['mounts'],
): Started {
  const mounts = ownedMounts(recorded, user)
  const { needed: own, missing, because } = capabilitiesAs(user, context, needs.deeds)
  // Capabilities kept because evidence is missing stay for every user.
  const kept = needs.needed.filter((each) => !needs.deeds.has(each))
  const needed = [...own, ...kept].sort(ascending)
  const files = whatIf(context, user, mounts)
  const direct = directCommand(context)
  return {
    user,
    needed,
    mounts,
    because: [
      ...because,
      ...missing,
      ...needs.because.filter(({ what }) => !needs.deeds.has(what)),
      { what: 'user', evidence: 'asked for' },
      ...(direct === undefined ? [] : [direct]),
      ...(needs.unproved === undefined
        ? []
        : [{ what: 'runAsNonRoot', evidence: `what root was granted is ${needs.unproved}` }]),
      ...whatIfBecause(files, user, context),
    ],
    refused: missing.length + files.refused.length,
  }
}

function whatIfBecause(
  { uses, refused, prepared, unknown }: WhatIf,
  { uid }: User,
  context: ObservedContext,
): readonly Because[] {
  const what = 'runAsNonRoot'
  const notKnown = unknown === 0 ? '' : `; the modes and owners of ${unknown} are not evidenced`
  const head = `${refused.length} of root’s ${uses} opens and changes would be refused to uid ${uid}${notKnown}`
  const incomplete = whyIncomplete(context, 'reads', 'changes')
  return [
    ...(incomplete === undefined
      ? []
      : [{ what, evidence: `what root opened and changed is ${incomplete}` }]),
    { what, evidence: refused.length === 0 ? head : `${head}: ${deedsText(refused)}` },
    ...(prepared.length === 0
      ? []
      : [
          {
            what,
            evidence: `root only prepares for uid ${uid}: chown in the image instead: ${deedsText(prepared)}`,
          },
        ]),
  ]
}
