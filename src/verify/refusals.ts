// From calls that may have been refused to those that were: the profile's meaning says what its filter answers to each,
// and what a call returned must be that answer. A kernel that says EPERM of its own to a call that the filter allows is
// told apart so.
import { architectureNames, type Architecture, architectures } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { level, reachOf, type Answer, type Meaning } from '../meaning/index.ts'
import type { Action } from '../profile/document.ts'
import { isRefusedBy, resultOf, type Suspect, type Watch } from '../record/index.ts'

/** The same call with the same arguments, as far as they matter to the filter, refused. */
export interface RefusedCall {
  readonly architecture: Architecture
  /** libseccomp's name; undefined where no table has the number, or the number is not told. */
  readonly syscall: string | undefined
  readonly number: number | undefined
  /** The registers of the first one; undefined where what saw it does not tell. */
  readonly args: readonly bigint[] | undefined
  /** What the profile answers. */
  readonly answer: Answer
  readonly count: number
  readonly processes: readonly RefusedProcess[]
  /** A rule of the profile names the call to answer ENOSYS: programs are told to take another way, and nothing is missing. */
  readonly withheld: boolean
}

export interface RefusedProcess {
  readonly pid: number
  /** Its name when it made the call first. */
  readonly comm: string
  readonly count: number
}

const ENOSYS = 38
const numbers = 1024

/** Everything that the filter could refuse to some arguments. */
export function watchFor(meaning: Meaning): Watch {
  const answers = new Set<Answer>()
  const calls = architectureNames.flatMap((architecture) =>
    numbersOf(architecture).flatMap((number) => {
      const reach = reachOf(meaning, architecture, number)
      const refused = reach.answers.filter((answer) => level(answer) < 2)
      for (const answer of refused) answers.add(answer)
      if (refused.length === reach.answers.length) return []
      return [{ architecture, number, arguments: refused.length === 0 ? [] : reach.arguments }]
    }),
  )
  const results = [...answers].flatMap((answer) => resultOf(answer) ?? [])
  return {
    calls,
    results: [...new Set(results)],
    traps: [...answers].some(({ action }) => action === 'SCMP_ACT_TRAP'),
  }
}

/** Every number that a call of it may have. */
export function numbersOf(architecture: Architecture): readonly number[] {
  return Array.from({ length: numbers }, (_, place) => place + architectures[architecture].numberBit)
}

/** What was refused, in one run or in several, by architecture and number. */
export function refusalsOf(meaning: Meaning, suspects: readonly Suspect[]): readonly RefusedCall[] {
  const found = new Map<string, RefusedCall>()
  for (const suspect of suspects) {
    const answer = answerOf(meaning, suspect)
    if (answer === undefined) continue
    const { architecture, number, args, pid, comm, count } = suspect
    const matter =
      number === undefined || args === undefined ? [] : mattering(meaning, architecture, number, args)
    const key = [architecture, number, answer.action, answer.errno, ...matter].join(' ')
    const before = found.get(key)
    const syscall = number === undefined ? undefined : syscallTable(architecture).byNumber(number)?.name
    found.set(key, {
      architecture,
      syscall,
      number,
      args: before?.args ?? args,
      answer,
      count: (before?.count ?? 0) + count,
      processes: withProcess(before?.processes ?? [], { pid, comm, count }),
      withheld: syscall !== undefined && answer.errno === ENOSYS && isNamed(meaning, syscall),
    })
  }
  return inOrder([...found.values()])
}

function mattering(
  meaning: Meaning,
  architecture: Architecture,
  number: number,
  args: readonly bigint[],
): readonly bigint[] {
  return reachOf(meaning, architecture, number).arguments.map((index) => args[index] ?? 0n)
}

/** The answer that refused it; undefined where it was not the filter. */
function answerOf(meaning: Meaning, { architecture, number, args, result }: Suspect): Answer | undefined {
  if (number === undefined) {
    const { defaultAnswer } = meaning.resolved
    const kills =
      defaultAnswer.action === 'SCMP_ACT_KILL_PROCESS' ? defaultAnswer.action : 'SCMP_ACT_KILL_THREAD'
    return { action: kills, errno: undefined }
  }
  const answers =
    args === undefined
      ? reachOf(meaning, architecture, number).answers
      : [meaning.answer(architecture, number, args)]
  return answers.find((answer) => isRefusedBy(answer, result))
}

function isNamed({ resolved }: Meaning, syscall: string): boolean {
  return resolved.rules.some(
    ({ names, answer: { action, errno } }) =>
      isWithheld({ action, errnoRet: errno }) && names.includes(syscall),
  )
}

/** A rule that tells programs to take another way. */
export function isWithheld({
  action,
  errnoRet,
}: {
  readonly action: Action
  readonly errnoRet?: number | undefined
}): boolean {
  return action === 'SCMP_ACT_ERRNO' && errnoRet === ENOSYS
}

export function withProcess(
  known: readonly RefusedProcess[],
  one: RefusedProcess,
): readonly RefusedProcess[] {
  const before = known.find(({ pid, comm }) => pid === one.pid && comm === one.comm)
  const others = known.filter((each) => each !== before)
  return [...others, { ...one, count: one.count + (before?.count ?? 0) }].sort(
    (a, b) => a.pid - b.pid || (a.comm < b.comm ? -1 : 1),
  )
}

function inOrder(refusals: readonly RefusedCall[]): readonly RefusedCall[] {
  return [...refusals].sort(
    (one, other) =>
      architectureNames.indexOf(one.architecture) - architectureNames.indexOf(other.architecture) ||
      (one.number ?? -1) - (other.number ?? -1),
  )
}
