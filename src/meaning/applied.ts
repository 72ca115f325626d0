// The filters that hold in a process, as the kernel has them: their answers exactly, and where their programs are
// followed a meaning that is compared with a profile's as profiles are compared with each other.
import type { Architecture, Host } from '../abi/architectures.ts'
import { architectures, familyOf } from '../abi/architectures.ts'
import { sha256 } from '../sha256.ts'
import { level, type Answer } from './answer.ts'
import { answerIn, answerOfPrograms, type BpfProgram } from './bpf.ts'
import type { Context } from './context.ts'
import type { Filter } from './filter.ts'
import { followed } from './followed.ts'
import type { Meaning } from './meaning.ts'
import { reachOf } from './reach.ts'
import { sampled } from './sampled.ts'

export interface AppliedFilter {
  /** The newest first; none: everything is allowed. */
  readonly programs: readonly BpfProgram[]
  readonly host: Host
  /** Undefined where a program is not followed: see followed.ts. Its answers are exact all the same. */
  readonly filter: Filter | undefined
  /** Twelve hexadecimal digits: the same for the same programs. */
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

/** It stands for a profile in comparisons; a filter that is not followed by samples of its answers. */
export function appliedMeaning(applied: AppliedFilter, name: string, context: Context): Meaning {
  const { programs, host, answer } = applied
  const filter = applied.filter ?? samples.get(applied) ?? sampled(programs, host)
  if (applied.filter === undefined) samples.set(applied, filter)
  const { defaultAnswer } = filter
  const resolved = { name, defaultAnswer, architectures: familyOf(host), named: [], flags: [], rules: [] }
  return { context, resolved, filter, answer }
}

/** What a call may be answered with. */
export interface AppliedReach {
  readonly architecture: Architecture
  readonly number: number
  readonly answers: readonly Answer[]
  /** Arguments that decide, ascending. */
  readonly arguments: readonly number[]
}

const numbers = 1024
const all = [0, 1, 2, 3, 4, 5]

/** Of a filter that is not followed: everything that its programs return, whatever the call. */
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

/** Of every call that has a number, those that some arguments do not get through silently. */
export function eachNotAllowed(applied: AppliedFilter): readonly AppliedReach[] {
  return familyOf(applied.host).flatMap((architecture) =>
    Array.from({ length: numbers }, (_, place) => place + architectures[architecture].numberBit).flatMap(
      (number) => {
        const reach = appliedReach(applied, architecture, number)
        const isSilent = reach.answers.every(({ action }) => action === 'SCMP_ACT_ALLOW')
        return isSilent ? [] : [{ architecture, number, ...reach }]
      },
    ),
  )
}

export const isRefusing = (answer: Answer): boolean => level(answer) < 2
export const isLogging = ({ action }: Answer): boolean => action === 'SCMP_ACT_LOG'
