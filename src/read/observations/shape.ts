// Whether a value has the shape of observations: every member has the type that document.ts and evidence.ts give it.
// Authority: schemas/observations.schema.json.
import { isArchitecture } from '../../abi/architectures.ts'
import type { ObservationsFault } from '../../errors/observations.ts'
import { contextLists } from './context.ts'
import { rowShapes } from './context-rows.ts'

type Json = Record<string, unknown>

/** The first fault of the value; undefined if it has none. */
export function firstWrong(value: unknown): ObservationsFault | undefined {
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

function wrong(fault: ObservationsFault['fault'], member = '', within = ''): ObservationsFault {
  return { fault, member, within }
}
