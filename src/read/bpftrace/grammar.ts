// bpftrace: maps keyed by a call's number (raw_syscalls:sys_enter, args->id), name (syscall_name()), probe or function
// (keys.ts), with or without other keys before it, as text and as JSON; and lines of
// `printf("%d %s %d\n", pid, comm, args->id)`.
// Authority: bpftrace's text and JSON output (src/output.cpp); recordings of bpftrace 0.17.
// A number counts as a call only if the script printed it as one. Maps with a name for something else, and maps without
// keys, are left out with a diagnostic.
import type { Evidence } from '../account.ts'
import type { LoggedCall, Grammar, LineGrammar, Reporter, LineResult } from '../grammar.ts'
import { jsonObject, member, wordOf } from '../json-line.ts'
import type { LineShape, ShapePart } from '../line-shapes.ts'
import type { Caller } from '../subject.ts'
import { callOfKey, isCallAlone, type KeyedCall } from './keys.ts'

/** The value is a number, or with `stats()` the number of values, which are as many as the calls. */
const mapLine = /^@(\w*)\[(.*)\]: (?:(\d+)|count (\d+), average -?\d+, total -?\d+)$/s
/** The records of `-f json`. */
const kinds: ReadonlySet<string> = new Set([
  'map', 'attached_probes', 'printf', 'lost_events', 'value', 'time', 'join', 'hist', 'stats', 'tseries',
]) // prettier-ignore
const callMap = /^$|sys|call|nr|^id$|^ids$|count/i
/** A word in the name of a map that sums up something else of each call. */
const measure =
  /(?:^|_)(?:bytes?|size|len|lat|latency|dur|duration|time|[num]?secs?|ns|us|ms|start|begin|total|sum|avg|average|min|max|rets?|retval|errno)(?=_|$)/
/** The name of a map whose keys can only be calls. The keys of other maps may be names of tasks. */
const namedMap = /sys|call/i
/** The title of the list that tools/syscount.bt prints: only the calls that were made most often. */
const mostFrequent = /^Top (\d+) syscalls? (?:IDs|names):$/i
const processTitle = /^Top \d+ processes:$/
/** Also the lines of `time()`. */
const titles = /^(?:Counting syscalls\.\.\..*|\^C|Tracing syscalls\.\.\..*|\d\d:\d\d:\d\d)$/
/** A warning of bpftrace's, which the place in the script and its line follow; a map that is full is told by it. */
const warning = /^(?:\S{1,255}: )?WARNING: /
const full =
  /Map full; can't update element|map_update_elem: (?:Argument list too long|No space left on device)/
const printed = /^(\d+) (.{1,15}) (-?\d+)$/s
const attaching = /^Attach(?:ing \d+ probes?\.\.\.|ed \d+ probes?)$/
/** A map of something else than numbers of calls: below zero, without keys, a histogram's title, and its rows. */
const negative = /^@(\w*)\[.*\]: -\d+$/s
const plainMap = /^@(\w*): ?(?:-?\d+|count \d+, average -?\d+, total -?\d+)?$/
const histogramTitle = /^@(\w+)\[.*\]: ?$/
const histogramRow = /^[[(][^|]{1,80}\|[@ ]{0,200}\|$/

const pidDigits = { some: '0123456789', least: 1, most: 10 } as const
const jsonMap = /^\{"type": "map", "data": \{"@(\w*)": \{(?=")/
const jsonEntry = /"([^"\\]*)": ([1-9]\d{0,14})(, (?=")|\}\}\}$)/y

export const bpftrace: Grammar = {
  format: 'bpftrace',
  logger: 'perf',
  evidence: ['no-arguments'],
  recognises: (line) => {
    if (attaching.test(line) || isEntry(line)) return true
    const value = line.startsWith('{') ? jsonObject(line) : undefined
    return value !== undefined && value['data'] !== undefined && kinds.has(wordOf(value['type']))
  },
  open: () => new BpftraceLines(),
}

/** An entry whose key can only be a call. */
function isEntry(line: string): boolean {
  const [, map = '', key = ''] = mapLine.exec(line) ?? []
  if (key === '') return false
  const keys = keysOf(key)
  const side = sideOf({ map, key, keys, count: 0, isText: true })
  const last = (side === 'first' ? keys[0] : keys.at(-1)) as string
  const keyed = callOfKey(last)
  if (keyed === undefined) return false
  if (typeof keyed.call === 'number') return true
  return isOfCallsBy(map) && (namedMap.test(map) || isCallAlone(last))
}

