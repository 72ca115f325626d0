// Decides which suspected calls the filter refused. The profile's meaning gives the filter's answer to each call, and
// the call's result must equal that answer. So an EPERM of the kernel to a call that the filter allows is not a
// refusal.
import { architectureNames, type Architecture } from '../abi/architectures.ts'
import { ENOSYS } from '../abi/errnos.ts'
import { numbersOf } from '../abi/numbers.ts'
import { syscallTable } from '../abi/tables.ts'
import { permissiveness, reachOf, type Answer, type Meaning } from '../meaning/index.ts'
import { ascending } from '../order.ts'
import type { Action } from '../profile/document.ts'
import { isDecidedByOwn, isRefusedBy, resultOf, type Suspect, type Watch } from '../record/index.ts'

/** A refused call. Calls with arguments that the filter does not distinguish count as one. */
export interface RefusedCall {
  readonly architecture: Architecture
  /** libseccomp's name; undefined if no table has the number or the number is unknown. */
  readonly syscall: string | undefined
  readonly number: number | undefined
  /** The arguments of the first such call; undefined if the recorder does not see them. */
  readonly args: readonly bigint[] | undefined
  /** The profile's answer. */
  readonly answer: Answer
  readonly count: number
  readonly processes: readonly RefusedProcess[]
  /** A filter of the program itself refuses the call too, and decides: a change of the profile would change nothing. */
  readonly decidedByOwn?: true
  /** A rule of the profile answers ENOSYS on purpose, so that programs take another way: nothing is missing. */
  readonly withheld: boolean
}

/** A process whose calls were refused. `comm`: its name in the kernel, at most 15 bytes. */
export interface RefusedProcess {
  readonly pid: number
  /** The process's name at its first such call. */
  readonly comm: string
  readonly count: number
}

/** What a recorder must watch: every call that the filter refuses for some arguments. */
export function watchFor(meaning: Meaning): Watch {
  const answers = new Set<Answer>()
  const calls = architectureNames.flatMap((architecture) =>
    numbersOf(architecture).flatMap((number) => {
      const reach = reachOf(meaning, architecture, number)
      const refused = reach.answers.filter((answer) => permissiveness(answer) < 2)
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

/** The refused calls of one or several runs, sorted by architecture and number. */
export function refusalsOf(meaning: Meaning, suspects: readonly Suspect[]): readonly RefusedCall[] {
  const found = new Map<string, RefusedCall>()
  for (const suspect of suspects) {
    const answer = answerOf(meaning, suspect)
    if (answer === undefined) continue
    const { architecture, number, args, pid, comm, count } = suspect
    const matter =
      number === undefined || args === undefined ? [] : mattering(meaning, architecture, number, args)
    const decidedByOwn = isDecidedByOwn(suspect, answer)
    const key = [architecture, number, answer.action, answer.errno, decidedByOwn, ...matter].join(' ')
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
      ...(decidedByOwn && { decidedByOwn }),
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

/** The filter's answer that refused the call; undefined if the filter did not refuse it. */
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

/** Whether a rule answers ENOSYS on purpose, so that programs take another way. */
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
    (a, b) => a.pid - b.pid || ascending(a.comm, b.comm),
  )
}

function inOrder(refusals: readonly RefusedCall[]): readonly RefusedCall[] {
  return [...refusals].sort(
    (one, other) =>
      architectureNames.indexOf(one.architecture) - architectureNames.indexOf(other.architecture) ||
      (one.number ?? -1) - (other.number ?? -1),
  )
}
