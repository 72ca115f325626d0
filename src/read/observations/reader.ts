// Reads an observations file as an input and passes it on unchanged. Authority: schemas/observations.schema.json.
import { isArchitecture } from '../../abi/architectures.ts'
import { syscallTable } from '../../abi/tables.ts'
import { UserError } from '../../errors.ts'
import type { ObservationsFault } from '../../errors/observations.ts'
import { contextLists, type ObservedContext } from './context.ts'
import { rowShapes } from './context-rows.ts'
import type { Observations, ObservedCall } from './document.ts'
import { observationsIn } from './documents.ts'
import { joined, utf8 } from '../pieces.ts'
import type { LinesAccount, Reader } from '../reader.ts'
import { newSeen, type Seen, type Sink } from '../seen.ts'

/** A table of calls is small, lists of opened files are larger. A file beyond this size is something else. */
const sizeLimit = 64 * 1024 * 1024

export class ObservationsReader implements Reader {
  readonly format = 'observations'
  readonly isDocument = true
  readonly #files: { readonly name: string; readonly pieces: Uint8Array[] }[] = []
  #size = 0

  startSource(name: string): void {
    this.#files.push({ name, pieces: [] })
    this.#size = 0
  }

  takeLines(bytes: Uint8Array, start: number, end: number): void {
    const file = this.#files.at(-1) as { name: string; pieces: Uint8Array[] }
    this.#size += end - start
    if (this.#size > sizeLimit)
      throw new UserError('file-too-large', { file: file.name, kind: 'observations' })
    file.pieces.push(Uint8Array.from(bytes.subarray(start, end)))
  }

  endSource(): LinesAccount {
    return { lines: 0, calls: 0, ignored: 0, unparsed: 0 }
  }

  end(sink: Sink): void {
    for (const { name, pieces } of this.#files) {
      for (const { text, line } of observationsIn(utf8(joined(pieces)))) {
        const observations = parseObservations(name, text, line)
        tellObservations(observations, sink)
        for (const [architecture, calls] of Object.entries(observations.architectures)) {
          if (!isArchitecture(architecture)) continue
          const table = syscallTable(architecture)
          for (const call of Object.keys(calls).filter((each) => table.byName(each) === undefined))
            sink.diagnostic({ code: 'unknown-call', at: name, facts: { call, architecture } })
        }
      }
    }
  }
}

/** Passes whole observations to a sink. */
export function tellObservations(observations: Observations, sink: Sink): void {
  const { runs = 1 } = observations
  sink.runs(runs)
  for (const [architecture, calls] of Object.entries(observations.architectures)) {
    if (!isArchitecture(architecture)) continue
    for (const [name, call] of Object.entries(calls)) sink.seen(architecture, name, seenOf(call, runs))
  }
  for (const [architecture, calls] of Object.entries(observations.unknown)) {
    if (!isArchitecture(architecture)) continue
    for (const [what, call] of Object.entries(calls)) sink.unknown(architecture, what, seenOf(call, runs))
  }
  for (const context of observations.context ?? []) sink.context(context)
  for (const diagnostic of observations.diagnostics) sink.diagnostic(diagnostic)
  for (const source of observations.sources) sink.account(source)
}

function seenOf(call: ObservedCall, runs: number): Seen {
  const seen = newSeen(call.first)
  seen.count = call.count
  seen.runs = call.runs ?? Math.min(runs, 1)
  seen.enosys = call.enosys ?? 0
  seen.eperm = call.eperm ?? 0
  seen.eacces = call.eacces ?? 0
  seen.injected = call.injected ?? 0
  if (call.args !== undefined) {
    seen.args = new Map(
      Object.entries(call.args).map(([index, values]) => [
        Number(index),
        values === null ? null : new Set(values.map(BigInt)),
      ]),
    )
  }
  if (call.refused !== undefined) {
    seen.refused = new Map(
      Object.entries(call.refused).map(([index, values]) => [
        Number(index),
        new Map(Object.entries(values).map(([value, refusal]) => [BigInt(value), refusal])),
      ]),
    )
  }
  return seen
}

/**
 * Parses the text of an observations file. Checks the whole shape, so that the result conforms to its type. Throws a
 * UserError that names the file and the place in it if the text is not observations.
 */
export function parseObservations(name: string, text: string, above = 0): Observations {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const words = (error as Error).message.replaceAll(/\s+/g, ' ')
    throw new UserError('observations-not-json', { file: name, words })
  }
  const fault = firstWrong(value) ?? firstRepeated(text, above)
  if (fault !== undefined) throw new UserError('broken-observations', { file: name, ...fault })
  const given = value as Partial<Observations>
  return {
    version: 1,
    ...(given.runs === undefined ? {} : { runs: given.runs }),
    architectures: given.architectures ?? {},
    unknown: given.unknown ?? {},
    ...(given.context === undefined ? {} : { context: given.context.map(wholeContext) }),
    sources: (given.sources ?? []).map((each) => only(each, sourceKeys)),
    diagnostics: (given.diagnostics ?? []).map((each) => only(each, diagnosticKeys)),
  }
}

