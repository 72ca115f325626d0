// The filters that apply to a process, as the kernel has them: their exact answers and, if their programs can be
// followed, a meaning that is compared with a profile's exactly as two profiles are.
import { familyOf, type Architecture, type Host } from '../abi/architectures.ts'
import { ENOSYS } from '../abi/errnos.ts'
import { numbersOf } from '../abi/numbers.ts'
import { syscallTable } from '../abi/tables.ts'
import { sha256 } from '../sha256.ts'
import { permissiveness, type Answer } from './answer.ts'
import { answerIn, answerOfPrograms, type BpfProgram } from './bpf.ts'
import type { Context } from './context.ts'
import type { Filter } from './filter.ts'
import { followed } from './followed.ts'
import type { Meaning } from './meaning.ts'
import { reachOf } from './reach.ts'
import { sampled } from './sampled.ts'

export interface AppliedFilter {
  /** The programs, newest first; empty if everything is allowed. */
  readonly programs: readonly BpfProgram[]
  readonly host: Host
  /** Undefined if a program is not followed (see followed.ts). `answer` is exact even then. */
  readonly filter: Filter | undefined
  /** Twelve hexadecimal digits, equal for equal programs. */
  readonly fingerprint: string
  readonly answer: Meaning['answer']
}

export function appliedFilter(programs: readonly BpfProgram[], host: Host): AppliedFilter {
  const text = programs.map((program) =>
    program.map(({ code, jt, jf, k }) => `${code} ${jt} ${jf} ${k}`).join('\n'),
  )
  return {
    programs,
    host,
    filter: followed(programs, host),
    fingerprint: sha256(text.join('\n\n')).slice(0, 12),
    answer: (...call) => answerOfPrograms(programs, ...call),
  }
}

const samples = new WeakMap<AppliedFilter, Filter>()

/** The filter's meaning for comparisons with profiles; a filter that is not followed is sampled. */
export function appliedMeaning(applied: AppliedFilter, name: string, context: Context): Meaning {
  const { programs, host, answer } = applied
  const filter = applied.filter ?? samples.get(applied) ?? sampled(programs, host)
  if (applied.filter === undefined) samples.set(applied, filter)
  const { defaultAnswer } = filter
  const resolved = { name, defaultAnswer, architectures: familyOf(host), named: [], flags: [], rules: [] }
  return { context, resolved, filter, answer }
}

/** The answers that a call may get. */
export interface AppliedReach {
  readonly architecture: Architecture
  readonly number: number
  readonly answers: readonly Answer[]
  /** Indexes of the arguments that decide, ascending. */
  readonly arguments: readonly number[]
}

const all = [0, 1, 2, 3, 4, 5]

/** The answers to a call; for a filter that is not followed, everything that its programs return for any call. */
export function appliedReach(
  { programs, filter }: AppliedFilter,
  architecture: Architecture,
  number: number,
) {
  if (filter !== undefined) return reachOf({ filter }, architecture, number)
  const returned = programs.flatMap((program) =>
    program.flatMap(({ code, k }) => (code === 0x06 ? [answerIn(k)] : [])),
  )
  return { answers: returned, arguments: all }
}

/** Every call number that the filter does not always allow silently. */
export function eachNotAllowed(applied: AppliedFilter): readonly AppliedReach[] {
  return familyOf(applied.host).flatMap((architecture) =>
    numbersOf(architecture).flatMap((number) => {
      const reach = appliedReach(applied, architecture, number)
      const isSilent = reach.answers.every(({ action }) => action === 'SCMP_ACT_ALLOW')
      return isSilent ? [] : [{ architecture, number, ...reach }]
    }),
  )
}

export const isRefusing = (answer: Answer): boolean => permissiveness(answer) < 2
export const isLogging = ({ action }: Answer): boolean => action === 'SCMP_ACT_LOG'

const usual = new WeakMap<AppliedFilter, number | undefined>()

/**
 * Whether the answer is ENOSYS and most refusals of the filter have another errno: the program then tries another call.
 */
export function isWithheld(filter: AppliedFilter, { errno }: Answer): boolean {
  return errno === ENOSYS && usualErrno(filter) !== ENOSYS
}

/** The errno of most of the filter's refusals. */
function usualErrno(filter: AppliedFilter): number | undefined {
  if (usual.has(filter)) return usual.get(filter)
  const counts = new Map<number | undefined, number>()
  for (const { number } of syscallTable(filter.host).entries)
    for (const { errno } of appliedReach(filter, filter.host, number).answers.filter(isRefusing))
      counts.set(errno, (counts.get(errno) ?? 0) + 1)
  const [most] = [...counts].sort(([, one], [, other]) => other - one)
  usual.set(filter, most?.[0])
  return most?.[0]
}
