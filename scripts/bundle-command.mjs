// The compiled command as a few files instead of hundreds: finding and reading modules took longer than all else that
// a short command does (bench/start.ts). The library beside it stays as it was compiled. koffi and yaml are found when
// they are asked for. The licences of what is bundled are written beside it, as they ask.
import { build } from 'esbuild'
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleOptions } from './bundle-options.mjs'

const root = join(import.meta.dirname, '..')
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { cli: 'dist/cli.js', 'command/guardian': 'dist/record/containers/guardian.js' },
  outdir: 'dist',
  chunkNames: 'command/[name]-[hash]',
  allowOverwrite: true,
  ...bundleOptions,
  minify: true,
  metafile: true,
  logLevel: 'warning',
})

const packages = Object.keys(metafile.inputs).flatMap(
  (input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? [],
)
const licences = [...new Set(packages)].sort().map((each) => {
  const { name, version, license } = JSON.parse(readFileSync(join(root, each, 'package.json'), 'utf8'))
  const file = readdirSync(join(root, each)).find((entry) => /^licen[cs]e/i.test(entry))
  const text = file === undefined ? '' : `\n\n${readFileSync(join(root, each, file), 'utf8').trim()}`
  return `${name} ${version} (${license})${text}\n`
})
writeFileSync(join(root, 'dist/LICENSES.txt'), licences.join(`\n${'-'.repeat(80)}\n\n`))

// npx and npm link do not always see to it in a clone of one's own.
chmodSync(join(root, 'dist/cli.js'), 0o755)
