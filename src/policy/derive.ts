// Derives a policy from observations: applies every decision of this room in turn, per architecture, and makes rules.
import { architectureNames, type Architecture } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import { has } from '../meaning/index.ts'
import type { Observations } from '../observe/index.ts'
import { observationsValue } from '../read/observations/document.ts'
import { readOptions } from '../options.ts'
import { ascending } from '../order.ts'
import { mergeProposals, type Proposal } from './answers.ts'
import { withinCeiling } from './beyond.ts'
import { boundsOf } from './bounds.ts'
import { Ceiling } from './ceiling.ts'
import { withoutClone3 } from './clone3.ts'
import { valuesInCode } from './code-values.ts'
import { answersToChains } from './fallback.ts'
import { answersForFloor, type FloorChoice } from './floor.ts'
import { answersFromKernel } from './kernel.ts'
import { policyTable, type PolicyOptions } from './options.ts'
import { answersUnseen } from './reachable.ts'
import { Rules } from './rules.ts'
import type { Reachable } from '../scan/reachable.ts'
import { answersInMargin, type MarginChoice } from './margin.ts'
import { answersForParts } from './parts.ts'
import type { DefaultAction, LeftOut, Policy, Reason, RuleAction } from './policy.ts'
import { answersSeen, architecturesSeen, callsSeen, isImplemented, unknownSeen } from './seen.ts'
import { targetsOf, type PolicyTarget } from './targets.ts'
import { callsOn, translate } from './translate.ts'
import { valuesOf } from './values.ts'

const defaultActions: Readonly<Record<DefaultAction['type'], DefaultAction>> = {
  // EPERM, as the engines' default profiles answer (moby profiles/seccomp: defaultErrnoRet 1).
  errno: { type: 'errno', errno: 1 },
  'kill-process': { type: 'kill-process' },
  log: { type: 'log' },
}

/**
 * Derives the smallest policy under which what was seen runs: it allows the seen calls and, each with its reason, those
 * without which the workload would not start, run or end. It exceeds the ceiling only for what was seen. The same
 * observations and options give the same policy, whatever order the observations were merged in. Calls that no table
 * knows are never in a rule; `left` lists them.
 *
 * @throws UserError for an unknown option or a value that it does not take, if no call was seen, if a requested
 * architecture was not seen and cannot be inferred, if a scan alone gives it no call, or if the ceiling is invalid.
 */
export function derivePolicy(observations: Observations, given: PolicyOptions = {}): Policy {
  observationsValue(observations, 'derivePolicy: observations')
  const options = readOptions('derivePolicy', policyTable, given)
  const floor = options.runtime ?? 'all'
  const seen = architecturesSeen(observations)
  const targets = targetsOf(
    seen.length === 0 && options.fromScan === true ? architecturesReachable(options.reachable) : seen,
    options.architectures ?? [],
    floor !== 'none',
  )
  const left = [...unknownSeen(observations)]
  const ceiling = Ceiling.of(
    options,
    targets.map(({ architecture }) => architecture),
  )
  const { beyond = 'seen', conditions = 'within' } = options
  if (beyond === 'never' && conditions === 'none') throw new UserError('beyond-contradiction')
  if (beyond === 'never' && ceiling === undefined) throw new UserError('beyond-without-ceiling')
  const defaultAction = defaultActions[options.defaultAction ?? 'errno']
  const rules = new Rules()
  for (const target of targets) {
    const { architecture } = target
    const evidence = evidenceOn(target, observations)
    const opensClone3 =
      options.allowClone3 === true &&
      (beyond === 'seen' || ceiling?.cases(architecture, 'clone3').length !== 0)
    const bounded = withinCeiling(
      opensClone3 ? evidence.answers : withoutClone3(evidence.answers, architecture),
      observations,
      architecture,
      ceiling,
      beyond,
    )
    left.push(...evidence.left, ...bounded.left)
    const { answers } = bounded
    const used = new Set(
      answers.filter(({ action }) => action.type === 'allow').map(({ syscall }) => syscall),
    )
    // Calls that the evidence answers keep that answer. A margin call that the ceiling lacks is dropped silently.
    const evident = new Set(answers.map(({ syscall }) => syscall))
    const unseen = answersUnseen(
      options.reachable,
      options.unseen ?? 'refuse',
      architecture,
      new Set([...evident, ...evidence.answers.map(({ syscall }) => syscall)]),
    )
    const choice = options.fromScan === true ? 'none' : (options.margin ?? 'libc')
    // With 'libc' and a scan that is a bound, the margin has only reachable calls.
    const reached =
      options.unseen === 'libc' && options.reachable?.bound === true
        ? options.reachable.architectures[architecture]
        : undefined
    const margin = (target.known === 'host' ? [] : marginOn(target, observations, choice)).filter(
      ({ syscall }) =>
        !evident.has(syscall) &&
        ceiling?.cases(architecture, syscall).length !== 0 &&
        (reached === undefined || Object.hasOwn(reached, syscall)),
    )
    const parts = answersForParts(architecture, options.with ?? []).filter(
      ({ syscall }) => !evident.has(syscall) || used.has(syscall),
    )
    const all = new Set([...used, ...[...margin, ...parts, ...unseen].map(({ syscall }) => syscall)])
    const added = [
      ...unseen,
      ...parts,
      ...(target.known === 'host' ? [] : answersFromKernel(architecture, all)),
      ...answersForFloor(architecture, floor, options.noNewPrivileges === true),
    ]
    const isBeyond = ({ syscall, action }: Proposal): boolean =>
      action.type !== 'errno' &&
      !(options.fromScan !== true && used.has(syscall)) &&
      ceiling?.cases(architecture, syscall).length === 0
    const told = new Set([...answers, ...bounded.left].map(({ syscall }) => syscall))
    const isUnseen = (syscall: string): boolean => unseen.some((each) => each.syscall === syscall)
    if (options.fromScan === true && target.known !== 'host' && unseen.every(isBeyond))
      throw new UserError('nothing-from-scan', {
        architecture,
        scanned: architecturesReachable(options.reachable),
      })
    for (const syscall of new Set(added.filter(isBeyond).map((each) => each.syscall)))
      if (!told.has(syscall) && !isUnseen(syscall))
        left.push({ syscall, architecture, why: 'beyond-ceiling' })
    const proposals = [...answers, ...margin, ...added.filter((each) => !isBeyond(each))]
    const decided = mergeProposals([
      ...proposals,
      ...answersToChains(architecture, mergeProposals(proposals)),
    ])
    for (const [syscall, { action, because }] of decided) {
      if (action.type !== 'allow') {
        if (!isRefusedAsDefault(action, defaultAction, floor))
          rules.add(architecture, syscall, action, [], because)
        continue
      }
      const values = valuesOf(observations, target.architecture, syscall, because)
      const code = valuesInCode(options.reachable, architecture, syscall, because, values)
      for (const bound of boundsOf(ceiling, conditions, architecture, syscall, values, code)) {
        const opened = beyond === 'never' ? bound.because.find(isOpened) : undefined
        if (opened === undefined)
          rules.add(architecture, syscall, bound.action, bound.conditions, [...because, ...bound.because])
        else left.push(notWithin(syscall, architecture, opened))
      }
    }
  }
  return {
    version: 1,
    architectures: targets.map(({ architecture }) => architecture) as [Architecture, ...Architecture[]],
    defaultAction,
    ...(options.logRefusals === true && logsRefusals(options.runtime)),
    rules: rules.inOrder(),
    left: left.sort(compareLeft),
  }
}

