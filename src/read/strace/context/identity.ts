// The ids of a thread after a call that changes user or group, as far as the ids before the call are known.
// Authority: setuid(2), setreuid(2), setresuid(2), setgroups(2), capabilities(7).
import { scalarValue } from '../arguments.ts'
import type { Ids } from './process-state.ts'
import { numbersIn } from './texts.ts'

const keep = 0xffff_ffff

/** The number of a printed id; undefined if it is not printed, or is -1 (unchanged). */
export function idIn(argument: string | undefined): number | undefined {
  const value = argument === undefined ? undefined : scalarValue(argument)
  const id = value === undefined ? undefined : Number(BigInt.asUintN(32, value))
  return id === keep ? undefined : id
}

/** The ids after a successful call; undefined for calls that change none. */
export function changedIds(name: string, texts: readonly string[], before: Ids): Ids | undefined {
  const [first, second, third] = texts.map(idIn)
  switch (name) {
    case 'setuid': {
      const { uid, euid, suid } = one(first, before, [before.uid, before.euid, before.suid])
      return { ...without(before, ['uid', 'euid', 'suid']), ...defined({ uid, euid, suid }) }
    }
    case 'setgid': {
      const { uid: gid, euid: egid, suid: sgid } = one(first, before, [before.gid, before.egid, before.sgid])
      return { ...without(before, ['gid', 'egid', 'sgid']), ...defined({ gid, egid, sgid }) }
    }
    case 'setreuid': {
      const [uid = before.uid, euid = before.euid] = [first, second]
      const suid = saved(first, second, before.uid, euid, before.suid)
      return { ...without(before, ['suid']), ...defined({ uid, euid, suid }) }
    }
    case 'setregid': {
      const [gid = before.gid, egid = before.egid] = [first, second]
      const sgid = saved(first, second, before.gid, egid, before.sgid)
      return { ...without(before, ['sgid']), ...defined({ gid, egid, sgid }) }
    }
    case 'setresuid':
      return { ...before, ...defined({ uid: first, euid: second, suid: third }) }
    case 'setresgid':
      return { ...before, ...defined({ gid: first, egid: second, sgid: third }) }
    case 'setgroups': {
      const groups = numbersIn(texts[1])
      return { ...without(before, ['groups']), ...(groups !== undefined && { groups }) }
    }
    default:
      return undefined
  }
}

/**
 * setuid and setgid set all three ids if the thread has the capability. This is certain if the new id is neither the
 * real nor the saved one (for root, also if these are unknown). Else only the effective id is certain.
 */
function one(
  id: number | undefined,
  { euid: user }: Ids,
  [uid, , suid]: readonly [number | undefined, number | undefined, number | undefined],
): Pick<Ids, 'uid' | 'euid' | 'suid'> {
  if (id === undefined) return {}
  const isRoot = user === 0 && uid !== id && suid !== id
  const isOther = uid !== undefined && suid !== undefined && uid !== id && suid !== id
  if (isRoot || isOther) return { uid: id, euid: id, suid: id }
  return { euid: id, ...defined({ uid: uid === id ? id : undefined, suid: suid === id ? id : undefined }) }
}

/** The saved id follows the effective id if that is set to another value than the real id, or if the real id is set. */
function saved(
  real: number | undefined,
  effective: number | undefined,
  realBefore: number | undefined,
  effectiveAfter: number | undefined,
  before: number | undefined,
): number | undefined {
  if (real !== undefined) return effectiveAfter
  if (effective === undefined || effective === realBefore) return before
  return realBefore === undefined ? undefined : effectiveAfter
}

function without(ids: Ids, names: readonly (keyof Ids)[]): Ids {
  return Object.fromEntries(Object.entries(ids).filter(([name]) => !names.includes(name as keyof Ids)))
}

function defined<Names extends keyof Ids>(ids: { readonly [Name in Names]?: Ids[Name] | undefined }): Ids {
  return Object.fromEntries(Object.entries(ids).filter(([, value]) => value !== undefined))
}
