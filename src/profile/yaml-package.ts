// Loads the yaml package from where npm installed it, at the first use. A bundle that contains the package takes
// yaml-inside.ts in place of this file.

export function loadYaml(): typeof import('yaml') {
  // Not imported: loading node:module would take every short command a millisecond.
  const { createRequire } = process.getBuiltinModule('node:module')
  return createRequire(import.meta.url)('yaml') as typeof import('yaml')
}
