// The package yaml from where npm put it, loaded at the first use. A bundle that has it inside takes
// yaml-inside.ts in place of this file.
import { createRequire } from 'node:module'

export function loadYaml(): typeof import('yaml') {
  return createRequire(import.meta.url)('yaml') as typeof import('yaml')
}
