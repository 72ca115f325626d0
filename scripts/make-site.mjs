// Makes the playground: a folder of four files for any static file server.
// Run: node scripts/make-site.mjs DIRECTORY
import { build } from 'esbuild'
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { browserOptions } from './browser-options.mjs'

const root = join(import.meta.dirname, '..')
const [given] = process.argv.slice(2)
if (given === undefined) throw new Error('name a directory')
const directory = resolve(given)
mkdirSync(directory, { recursive: true })

/** `?text` loads a file as a string, whatever its extension. */
const texts = {
  name: 'texts',
  setup(build) {
    build.onResolve({ filter: /\?text$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace(/\?text$/, '')),
      namespace: 'text',
    }))
    build.onLoad({ filter: /./, namespace: 'text' }, ({ path }) => ({
      contents: readFileSync(path, 'utf8'),
      loader: 'text',
    }))
  },
}

await build({
  ...browserOptions,
  absWorkingDir: root,
  entryPoints: ['site/main.ts'],
  outfile: join(directory, 'main.js'),
  loader: { '.strace': 'text' },
  plugins: [...browserOptions.plugins, texts],
})
for (const name of ['index.html', 'style.css']) copyFileSync(join(root, 'site', name), join(directory, name))
