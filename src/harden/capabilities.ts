// Decides which capabilities a container needs, from its capability checks (checks.ts) and from what the kernel grants
// or refuses without a check. The reasons list every capability that was asked for, needed or not.
import type { CapabilityCheck, FileUse, ObservedContext } from '../observe/index.ts'
import { dockerCapabilities } from '../meaning/context.ts'
import { ascending } from '../order.ts'
import { capabilities as known } from '../profile/words.ts'
import { verdictOf, isFilterWithoutNoNewPrivileges } from './checks.ts'
import type { Because } from './context.ts'
import { deedsText, notEvidenced } from './evidence.ts'
import { whyIncomplete, whyNoStart } from './lost.ts'
import { permissions } from './modes.ts'
import { fileCapabilities, namespaceRoots, raised, type Need, type NeededDeed } from './unchecked.ts'

export interface CapabilityNeeds {
  readonly needed: readonly string[]
  readonly tolerated: readonly string[]
  readonly because: readonly Because[]
  /** By needed capability: the deeds that used it. */
  readonly deeds: ReadonlyMap<string, readonly NeededDeed[]>
  /** Why more may be needed than is evidenced; absent if the evidence is complete. */
  readonly unproved?: string
}

/** `noNewPrivileges`: whether the container will run with no_new_privs. */
export function capabilityNeeds(context: ObservedContext, noNewPrivileges: boolean): CapabilityNeeds {
  const found = new Map<string, Map<Need, NeededDeed[]>>()
  const put = (capability: string, need: Need, deed: NeededDeed): void => {
    let needs = found.get(capability)
    if (needs === undefined) found.set(capability, (needs = new Map()))
    needs.set(need, [...(needs.get(need) ?? []), deed])
  }
  for (const check of context.checks) {
    const verdict = verdictOf(check)
    const isAvoidable = verdict === 'needed' && noNewPrivileges && isFilterWithoutNoNewPrivileges(check)
    put(check.capability, isAvoidable ? 'no-new-privileges' : verdict, checkDeed(check, context))
  }
  for (const [capability, need, deed] of [
    ...fileCapabilities(context),
    ...namespaceRoots(context),
    ...raised(context),
  ])
    put(capability, need, deed)

  const names = [...found.keys()].sort(ascending)
  // A runtime refuses a capability whose name it does not know.
  const nameable = names.filter((each) => known.has(each))
  const needed = nameable.filter((each) => found.get(each)?.has('needed') === true)
  const tolerated = nameable.filter(
    (each) => !needed.includes(each) && found.get(each)?.has('tolerated') === true,
  )
  const deeds = new Map(needed.map((each) => [each, found.get(each)?.get('needed') ?? []]))
  const unproved = whyUnproved(context)
  const kept =
    unproved === undefined
      ? []
      : stays(context, unproved).filter(({ what }) => !needed.includes(what) && !tolerated.includes(what))
  const isKept = new Set(kept.map(({ what }) => what))
  return {
    needed: [...needed, ...isKept].sort(ascending),
    tolerated,
    because: [
      ...names
        .filter((each) => !isKept.has(each))
        .flatMap((each) => reasons(each, found.get(each) ?? new Map(), found)),
      ...kept,
    ],
    deeds,
    ...(unproved !== undefined && { unproved }),
  }
}

/** A single recording without checks leaves the needs unproved: what that run needed is unknown. */
function whyUnproved(context: ObservedContext): string | undefined {
  const unseen = context.blind.find(({ what }) => what === 'checks')
  return unseen === undefined
    ? (whyNoStart(context) ?? whyIncomplete(context, 'checks', 'executions', 'raises', 'userNamespaces'))
    : `${notEvidenced}: a recording shows no checks for capabilities (${unseen.first})`
}

/** If the evidence is incomplete, the container keeps the capabilities that it had. */
function stays({ starts }: ObservedContext, why: string): readonly Because[] {
  const given = [...new Set(starts.flatMap(({ bounding = [] }) => bounding))].filter((each) =>
    known.has(each),
  )
  const whose = given.length > 0 ? 'what the container had stays' : 'the default set of Docker stays'
  return [...(given.length > 0 ? given : dockerCapabilities)]
    .sort(ascending)
    .map((what) => ({ what, evidence: `${why}; ${whose}` }))
}

