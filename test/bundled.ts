// Bundles the command from its sources, as the package does, with maps to the sources where lines are counted
// (scripts/coverage.ts).
import { build } from 'esbuild'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bundleOptions } from '../scripts/bundle-options.mjs'

const root = resolve(import.meta.dirname, '..')

/** The bundled command. It is made in the project, where it finds package.json and the dependencies. */
export async function bundle(): Promise<string> {
  const folder = mkdtempSync(join(root, '.bundled-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  // Ordinary users run the bundle too.
  chmodSync(folder, 0o755)
  await build({
    absWorkingDir: root,
    entryPoints: { cli: 'src/cli.ts', guardian: 'src/record/containers/guardian.ts' },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    sourcemap: process.env['NODE_V8_COVERAGE'] !== undefined,
    ...bundleOptions,
  })
  return join(folder, 'cli.mjs')
}
