// Explains why each call is in a profile and what it exposes. Compares the profile's meaning with what was seen, with
// what runtimes and the kernel need, with the engine's default and with the risk classes.
import { architectureNames, assumedHost, type Architecture } from '../abi/architectures.ts'
import { risksOf, type Risk } from '../abi/risks.ts'
import { syscallTable } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import { contextTable } from '../meaning/context-options.ts'
import { architecture, listOf, readOptions, texts, type OptionTable } from '../options.ts'
import { proposedCall } from '../profile/proposals.ts'
import {
  answersTo,
  builtin,
  contextOf,
  contextsFor,
  differencesOfCall,
  permissiveness,
  makeMeaning,
  type Answer,
  type ContextOptions,
  type Meaning,
} from '../meaning/index.ts'
import type { Observations } from '../observe/index.ts'
import { observationsValue } from '../read/observations/document.ts'
import { coverageOf, derivePolicy, reasonsWithoutTrace, type Coverage, type Reason } from '../policy/index.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { parsedProfile } from '../profile/parse.ts'
import { reachableValue, type Reachable } from '../scan/reachable.ts'
import { sortedRisks } from './change-risks.ts'

export { rateChanges, severities, type RatedChange } from './change-risks.ts'

/** Whether a profile lets the kernel carry a call out. */
export type CarriedOut = 'always' | 'for some arguments' | 'never'

/** One call of a profile: its answers, why it is there, what the default does and what it exposes. */
export interface ExplainedCall {
  readonly architecture: Architecture
  readonly syscall: string
  readonly number: number
  /** Every answer that some arguments get; one answer if the arguments do not matter. */
  readonly answers: readonly Answer[]
  /** `file:line` of the first rule that names the call; undefined if none does. */
  readonly at: string | undefined
  /** Empty: there is no known reason. */
  readonly because: readonly Reason[]
  readonly default: {
    readonly carriedOut: CarriedOut
    /** Capabilities of the context without which the default allows less. */
    readonly needs: readonly string[]
    /** Capabilities beyond the context each of which makes the default allow more. */
    readonly opensWith: readonly string[]
    /** Whether the profile allows more than the default. */
    readonly exceeded: boolean
  }
  /** The risks of what the profile allows, the gravest first. */
  readonly risks: readonly Risk[]
  /** What the scan shows about the call; undefined without a scan of the architecture. */
  readonly scan?: {
    /** The functions that lead to the call; undefined if none does. */
    readonly path?: readonly string[]
    readonly isSeen: boolean
    /** The coverage of the whole architecture, with the default as the ceiling. Undefined if nothing was seen on it. */
    readonly coverage?: Coverage
  }
}

/** Which calls are explained, from which evidence, and in which context the profile is read. */
export interface ExplainOptions extends Omit<ContextOptions, 'architecture'> {
  /** What was seen. Without it only the needs of runtimes and the kernel are reasons. */
  readonly observations?: Observations
  /** Default: the architectures of the observations, else those of the scan, else x86_64. */
  readonly architectures?: readonly Architecture[]
  /** The calls to explain. Default: every call that a rule names, that was seen, or that is reachable. */
  readonly calls?: readonly string[]
  /** What the code can call: the path to an unseen call explains it. */
  readonly reachable?: Reachable
  /** The profile to compare with. Default: Docker's newest default. */
  readonly within?: ParsedProfile
}

/**
 * One entry for each architecture and call, sorted by architecture, then by name.
 *
 * @throws UserError for a profile that its loader or libseccomp refuses, for a name that none of the architectures has,
 * and for an unknown option or a value that it does not take.
 */
export function explainProfile(profile: ParsedProfile, given: ExplainOptions = {}): readonly ExplainedCall[] {
  parsedProfile(profile, 'explainProfile: profile')
  const options = readOptions('explainProfile', explainTable, given)
  const { observations, calls, within = builtin('docker').profile } = options
  const seen = architectureNames.filter(
    (each) => Object.keys(observations?.architectures[each] ?? {}).length > 0,
  )
  const reached = architectureNames.filter((each) => options.reachable?.architectures[each] !== undefined)
  const asked = options.architectures ?? (seen.length > 0 ? seen : reached)
  const chosen = architectureNames.filter((each) =>
    (asked.length === 0 ? [assumedHost] : asked).includes(each),
  )
  const strange = calls?.find((call) => chosen.every((each) => syscallTable(each).byName(call) === undefined))
  if (strange !== undefined) {
    const meant = proposedCall(strange, chosen)
    throw new UserError('no-such-call', { architectures: chosen, call: strange, meant })
  }
  return chosen.flatMap((architecture) => explainOn(architecture, profile, within, options))
}

