// Actions, errnos and names for which a runtime refuses a whole profile. Authority: runc libcontainer/specconv and
// libcontainer/seccomp (InitSeccomp: an empty name; SCMP_ACT_NOTIFY as default, for write, without a listener), crun
// src/libcrun/seccomp.c (an errno on an action that takes none).
import type { Action } from '../profile/document.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { standingOf, type Standing } from '../profile/flaws.ts'
import { takesErrno } from '../profile/words.ts'
import type { Context } from './context.ts'
import type { ProfileRefusal } from './refusal.ts'
import { compareVersions } from './versions.ts'
import { knowsWord, nameOf } from './versions/runtimes.ts'

/**
 * The refusals of a runtime and of the kernel. libseccomp asks the kernel itself, so those also exist without a
 * runtime.
 */
export function* refusedActions(parsed: ParsedProfile, context: Context): Generator<ProfileRefusal> {
  const { runtime } = context
  yield* unknownActions(parsed, context)
  if (runtime === undefined) return
  if (nameOf(runtime) === 'runc') yield* refusedByRunc(parsed)
  else yield* errnosRefused(parsed)
}

/** The first Linux with each action (libseccomp src/system.c, sys_chk_seccomp_action; seccomp(2)). */
const kernelSince: Partial<Readonly<Record<Action, string>>> = {
  SCMP_ACT_KILL_PROCESS: '4.14',
  SCMP_ACT_LOG: '4.14',
  SCMP_ACT_NOTIFY: '5.0',
}

/** A runtime reads every action of the file, also in rules that do not apply in this context. */
function* unknownActions(parsed: ParsedProfile, { runtime, kernel }: Context): Generator<ProfileRefusal> {
  const { profile, tree } = parsed
  const host = kernel.join('.')
  const used = [
    { whole: profile, key: 'defaultAction', action: profile.defaultAction },
    ...profile.syscalls.map((rule) => ({ whole: rule, key: 'action', action: rule.action })),
  ]
  for (const { whole, key, action } of used) {
    if (action === undefined) continue
    const since = kernelSince[action]
    const by =
      runtime !== undefined && !knowsWord(runtime, action)
        ? runtime
        : since !== undefined && compareVersions(host, since) < 0
          ? `Linux ${host}`
          : undefined
    if (by !== undefined)
      yield { code: 'action-not-known', ...standingOf(tree, whole, key), facts: { word: action, by } }
  }
}

function* refusedByRunc(parsed: ParsedProfile): Generator<ProfileRefusal> {
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

function* errnosRefused(parsed: ParsedProfile): Generator<ProfileRefusal> {
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
): Generator<ProfileRefusal> {
  if (action === undefined || number === undefined || takesErrno(action)) return
  yield { code: 'errno-unused', ...standingOf(parsed.tree, whole, key), facts: { key, action } }
}

function standing({ at, pointer }: Standing): Standing {
  return { at, pointer }
}
