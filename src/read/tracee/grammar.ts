// Tracee: a JSON object per event, or a table. Calls share the stream with other events: an event is a call where its
// name is a call's. Authority: aquasecurity/tracee pkg/events, docs "Printers".
import { isKnownAnywhere } from '../../abi/tables.ts'
import { failureOf } from '../failures.ts'
import type { Grammar, LineGrammar, Reporter, LineResult } from '../grammar.ts'
import { jsonObject, member, textOf } from '../json-line.ts'

const row =
  /^(\d\d:\d\d:\d\d:\d+) {1,20}(\d+) {1,20}(.{1,16}?) {1,20}(\d+)(?:\/\d+)? {1,20}(\d+)(?:\/\d+)? {1,20}(-?\d+) {1,20}([a-z_]\w*)(?: |$)/
const header = /^TIME +UID +COMM +PID/

export const tracee: Grammar = {
  format: 'tracee',
  logger: 'strace',
  evidence: ['exits-only'],
  recognises: (line) => {
    if (header.test(line) || row.test(line)) return true
    const value = jsonObject(line)
    return value !== undefined && 'eventName' in value && ('eventId' in value || 'argsNum' in value)
  },
  open: () => new TraceeLines(),
}

/** Events may be chosen by what they return. */
class TraceeLines implements LineGrammar {
  #failures = 0
  #successes = 0

  line(text: string, say: Reporter): LineResult {
    const told = toldBy(text, say)
    if (typeof told === 'object' && 'call' in told) {
      if (told.failure === undefined) this.#successes++
      else this.#failures++
    }
    return told
  }

  end(say: Reporter): void {
    if (this.#failures > 1 && this.#successes === 0) say.evidence('failures-only')
  }
}

function toldBy(text: string, say: Reporter): LineResult {
  if (text === '' || header.test(text)) return 'ignored'
  const found = row.exec(text)
  if (found !== null) {
    const [, , , comm = '', pid, , returned, name = ''] = found
    if (!isKnownAnywhere(name)) return 'ignored'
    return {
      call: name,
      failure: failureOf(Number(returned)),
      argument: () => undefined,
      subject: () => ({ comm, pid: Number(pid) }),
    }
  }
  const value = jsonObject(text)
  const name = textOf(value?.['eventName'])
  if (value === undefined || name === undefined) {
    const lost = /[Ll]ost (?:events: )?(\d+)/.exec(text)
    if (lost !== null) say.lost(Number(lost[1]))
    return 'unparsed'
  }
  if (!isKnownAnywhere(name)) return 'ignored'
  return {
    call: name,
    // A 32-bit program's: the machine's own 32-bit side, of which this tracer knows i386's names alone.
    ...(member(value, 'contextFlags', 'isCompat') === true && { architecture: 'x86' as const }),
    failure: typeof value['returnValue'] === 'number' ? failureOf(value['returnValue']) : undefined,
    argument: (index) => argumentOf(value['args'], index),
    subject: () => {
      const [pid, time] = [value['processId'], value['timestamp']]
      const comm = textOf(value['processName'])
      const exe = textOf(member(value, 'executable', 'path'))
      const container =
        textOf(member(value, 'container', 'name')) ??
        textOf(value['containerId']) ??
        textOf(member(value, 'container', 'id'))
      const pod = textOf(member(value, 'kubernetes', 'podName')) ?? textOf(value['podName'])
      return {
        ...(typeof pid === 'number' ? { pid } : {}),
        ...(comm === undefined ? {} : { comm }),
        ...(exe === undefined ? {} : { exe }),
        ...(container === undefined ? {} : { container }),
        ...(pod === undefined ? {} : { pod }),
        ...(typeof time === 'number' ? { time: time / 1e9 } : {}),
      }
    },
  }
}

/** Whole numbers as they are; a value that Tracee has put into words is not known. */
function argumentOf(args: unknown, index: number): bigint | undefined {
  const value = Array.isArray(args) ? member(args[index], 'value') : undefined
  return typeof value === 'number' && Number.isSafeInteger(value)
    ? BigInt.asUintN(64, BigInt(value))
    : undefined
}
