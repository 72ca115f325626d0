// Observations in, policy out: every decision of this room in its turn, per architecture, then one rule a call.
import { architectureNames, type Architecture } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import type { Observations } from '../observe/index.ts'
import { inOrder, settle, type Proposal } from './answers.ts'
import { withinCeiling, type BeyondChoice } from './beyond.ts'
import { boundsOf, type ConditionsChoice } from './bounds.ts'
import { Ceiling, type CeilingOptions } from './ceiling.ts'
import { withoutClone3 } from './clone3.ts'
import { valuesInCode } from './code-values.ts'
import { conditionsKey } from './conditions.ts'
import { answersToChains } from './fallback.ts'
import { answersForFloor, type FloorChoice } from './floor.ts'
import { answersFromKernel } from './kernel.ts'
import { answersUnseen, type UnseenChoice } from './reachable.ts'
import type { Reachable } from '../scan/reachable.ts'
import { answersInMargin, type MarginChoice } from './margin.ts'
import { answersForParts, type PartName } from './parts.ts'
import type { DefaultAction, LeftOut, Policy, PolicyRule, Reason, RuleAction } from './policy.ts'
import { answersSeen, architecturesSeen, callsSeen, isImplemented, unknownSeen } from './seen.ts'
import { targetsOf, type PolicyTarget } from './targets.ts'
import { callsOn, translate } from './translate.ts'
import { valuesOf } from './values.ts'

/** What a policy is made of beside the observations: floor, ceiling, margin and conditions. */
export interface PolicyOptions extends CeilingOptions {
  /** What the program's code can call, as a scan found it. */
  readonly reachable?: Reachable
  /** What becomes of calls that are reachable and were not seen. Default 'refuse'. */
  readonly unseen?: UnseenChoice
  /** Nothing was recorded: the scan alone says what the program calls, never beyond the ceiling. */
  readonly fromScan?: boolean
  /**
   * The architectures the policy is for. Default, and for an empty list: those that were seen. aarch64 is inferred
   * from x86_64 where it was not seen; with a floor, the 64-bit host of a 32-bit architecture joins by itself.
   */
  readonly architectures?: readonly Architecture[]
  /** Whose floor is added. Default 'all'; 'none' for what is not started by a container runtime. */
  readonly runtime?: FloorChoice
  /** The workload starts with no_new_privs (Kubernetes: allowPrivilegeEscalation false). Default false: the larger floor. */
  readonly noNewPrivileges?: boolean
  /** What every call without a rule is answered: 'errno' (the default) is EPERM. */
  readonly defaultAction?: DefaultAction['type']
  /** Allow clone3 where it was seen. Default false: it is answered ENOSYS, and libc makes clone. */
  readonly allowClone3?: boolean
  /**
   * 'within' (the default): the ceiling's own conditions. 'observed': only the values that were seen, where all of them
   * are known and few. 'none': no conditions, so that the ceiling decides about calls alone.
   */
  readonly conditions?: ConditionsChoice
  /** What was seen beyond the ceiling: 'seen' (the default) allows it unless it was only ever refused, 'never' does not. */
  readonly beyond?: BeyondChoice
  /** Programs beside the workload whose calls are allowed, within the ceiling. Default: none. */
  readonly with?: readonly PartName[]
  /** What is allowed beside what was seen, within the ceiling, for rare paths. Default 'libc'. */
  readonly margin?: MarginChoice
}

const defaultActions: Readonly<Record<DefaultAction['type'], DefaultAction>> = {
  // EPERM, what the engines' default profiles answer (moby profiles/seccomp: defaultErrnoRet 1).
  errno: { type: 'errno', errno: 1 },
  'kill-process': { type: 'kill-process' },
  log: { type: 'log' },
}

/**
 * The smallest policy under which what was seen runs: the calls seen and, each with its reason, those without which
 * it would not start, run or end; no wider than the ceiling, except for what was seen. The same observations and options
 * give the same policy, whatever order the observations were merged in. Calls that no table knows are never in a rule;
 * `left` lists them.
 *
 * @throws UserError where no call was seen, where an architecture is asked for of which nothing was seen and nothing
 * can be inferred, and for a ceiling that is none.
 */
export function derivePolicy(observations: Observations, options: PolicyOptions = {}): Policy {
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
    // What was answered while it was traced keeps its answer; and a margin that the ceiling has not is no loss.
    const evident = new Set(answers.map(({ syscall }) => syscall))
    const unseen = answersUnseen(
      options.reachable,
      options.unseen ?? 'refuse',
      architecture,
      new Set([...evident, ...evidence.answers.map(({ syscall }) => syscall)]),
    )
    const choice = options.fromScan === true ? 'none' : (options.margin ?? 'libc')
    // Where a scan stands for the margin, what cannot be reached is none of it.
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
    for (const syscall of new Set(added.filter(isBeyond).map((each) => each.syscall)))
      if (!told.has(syscall) && !isUnseen(syscall))
        left.push({ syscall, architecture, why: 'beyond-ceiling' })
    const given = [...answers, ...margin, ...added.filter((each) => !isBeyond(each))]
    const decided = settle([...given, ...answersToChains(architecture, settle(given))])
    for (const [syscall, { action, because }] of decided) {
      if (action.type !== 'allow') {
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
    defaultAction: defaultActions[options.defaultAction ?? 'errno'],
    rules: rules.inOrder(),
    left: left.sort(compareLeft),
  }
}

/** Of a target that is inferred, what another architecture's calls are translated to. */
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

/** What is known of the program on one target. */
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

/** Rules of several architectures: one for all that give a call the same answer. */
class Rules {
  readonly #rules = new Map<string, PolicyRule>()

  /** Architectures come in their order. */
  add(
    architecture: Architecture,
    syscall: string,
    action: RuleAction,
    conditions: PolicyRule['conditions'],
    because: readonly Reason[],
  ): void {
    const answer = `${action.type} ${action.type === 'errno' ? action.errno : ''}`
    const key = `${syscall} ${answer} ${conditionsKey(conditions)}`
    const { architectures = [], because: before = [] } = this.#rules.get(key) ?? {}
    this.#rules.set(key, {
      syscall,
      architectures: [...new Set([...architectures, architecture])] as [Architecture, ...Architecture[]],
      action,
      conditions,
      because: [...before, ...because] as [Reason, ...Reason[]],
    })
  }

  inOrder(): readonly PolicyRule[] {
    return [...this.#rules.values()]
      .map((rule) => ({ ...rule, because: inOrder(rule.because) }))
      .sort(
        (a, b) =>
          compareText(a.syscall, b.syscall) ||
          compareText(a.action.type, b.action.type) ||
          compareText(conditionsKey(a.conditions), conditionsKey(b.conditions)),
      )
  }
}

function compareLeft(a: LeftOut, b: LeftOut): number {
  return (
    compareText(a.syscall, b.syscall) ||
    compareText(a.architecture, b.architecture) ||
    compareText(a.why, b.why) ||
    compareText('first' in a ? a.first : '', 'first' in b ? b.first : '') ||
    compareText(JSON.stringify(a), JSON.stringify(b))
  )
}

/** By code unit: the same in every locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
