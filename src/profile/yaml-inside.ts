// The package yaml as a part of a bundle, in place of yaml-package.ts: for the single executable, which has no packages
// beside it, and for browsers.
import * as yaml from 'yaml'

export function loadYaml(): typeof import('yaml') {
  return yaml
}
