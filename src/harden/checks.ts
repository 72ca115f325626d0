// Decides what a capability check says about the need for the capability. The kernel asks for more than a workload
// needs: on behalf of others, before the workload has begun, and where the answer changes nothing. Each step below
// names one such case. A check that no step explains is needed if it was granted and tolerated if it was refused.
import type { CapabilityCheck } from '../observe/index.ts'

export type CheckStep =
  | 'borrowed-credentials'
  | 'before-the-program'
  | 'own-namespace'
  | 'speculative'
  | 'asked-always'
  | 'answer-only'

export type CheckVerdict = 'needed' | 'tolerated' | CheckStep

type CheckRule = (check: CapabilityCheck) => boolean

/** The first step that explains a check names it, so the order matters. */
const steps: Readonly<Record<CheckStep, CheckRule>> = {
  'borrowed-credentials': hasBorrowedCredentials,
  'before-the-program': isBeforeTheProgram,
  'own-namespace': isInOwnNamespace,
  speculative: isSpeculative,
  'asked-always': isAskedAlways,
  'answer-only': changesAnAnswerOnly,
}

export function verdictOf(check: CapabilityCheck): CheckVerdict {
  for (const [name, explains] of Object.entries(steps)) if (explains(check)) return name as CheckStep
  // security/commoncap.c, cap_capable: a refused capability was missing, and the workload went on without it.
  return check.granted ? 'needed' : 'tolerated'
}

/**
 * Overlayfs repeats a check with the credentials of the process that mounted it, which has every capability
 * (fs/overlayfs/inode.c, ovl_permission; kernel/cred.c, override_creds). access(2) also checks with temporary
 * credentials (fs/open.c, access_override_creds), but these are the thread's own and have no more than the container.
 */
function hasBorrowedCredentials({ own, withinBounding, call }: CapabilityCheck): boolean {
  return !own && !(isAccess(call) && withinBounding)
}

/** runc and crun load the filter before they drop privileges and execute the program; execve counts for the program. */
function isBeforeTheProgram({ started, call = '' }: CapabilityCheck): boolean {
  return !started && call !== 'execve' && call !== 'execveat'
}

/**
 * Capabilities in a user namespace do not come from the container's set: its owner has all of them
 * (user_namespaces(7)), and a process that made its own namespace got them at birth. If a check in another namespace is
 * refused, no set of the container could grant it.
 */
function isInOwnNamespace({ otherNamespace, effective, granted, started, depth }: CapabilityCheck): boolean {
  return (otherNamespace && (!effective || !granted)) || (started && depth > 0)
}

/** The hook and the function that calls it: a compiler may inline one of them. */
const overcommit: ReadonlySet<string> = new Set(['cap_vm_enough_memory', 'security_vm_enough_memory_mm'])

/**
 * The kernel asks only to choose a better way (ns_capable_noaudit; security/commoncap.c, cap_vm_enough_memory). The
 * exception is kernel/seccomp.c, seccomp_prepare_filter: without no_new_privs this answer decides.
 */
function isSpeculative(check: CapabilityCheck): boolean {
  if (isFilterWithoutNoNewPrivileges(check)) return false
  return (
    check.noAudit === true || check.functions.some((each) => each.includes('noaudit') || overcommit.has(each))
  )
}

/** The check for loading a filter. With no_new_privs the kernel does not make it. */
export function isFilterWithoutNoNewPrivileges({ capability, call }: CapabilityCheck): boolean {
  return capability === 'CAP_SYS_ADMIN' && (call === 'seccomp' || call === 'prctl')
}

function isAskedAlways(check: CapabilityCheck): boolean {
  return isCapset(check) || keepsIdentity(check) || isChmodWithoutSetGroup(check)
}

/** security/commoncap.c, cap_inh_is_capped: every capset asks; the answer decides only if the inheritable set grows. */
function isCapset({ capability, call }: CapabilityCheck): boolean {
  return capability === 'CAP_SETPCAP' && call === 'capset'
}

/** kernel/sys.c, __sys_setuid and __sys_setgid: setting an id that every set already holds changes nothing. */
function keepsIdentity({ call = '', argument, ...ids }: CapabilityCheck): boolean {
  if (argument === undefined) return false
  const id = Number(BigInt.asUintN(32, BigInt(argument)))
  const isSame = (...held: readonly number[]): boolean => held.every((each) => each === id)
  if (/^setuid(32)?$/.test(call)) return isSame(ids.uid, ids.euid, ids.suid)
  return /^setgid(32)?$/.test(call) && isSame(ids.gid, ids.egid, ids.sgid)
}

const setGroupId = 0o2000n

/** fs/attr.c, setattr_prepare and setattr_copy: without CAP_FSETID chmod only loses the set-group-ID bit. */
function isChmodWithoutSetGroup({ capability, call = '', argument }: CapabilityCheck): boolean {
  return (
    capability === 'CAP_FSETID' &&
    /^f?chmod(at2?)?$/.test(call) &&
    argument !== undefined &&
    (BigInt(argument) & setGroupId) === 0n
  )
}

/** access(2) opens nothing: only its answer depends on the capability. */
function changesAnAnswerOnly({ call }: CapabilityCheck): boolean {
  return isAccess(call)
}

function isAccess(call = ''): boolean {
  return call === 'access' || call === 'faccessat' || call === 'faccessat2'
}
