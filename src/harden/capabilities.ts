// Decides which capabilities a container needs, from its capability checks (checks.ts) and from what the kernel grants
// or refuses without a check. Every capability that was asked for is in the reasons, also one that is not needed.
import type {
  CapabilityCheck,
  CapabilityName,
  CapabilityRaise,
  FileUse,
  ObservedContext,
} from '../observe/index.ts'
import { dockerCapabilities } from '../meaning/context.ts'
import { ascending } from '../order.ts'
import { capabilities as known } from '../profile/words.ts'
import { verdictOf, isFilterWithoutNoNewPrivileges, type CheckVerdict } from './checks.ts'
import type { Because } from './context.ts'
import { deedsText, notEvidenced, type Deed } from './evidence.ts'
import { whyIncomplete, whyNoStart } from './lost.ts'
import { permissions } from './modes.ts'

export type Need = CheckVerdict | 'kept' | 'no-new-privileges'

export interface CapabilityNeeds {
  readonly needed: readonly string[]
  readonly tolerated: readonly string[]
  readonly because: readonly Because[]
  /** What each needed capability was used for. */
  readonly deeds: ReadonlyMap<string, readonly NeededDeed[]>
  /** Why more may be needed than is evidenced; absent if the evidence is complete. */
  readonly unproved?: string
}

/** A deed and the kind of its evidence. A non-root user gets capabilities only from a `file`. */
export interface NeededDeed extends Deed {
  readonly from: 'check' | 'file' | 'namespace' | 'raise'
  readonly check?: CapabilityCheck
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

/** One recording without checks is enough: what that run needed is unknown. */
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

type FoundNeed = readonly [capability: CapabilityName, need: Need, deed: NeededDeed]

/**
 * execve of a file whose capabilities carry the effective bit fails with EPERM if the bounding set lacks one of them,
 * even for root and with no_new_privs (security/commoncap.c, bprm_caps_from_vfs_caps).
 */
function fileCapabilities({ executions }: ObservedContext): readonly FoundNeed[] {
  return executions
    .filter(({ fileEffective }) => fileEffective === true)
    .flatMap(({ fileCapabilities: carried = [], path, program, euidBefore, euid, refused, ...counted }) =>
      carried.map((each): FoundNeed => [
        each,
        refused === undefined ? 'needed' : 'tolerated',
        {
          what: `execve of ${path}, which carries it`,
          program,
          uid: euidBefore ?? euid,
          from: 'file',
          count: counted.count,
          first: counted.first,
        },
      ]),
    )
}

/**
 * Mapping the parent's root into a user namespace needs CAP_SETFCAP without a check (kernel/user_namespace.c,
 * verify_root_map, since 5.12). The content of a map is not recorded, so every map that root writes counts.
 */
function namespaceRoots({ userNamespaces, changes, blind }: ObservedContext): readonly FoundNeed[] {
  const isMapped =
    blind.some(({ what }) => what === 'files') || changes.some(({ path }) => path.endsWith('/uid_map'))
  return userNamespaces
    .filter(({ started, euid = 0, refused }) => started && euid === 0 && refused === undefined && isMapped)
    .map(({ call, program, euid = 0, count, first }): FoundNeed => [
      'CAP_SETFCAP',
      'needed',
      { what: `${call} of a user namespace with a map`, program, uid: euid, from: 'namespace', count, first },
    ])
}

export const raiseTexts: Readonly<Record<CapabilityRaise['call'], string>> = {
  capset: 'capset',
  ambient: 'prctl(PR_CAP_AMBIENT_RAISE)',
  securebits: 'prctl(PR_SET_SECUREBITS)',
  'drop-bounding': 'prctl(PR_CAPBSET_DROP)',
}

/** capset(2) and PR_CAP_AMBIENT_RAISE compare sets without a check; PR_SET_SECUREBITS always needs CAP_SETPCAP. */
function raised(context: ObservedContext): readonly FoundNeed[] {
  return context.raises
    .filter(({ started }) => started)
    .flatMap((raise) => {
      const deed = (what: string): NeededDeed => ({
        what,
        program: raise.program,
        uid: raise.euid,
        from: 'raise',
        count: raise.count,
        first: raise.first,
      })
      const text = raiseTexts[raise.call]
      if (raise.refused !== undefined)
        return raise.capabilities.map((each): FoundNeed => [
          each,
          'tolerated',
          deed(`${text} asks for it (${raise.refused})`),
        ])
      if (raise.call === 'securebits' || raise.call === 'drop-bounding')
        return [['CAP_SETPCAP', 'needed', deed(text)] as const]
      const need: Need = keepsAll(raise, context) ? 'kept' : 'needed'
      const what = raise.call === 'capset' ? 'capset asks to keep it' : text
      return raise.capabilities.map((each): FoundNeed => [each, need, deed(what)])
    })
}

/** A program that keeps every capability it was given needs none of them: if it is given fewer, it keeps fewer. */
function keepsAll({ call, capabilities }: CapabilityRaise, { starts }: ObservedContext): boolean {
  if (call !== 'capset' || starts.length === 0) return false
  const given = starts.flatMap(({ permitted }) => (permitted === undefined ? [] : [permitted]))
  // strace does not record the permitted set; `given` is then empty, and no capability counts as needed.
  return given.every((each) => each.length > 1 && each.every((one) => capabilities.includes(one)))
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