/** Adds the lists that are left out, and drops unknown members, because nothing checked them. */
function wholeContext(given: Partial<ObservedContext> & { readonly name: string }): ObservedContext {
  const lists = contextLists.map((list) => [
    list,
    (given[list] ?? []).map((row) => only(row, [...Object.keys(rowShapes[list]), 'count', 'first'])),
  ])
  return { name: given.name, ...Object.fromEntries(lists) } as ObservedContext
}

const sourceKeys = [
  'name',
  'image',
  'count',
  'format',
  'lines',
  'calls',
  'ignored',
  'unparsed',
  'lost',
  'evidence',
]
const diagnosticKeys = ['code', 'at', 'count', 'facts']

/** Drops members that are not in `keys`, because nothing checked them. */
function only<T extends object>(value: T, keys: readonly string[]): T {
  return Object.fromEntries(Object.entries(value).filter(([key]) => keys.includes(key))) as T
}

type Json = Record<string, unknown>

/** The first member that occurs twice in one object: JSON.parse silently keeps the last. `text` is valid JSON. */
function firstRepeated(text: string, above: number): ObservationsFault | undefined {
  const open: (Set<string> | undefined)[] = []
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x7b /* { */) open.push(new Set())
    else if (code === 0x5b /* [ */) open.push(undefined)
    else if (code === 0x7d || code === 0x5d) open.pop()
    if (code !== 0x22 /* " */) continue
    const start = at++
    for (; text.charCodeAt(at) !== 0x22; at++) if (text.charCodeAt(at) === 0x5c /* \\ */) at++
    const names = open.at(-1)
    if (names === undefined) continue
    let next = at + 1
    while (isSpace(text.charCodeAt(next))) next++
    if (text.charCodeAt(next) !== 0x3a /* : */) continue
    const raw = text.slice(start + 1, at)
    const name = raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw
    if (names.has(name)) {
      const line = above + text.slice(0, start).split('\n').length
      return { ...wrong('repeated', name), line }
    }
    names.add(name)
  }
  return undefined
}

/** White space of JSON (RFC 8259, 2). */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

function wrong(fault: ObservationsFault['fault'], member = '', within = ''): ObservationsFault {
  return { fault, member, within }
}

/** The first fault of the value; undefined if it has none. */
function firstWrong(value: unknown): ObservationsFault | undefined {
  if (!isObject(value)) return wrong('not-an-object')
  if (value['version'] !== 1) return wrong('not-the-version', 'version')
  if (value['runs'] !== undefined && !isCount(value['runs'], 0)) return wrong('not-a-count', 'runs')
  for (const part of ['architectures', 'unknown'] as const) {
    const found =
      value[part] === undefined && part === 'unknown' ? undefined : wrongArchitectures(part, value[part])
    if (found !== undefined) return found
  }
  const context = wrongContext(value['context'])
  if (context !== undefined) return context
  for (const part of ['sources', 'diagnostics'] as const) {
    const list = value[part] ?? []
    if (!Array.isArray(list) || !list.every(isObject)) return wrong('not-objects', part)
  }
  for (const source of (value['sources'] ?? []) as Json[]) {
    const counts = ['lines', 'calls', 'ignored', 'unparsed'].every((key) => isCount(source[key], 0))
    const { lost = 0, evidence = [], image = '', count = 1 } = source
    if (typeof source['name'] !== 'string' || typeof source['format'] !== 'string' || !counts)
      return wrong('incomplete-source')
    const isOne = isCount(lost, 0) && isCount(count, 1) && typeof image === 'string'
    if (!isOne || !Array.isArray(evidence) || !evidence.every((each) => typeof each === 'string'))
      return wrong('wrong-source')
  }
  for (const diagnostic of (value['diagnostics'] ?? []) as Json[]) {
    if (typeof diagnostic['code'] !== 'string' || typeof diagnostic['at'] !== 'string')
      return wrong('incomplete-diagnostic')
    const { count = 1, facts = {} } = diagnostic
    if (
      !isCount(count, 1) ||
      !isObject(facts) ||
      !Object.values(facts).every((each) => typeof each === 'string')
    )
      return wrong('wrong-diagnostic')
  }
  return undefined
}