/** The check as a deed, with the path if a file use of the same call and program was granted this capability. */
function checkDeed(check: CapabilityCheck, context: ObservedContext): NeededDeed {
  const { call, program, euid, functions, capability, count, first } = check
  const paths = [...context.changes, ...context.reads].filter(
    (each) => each.call === call && each.program === program && each.granted?.includes(capability) === true,
  )
  const [path] = paths
  const asked = functions[0]
  const where =
    path === undefined ? (asked === undefined ? '' : ` (${asked})`) : ` ${path.path}${ownerText(path)}`
  const others = paths.length > 1 ? ` and ${paths.length - 1} more` : ''
  return {
    what: `${callText(check)}${where}${others}`,
    program,
    uid: euid,
    from: 'check',
    check,
    count,
    first,
  }
}

function callText({ call = 'no call', argument }: CapabilityCheck): string {
  return argument === undefined || !call.startsWith('set') ? call : `${call}(${argument})`
}

function ownerText({ fileMode, fileUid, fileGid }: FileUse): string {
  if (fileMode === undefined || fileUid === undefined || fileGid === undefined) return ''
  return ` (mode ${permissions(fileMode)}, owner ${fileUid}:${fileGid})`
}

const whys: Readonly<Record<Exclude<Need, 'needed' | 'tolerated'>, string>> = {
  'borrowed-credentials': 'not needed: the kernel asked with credentials of its own (a layered file system)',
  'before-the-program': 'not needed: the container runtime asked before it executed the program',
  'own-namespace': 'not needed: asked in a user namespace that the container’s capabilities do not decide',
  speculative: 'not needed: the kernel asked without depending on the answer',
  'asked-always': 'not needed: the call asks always and changed nothing that needs it',
  'answer-only': 'not needed: it changes only the answer of access',
  kept: 'not needed: asked to be kept together with all others',
  'no-new-privileges': 'not needed with no_new_privs: a filter was loaded',
}

function reasons(
  capability: string,
  needs: ReadonlyMap<Need, readonly NeededDeed[]>,
  all: ReadonlyMap<string, ReadonlyMap<Need, readonly NeededDeed[]>>,
): readonly Because[] {
  const needed = needs.get('needed')
  const beyond = known.has(capability) ? '' : 'no name is known for it; '
  if (needed !== undefined) {
    const lesser = lesserAlone(capability, needed, all)
    return [
      { what: capability, evidence: `${beyond}${deedsText(needed)}` },
      ...(lesser === undefined ? [] : [{ what: capability, evidence: lesser }]),
    ]
  }
  const tolerated = needs.get('tolerated')
  if (tolerated !== undefined)
    return [
      {
        what: capability,
        evidence: `${beyond}refused, and the workload went on: ${deedsText(tolerated)}`,
      },
    ]
  return [...needs].map(([need, deeds]) => ({
    what: capability,
    evidence: `${beyond}${whys[need as keyof typeof whys]}: ${deedsText(deeds)}`,
  }))
}

/** If nothing is written, generic_permission (fs/namei.c) asks for CAP_DAC_READ_SEARCH first. */
function lesserAlone(
  capability: string,
  needed: readonly NeededDeed[],
  all: ReadonlyMap<string, ReadonlyMap<Need, readonly NeededDeed[]>>,
): string | undefined {
  if (capability !== 'CAP_DAC_OVERRIDE') return undefined
  const refused = all.get('CAP_DAC_READ_SEARCH')?.get('tolerated') ?? []
  const isCovered = ({ check }: NeededDeed): boolean =>
    check !== undefined &&
    refused.some(
      ({ check: lesser }) =>
        lesser !== undefined &&
        lesser.call === check.call &&
        lesser.program === check.program &&
        lesser.functions[0] === check.functions[0],
    )
  return needed.every(isCovered)
    ? 'CAP_DAC_READ_SEARCH alone would do: it was asked for first each time'
    : undefined
}
