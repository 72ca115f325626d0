// Bundles the command from its sources, as the package does. The bundle starts in a tenth of the loader's time, for
// tests that start it dozens of times.
import { build } from 'esbuild'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bundleOptions } from '../scripts/bundle-options.mjs'
import { plainNode } from './live/command.ts'

const root = resolve(import.meta.dirname, '..')
let made: ReturnType<typeof bundle> | undefined

/** The words before the arguments. The bundle is made once, below the project, so that it finds its dependencies. */
export function bundled(): Promise<readonly [string, ...string[]]> {
  return (made ??= bundle())
}

async function bundle(): Promise<readonly [string, ...string[]]> {
  mkdirSync(join(root, '.tap'), { recursive: true })
  const folder = mkdtempSync(join(root, '.tap/bundled-'))
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
  return [...plainNode, join(folder, 'cli.mjs')]
}
