// Reads logs as the command line does, from text or from recordings; results are sorted lines.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { observe, type ObserveOptions, type Observations } from '../../src/observe/index.ts'
import { hasCollected } from '../corpus/corpus.ts'
import { flat, traces } from '../recordings.ts'

export async function observeText(
  text: string | Uint8Array,
  options: ObserveOptions = {},
  name = 'log',
): Promise<Observations> {
  return await observe([{ name, bytes: [Buffer.from(text as string)] }], options)
}

export async function observeFile(path: string, options: ObserveOptions = {}): Promise<Observations> {
  return await observeText(readFileSync(join(traces, path)), options, path.slice(path.lastIndexOf('/') + 1))
}

/** `x86_64 openat 3`, `x86_64 ?600 1`, sorted. */
export function counts(observations: Observations): string[] {
  return [...flat(observations)].map(([call, count]) => `${call} ${count}`).sort()
}

/** `x86_64 openat`, sorted. */
export function calls(observations: Observations): string[] {
  return [...flat(observations).keys()].sort()
}

export function codes(observations: Observations): string[] {
  return [...new Set(observations.diagnostics.map(({ code }) => code))].sort()
}

/** The files of a folder below ../shared/traces whose names match. */
export function filesOf(folder: string, fits: RegExp): string[] {
  if (!hasCollected && folder.startsWith('collected')) return []
  return readdirSync(join(traces, folder))
    .filter((name) => fits.test(name))
    .sort()
    .map((name) => `${folder}/${name}`)
}

export function json(path: string): unknown {
  return JSON.parse(readFileSync(join(traces, path), 'utf8'))
}

export function text(path: string): string {
  return readFileSync(join(traces, path), 'latin1')
}
