// sysdig's output, also with -pc or -pk, and its JSON (-j); the alerts of Falco, as JSON and as text. A line of text has
// number, time, processor, container or pod, task, direction and event. Authority: sysdig's formats
// (`*%evt.num %evt.outputtime %evt.cpu %proc.name (%thread.tid) %evt.dir %evt.type %evt.info`), the event table of
// falcosecurity/libs, falco's formats.cpp and the outputs of falcosecurity/rules. An event is one direction of a call:
// entries count, and exits whose entry is missing. Releases of 2025 have exits only, and may print no direction.
import { isKnownAnywhere } from '../../abi/tables.ts'
import type { LoggedCall, Grammar, LineGrammar, Reporter, LineResult } from '../grammar.ts'
import { jsonObject, member, textOf, wordOf } from '../json-line.ts'

const event =
  /^\*?\d+ (\d\d:\d\d:\d\d\.\d{1,9}|\d+\.\d{1,9}) \d+ (?:(\S{1,255}) \([\w.<>-]{1,255}\) )?(.{1,16}?) \((\d+)(?:\.\d+)?(?::\d+)?\) (?:([<>]|<NA>) )?([a-z]\w*|NA|<unknown>)(?: (.*))?$/s

/**
 * An alert of Falco as text. Names of files and commands in it are the program's own and may hold a type too: of two
 * types, nobody knows which is the alert's.
 */
const alert =
  /^(?:\d\d:\d\d:\d\d\.\d{9}|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d{4})): (?:Emergency|Alert|Critical|Error|Warning|Notice|Informational|Debug) (.*)$/s
const alertTypes = /(?<=[ (|])evt[._]type=([a-z]\w*)(?=[ )|]|$)/g

/** Events that are not calls. */
const others = new Set([
  'switch', 'procexit', 'procinfo', 'signaldeliver', 'pluginevent', 'page_fault', 'container', 'drop', 'scapevent',
  'cpu_hotplug', 'k8s', 'mesos', 'tracer', 'notification', 'infra', 'sysdigevent', 'useradded', 'userdeleted',
  'groupadded', 'groupdeleted', 'asyncevent', 'meta', 'NA', '<unknown>',
]) // prettier-ignore

/**
 * The calls that an event's name may mean. In older releases the table has one event for all members of a family, and
 * some events have the name of the C function.
 */
const meanings: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    pread: ['pread64'],
    pwrite: ['pwrite64'],
    prlimit: ['prlimit64'],
    dup: ['dup', 'dup2', 'dup3'],
    pipe: ['pipe', 'pipe2'],
    eventfd: ['eventfd', 'eventfd2'],
    signalfd: ['signalfd', 'signalfd4'],
    inotify_init: ['inotify_init', 'inotify_init1'],
    umount: ['umount2'],
    accept: ['accept', 'accept4'],
    llseek: ['_llseek'],
    epoll_create: ['epoll_create', 'epoll_create1'],
  }),
)

export const sysdig: Grammar = {
  format: 'sysdig',
  logger: 'strace',
  evidence: ['no-arguments'],
  recognises: (line) => eventOf(line) !== undefined,
  open: () => new SysdigLines(),
}

interface SysdigEvent {
  readonly time: string
  readonly comm: string
  readonly tid: string
  readonly container?: string | undefined
  readonly direction: string
  readonly type: string
  readonly rest: string
  /** An alert of a rule of Falco, which reports one call. */
  readonly isAlert?: true
}

function eventOf(line: string): SysdigEvent | undefined {
  if (line.startsWith('{')) return eventIn(jsonObject(line))
  const found = event.exec(line)
  if (found === null) return alertIn(line)
  const [, time = '', container, comm = '', tid = '', direction = '<', type = '', rest = ''] = found
  return { time, container, comm, tid, direction: direction === '<NA>' ? '<' : direction, type, rest }
}

function alertIn(line: string): SysdigEvent | undefined {
  const [, text = ''] = alert.exec(line) ?? []
  const types = [...text.matchAll(alertTypes)]
  const [type] = types
  if (type?.[1] === undefined) return undefined
  return { time: '', comm: '', tid: '', direction: '<', type: types.length === 1 ? type[1] : '', rest: '', isAlert: true } // prettier-ignore
}

