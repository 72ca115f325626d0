// What code can call, as a document: the shape of schemas/reachable.schema.json. Scans merge like observations: in any
// order, and the same twice is the same once.
import { architectureNames, isArchitecture, type Architecture } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import type { ScanFault } from '../errors/scan.ts'
import { harmlessJson } from '../json-string.ts'

/** Which calls the code of programs can make (schemas/reachable.schema.json). `bound` is false where something unresolved could call more. */
export interface Reachable {
  readonly version: 1
  /** Nothing else can be called: false where something unresolved or not followed could call more. */
  readonly bound: boolean
  /** By libseccomp's name of the call. What does not stand there is not reached. */
  readonly architectures: Readonly<Partial<Record<Architecture, Readonly<Record<string, ReachableCall>>>>>
  readonly unresolved: readonly Unresolved[]
  readonly modules: readonly ScannedModule[]
  readonly notFollowed: readonly NotFollowed[]
}

/** One call, and a path of functions that leads to it. */
export interface ReachableCall {
  /** The shortest way: functions as `module:function`, from where the program begins to where it enters the kernel. */
  readonly path: readonly string[]
  /** By index: the values (unsigned, decimal) that the argument can have, where all of them are known. */
  readonly args?: Readonly<Record<string, readonly string[]>>
  /** Calls that the C library makes in functions that were run where this one was made: its rare paths. */
  readonly companions?: readonly string[]
}

/** A place that enters the kernel with a number that is not known. */
export interface Unresolved {
  readonly module: string
  readonly function: string
  readonly why: string
}

/** A program or library that was read. */
export interface ScannedModule {
  readonly name: string
  /** Of the file. */
  readonly sha256: string
  readonly architecture: Architecture
  /** What the kernel gives the program when it starts, beside what its starter has. */
  readonly privileges?: readonly string[]
}

/** What the program may do that the scan did not follow. */
export interface NotFollowed {
  readonly what: 'dlopen' | 'dlsym' | 'execve' | 'jit' | 'missing-library'
  readonly from: string
  /** The file or the name, where it is known. */
  readonly name?: string
}

/** Several scans as one: what any of them reaches is reached, by the shortest way of any. */
export function mergeReachable(...all: readonly Reachable[]): Reachable {
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
      .sort(([a], [b]) => compare(a, b))
      .map(([, item]) => item)
  return {
    version: 1,
    bound: all.every(({ bound }) => bound),
    architectures: Object.fromEntries(
      architectureNames.flatMap((architecture) => {
        const known = calls.get(architecture)
        return known === undefined
          ? []
          : [[architecture, Object.fromEntries([...known].sort(([a], [b]) => compare(a, b)))] as const]
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
  const companions = [...new Set([...(one.companions ?? []), ...(other.companions ?? [])])].sort(compare)
  return {
    path: comparePaths(one.path, other.path) <= 0 ? one.path : other.path,
    ...(Object.keys(args).length === 0 ? {} : { args }),
    ...(companions.length === 0 ? {} : { companions }),
  }
}

/** Shorter first, then by their text. */
export function comparePaths(one: readonly string[], other: readonly string[]): number {
  return one.length - other.length || compare(one.join('\n'), other.join('\n'))
}

/** Decimal strings, by value. */
export function inOrder(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort((a, b) => a.length - b.length || compare(a, b))
}

/** The document as canonical JSON: the same bytes for the same scan. */
export function printReachable(reachable: Reachable): string {
  return `${harmlessJson(JSON.stringify(reachable, null, 2))}\n`
}

/**
 * Reads a document.
 *
 * @throws UserError for what is none.
 */
export function parseReachable(text: string, name: string): Reachable {
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

/** By code unit: the same in every locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
