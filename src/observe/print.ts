// Observations printed: what every report of them needs, without the readers of traces.
import { harmlessJson } from '../json-string.ts'
import type { Observations } from '../read/observations/document.ts'

/** The observations file: canonical JSON, the same bytes for the same observations. */
export function printObservations(observations: Observations): string {
  return `${harmlessJson(JSON.stringify(observations, null, 2))}\n`
}
