// The promises of a profile, on every recording: it allows every call of the recording and refuses every other call
// without a reason. Our own checks and the official schema find no fault with it.
import t from 'tap'
import { syscallTable } from '../../src/abi/tables.ts'
import { derivePolicy, type Policy } from '../../src/policy/index.ts'
import { profileProblems } from '../../src/check/index.ts'
import { buildProfile, printProfile } from '../../src/print/index.ts'
import type { Observations } from '../../src/observe/index.ts'
import { observed, recordings, withoutCollected } from '../recordings.ts'

interface Answers {
  readonly allowed: ReadonlySet<string>
  readonly enosys: ReadonlySet<string>
}

/** Reads names only: without a floor and a ceiling a profile has no conditions. */
function answers(policy: Policy): Answers {
  const profile = buildProfile(policy)
  const named = (wanted: (rule: { action: string; errnoRet?: number }) => boolean): Set<string> =>
    new Set((profile.syscalls ?? []).filter(wanted).flatMap(({ names }) => names))
  return {
    allowed: named(({ action }) => action === 'SCMP_ACT_ALLOW'),
    enosys: named(({ action, errnoRet }) => action === 'SCMP_ACT_ERRNO' && errnoRet === 38),
  }
}

function seenNames(observations: Observations): Map<string, { onlyEnosys: boolean }> {
  const seen = new Map<string, { onlyEnosys: boolean }>()
  for (const calls of Object.values(observations.architectures)) {
    for (const [name, { count, enosys }] of Object.entries(calls)) {
      const onlyEnosys = enosys === count && (seen.get(name)?.onlyEnosys ?? true)
      seen.set(name, { onlyEnosys })
    }
  }
  return seen
}

for (const folder of ['recorded/x86_64', 'recorded/aarch64', 'collected/strace']) {
  t.test(
    `profiles from ${folder}`,
    { skip: folder.startsWith('collected') && withoutCollected },
    async (t) => {
      let checked = 0
      for (const recording of recordings(folder)) {
        const observations = await observed(recording)
        if (Object.keys(observations.architectures).length === 0) continue
        const policy = derivePolicy(observations, { runtime: 'none', margin: 'none' })
        const { allowed, enosys } = answers(policy)
        const seen = seenNames(observations)
        const wrong: string[] = []
        for (const [name, { onlyEnosys }] of seen) {
          // Two exceptions are answered ENOSYS: clone3 beside clone, and a call whose every attempt failed with ENOSYS.
          const excepted = name === 'clone3' ? allowed.has('clone') : onlyEnosys
          if (excepted ? !enosys.has(name) : !allowed.has(name)) wrong.push(`${name} was seen and is refused`)
        }
        const reasons = new Map<string, Set<string>>()
        for (const { syscall, because } of policy.rules) {
          const kinds = reasons.get(syscall) ?? new Set()
          for (const { kind } of because) kinds.add(kind)
          reasons.set(syscall, kinds)
        }
        for (const name of allowed) {
          const kinds = reasons.get(name) ?? new Set()
          if (!seen.has(name) && !kinds.has('kernel') && !kinds.has('fallback'))
            wrong.push(`${name} is allowed for nothing`)
          // A call has the reason `seen` exactly if it was seen, so removing its name refuses what that reason names.
          if (kinds.has('seen') !== seen.has(name)) wrong.push(`${name}: its reasons are not what was seen`)
        }
        for (const architecture of policy.architectures) {
          const table = syscallTable(architecture)
          const here = [...allowed].filter((name) => table.byName(name) !== undefined)
          const refused = table.entries.length - here.length
          if (refused <= 0) wrong.push(`${architecture}: nothing is refused`)
        }
        // With the floor, as in normal use: a filtered trace alone may lack even execve.
        const whole = printProfile(buildProfile(derivePolicy(observations)))
        // A seen call may be newer than the oldest libseccomp in use: that deserves a warning, and is no defect.
        const findings = profileProblems(whole).filter(
          ({ severity, code }) => severity !== 'note' && code !== 'call-newer-than-libseccomp',
        )
        wrong.push(...findings.map(({ code, pointer }) => `${code} at ${pointer}`))
        if (wrong.length > 0) t.same(wrong, [], recording.name)
        checked++
      }
      t.ok(checked > 25, `${checked} profiles`)
    },
  )
}