const { architecture: _, ...hostTable } = contextTable
const explainTable: OptionTable<ExplainOptions> = {
  ...hostTable,
  observations: observationsValue,
  architectures: listOf(architecture),
  calls: texts,
  reachable: reachableValue,
  within: parsedProfile,
}

function explainOn(
  architecture: Architecture,
  profile: ParsedProfile,
  within: ParsedProfile,
  options: ExplainOptions,
): readonly ExplainedCall[] {
  const { observations, calls, reachable } = options
  const context = contextOf({ ...options, architecture })
  const meaning = makeMeaning(profile, context)
  const ceiling = makeMeaning(within, context)
  const variants = [...contextsFor([within], context)]
    .filter(([name]) => /^[+-]/.test(name))
    .map(([name, each]) => [name, makeMeaning(within, each)] as const)
  const seen = Object.keys(observations?.architectures[architecture] ?? {})
  const named = meaning.resolved.rules.flatMap(({ names }) => names)
  const because = reasonsOn(architecture, new Set(named), observations)
  const table = syscallTable(architecture)
  const reached = reachable?.architectures[architecture]
  const coverage =
    reached && seen.length > 0
      ? coverageOf(
          { ...reachable, architectures: { [architecture]: reached } },
          { [architecture]: observations?.architectures[architecture] ?? {} },
          (_, call) => carriedOut(ceiling, architecture, call, table.byName(call)?.number ?? -1) !== 'never',
        )[0]
      : undefined
  return [...new Set(calls ?? [...named, ...seen, ...Object.keys(reached ?? {})])]
    .sort()
    .flatMap((syscall): readonly ExplainedCall[] => {
      const number = table.byName(syscall)?.number
      if (number === undefined) return []
      const rank = carriedOut(ceiling, architecture, syscall, number)
      const among = (sign: '+' | '-', differs: (other: CarriedOut) => boolean): readonly string[] =>
        variants
          .filter(
            ([name, each]) => name[0] === sign && differs(carriedOut(each, architecture, syscall, number)),
          )
          .map(([name]) => name.slice(1))
      const answers = answersTo(meaning, architecture, syscall, number).map(({ answer }) => answer)
      const isCarriedOut = answers.some((each) => permissiveness(each) === 2)
      const rule = meaning.resolved.rules.find(({ names }) => names.includes(syscall))
      return [
        {
          architecture,
          syscall,
          number,
          answers,
          at: rule && `${profile.name}:${rule.at.line}`,
          because: (because.get(syscall) ?? []).filter(({ kind }) => isCarriedOut || !onlyToAllow.has(kind)),
          default: {
            carriedOut: rank,
            needs: among('-', (other) => ranks.indexOf(other) < ranks.indexOf(rank)),
            opensWith: among('+', (other) => ranks.indexOf(other) > ranks.indexOf(rank)),
            exceeded: differencesOfCall(ceiling, meaning, architecture, syscall, number).some(
              ({ direction, after }) => direction === 'wider' && permissiveness(after) === 2,
            ),
          },
          risks: risksIn(meaning, architecture, syscall, number),
          ...(reached && {
            scan: {
              ...(reached[syscall] && { path: reached[syscall].path }),
              isSeen: seen.includes(syscall),
              ...(coverage && { coverage }),
            },
          }),
        },
      ]
    })
}

/** Reasons that never explain a refusal. */
const onlyToAllow: ReadonlySet<Reason['kind']> = new Set(['floor', 'kernel', 'part'])

const ranks: readonly CarriedOut[] = ['never', 'for some arguments', 'always']

function carriedOut(
  meaning: Meaning,
  architecture: Architecture,
  syscall: string,
  number: number,
): CarriedOut {
  const done = answersTo(meaning, architecture, syscall, number).map(
    ({ answer }) => permissiveness(answer) === 2,
  )
  return done.every(Boolean) ? 'always' : done.some(Boolean) ? 'for some arguments' : 'never'
}

function risksIn(
  meaning: Meaning,
  architecture: Architecture,
  syscall: string,
  number: number,
): readonly Risk[] {
  const reached = ({ args }: Risk): boolean =>
    args === undefined
      ? carriedOut(meaning, architecture, syscall, number) !== 'never'
      : permissiveness(meaning.answer(architecture, number, args)) === 2
  return sortedRisks(risksOf(syscall).filter(reached))
}

function reasonsOn(
  architecture: Architecture,
  named: ReadonlySet<string>,
  observations: Observations | undefined,
): ReadonlyMap<string, readonly Reason[]> {
  if (observations === undefined) return reasonsWithoutTrace(architecture, named)
  // The entry's `default` shows the ceiling, so the reasons come without one.
  const { rules } = derivePolicy(observations, { architectures: [architecture], within: 'none' })
  return new Map(
    rules
      .filter(({ architectures }) => architectures.includes(architecture))
      .map(({ syscall, because }) => [syscall, because]),
  )
}