/**
 * Whether the named runtime reads the answer as the default answer. It refuses such a rule, and without the rule gives
 * the same answer.
 */
function isRefusedAsDefault(action: RuleAction, defaultAction: DefaultAction, runtime: FloorChoice): boolean {
  if (action.type !== 'errno' || defaultAction.type !== 'errno') return false
  if (runtime === 'all' || runtime === 'none' || has(runtime, 'skips-default-rules')) return false
  return !has(runtime, 'errnoRet') || action.errno === defaultAction.errno
}

/** Throws a UserError for a version of a runtime that reads no flags. */
function logsRefusals(runtime: FloorChoice = 'all'): Pick<Policy, 'logsRefusals'> {
  if (runtime !== 'all' && runtime !== 'none' && !has(runtime, 'flags'))
    throw new UserError('refusals-not-logged', { runtime })
  return { logsRefusals: true }
}

/** The margin of a target. An inferred target gets the translated margin of the architecture that was seen. */
function marginOn(
  target: PolicyTarget,
  observations: Observations,
  choice: MarginChoice,
): readonly Proposal[] {
  const { architecture } = target
  const source = target.known === 'inferred' ? target.from : architecture
  const calls = new Map(callsSeen(observations, source))
  const answers = answersInMargin(choice, {
    architecture: source,
    has: (call) => {
      const each = calls.get(call)
      return each !== undefined && isImplemented(each)
    },
    values: (call, argument) => calls.get(call)?.args?.[argument]?.map(BigInt),
  })
  if (target.known !== 'inferred') return answers
  return answers.flatMap((each) =>
    callsOn(target.architecture, each.syscall).map((syscall) => ({ ...each, syscall })),
  )
}

type Opened = Extract<Reason, { kind: 'beyond' }>

function isOpened(reason: Reason): reason is Opened {
  return reason.kind === 'beyond'
}

function notWithin(syscall: string, architecture: Architecture, reason: Opened): LeftOut {
  return {
    syscall,
    architecture,
    why: 'not-within',
    ceiling: reason.ceiling,
    ...(reason.what === 'value' ? { argument: reason.argument, value: reason.value } : {}),
  }
}

function architecturesReachable(reachable: Reachable | undefined): readonly Architecture[] {
  return architectureNames.filter((each) => reachable?.architectures[each] !== undefined)
}

/** The evidence about the program on one target. */
function evidenceOn(
  target: PolicyTarget,
  observations: Observations,
): { readonly answers: readonly Proposal[]; readonly left: readonly LeftOut[] } {
  switch (target.known) {
    case 'seen':
      return { answers: answersSeen(observations, target.architecture), left: [] }
    case 'inferred':
      return translate(observations, target.from, target.architecture)
    case 'host':
      return { answers: [], left: [] }
  }
}

function compareLeft(a: LeftOut, b: LeftOut): number {
  return (
    ascending(a.syscall, b.syscall) ||
    ascending(a.architecture, b.architecture) ||
    ascending(a.why, b.why) ||
    ascending('first' in a ? a.first : '', 'first' in b ? b.first : '') ||
    ascending(JSON.stringify(a), JSON.stringify(b))
  )
}
