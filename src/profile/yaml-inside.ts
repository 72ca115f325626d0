// Imports the yaml package into a bundle. The single executable, which has no packages beside it, and the browser
// bundle take this file in place of yaml-package.ts.
import * as yaml from 'yaml'

export function loadYaml(): typeof import('yaml') {
  return yaml
}
