// Bundles the compiled command into a few files instead of hundreds, dist/cli.js and dist/command, which src/start.ts
// loads. The library beside them stays as compiled. koffi and yaml are loaded at run time, if needed. The licences of
// the bundled packages are written beside the bundle, as those licences demand.
import { build, transform } from 'esbuild'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { browserOptions } from './browser-options.mjs'
import { bundleOptions } from './bundle-options.mjs'

const root = join(import.meta.dirname, '..')
const command = join(root, 'dist/command')
// commander can start a program for a command. Ours has none, and loading child_process would take Node.js 4 ms.
const withoutPrograms = {
  name: 'without programs',
  setup(build) {
    build.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      importer.includes('/commander/') ? { path: 'programs', namespace: 'none' } : undefined,
    )
    build.onLoad({ filter: /^programs$/, namespace: 'none' }, () => ({ contents: 'module.exports = {}' }))
  },
}
const common = {
  ...bundleOptions,
  banner: {},
  absWorkingDir: root,
  allowOverwrite: true,
  minify: true,
  logLevel: 'warning',
}

rmSync(command, { recursive: true, force: true })
mkdirSync(command)
const { metafile, outputFiles } = await build({
  ...common,
  entryPoints: ['dist/cli.js', 'dist/main.js'],
  outdir: 'dist/command',
  outExtension: { '.js': '.cjs' },
  chunkNames: '[name]-[hash]',
  // The loader of the command passes its place.
  define: {
    'import.meta.url': 'ownUrl',
    'import.meta.dirname': 'ownFolder',
    'import.meta.filename': 'ownFile',
  },
  plugins: [withoutPrograms],
  write: false,
  metafile: true,
})
// esbuild splits ECMAScript modules only, so each file becomes CommonJS here.
for (const { path, text } of outputFiles) {
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    supported: { 'dynamic-import': false },
    sourcefile: `${basename(path, '.cjs')}.mjs`,
    minify: true,
  })
  const parameters = 'require,module,ownUrl,ownFolder,ownFile'
  writeFileSync(path, `(function(${parameters}){${code}})`)
}
await build({
  ...common,
  splitting: false,
  entryPoints: ['dist/record/containers/guardian.js'],
  outfile: 'dist/command/guardian.js',
  banner: bundleOptions.banner,
})
await build({
  ...common,
  splitting: false,
  stdin: {
    contents: `
      import { keepCode, load } from './start.js'
      process.once('exit', keepCode)
      load('./cli.cjs')`,
    resolveDir: join(root, 'dist'),
  },
  banner: { js: '#!/usr/bin/env node' },
  outfile: 'dist/cli.js',
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

// npx and npm link do not always set the mode in a clone.
chmodSync(join(root, 'dist/cli.js'), 0o755)

// Runs the short commands, so that V8 keeps the code they use compiled.
const { keepCode, load } = await import('../dist/start.js')
const { run } = load('./main.cjs')
const world = {
  stdin: { isTerminal: false, bytes: async function* () {} },
  stdout: { isTerminal: false, write: () => true },
  stderr: { isTerminal: false, write: (text) => process.stderr.write(text) },
  env: {},
  cwd: root,
  signals: () => () => {},
}
const profile = 'traces/web-server/golden/profile.json'
for (const words of [
  ['validate', profile],
  ['diff', 'docker', profile],
  ['diff', profile, profile],
  ['eval', profile, 'socket', '16'],
  ['syscalls', 'openat'],
])
  if ((await run(words, world)) > 1) throw new Error(`${words.join(' ')} fails`)
keepCode()

// The library in one file for browsers, bundled from its sources with the options for browsers.
await build({
  ...browserOptions,
  absWorkingDir: root,
  entryPoints: ['src/index.ts'],
  outfile: 'dist/browser.js',
})

// The manual page of the package.
const manual = execFileSync(process.execPath, [join(root, 'dist/cli.js'), 'man'], { encoding: 'utf8' })
writeFileSync(join(root, 'dist/seccomp-gen.1'), manual)
