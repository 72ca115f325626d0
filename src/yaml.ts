// The yaml package, loaded when the first YAML is read or written: most runs meet none, and it is seventy files.
import { createRequire } from 'node:module'

type Package = typeof import('yaml')
let loaded: Package | undefined

export function yaml(): Package {
  loaded ??= createRequire(import.meta.url)('yaml') as Package
  return loaded
}
