// Finds capabilities that no check shows: those of executed files, of user namespaces with a map, and of sets that a
// program asks for. Authority: capabilities(7), user_namespaces(7), capset(2); the kernel's functions as named below.
import type { CapabilityCheck, CapabilityName, CapabilityRaise, ObservedContext } from '../observe/index.ts'
import type { CheckVerdict } from './checks.ts'
import type { Deed } from './evidence.ts'

export type Need = CheckVerdict | 'kept' | 'no-new-privileges'

/** A deed and the kind of its evidence. A non-root user gets capabilities only from a `file`. */
export interface NeededDeed extends Deed {
  readonly from: 'check' | 'file' | 'namespace' | 'raise'
  readonly check?: CapabilityCheck
}

export type FoundNeed = readonly [capability: CapabilityName, need: Need, deed: NeededDeed]

/**
 * execve of a file whose capabilities carry the effective bit fails with EPERM if the bounding set lacks one of them,
 * even for root and with no_new_privs (security/commoncap.c, bprm_caps_from_vfs_caps).
 */
export function fileCapabilities({ executions }: ObservedContext): readonly FoundNeed[] {
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
export function namespaceRoots({ userNamespaces, changes, blind }: ObservedContext): readonly FoundNeed[] {
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
export function raised(context: ObservedContext): readonly FoundNeed[] {
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
