// Finds calls that a container runtime needs and a profile does not allow: the check before an upgrade of the runtime.
// The floor comes from policy/floor-versions.ts. Authority for what a rule does: runc and crun (an unconditional rule
// wins over conditional ones), the engines for includes and excludes.
//
// A rule that needs a capability counts as conditional. A rule that a capability excludes, or that needs a kernel,
// counts as unconditional, because containers have few capabilities and recent kernels.
import { assumedHost, engineNames, type Host } from '../abi/architectures.ts'
import type { Certainty, VersionFloor } from '../policy/index.ts'
import type { ParsedProfile, PlacedRule } from '../profile/dialects.ts'
import type { Dialect } from '../profile/document.ts'
import type { Severity, Standing } from '../profile/flaws.ts'
import { finding, sortFindings, type Finding } from './findings.ts'
import { readAsOci } from './problems.ts'
import { refuses } from '../profile/words.ts'
import { answerOf, defaultAnswer, hostsOf, keyOf, subjectOf, type CheckSubject } from './subject.ts'

/** Who reads the profile, and what the container runtime calls on a host. */
export interface FloorProblemOptions {
  /** Who reads the file, if its keys do not show it: see profileProblems. */
  readonly dialect?: Dialect
  /** The calls of another host that correspond to a call of x86_64. */
  readonly callsOn: (host: Host, syscall: string) => readonly string[]
}

interface FloorNeed {
  readonly syscall: string
  readonly certainty: Certainty
  readonly versions: readonly string[]
  readonly hosts: readonly Host[]
}

/** What one runtime lacks, sorted by place in the text. If that cannot be decided, the only finding says so. */
export function floorProblems(
  parsed: ParsedProfile,
  floor: VersionFloor,
  options: FloorProblemOptions,
): readonly Finding[] {
  const subject = subjectOf(parsed, readAsOci(parsed, options.dialect))
  const { profile } = subject
  const top = keyOf(subject, profile, 'defaultAction')
  const runtime = runtimeText(floor.runtime, floor.version === undefined ? [] : [floor.version])
  const unchecked = (why: string): readonly Finding[] => [finding('floor-unchecked', top, { runtime, why })]
  if (profile.defaultAction === undefined || parsed.flaws.some(({ severity }) => severity === 'error')) {
    return unchecked('broken')
  }
  if (parsed.base !== undefined) return unchecked('base')
  const hosts = hostsOf(subject)
  if (hosts.length === 0) return unchecked('architecture')

  const found = needsOn(hosts, floor, options.callsOn).flatMap((need) => problem(subject, floor, need, top))
  const standIns = floor.version !== undefined && !floor.measured.includes(floor.version)
  const note = finding('runtime-not-measured', top, {
    runtime,
    measured: runtimeText(floor.runtime, floor.measured),
    ...(floor.published ? { published: 'yes' } : {}),
  })
  return sortFindings(standIns ? [note, ...found] : found)
}

function needsOn(
  hosts: readonly Host[],
  { calls }: VersionFloor,
  callsOn: FloorProblemOptions['callsOn'],
): readonly FloorNeed[] {
  const needs = new Map<string, FloorNeed>()
  for (const host of hosts) {
    for (const { syscall: name, certainty, versions } of calls) {
      for (const syscall of host === assumedHost ? [name] : callsOn(host, name)) {
        const before = needs.get(syscall)
        if (before?.hosts.includes(host) === true) continue
        needs.set(syscall, { syscall, certainty, versions, hosts: [...(before?.hosts ?? []), host] })
      }
    }
  }
  return [...needs.values()]
}

function problem(
  subject: CheckSubject,
  floor: VersionFloor,
  need: FloorNeed,
  top: Standing,
): readonly Finding[] {
  const { syscall: name, certainty, hosts } = need
  const answers = hosts.map((host) => answerTo(subject, name, host, top))
  const worst = answers.find(({ answer }) => answer !== undefined) ?? answers.find((each) => each.condition)
  if (worst === undefined) return []
  const common = {
    name,
    runtime: runtimeText(floor.runtime, need.versions),
    ...(hosts.includes(assumedHost) ? {} : { inferred: hosts.join(', ') }),
  }
  const { answer, where } = worst
  if (answer === undefined) {
    return certainty === 'refused' ? [] : [finding('floor-conditional', where, common)]
  }
  if (certainty === 'refused' && !kills(answer)) return []
  const code = codes[certainty]
  const severity: Severity | undefined = certainty === 'made' && kills(answer) ? 'error' : undefined
  return [finding(code, where, { ...common, answer, certainty }, severity)]
}

const codes = {
  needed: 'floor-needed',
  made: 'floor-made',
  sometimes: 'floor-sometimes',
  olderKernel: 'floor-older-kernel',
  refused: 'floor-killed',
  published: 'floor-published',
} as const

interface FloorAnswer {
  /** The answer to a refused call; undefined if the call is allowed. */
  readonly answer: string | undefined
  /** The call is allowed for some arguments or capabilities only. */
  readonly condition: boolean
  readonly where: Standing
}

function answerTo(subject: CheckSubject, name: string, host: Host, top: Standing): FloorAnswer {
  const rules = subject.profile.syscalls.filter(
    (rule) => rule.names.includes(name) && (subject.asOci || isForHost(rule, host)),
  )
  const at = (rule: PlacedRule): Standing => rule.namesAt[rule.names.indexOf(name)] ?? rule
  const always = rules.find((rule) => !isConditional(subject, rule))
  if (always !== undefined && !refuses(always.action))
    return { answer: undefined, condition: false, where: at(always) }
  const sometimes = rules.find((rule) => isConditional(subject, rule) && !refuses(rule.action))
  if (sometimes !== undefined) return { answer: undefined, condition: true, where: at(sometimes) }
  if (always !== undefined) {
    return {
      answer: answerOf(subject, always.action, always.errnoRet, always.errno),
      condition: false,
      where: at(always),
    }
  }
  const { defaultAction } = subject.profile
  const allowed = defaultAction === undefined || !refuses(defaultAction)
  return { answer: allowed ? undefined : defaultAnswer(subject), condition: false, where: top }
}

function isForHost({ includes, excludes }: PlacedRule, host: Host): boolean {
  const names = engineNames(host)
  const isNamed = (arches: readonly string[]): boolean => names.some((each) => arches.includes(each))
  const { arches = [] } = includes ?? {}
  if (arches.length > 0 && !isNamed(arches)) return false
  return !isNamed(excludes?.arches ?? [])
}

function isConditional({ asOci }: CheckSubject, { args, includes }: PlacedRule): boolean {
  return (args ?? []).length > 0 || (!asOci && (includes?.caps ?? []).length > 0)
}

function kills(answer: string): boolean {
  return answer.startsWith('SCMP_ACT_KILL') || answer === 'SCMP_ACT_TRAP'
}

/** "runc 1.3.6, 1.4.3", or "runc" without a version. */
function runtimeText(runtime: string, versions: readonly string[]): string {
  return [runtime, versions.join(', ')].filter((part) => part !== '').join(' ')
}
