// Tracee: a JSON object per event, or a table. Calls share the stream with other events: an event is a call if its
// name is a call's. Authority: aquasecurity/tracee pkg/events, docs "Printers", api/v1beta1;
// pkg/ebpf/c/common/arch.h for compat: i386's kernel entry on x86_64 (not x32's), arm's tasks on arm64.
import { isKnownAnywhere } from '../../abi/tables.ts'
import { failureOf } from '../failures.ts'
import type { LoggedCall, Grammar, LineGrammar, Reporter, LineResult } from '../grammar.ts'
import { jsonObject, member, textOf } from '../json-line.ts'
import { callerOf } from '../subject.ts'

/**
 * A row of the table, by releases: with the container's id and image before the user, or without; the pids of the
 * container and of the host, or one; with the result before the event up to 0.24.
 */
const row =
  /^\d\d:\d\d:\d\d:\d{1,9} {1,40}(?:[0-9a-f]{12} {1,20}(?:\S{1,16} {1,20})?)?\d{1,10} {1,20}(.{1,16}?) {1,20}(\d{1,10})(?: {0,6}\/\d{1,10})? {1,20}\d{1,10}(?: {0,6}\/\d{1,10})? {1,20}(?:(-?\d{1,20}) {1,20})?([a-z_]\w*)(?: |$)/
const header = /^TIME +(?:CONTAINER_ID +(?:IMAGE +)?)?UID +COMM +PID/
/** A row of traceectl's table. */
const clientRow =
  /^\d\d:\d\d:\d\d\.\d{5} {1,20}([a-z_]\w*) {1,40}(?:\S{1,255} {1,40})?(\d{1,10}) {1,20}(?=\[)/
const clientHeader = /^TIME +EVENT NAME +POLICIES +PID +DATA/
/** The line before the counters at the end of a table. */
const ending = 'End of events stream'

export const tracee: Grammar = {
  format: 'tracee',
  logger: 'strace',
  evidence: ['exits-only'],
  recognises: (line) => {
    if (isTableLine(line)) return true
    const value = jsonObject(line)
    if (value === undefined) return false
    return ('eventName' in value && ('eventId' in value || 'argsNum' in value)) || isProtocol(value)
  },
  open: () => new TraceeLines(),
}

const isTableLine = (line: string): boolean =>
  [header, row, clientHeader, clientRow].some((pattern) => pattern.test(line))

/** Also detects a trace of failures only: Tracee can select events by their result. */
class TraceeLines implements LineGrammar {
  #failures = 0
  #successes = 0

  /** The losses that warnings report; the counters at the end report them again. */
  #lost = 0

  line(text: string, say: Reporter): LineResult {
    const told = toldBy(text)
    if (typeof told === 'string') this.#losses(text, say)
    const [call] = typeof told === 'string' ? [] : [told].flat()
    if (call !== undefined) {
      if (call.failure === undefined) this.#successes++
      else this.#failures++
    }
    return told
  }

  #losses(text: string, say: Reporter): void {
    if (!/[Ll]ost/.test(text)) return
    const all = lostIn(jsonObject(text))
    const lost =
      all === undefined ? Number(/[Ll]ost (?:events: )?(\d+)/.exec(text)?.[1] ?? 0) : all - this.#lost
    if (lost <= 0) return
    this.#lost += lost
    say.lost(lost)
  }

  end(say: Reporter): void {
    if (this.#failures > 1 && this.#successes === 0) say.evidence('failures-only')
  }
}

function toldBy(text: string): LineResult {
  if (text === '' || text === ending || header.test(text) || clientHeader.test(text)) return 'ignored'
  const value = jsonObject(text)
  const told = value === undefined ? ofRow(text) : (ofEvent(value) ?? ofProtocol(value))
  if (told === undefined) {
    return value !== undefined && isOther(value) ? 'ignored' : 'unparsed'
  }
  if (typeof told.name === 'number') return { ...told, call: told.name }
  const own = ownNames.get(told.name)
  const isNarrow = told.isNarrow === true || (own === undefined && isNarrowOnly(told.name))
  const calls = (isNarrow ? narrowNames(told.name) : [own ?? told.name]).filter((each) =>
    isKnownAnywhere(each),
  )
  if (calls.length === 0) return 'ignored'
  return calls.map((call) => ({ ...told, isNarrow, call }))
}

/** A row of a table, which may lack the result. */
function ofRow(text: string): TraceeCall | undefined {
  const [, comm, pid, returned, name] = row.exec(text) ?? []
  if (name !== undefined)
    return {
      name,
      failure: returned === undefined ? returnedIn(text) : failureOf(Number(returned)),
      argument: () => undefined,
      subject: () => callerOf({ comm, pid: Number(pid) }),
    }
  const [, event, process] = clientRow.exec(text) ?? []
  if (event === undefined) return undefined
  return { name: event, argument: () => undefined, subject: () => ({ pid: Number(process) }) }
}

/** The result among the values of a row, where it comes last: a file's name may contain the same words before. */
function returnedIn(text: string): LoggedCall['failure'] {
  const result = /, returnValue: (-?\d{1,20})$/.exec(text)?.[1]
  return result === undefined ? undefined : failureOf(Number(result))
}

/** How many events were lost, by the counters at the end; undefined in any other object. */
function lostIn(value: Readonly<Record<string, unknown>> | undefined): number | undefined {
  const lost = member(value, 'Stats', 'LostEvCount') ?? member(value, 'LostEvCount')
  return typeof lost === 'number' ? lost : undefined
}

/** Whether the object has no call: the counters, a line of Tracee's own log, and a detector's event without a process. */
function isOther(value: Readonly<Record<string, unknown>>): boolean {
  const has = (...keys: readonly string[]): boolean => keys.every((key) => key in value)
  return (
    lostIn(value) !== undefined || has('level', 'ts', 'msg') || has('timestamp', 'id', 'name', 'policies')
  )
}

type TraceeCall = Omit<LoggedCall, 'call'> & { readonly name: string | number }

/** The call that the event sys_enter names, by name or number. sys_exit would name it once more. */
function enteredIn(list: unknown): string | number | undefined {
  const argument = Array.isArray(list) ? list.find((each) => member(each, 'name') === 'syscall') : undefined
  const number = numberIn(argument) ?? member(argument, 'value')
  if (typeof number === 'bigint' || typeof number === 'number') return Number(number)
  return textOf(number) ?? textOf(member(argument, 'str'))
}

/** Tracee's names of calls of every width that the tables have under another name. */
const ownNames: ReadonlyMap<string, string> = new Map([
  ['sysctl', '_sysctl'],
  ['afs', 'afs_syscall'],
])

/** Whether only Tracee's table of 32-bit calls has the name. Releases up to 0.10 do not say which calls these are. */
function isNarrowOnly(name: string): boolean {
  return !isKnownAnywhere(name) && (/(?:16|32)$/.test(name) || /^(?:llseek|old_\w+)$/.test(name))
}

/**
 * The calls that a name in Tracee's table of 32-bit calls may mean. The table has names of kernel functions: chown16 is
 * the call chown, and clock_gettime32 is clock_gettime. Authority: pkg/events/core.go.
 */
function narrowNames(name: string): readonly string[] {
  const narrow: Readonly<Record<string, string>> = {
    llseek: '_llseek', old_select: 'select', old_getrlimit: 'getrlimit', select: '_newselect',
  } // prettier-ignore
  const renamed = narrow[name] ?? ownNames.get(name)
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