/** Whether a map of this name may count calls. */
function isOfCallsBy(map: string): boolean {
  return callMap.test(map) && !measure.test(map.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase())
}

/** The keys of an entry; a tuple is several keys. */
function keysOf(key: string): readonly string[] {
  const bare = key.startsWith('(') && key.endsWith(')') ? key.slice(1, -1) : key
  return bare.includes(',') ? bare.split(/, ?/) : [bare]
}

/** An entry of a map, with its keys. */
interface Entry {
  readonly map: string
  readonly key: string
  readonly keys: readonly string[]
  readonly count: number
  readonly isText: boolean
}

/** What is known of one map of the script. */
interface MapState {
  /** Whether a map of this name may have calls. */
  readonly isOfCalls: boolean
  /** Where it has its calls: `@[comm, call]` or `@[call, comm]`. Entries that may be either wait. */
  side: 'first' | 'last' | Entry[]
  /** What its keys are. Until one of them can only be a call, the calls of its entries wait. */
  keys: 'calls' | 'others' | LoggedCall[]
  /** How many keys it has: a line with fewer keys is not a whole record. */
  arity: number | undefined
  /** The keys that were read as calls before. */
  readonly read: Map<string, KeyedCall>
}

/** The most keys of a map that are remembered: they come from the input. */
const mostRead = 4096

class BpftraceLines implements LineGrammar {
  /** Grows if the keys of a map turn out to be no calls. */
  stage = 0
  /** By name, the maps that had an entry. */
  readonly #maps = new Map<string, MapState>()
  #evidence: Evidence = 'every-call'
  /** How many rows the list of the most frequent calls may have, and how many came since its title. */
  #most: { readonly rows: number; found: number } | undefined
  /** Whether the maps below a title are of processes. */
  #isOfProcesses = false
  /** How many lines may follow a warning. */
  #context = 0