/** An event of sysdig -j, or an alert of Falco. */
function eventIn(value: Readonly<Record<string, unknown>> | undefined): SysdigEvent | undefined {
  const isAlert =
    ['rule', 'priority'].every((key) => textOf(value?.[key]) !== undefined) &&
    (value?.['output_fields'] !== undefined || textOf(value?.['output']) !== undefined)
  const fields = isAlert ? (member(value, 'output_fields') ?? {}) : value
  const given = fields as Readonly<Record<string, unknown>> | undefined
  // A rule may print the type in its text only, or not at all.
  const type =
    textOf(given?.['evt.type']) ??
    (isAlert ? (alertIn(textOf(value?.['output']) ?? '')?.type ?? '') : undefined)
  if (given === undefined || type === undefined) return undefined
  if (!isAlert && given['evt.num'] === undefined && given['evt.dir'] === undefined) return undefined
  // Releases of 2025 print exits only, without a direction.
  const direction = textOf(given['evt.dir']) ?? '<'
  const time = given['evt.rawtime'] ?? given['evt.outputtime'] ?? given['evt.time']
  return {
    time: typeof time === 'number' ? String(time / 1e9) : '',
    comm: textOf(given['proc.name']) ?? '',
    tid: wordOf(given['thread.tid'] ?? given['proc.pid']),
    container: textOf(given['container.name']) ?? textOf(given['container.id']),
    direction,
    type,
    rest: textOf(given['evt.info']) ?? textOf(given['evt.args']) ?? '',
    ...(isAlert && { isAlert: true as const }),
  }
}

class SysdigLines implements LineGrammar {
  /** By thread, the call whose entry was read and whose exit was not. */
  readonly #inside = new Map<string, string>()

  line(text: string, say: Reporter): LineResult {
    const found = eventOf(text)
    if (found === undefined) return /^[[\],]?$/.test(text) ? 'ignored' : 'unparsed'
    const { time, comm, tid, container, direction, type, rest, isAlert } = found
    say.evidence(isAlert === true ? 'rules-only' : 'every-call')
    if (type === 'drop') say.lost(undefined)
    if (type === '') return 'unparsed'
    if (others.has(type)) return 'ignored'
    const call = type === 'syscall' ? genericCall(rest) : type
    if (call === undefined) return 'unparsed'
    if (isAlert === true) {
      // An alert is a whole call, not an entry or an exit.
    } else if (direction === '>') {
      if (this.#inside.size < 65536 || this.#inside.has(tid)) this.#inside.set(tid, type)
    } else if (this.#inside.get(tid) === type) {
      this.#inside.delete(tid)
      return 'ignored'
    } else if (/^(?:clone3?|v?fork|execve)$/.test(type) && /\bres=0\b/.test(rest) && type !== 'execve') {
      // This is the exit of a fork in the child.
      return 'ignored'
    }
    const seconds = /^\d+\./.test(time) && time.length > 15 ? Number(time) : undefined
    const subject: LoggedCall['subject'] = () => ({
      ...(comm === '' ? {} : { comm }),
      ...(tid === '' ? {} : { pid: Number(tid) }),
      ...(container === undefined ? {} : { container }),
      ...(seconds === undefined ? {} : { time: seconds }),
    })
    const names = typeof call === 'string' ? (meanings.get(call) ?? [call]) : [call]
    if (names.every((each) => typeof each === 'string' && !isKnownAnywhere(each))) {
      say.diagnostic('events-not-read', { event: type })
      return 'ignored'
    }
    return names.map((each): LoggedCall => ({ call: each, subject }))
  }
}

/**
 * A call without an event in the table: `ID=217(getdents64) nativeID=0`. The first number is sysdig's, the second the
 * kernel's. If the second is 0, it was not recorded: call 0, which is read on x86_64, has an event of its own.
 */
function genericCall(rest: string): string | number | undefined {
  const name = /\bID=\d+\((\w+)\)/.exec(rest)?.[1]
  if (name !== undefined && isKnownAnywhere(name)) return name
  const native = Number(/\bnativeID=(\d{1,5})\b/.exec(rest)?.[1] ?? 0)
  return native === 0 ? undefined : native
}
