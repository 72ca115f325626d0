// Which calls each version of libseccomp knows. runc and crun skip a name that libseccomp does not know, so the call
// gets the profile's default answer.
// Authority: libseccomp src/syscalls.csv and include/seccomp.h.in at each tag, 2.5.0 to 2.6.1.
import { architectures, type Architecture } from '../../abi/architectures.ts'
import { isKnownElsewhere } from '../../abi/elsewhere.ts'
import { isKnownAnywhere, syscallTable } from '../../abi/tables.ts'
import { compareVersions } from '../versions.ts'

/** "2.5.4". */
export type LibraryVersion = string

/** The names that each release added. */
const added: Readonly<Record<LibraryVersion, string>> = {
  '2.5.2': `close_range epoll_pwait2 landlock_add_rule landlock_create_ruleset landlock_restrict_self memfd_secret
    mount_setattr process_madvise quotactl_fd`,
  '2.5.3': 'process_mrelease',
  '2.5.4': 'futex_waitv set_mempolicy_home_node',
  '2.5.5': 'cachestat fchmodat2 futex_requeue futex_wait futex_wake map_shadow_stack',
  '2.5.6': `getxattrat listmount listxattrat lsm_get_self_attr lsm_list_modules lsm_set_self_attr mseal removexattrat
    riscv_hwprobe setxattrat statmount uretprobe`,
  '2.6.0': 'atomic_barrier atomic_cmpxchg_32 getpagesize',
  '2.6.1': 'file_getattr file_setattr listns open_tree_attr rseq_slice_yield uprobe',
}

/** Known names that got their number on an architecture in a later release. */
const numberedLater: Readonly<Record<string, Readonly<Record<string, LibraryVersion>>>> = {
  memfd_secret: { riscv64: '2.5.5', s390x: '2.5.5' },
  map_shadow_stack: { x32: '2.5.6' },
}

export const firstLibrary: LibraryVersion = '2.5.0'
/** The oldest version in use beside runc 1.1 and crun 1.8: Debian 12's. */
export const oldestLibrary: LibraryVersion = '2.5.4'

/** The oldest version in use on a host. It knows the host's own architecture. */
export function oldestLibraryOn(host: Architecture): LibraryVersion {
  const { libseccomp } = architectures[architectures[host].host]
  return compareVersions(libseccomp, oldestLibrary) > 0 ? libseccomp : oldestLibrary
}
export const newestLibrary: LibraryVersion = '2.6.1'

const since = new Map(
  Object.entries(added).flatMap(([version, names]) => names.split(/\s+/).map((name) => [name, version])),
)

/** The first version that knows the name; undefined if 2.5.0 or no version knows it. */
export function librarySince(name: string): LibraryVersion | undefined {
  return since.get(name)
}

/** Whether the library knows the name on any architecture. `library` undefined: the newest. */
export function isKnownTo(library: LibraryVersion | undefined, name: string): boolean {
  if (!isKnownAnywhere(name) && !isKnownElsewhere(name)) return false
  return isSince(library, since.get(name))
}

/** The number that the library gives the name on an architecture; undefined if the architecture lacks the call. */
export function numberIn(
  library: LibraryVersion | undefined,
  name: string,
  architecture: Architecture,
): number | undefined {
  const later = Object.hasOwn(numberedLater, name) ? numberedLater[name] : undefined
  if (later !== undefined && !isSince(library, later[architecture])) return undefined
  return syscallTable(architecture).byName(name)?.number
}

function isSince(library: LibraryVersion | undefined, first: LibraryVersion | undefined): boolean {
  return library === undefined || first === undefined || compareVersions(library, first) >= 0
}
