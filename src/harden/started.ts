// Decides what depends on the user that the workload starts as: capabilities, owners of mounts, refused deeds of root.
// Authority: capabilities(7), "Effect of user ID changes on capabilities"; path_resolution(7).
import type { ObservedContext } from '../observe/index.ts'
import { ascending } from '../order.ts'
import { capabilitiesAs, ownedMounts } from './as-user.ts'
import type { CapabilityNeeds } from './capabilities.ts'
import type { Because, ContainerContext, User } from './context.ts'
import { deedsText } from './evidence.ts'
import { whyIncomplete } from './lost.ts'
import { becomes, directCommand, root, startUser } from './user.ts'
import { whatIf, type WhatIf } from './what-if.ts'

export interface Started {
  readonly user: User | undefined
  readonly needed: readonly string[]
  readonly mounts: ContainerContext['mounts']
  readonly because: readonly Because[]
  /** Kinds of opens, changes and privileged deeds that would be refused to the user. */
  readonly refused: number
}

/** If it starts as root, the reasons also say whether a user that its programs become could start it. */
export function startedAsRecorded(
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

export function startedAs(
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