  line(text: string, say: Reporter): LineResult {
    if (text.startsWith('@')) return this.#ofMap(text, say)
    const context = this.#context
    this.#context = 0
    if (text === '' || attaching.test(text)) {
      if (this.#most !== undefined || this.#isOfProcesses) this.#endList()
      return 'ignored'
    }
    if (text.startsWith('{')) return this.#json(text, say)
    // No other line starts with a number.
    const line = printed.exec(text)
    if (line !== null) {
      const [, pid, comm, number] = line
      return { call: Number(number), subject: () => ({ pid: Number(pid), comm: comm as string }) }
    }
    if (this.#isTitle(text) || titles.test(text)) return 'ignored'
    const lost = /^Lost (\d+) events$/.exec(text)
    if (lost !== null || full.test(text)) say.lost(lost === null ? undefined : Number(lost[1]))
    if (warning.test(text)) this.#context = 3
    else if (context > 0 && /^(?:Additional Info - |\s*~+$|.*[{;}])/.test(text)) this.#context = context - 1
    else if (lost === null && !histogramRow.test(text)) return 'unparsed'
    return 'ignored'
  }

  /** Notes the title of a list, and says if it can only have the most frequent calls. */
  #isTitle(text: string): boolean {
    const rows = mostFrequent.exec(text)?.[1]
    const isOfProcesses = processTitle.test(text)
    if (rows === undefined && !isOfProcesses) return false
    this.stage++
    this.#isOfProcesses = isOfProcesses
    this.#most = rows === undefined ? undefined : { rows: Number(rows), found: 0 }
    return true
  }

  /** A list with fewer rows than it may have is whole. */
  #noteRow(say: Reporter): void {
    if (this.#most === undefined || ++this.#most.found !== this.#most.rows) return
    this.#evidence = 'most-frequent'
    say.diagnostic('most-frequent-only', { calls: String(this.#most.rows) })
  }

  #endList(): void {
    this.stage++
    this.#most = undefined
    this.#isOfProcesses = false
  }

  #ofMap(text: string, say: Reporter): LineResult {
    if (this.#isOfProcesses) return 'ignored'
    const map = mapLine.exec(text)
    if (map !== null) {
      this.#noteRow(say)
      return this.#entry(map[1] as string, map[2] as string, Number(map[3] ?? map[4]), true, say)
    }
    const other = plainMap.exec(text) ?? negative.exec(text) ?? histogramTitle.exec(text)
    if (other !== null && !(histogramTitle.test(text) && isOfCallsBy(other[1] as string))) {
      say.diagnostic('other-map', { map: `@${other[1]}` })
      return 'ignored'
    }
    // A task's name may contain a line end, and the task chose the text after it.
    say.diagnostic('broken-record')
    return 'unparsed'
  }

  shape(text: string, told: Exclude<LineResult, 'unparsed'>): LineShape | undefined {
    if (text.startsWith('{')) return this.#shapeOfJson(text)
    if (typeof told !== 'object' || Array.isArray(told))
      return text === '' || attaching.test(text) ? [text] : undefined
    const call = told as LoggedCall
    const [, map, , count] = mapLine.exec(text) ?? []
    if (map !== undefined)
      return count !== undefined && this.#most === undefined && isSettled(this.#stateOf(map), call)
        ? [text.slice(0, -count.length), { count: call }]
        : undefined
    const [, pid = ''] = printed.exec(text) ?? []
    return [pidDigits, text.slice(pid.length), { call }]
  }

  /** An object with one map, as bpftrace prints it. A key with an escape may be that of another entry. */
  #shapeOfJson(text: string): LineShape | undefined {
    const [before, name = ''] = jsonMap.exec(text) ?? []
    const state = this.#maps.get(name)
    if (before === undefined || state === undefined) return undefined
    const same = { same: `map ${name}` }
    const parts: ShapePart[] = [before, same]
    for (let at = before.length; at < text.length; at = jsonEntry.lastIndex) {
      jsonEntry.lastIndex = at
      const [whole, key = '', , after = ''] = jsonEntry.exec(text) ?? []
      const keys = keysOf(key)
      const keyed = state.read.get((state.side === 'first' ? keys[0] : keys.at(-1)) as string)
      if (whole === undefined || keyed === undefined || !isSettled(state, keyed)) return undefined
      parts.push(`"${key}": `, { count: keyed }, after)
      if (after === ', ') parts.push(same)
    }
    return parts
  }

  end(say: Reporter): void {
    for (const part of ['keys', 'side'] as const)
      for (const [map, state] of this.#maps)
        if (Array.isArray(state[part]) && state[part].length > 0)
          say.diagnostic('other-map', { map: `@${map}` })
    say.evidence(this.#evidence)
  }

  #stateOf(map: string): MapState {
    const known = this.#maps.get(map)
    if (known !== undefined) return known
    const isOfCalls = isOfCallsBy(map)
    const state = { isOfCalls, side: [], keys: [], arity: undefined, read: new Map() }
    this.#maps.set(map, state)
    return state
  }

  #entry(map: string, key: string, count: number, isText: boolean, say: Reporter): LineResult {
    const state = this.#stateOf(map)
    const entry = { map, key, keys: keysOf(key), count, isText }
    if (typeof state.side === 'string') return this.#told(state, entry, state.side, say)
    const shown = sideOf(entry)
    const waiting = state.side
    if (shown === undefined) {
      waiting.push(entry)
      return 'ignored'
    }
    state.side = shown
    if (waiting.length === 0) return this.#told(state, entry, shown, say)
    const told = [...waiting, entry].map((each) => this.#told(state, each, shown, say))
    const calls = told.flatMap((each) => (typeof each === 'object' ? each : []))
    return calls.length === 0 ? 'ignored' : calls
  }

  #told(state: MapState, entry: Entry, side: 'first' | 'last', say: Reporter): LineResult {
    const { map, key, keys, count, isText } = entry
    const own = (side === 'first' ? keys[0] : keys.at(-1)) as string
    const wasOfOthers = state.keys === 'others'
    const keyed = state.isOfCalls ? callIn(state, own) : undefined
    if (state.keys === 'others' && !wasOfOthers) this.stage++
    if (keyed === undefined) {
      say.diagnostic('other-map', { map: `@${map}` })
      return 'ignored'
    }
    if (isText) {
      // A comm with a comma makes more keys. A line with fewer keys was written by the task itself.
      state.arity ??= keys.length
      if (keys.length < state.arity) {
        say.diagnostic('broken-record')
        return 'unparsed'
      }
      if (key.includes(']: ') && /\]: \d/.test(key)) say.diagnostic('broken-record')
    }
    if (count === 0) return 'ignored'
    if (keyed.isExit === true) this.#evidence = 'exits-only'
    const { call, architecture, isNarrow = false } = keyed
    const subject = (): Caller => subjectOf(side === 'first' ? keys.slice(1) : keys.slice(0, -1))
    return orWaiting(state, map, own, { call, architecture, isNarrow, count, subject })
  }

  #json(text: string, say: Reporter): LineResult {
    const value = jsonObject(text)
    if (value === undefined) return 'unparsed'
    const { type, data } = value
    if (type === 'lost_events') {
      const events =
        typeof data === 'object' && data !== null
          ? Number((data as Record<string, unknown>)['events'])
          : Number.NaN
      say.lost(Number.isInteger(events) ? events : undefined)
      return 'ignored'
    }
    if (type === 'helper_error' && value['helper'] === 'map_update_elem') say.lost(undefined)
    if (type === 'printf' && typeof data === 'string') return this.line(data.trim(), say)
    if ((type !== 'map' && type !== 'stats') || typeof data !== 'object' || data === null) return 'ignored'
    const calls = this.#isOfProcesses ? [] : this.#jsonMaps(type, data, say)
    if (this.#most !== undefined || this.#isOfProcesses) this.#endList()
    return calls.length === 0 ? 'ignored' : calls
  }

  #jsonMaps(type: string, data: object, say: Reporter): LoggedCall[] {
    const calls: LoggedCall[] = []
    for (const [map, entries] of Object.entries(data)) {
      // A list is a tuple or a histogram: its indexes are not keys.
      if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) continue
      for (const [key, given] of Object.entries(entries as Record<string, unknown>)) {
        const count = type === 'stats' ? member(given, 'count') : given
        if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) continue
        this.#noteRow(say)
        const told = this.#entry(map.replace(/^@/, ''), key, count, false, say)
        if (Array.isArray(told)) calls.push(...(told as readonly LoggedCall[]))
        else if (typeof told === 'object') calls.push(told as LoggedCall)
      }
    }
    return calls
  }
}

