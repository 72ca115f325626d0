// Derives a container's security context from its evidence: capabilities, user, no_new_privs, a read-only root and its
// writable mounts, sysctls and the Pod Security level, each statement with its evidence. Observations are the only
// input; print/ writes the context for a runtime.
import type { Observations, ObservedContext } from '../observe/index.ts'
import { observationsValue } from '../read/observations/document.ts'
import { UserError } from '../errors.ts'
import { objectOf, readOptions, text, wholeFrom, type OptionTable } from '../options.ts'
import { ascending } from '../order.ts'
import { userOf } from './as-user.ts'
import { capabilityNeeds } from './capabilities.ts'
import type { ContainerContext, SecurityContext, User } from './context.ts'
import { levelOf } from './pod-security.ts'
import { sysctlsOf } from './ports.ts'
import { privilegesOf } from './privileges.ts'
import { remarks } from './remarks.ts'
import { startedAs, startedAsRecorded } from './started.ts'
import { root, startUser } from './user.ts'
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
 * Derives the security context that the evidence of observations supports.
 *
 * @throws UserError if an option or its value is invalid, or if the observations have no such evidence or not the named
 * container.
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

/** The user of the options; undefined if the workload starts as it was recorded. */
function otherUser(
  context: ObservedContext,
  recorded: User | undefined,
  asked: HardenOptions['user'],
): User | undefined {
  if (asked === undefined || asked.uid === root || asked.uid === recorded?.uid) return undefined
  return userOf(context, asked.uid, asked.gid)
}
