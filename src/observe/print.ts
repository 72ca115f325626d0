// Prints observations. A file of its own, so that reports do not load the readers of traces.
import { harmlessJson } from '../json-string.ts'
import { observationsValue, type Observations } from '../read/observations/document.ts'

/**
 * The observations file as canonical JSON: equal observations give equal bytes.
 *
 * @throws UserError for a value that is not observations.
 */
export function printObservations(observations: Observations): string {
  observationsValue(observations, 'printObservations: observations')
  return `${harmlessJson(JSON.stringify(observations, null, 2))}\n`
}
