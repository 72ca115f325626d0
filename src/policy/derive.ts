// Observations in, policy out: every decision of this room in its turn, per architecture, then one rule a call.
import type { Architecture } from '../abi/architectures.ts'
import type { Observations } from '../observe/index.ts'
import { inOrder, settle, type Answer, type Decided } from './answers.ts'
import { withoutClone3 } from './clone3.ts'
import { answersToChains } from './fallback.ts'
import { answersForFloor, type FloorChoice } from './floor.ts'
import { answersFromKernel } from './kernel.ts'
import type { DefaultAction, LeftOut, Policy, PolicyRule } from './policy.ts'
import { answersSeen, architecturesSeen, unknownSeen } from './seen.ts'
import { targetsOf, type Target } from './targets.ts'
import { translateToAarch64 } from './translate.ts'

export interface PolicyOptions {
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
}

const defaultActions: Readonly<Record<DefaultAction['type'], DefaultAction>> = {
  // EPERM, what the engines' default profiles answer (moby profiles/seccomp: defaultErrnoRet 1).
  errno: { type: 'errno', errno: 1 },
  'kill-process': { type: 'kill-process' },
  log: { type: 'log' },
}

/**
 * The smallest policy under which what was seen runs: the calls seen and, each with its reason, those without which
 * it would not start, run or end. The same observations and options give the same policy, whatever order the
 * observations were merged in. Calls that no table knows are never in a rule; `left` lists them.
 *
 * @throws UserError where no call was seen, or an architecture is asked for of which nothing was seen and nothing
 * can be inferred.
 */
export function derivePolicy(observations: Observations, options: PolicyOptions = {}): Policy {
  const floor = options.runtime ?? 'all'
  const targets = targetsOf(architecturesSeen(observations), options.architectures ?? [], floor !== 'none')
  const left = [...unknownSeen(observations)]
  const rules = new Rules()
  for (const target of targets) {
    const evidence = evidenceOn(target, observations)
    left.push(...evidence.left)
    const answers =
      options.allowClone3 === true ? evidence.answers : withoutClone3(evidence.answers, target.architecture)
    const used = new Set(
      answers.filter(({ action }) => action.type === 'allow').map(({ syscall }) => syscall),
    )
    const given = [
      ...answers,
      ...(target.known === 'host' ? [] : answersFromKernel(target.architecture, used)),
      ...answersForFloor(target.architecture, floor, options.noNewPrivileges === true),
    ]
    rules.add(target.architecture, settle([...given, ...answersToChains(target.architecture, settle(given))]))
  }
  return {
    version: 1,
    architectures: targets.map(({ architecture }) => architecture) as [Architecture, ...Architecture[]],
    defaultAction: defaultActions[options.defaultAction ?? 'errno'],
    rules: rules.inOrder(),
    left: left.sort(compareLeft),
  }
}

/** What is known of the program on one target. */
function evidenceOn(
  target: Target,
  observations: Observations,
): { readonly answers: readonly Answer[]; readonly left: readonly LeftOut[] } {
  switch (target.known) {
    case 'seen':
      return { answers: answersSeen(observations, target.architecture), left: [] }
    case 'inferred':
      return translateToAarch64(observations)
    case 'host':
      return { answers: [], left: [] }
  }
}

/** Rules of several architectures: one for all that give a call the same answer. */
class Rules {
  readonly #rules = new Map<string, PolicyRule>()

  /** Architectures come in their order. */
  add(architecture: Architecture, decided: ReadonlyMap<string, Decided>): void {
    for (const [syscall, { action, because }] of decided) {
      const key = `${syscall} ${action.type} ${action.type === 'errno' ? action.errno : ''}`
      const before = this.#rules.get(key)
      this.#rules.set(key, {
        syscall,
        architectures: before === undefined ? [architecture] : [...before.architectures, architecture],
        action,
        conditions: [],
        because: before === undefined ? because : [...before.because, ...because],
      })
    }
  }

  inOrder(): readonly PolicyRule[] {
    return [...this.#rules.values()]
      .map((rule) => ({ ...rule, because: inOrder(rule.because) }))
      .sort((a, b) => compareText(a.syscall, b.syscall) || compareText(a.action.type, b.action.type))
  }
}

function compareLeft(a: LeftOut, b: LeftOut): number {
  return (
    compareText(a.syscall, b.syscall) ||
    compareText(a.architecture, b.architecture) ||
    compareText(a.why, b.why) ||
    compareText(a.first, b.first)
  )
}

/** By code unit: the same in every locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