function wrongArchitectures(part: string, value: unknown): ObservationsFault | undefined {
  if (!isObject(value)) return wrong('not-an-object', part)
  for (const [architecture, calls] of Object.entries(value)) {
    if (!isArchitecture(architecture)) return wrong('no-architecture', architecture, part)
    if (!isObject(calls)) return wrong('not-an-object', architecture, part)
    for (const [name, call] of Object.entries(calls)) {
      const found = wrongCall(call, name, `${part}.${architecture}`)
      if (found !== undefined) return found
      if (part === 'architectures' && !/^[a-z_][a-z0-9_]*$/.test(name))
        return wrong('no-name', name, `${part}.${architecture}`)
    }
  }
  return undefined
}

function wrongContext(value: unknown = []): ObservationsFault | undefined {
  if (!Array.isArray(value) || !value.every(isObject)) return wrong('not-objects', 'context')
  for (const [index, context] of (value as Json[]).entries()) {
    const around = `context.${index}`
    if (typeof context['name'] !== 'string') return wrong('missing', 'name', around)
    for (const list of contextLists) {
      const rows = context[list] ?? []
      if (!Array.isArray(rows) || !rows.every(isObject)) return wrong('not-objects', list, around)
      for (const [place, row] of (rows as Json[]).entries()) {
        const within = `${around}.${list}.${place}`
        if (!isCount(row['count'], 1)) return wrong('not-from-1', 'count', within)
        if (typeof row['first'] !== 'string') return wrong('missing', 'first', within)
        for (const [member, isOne] of Object.entries(rowShapes[list]))
          if (!isOne(row[member])) return wrong('wrong-member', member, within)
      }
    }
  }
  return undefined
}

function wrongCall(call: unknown, name: string, around: string): ObservationsFault | undefined {
  if (!isObject(call)) return wrong('not-an-object', name, around)
  const within = `${around}.${name}`
  if (!isCount(call['count'], 1)) return wrong('not-from-1', 'count', within)
  if (typeof call['first'] !== 'string') return wrong('missing', 'first', within)
  if (call['runs'] !== undefined && !isCount(call['runs'], 0)) return wrong('not-a-count', 'runs', within)
  let failed = 0
  for (const key of ['enosys', 'eperm', 'eacces', 'injected']) {
    const { [key]: count = 0 } = call
    if (!isCount(count, 0) || (failed += count) > call['count']) return wrong('beyond-count', key, within)
  }
  const args = call['args'] ?? {}
  if (!isObject(args)) return wrong('not-an-object', 'args', within)
  for (const [index, values] of Object.entries(args)) {
    const decimal = (each: unknown): boolean =>
      typeof each === 'string' && /^(?:0|[1-9]\d{0,19})$/.test(each) && BigInt(each) < 1n << 64n
    if (!/^[0-5]$/.test(index)) return wrong('no-index', index, within)
    if (values !== null && !(Array.isArray(values) && values.every(decimal))) {
      return wrong('not-values', index, within)
    }
  }
  const refused = call['refused'] ?? {}
  if (!isObject(refused)) return wrong('not-an-object', 'refused', within)
  for (const [index, values] of Object.entries(refused)) {
    const seen = args[index]
    const isOne = ([value, refusal]: readonly [string, unknown]): boolean =>
      Array.isArray(seen) && seen.includes(value) && (refusal === 'EPERM' || refusal === 'EACCES')
    if (!isObject(values) || !Object.entries(values).every(isOne)) return wrong('not-refusals', index, within)
  }
  return undefined
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCount(value: unknown, least: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least
}
