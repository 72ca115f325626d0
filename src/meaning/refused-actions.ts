// Actions, errnos and names for which a runtime refuses a whole profile. Authority: runc libcontainer/specconv and
// libcontainer/seccomp (InitSeccomp: an empty name; SCMP_ACT_NOTIFY as default, for write, without a listener), crun
// src/libcrun/seccomp.c (an errno on an action that takes none).
import type { Action } from '../profile/document.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { standingOf, type Standing } from '../profile/flaws.ts'
import { takesErrno } from '../profile/words.ts'
import type { Context } from './context.ts'
import type { Refusal } from './refusal.ts'
import { nameOf } from './versions/runtimes.ts'

/** Nothing for the filter alone: libseccomp itself sees none of this. */
export function* refusedActions(parsed: ParsedProfile, { runtime }: Context): Generator<Refusal> {
  if (runtime === undefined) return
  if (nameOf(runtime) === 'runc') yield* refusedByRunc(parsed)
  else yield* errnosRefused(parsed)
}

function* refusedByRunc(parsed: ParsedProfile): Generator<Refusal> {
  const { profile } = parsed
  if (profile.defaultAction === 'SCMP_ACT_NOTIFY')
    yield { code: 'notify-default', ...standingOf(parsed.tree, profile, 'defaultAction'), facts: {} }
  const listens = profile.listenerPath !== undefined && profile.listenerPath !== ''
  for (const rule of profile.syscalls) {
    for (const [index, name] of rule.names.entries())
      if (name === '') yield { code: 'empty-name', ...standing(rule.namesAt[index] ?? rule), facts: {} }
    if (rule.action !== 'SCMP_ACT_NOTIFY') continue
    const write = rule.names.indexOf('write')
    if (write !== -1) yield { code: 'notify-write', ...standing(rule.namesAt[write] ?? rule), facts: {} }
  }
  const notifying = profile.syscalls.find(({ action }) => action === 'SCMP_ACT_NOTIFY')
  if (notifying !== undefined && !listens)
    yield { code: 'notify-without-listener', ...standingOf(parsed.tree, notifying, 'action'), facts: {} }
}

function* errnosRefused(parsed: ParsedProfile): Generator<Refusal> {
  const { profile } = parsed
  yield* errnoRefused(parsed, profile, profile.defaultAction, profile.defaultErrnoRet, 'defaultErrnoRet')
  for (const rule of profile.syscalls)
    yield* errnoRefused(parsed, rule, rule.action, rule.errnoRet, 'errnoRet')
}

function* errnoRefused(
  parsed: ParsedProfile,
  whole: Standing,
  action: Action | undefined,
  number: number | undefined,
  key: string,
): Generator<Refusal> {
  if (action === undefined || number === undefined || takesErrno(action)) return
  yield { code: 'errno-unused', ...standingOf(parsed.tree, whole, key), facts: { key, action } }
}

function standing({ at, pointer }: Standing): Standing {
  return { at, pointer }
}
