// Finds the recordings (test/corpus) and reads them as the command line does.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Architecture } from '../src/abi/architectures.ts'
import { resolvePrinted } from '../src/abi/spellings.ts'
import { corpus, hasCollected } from './corpus/corpus.ts'
import { observe, type Observations } from '../src/observe/index.ts'
import type { Source } from '../src/read/source.ts'

export const shared = corpus()
export const traces = join(shared, 'traces')

/** The reason for tap's `skip` of tests that need the third-party files. */
export const withoutCollected: string | false = hasCollected
  ? false
  : 'what others have collected is not here (../shared/traces/collected)'

export type Counts = Record<string, Record<string, number>>

export interface Recording {
  /** Path below ../shared/traces. */
  readonly name: string
  readonly path: string
  readonly truth: Counts
  /** The kernel's counts, if it counted. */
  readonly kernel: Counts | undefined
}

/** The truth of a collected file, without its architecture. */
interface Collected {
  readonly counts: Record<string, number>
  readonly unknown: Record<string, number>
  readonly summary_table?: Record<string, { readonly calls: number }>
}

function isCollected(truth: Counts | Collected): truth is Collected {
  return 'counts' in truth && 'file' in truth
}

function countsOf({ counts, summary_table: table }: Collected): Record<string, number> {
  if (Object.keys(counts).length > 0 || table === undefined) return counts
  return Object.fromEntries(Object.entries(table).map(([name, { calls }]) => [name, calls]))
}

/** Every strace recording below a folder of ../shared/traces that has a truth file. */
export function recordings(folder: string): Recording[] {
  const directory = join(traces, folder)
  // The packed corpus has no third-party files.
  if (!hasCollected && folder.startsWith('collected')) return []
  return readdirSync(directory)
    .filter((file) => file.endsWith('.truth.json'))
    .map((file) => {
      const stem = join(directory, file.slice(0, -'.truth.json'.length))
      const path = existsSync(stem) ? stem : `${stem}.d`
      const json = (suffix: string): unknown => JSON.parse(readFileSync(`${stem}${suffix}`, 'utf8'))
      const truth = json('.truth.json') as Counts | Collected
      return {
        name: join(folder, basename(path)),
        path,
        truth: isCollected(truth) ? { '': countsOf(truth) } : truth,
        kernel: existsSync(`${stem}.kernel.json`) ? (json('.kernel.json') as Counts) : undefined,
      }
    })
}

export function sourcesOf(path: string): Source[] {
  if (!statSync(path).isDirectory()) return [{ name: basename(path), bytes: [readFileSync(path)] }]
  return readdirSync(path)
    .map((file) => ({ file, pid: Number(file.slice(file.lastIndexOf('.') + 1)) }))
    .sort((a, b) => a.pid - b.pid)
    .map(({ file, pid }) => ({
      name: file,
      bytes: [readFileSync(join(path, file))],
      pid,
      set: dirname(path),
    }))
}

export async function observed(recording: Recording): Promise<Observations> {
  return await observe(sourcesOf(recording.path))
}

export const truthArchitectures: Readonly<Record<string, Architecture>> = {
  x86_64: 'x86_64',
  i386: 'x86',
  x32: 'x32',
  aarch64: 'aarch64',
  arm: 'arm',
}

/** Counts under libseccomp's names: `arch name`, or `arch ?number` for unknown calls. */
export function mapped(counts: Counts, fallback: Architecture): Map<string, number> {
  const result = new Map<string, number>()
  const add = (key: string, count: number): void => void result.set(key, (result.get(key) ?? 0) + count)
  for (const [arch, names] of Object.entries(counts)) {
    const architecture = truthArchitectures[arch] ?? fallback
    for (const [printed, count] of Object.entries(names)) {
      const spelling = resolvePrinted(architecture, printed)
      if (spelling !== undefined && spelling.names.length > 0) {
        for (const name of spelling.names) add(`${architecture} ${name}`, count)
      } else {
        const digits = /^(?:syscall_|SYS_|nr_)(0x[0-9a-f]+|-?\d+)$/.exec(printed)?.[1]
        add(`${architecture} ?${digits === undefined ? printed : BigInt(digits)}`, count)
      }
    }
  }
  return result
}

export function flat(observations: Observations): Map<string, number> {
  const result = new Map<string, number>()
  for (const [architecture, calls] of Object.entries(observations.architectures)) {
    for (const [name, { count }] of Object.entries(calls)) result.set(`${architecture} ${name}`, count)
  }
  for (const [architecture, calls] of Object.entries(observations.unknown)) {
    for (const [what, { count }] of Object.entries(calls)) result.set(`${architecture} ?${what}`, count)
  }
  return result
}

/** `key: expected 3, seen 2` for every difference, sorted. */
export function differences(
  expected: ReadonlyMap<string, number>,
  seen: ReadonlyMap<string, number>,
): string[] {
  return [...new Set([...expected.keys(), ...seen.keys()])]
    .filter((key) => expected.get(key) !== seen.get(key))
    .sort()
    .map((key) => `${key}: expected ${expected.get(key) ?? 0}, seen ${seen.get(key) ?? 0}`)
}
