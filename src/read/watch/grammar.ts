// Reads what `watch --report json` prints: a JSON object for each refused or logged call, with its count since the
// previous line. Authority: src/report/watched.ts, which writes it.
import { architectureOf } from '../../abi/architectures.ts'
import type { Failure } from '../failures.ts'
import type { Grammar, LineResult, LoggedCall, Reporter } from '../grammar.ts'
import { jsonObject, textOf } from '../json-line.ts'
import { callerOf } from '../subject.ts'

export const watch: Grammar = {
  format: 'watch',
  logger: 'strace',
  evidence: ['refused-only'],
  recognises: (line) => {
    const value = jsonObject(line)
    return value !== undefined && isRefusal(value)
  },
  open: () => ({ line }),
}

const isRefusal = (value: Readonly<Record<string, unknown>>): boolean =>
  ['where', 'arch', 'answer', 'filter', 'count'].every((key) => key in value)

function line(text: string, say: Reporter): LineResult {
  const value = jsonObject(text)
  if (value === undefined) return text.trim() === '' ? 'ignored' : 'unparsed'
  if ('summary' in value) return 'ignored'
  if (!isRefusal(value)) return 'unparsed'
  const { arch, number, count, pid, args } = value
  const call = textOf(value['syscall']) ?? number
  const architecture = typeof arch === 'string' ? architectureOf(arch) : undefined
  const isCall = typeof call === 'string' || (typeof call === 'number' && Number.isSafeInteger(call))
  if (architecture === undefined || !isCall || typeof count !== 'number' || !(count >= 1)) return 'unparsed'
  const answer = textOf(value['answer']) ?? ''
  const found: LoggedCall = {
    call,
    architecture,
    count,
    failure: failureIn(answer),
    argument: (index) => argumentIn(args, index),
    subject: () =>
      callerOf({
        pid: typeof pid === 'number' ? pid : undefined,
        comm: textOf(value['comm']),
        container: textOf(value['where']),
        time: Date.parse(textOf(value['at']) ?? '') / 1000 || undefined,
      }),
  }
  if (answer !== 'SCMP_ACT_LOG') say.refused(found)
  return found
}

/** The error that the program got, which a call beyond the ceiling keeps; undefined for a call that was only logged. */
function failureIn(answer: string): Failure | undefined {
  if (answer === 'SCMP_ACT_LOG') return undefined
  if (answer === 'SCMP_ACT_ERRNO(38)') return 'ENOSYS'
  return answer === 'SCMP_ACT_ERRNO(13)' ? 'EACCES' : 'EPERM'
}

function argumentIn(args: unknown, index: number): bigint | undefined {
  const word: unknown = Array.isArray(args) ? args[index] : undefined
  return typeof word === 'string' && /^\d{1,20}$/.test(word) ? BigInt.asUintN(64, BigInt(word)) : undefined
}
