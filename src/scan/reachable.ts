// The result of a scan as a document: which calls code can make (schemas/reachable.schema.json). Scans merge like
// observations: the order does not matter, and merging the same scan twice changes nothing.
import { architectureNames, isArchitecture, type Architecture } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import type { ScanFault } from '../errors/scan.ts'
import { harmlessJson } from '../json-string.ts'
import { isObject, text as anyText, valueOf } from '../options.ts'
import { ascending } from '../order.ts'

/** Which calls the code of programs can make (schemas/reachable.schema.json). */
export interface Reachable {
  readonly version: 1
  /** True if the code can make no other calls; false if something unresolved or not followed could. */
  readonly bound: boolean
  /** By libseccomp's name of the call. Calls that are absent are not reached. */
  readonly architectures: Readonly<Partial<Record<Architecture, Readonly<Record<string, ReachableCall>>>>>
  readonly unresolved: readonly Unresolved[]
  readonly modules: readonly ScannedModule[]
  readonly notFollowed: readonly NotFollowed[]
}

/** The result of a scan. */
export const reachableValue = valueOf<Reachable>(
  'the result of a scan: give what scanPrograms or parseReachable returns',
  (value) => isObject(value) && isObject(value['architectures']) && Array.isArray(value['notFollowed']),
)

/** One call, and a path of functions that leads to it. */
export interface ReachableCall {
  /** The shortest path: functions as `module:function`, from where the program begins to where it enters the kernel. */
  readonly path: readonly string[]
  /** By index: the values (unsigned, decimal) that the argument can have. Absent if not all are known. */
  readonly args?: Readonly<Record<string, readonly string[]>>
  /** Calls on rare paths: the C library makes them in functions that must have run if this call was made. */
  readonly companions?: readonly string[]
}

/** A place that enters the kernel with an unknown number. */
export interface Unresolved {
  readonly module: string
  readonly function: string
  readonly why: string
}

/** A program or library that was read. */
export interface ScannedModule {
  readonly name: string
  /** SHA-256 of the file. */
  readonly sha256: string
  readonly architecture: Architecture
  /** What gives the started program other privileges than its starter: `setuid`, `setgid`, `capabilities`. */
  readonly privileges?: readonly string[]
}

/** Something that the program may do and that the scan did not follow. */
export interface NotFollowed {
  readonly what: 'dlopen' | 'dlsym' | 'execve' | 'jit' | 'missing-library'
  readonly from: string
  /** The file or the name; absent if it is unknown. */
  readonly name?: string
}

/**
 * Merges scans: a call that any of them reaches is reached, by the shortest path of all.
 *
 * @throws UserError for a value that is not the result of a scan.
 */
export function mergeReachable(...all: readonly Reachable[]): Reachable {
  for (const each of all) reachableValue(each, 'mergeReachable')
  const calls = new Map<Architecture, Map<string, ReachableCall>>()
  for (const each of all)
    for (const architecture of architectureNames)
      for (const [name, call] of Object.entries(each.architectures[architecture] ?? {})) {
        const known = calls.get(architecture) ?? new Map<string, ReachableCall>()
        calls.set(architecture, known)
        const before = known.get(name)
        known.set(name, before === undefined ? call : mergeCalls(before, call))
      }
  const unique = <Item>(items: readonly Item[]): readonly Item[] =>
    [...new Map(items.map((item) => [JSON.stringify(item), item]))]
      .sort(([a], [b]) => ascending(a, b))
      .map(([, item]) => item)
  return {
    version: 1,
    bound: all.every(({ bound }) => bound),
    architectures: Object.fromEntries(
      architectureNames.flatMap((architecture) => {
        const known = calls.get(architecture)
        return known === undefined
          ? []
          : [[architecture, Object.fromEntries([...known].sort(([a], [b]) => ascending(a, b)))] as const]
      }),
    ),
    unresolved: unique(all.flatMap(({ unresolved }) => unresolved)),
    modules: unique(all.flatMap(({ modules }) => modules)),
    notFollowed: unique(all.flatMap(({ notFollowed }) => notFollowed)),
  }
}

function mergeCalls(one: ReachableCall, other: ReachableCall): ReachableCall {
  const args: Record<string, readonly string[]> = {}
  for (const [index, values] of Object.entries(one.args ?? {})) {
    const more = other.args?.[index]
    if (more !== undefined) args[index] = inOrder([...values, ...more])
  }
  const companions = [...new Set([...(one.companions ?? []), ...(other.companions ?? [])])].sort(ascending)
  return {
    path: comparePaths(one.path, other.path) <= 0 ? one.path : other.path,
    ...(Object.keys(args).length === 0 ? {} : { args }),
    ...(companions.length === 0 ? {} : { companions }),
  }
}

/** Compares paths: shorter before longer, then by text. */
export function comparePaths(one: readonly string[], other: readonly string[]): number {
  return one.length - other.length || ascending(one.join('\n'), other.join('\n'))
}

/** Decimal strings sorted by value, each once. */
export function inOrder(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort((a, b) => a.length - b.length || ascending(a, b))
}

/**
 * The document as canonical JSON: the same bytes for the same scan.
 *
 * @throws UserError for a value that is not the result of a scan.
 */
export function printReachable(reachable: Reachable): string {
  reachableValue(reachable, 'printReachable: reachable')
  return `${harmlessJson(JSON.stringify(reachable, null, 2))}\n`
}

/**
 * Reads the document of a scan. `name`: its file, for messages.
 *
 * @throws UserError if the text is not such a document.
 */
export function parseReachable(text: string, name = 'scan'): Reachable {
  anyText(text, 'parseReachable: text')
  const wrong = (fault: ScanFault['fault'], member = ''): UserError =>
    new UserError('not-a-scan', { file: name, fault, member })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw wrong('not-json')
  }
  if (
    !isRecord(value) ||
    value['version'] !== 1 ||
    !isRecord(value['architectures']) ||
    typeof value['bound'] !== 'boolean'
  )
    throw wrong('no-scan')
  const architectures: Partial<Record<Architecture, Record<string, ReachableCall>>> = {}
  for (const [architecture, calls] of Object.entries(value['architectures'])) {
    if (!isArchitecture(architecture) || !isRecord(calls)) throw wrong('no-architecture', architecture)
    const own: Record<string, ReachableCall> = {}
    for (const [call, its] of Object.entries(calls)) {
      if (!isRecord(its) || !isStrings(its['path'])) throw wrong('no-path', call)
      const { path, args, companions } = its
      if (args !== undefined && !(isRecord(args) && Object.values(args).every(isNumbers)))
        throw wrong('no-numbers', call)
      if (companions !== undefined && !isStrings(companions)) throw wrong('no-names', call)
      own[call] = {
        path,
        ...(args === undefined ? {} : { args: args as Readonly<Record<string, readonly string[]>> }),
        ...(companions === undefined ? {} : { companions }),
      }
    }
    architectures[architecture] = own
  }
  const list = (key: string): readonly never[] => {
    const items = value[key] ?? []
    if (!Array.isArray(items) || !items.every(isRecord)) throw wrong('no-list', key)
    return items as never[]
  }
  return {
    version: 1,
    bound: value['bound'],
    architectures,
    unresolved: list('unresolved'),
    modules: list('modules'),
    notFollowed: list('notFollowed'),
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

function isNumbers(value: unknown): value is readonly string[] {
  return isStrings(value) && value.every((each) => /^\d{1,20}$/.test(each))
}
