// Loads the yaml package from where npm installed it, at the first use. A bundle that contains the package takes
// yaml-inside.ts in place of this file.
import { createRequire } from 'node:module'

export function loadYaml(): typeof import('yaml') {
  return createRequire(import.meta.url)('yaml') as typeof import('yaml')
}
