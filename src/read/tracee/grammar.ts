// Tracee: a JSON object per event, or a table. Calls share the stream with other events: an event is a call if its
// name is a call's. Authority: aquasecurity/tracee pkg/events, docs "Printers", api/v1beta1;
// pkg/ebpf/c/common/arch.h for compat: i386's kernel entry on x86_64 (not x32's), arm's tasks on arm64.
import { isKnownAnywhere } from '../../abi/tables.ts'
import { failureOf } from '../failures.ts'
import type { LoggedCall, Grammar, LineGrammar, Reporter, LineResult } from '../grammar.ts'
import { jsonObject, member, textOf } from '../json-line.ts'
import { callerOf } from '../subject.ts'

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
    if (value === undefined) return false
    return ('eventName' in value && ('eventId' in value || 'argsNum' in value)) || isProtocol(value)
  },
  open: () => new TraceeLines(),
}

/** Also detects a trace of failures only: Tracee can select events by their result. */
class TraceeLines implements LineGrammar {
  #failures = 0
  #successes = 0

  line(text: string, say: Reporter): LineResult {
    const told = toldBy(text, say)
    const [call] = typeof told === 'string' ? [] : [told].flat()
    if (call !== undefined) {
      if (call.failure === undefined) this.#successes++
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
  const told = value && (ofEvent(value) ?? ofProtocol(value))
  if (told === undefined) {
    const lost = /[Ll]ost (?:events: )?(\d+)/.exec(text)
    if (lost !== null) say.lost(Number(lost[1]))
    return 'unparsed'
  }
  if (typeof told.name === 'number') return { ...told, call: told.name }
  const names = told.isNarrow === true ? narrowNames(told.name) : [told.name]
  const calls = names.filter((each) => isKnownAnywhere(each))
  if (calls.length === 0) return 'ignored'
  return calls.map((call) => ({ ...told, call }))
}

type TraceeCall = Omit<LoggedCall, 'call'> & { readonly name: string | number }

/** The call that the event sys_enter names, by name or number. sys_exit would name it once more. */
function enteredIn(list: unknown): string | number | undefined {
  const argument = Array.isArray(list) ? list.find((each) => member(each, 'name') === 'syscall') : undefined
  const number = numberIn(argument) ?? member(argument, 'value')
  if (typeof number === 'bigint' || typeof number === 'number') return Number(number)
  return textOf(number) ?? textOf(member(argument, 'str'))
}

/**
 * The calls that a name in Tracee's table of 32-bit calls may mean. The table has names of kernel functions: chown16 is
 * the call chown, and clock_gettime32 is clock_gettime. Authority: pkg/events/core.go.
 */
function narrowNames(name: string): readonly string[] {
  const own: Readonly<Record<string, string>> = {
    llseek: '_llseek', old_select: 'select', old_getrlimit: 'getrlimit', select: '_newselect', sysctl: '_sysctl', afs: 'afs_syscall',
  } // prettier-ignore
  const renamed = own[name]
  if (renamed !== undefined) return [renamed]
  if (isKnownAnywhere(name)) return [name]
  return [name.replace(/(?:16|_time32|32)$/, ''), name.replace(/32$/, '_time64')]
}

/** Reads trace.Event of releases up to 0.23. */
function ofEvent(value: Readonly<Record<string, unknown>>): TraceeCall | undefined {
  const event = textOf(value['eventName'])
  const name = event === 'sys_enter' ? (enteredIn(value['args']) ?? event) : event
  if (name === undefined) return undefined
  return {
    name,
    isNarrow: member(value, 'contextFlags', 'isCompat') === true,
    failure: typeof value['returnValue'] === 'number' ? failureOf(value['returnValue']) : undefined,
    argument: (index) => argumentOf(value['args'], index),
    subject: () => {
      const [pid, time] = [value['processId'], value['timestamp']]
      return callerOf({
        pid: typeof pid === 'number' ? pid : undefined,
        comm: textOf(value['processName']),
        exe: textOf(member(value, 'executable', 'path')),
        container:
          textOf(member(value, 'container', 'name')) ??
          textOf(value['containerId']) ??
          textOf(member(value, 'container', 'id')),
        pod: textOf(member(value, 'kubernetes', 'podName')) ?? textOf(value['podName']),
        time: typeof time === 'number' ? time / 1e9 : undefined,
      })
    },
  }
}

/** Reads v1beta1.Event as Go or protobuf prints it: names with or without underscores, values wrapped or not. */
function ofProtocol(value: Readonly<Record<string, unknown>>): TraceeCall | undefined {
  const event = textOf(value['name'])
  const workload = value['workload']
  const name = event === 'sys_enter' ? (enteredIn(value['data']) ?? event) : event
  if (name === undefined || !isProtocol(value)) return undefined
  const data = Array.isArray(value['data']) ? (value['data'] as readonly unknown[]) : []
  const returned = data.find((each) => member(each, 'name') === 'returnValue')
  const values = data.filter((each) => each !== returned)
  const result = numberIn(returned)
  return {
    name,
    isNarrow: member(workload, 'process', 'thread', 'compat') === true,
    failure: result === undefined ? undefined : failureOf(Number(result)),
    argument: (index) => {
      const found = numberIn(values[index])
      return found === undefined ? undefined : BigInt.asUintN(64, found)
    },
    subject: () => {
      const pid = bare(member(workload, 'process', 'pid'))
      return callerOf({
        pid: typeof pid === 'number' ? pid : undefined,
        comm: textOf(member(workload, 'process', 'thread', 'name')),
        exe: textOf(member(workload, 'process', 'executable', 'path')),
        container:
          textOf(member(workload, 'container', 'name')) ?? textOf(member(workload, 'container', 'id')),
        pod: textOf(member(workload, 'k8s', 'pod', 'name')) ?? textOf(member(workload, 'pod', 'name')),
        time: timeOf(value['timestamp']),
      })
    },
  }
}

/** Whether the event has `timestamp`, `id` and a process in `workload`. Other programs' events have names too. */
function isProtocol(value: Readonly<Record<string, unknown>>): boolean {
  return 'timestamp' in value && 'id' in value && member(value, 'workload', 'process') !== undefined
}

const bare = (value: unknown): unknown => member(value, 'value') ?? value

function timeOf(value: unknown): number | undefined {
  if (typeof value === 'string') return Number.isNaN(Date.parse(value)) ? undefined : Date.parse(value) / 1000
  const seconds = Number(member(value, 'seconds') ?? Number.NaN)
  return Number.isNaN(seconds) ? undefined : seconds + Number(member(value, 'nanos') ?? 0) / 1e9
}

const numberKeys = ['int32', 'int64', 'uInt32', 'uInt64', 'u_int32', 'u_int64'] as const

/** The whole number in an EventValue. protobuf prints 64-bit numbers as text. */
function numberIn(value: unknown): bigint | undefined {
  const inner = member(value, 'Value') ?? value
  const found = numberKeys
    .flatMap((key) => [member(inner, key), member(inner, `${key[0]?.toUpperCase()}${key.slice(1)}`)])
    .find((each) => each !== undefined)
  if (typeof found === 'number') return Number.isSafeInteger(found) ? BigInt(found) : undefined
  return typeof found === 'string' && /^-?\d{1,20}$/.test(found) ? BigInt(found) : undefined
}

/** The value of an argument if it is a whole number; undefined if Tracee translated it into words. */
function argumentOf(args: unknown, index: number): bigint | undefined {
  const value = Array.isArray(args) ? member(args[index], 'value') : undefined
  return typeof value === 'number' && Number.isSafeInteger(value)
    ? BigInt.asUintN(64, BigInt(value))
    : undefined
}