/**
 * Whether all further entries of a key that was read as a call tell this call, until the keys are no calls. A key is read
 * only once the side of the map's calls is known.
 */
function isSettled({ keys }: MapState, call: LoggedCall): boolean {
  return keys === 'calls' || (keys !== 'others' && typeof call.call === 'number')
}

/** The call of a key. In a map whose keys are calls, a name that no table has is a call too. */
function callIn(state: MapState, key: string): KeyedCall | undefined {
  if (state.keys === 'others') return undefined
  const keyed = state.read.get(key) ?? callOfKey(key)
  if (keyed !== undefined) {
    if (state.read.size < mostRead) state.read.set(key, keyed)
    return keyed
  }
  if (state.keys === 'calls' && /^[a-z_][a-z0-9_]{0,63}$/.test(key)) return { call: key }
  state.keys = 'others'
  return undefined
}

/** The call and the waiting ones of its map; 'ignored' while all keys of the map may be names of tasks. */
function orWaiting(state: MapState, map: string, key: string, call: LoggedCall): LineResult {
  if (typeof call.call === 'number' || !Array.isArray(state.keys)) return call
  const waiting = state.keys
  waiting.push(call)
  const isTold = namedMap.test(map) || isCallAlone(key)
  if (isTold) state.keys = 'calls'
  return isTold ? waiting : 'ignored'
}

/** Which end of the keys is the call; undefined if both may be one: a task may have the name of a call. */
function sideOf({ map, keys }: Entry): 'first' | 'last' | undefined {
  const first = keys[0] as string
  if (keys.length === 1 || !isOfCallsBy(map) || /^-?\d+$/.test(first) || !isCallAlone(first)) return 'last'
  return callOfKey(keys.at(-1) as string) === undefined ? 'first' : undefined
}

/** The caller by the keys beside the call: a text is the task's name, a number its pid. */
function subjectOf(others: readonly string[]): Caller {
  const text = others.join(',')
  if (text === '') return {}
  return /^\d+$/.test(text) ? { pid: Number(text) } : { comm: text }
}
