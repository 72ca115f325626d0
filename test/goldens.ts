// The cases of traces/: a real recording each, with its expected results.
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { observe, printObservations } from '../src/observe/index.ts'
import { derivePolicy } from '../src/policy/index.ts'
import { printPolicyAs } from '../src/print/index.ts'
import type { Source } from '../src/read/source.ts'
import { sourcesOf } from './recordings.ts'

const folder = fileURLToPath(new URL('../traces', import.meta.url))
/** Traces of a container engine; the calls inside its container are another question. */
const engines = new Set(['crun-run'])
const beside = new Set(['ORIGIN.md', 'golden'])

/** The folders of traces/. */
export function cases(): string[] {
  return readdirSync(folder).map((name) => join(folder, name))
}

export function sourcesOfCase(path: string): Source[] {
  const inputs = readdirSync(path).filter((name) => !beside.has(name))
  return inputs.flatMap((name) => sourcesOf(join(path, name)))
}

/** The golden files of a case, as the program would write them now. */
export async function goldens(path: string): Promise<Record<string, string>> {
  const observations = await observe(sourcesOfCase(path))
  const inside = engines.has(basename(path)) && (await observe(sourcesOfCase(path), { afterFilter: true }))
  return {
    ...(inside && { 'golden/after-filter.json': printObservations(inside) }),
    'golden/observations.json': printObservations(observations),
    'golden/profile.json': printPolicyAs(derivePolicy(observations, {}), 'oci'),
  }
}
