// What a check for a capability says of the need for it. The kernel asks for more than a workload needs: on behalf of
// others, before the workload has begun, and where the answer changes nothing. Each step below names one such case; a
// check that no step explains is needed where it was granted, and tolerated where it was refused.
import type { CapabilityCheck } from '../observe/index.ts'

export type CheckStep =
  | 'borrowed-credentials'
  | 'before-the-program'
  | 'own-namespace'
  | 'speculative'
  | 'asked-always'
  | 'answer-only'

export type CheckVerdict = 'needed' | 'tolerated' | CheckStep

type Step = (check: CapabilityCheck) => boolean

/** In this order: the first that explains a check names it. */
const steps: Readonly<Record<CheckStep, Step>> = {
  'borrowed-credentials': hasBorrowedCredentials,
  'before-the-program': isBeforeTheProgram,
  'own-namespace': isInOwnNamespace,
  speculative: isSpeculative,
  'asked-always': isAskedAlways,
  'answer-only': changesAnAnswerOnly,
}

export function verdictOf(check: CapabilityCheck): CheckVerdict {
  for (const [name, explains] of Object.entries(steps)) if (explains(check)) return name as CheckStep
  // security/commoncap.c, cap_capable: a capability that was refused was not had, and the workload went on.
  return check.granted ? 'needed' : 'tolerated'
}

/**
 * Overlayfs repeats a check with the credentials of who mounted it (fs/overlayfs/inode.c, ovl_permission; kernel/cred.c,
 * override_creds), who has every capability. access(2) puts on credentials of the thread's own as well (fs/open.c,
 * access_override_creds): these have no more than the container.
 */
function hasBorrowedCredentials({ own, withinBounding, call }: CapabilityCheck): boolean {
  return !own && !(isAccess(call) && withinBounding)
}

/** runc and crun load the filter before they give up privileges and execute the program; execve itself is the program's. */
function isBeforeTheProgram({ started, call = '' }: CapabilityCheck): boolean {
  return !started && call !== 'execve' && call !== 'execveat'
}

/**
 * The owner of a user namespace has all capabilities in it (user_namespaces(7)), and a process in one that it made
 * itself has those that it was born with there: neither comes from the container's set. A check in another namespace
 * that is refused asks for what no set of the container gives.
 */
function isInOwnNamespace({ otherNamespace, effective, granted, started, depth }: CapabilityCheck): boolean {
  return (otherNamespace && (!effective || !granted)) || (started && depth > 0)
}

/**
 * The kernel asks in order to do better where it can (ns_capable_noaudit; security/commoncap.c,
 * cap_vm_enough_memory). kernel/seccomp.c, seccomp_prepare_filter, is the exception: without no_new_privs the answer
 * decides.
 */
function isSpeculative(check: CapabilityCheck): boolean {
  if (isFilterWithoutNoNewPrivileges(check)) return false
  return (
    check.noAudit === true ||
    check.functions.some((each) => each.includes('noaudit') || each === 'cap_vm_enough_memory')
  )
}

/** What a filter is loaded with; with no_new_privs the kernel does not ask. */
export function isFilterWithoutNoNewPrivileges({ capability, call }: CapabilityCheck): boolean {
  return capability === 'CAP_SYS_ADMIN' && (call === 'seccomp' || call === 'prctl')
}

function isAskedAlways(check: CapabilityCheck): boolean {
  return isCapset(check) || keepsIdentity(check) || isChmodWithoutSetGroup(check)
}

/** security/commoncap.c, cap_inh_is_capped: asked at every capset, decisive only where the inheritable set grows. */
function isCapset({ capability, call }: CapabilityCheck): boolean {
  return capability === 'CAP_SETPCAP' && call === 'capset'
}

/** kernel/sys.c, __sys_setuid and __sys_setgid: who is it already in every respect changes nothing. */
function keepsIdentity({ call = '', argument, ...ids }: CapabilityCheck): boolean {
  if (argument === undefined) return false
  const id = Number(BigInt.asUintN(32, BigInt(argument)))
  const isSame = (...held: readonly number[]): boolean => held.every((each) => each === id)
  if (/^setuid(32)?$/.test(call)) return isSame(ids.uid, ids.euid, ids.suid)
  return /^setgid(32)?$/.test(call) && isSame(ids.gid, ids.egid, ids.sgid)
}

const setGroupId = 0o2000n

/** fs/attr.c, setattr_prepare and setattr_copy: only the set-group-ID bit is lost without CAP_FSETID. */
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
