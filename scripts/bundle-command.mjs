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
// esbuild splits ECMAScript modules only, so each chunk becomes CommonJS here.
const chunks = new Map()
for (const { path, text } of outputFiles) {
  const name = basename(path, '.cjs')
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    supported: { 'dynamic-import': false },
    sourcefile: `${name}.mjs`,
    minify: true,
  })
  // src/start.ts reads one character per byte, and esbuild does not escape what is in a regular expression.
  const other = /.{0,40}[^\0-\x7f]/.exec(code)
  if (other !== null) throw new Error(`dist/command: write \\u… in the pattern: ${other[0]}`)
  chunks.set(name, code)
}

/** Writes the files of the command. `fileOf`: the file of each chunk. */
function writeChunks(fileOf) {
  rmSync(command, { recursive: true, force: true })
  mkdirSync(command)
  const files = new Map()
  for (const [name, code] of chunks) {
    const body = code.replaceAll(/(?<=["'`])\.\/([\w.-]+)\.cjs(?=["'`])/g, (whole, other) =>
      chunks.has(other) ? `./${fileOf(other)}.cjs#${other}` : whole,
    )
    const bodies = files.get(fileOf(name)) ?? []
    files.set(fileOf(name), bodies)
    bodies.push(`${JSON.stringify(name)}:function(require,module,ownUrl,ownFolder,ownFile){${body}}`)
  }
  for (const [file, bodies] of files) writeFileSync(join(command, `${file}.cjs`), `({${bodies.join(',\n')}})`)
}
// The commands that are over in a tenth of a second.
const profile = 'traces/web-server/golden/profile.json'
const trace = 'traces/web-server/web-server.strace'
const short = [
  ['validate', profile],
  ['diff', 'docker', profile],
  ['diff', profile, profile],
  ['eval', profile, 'socket', '16'],
  ['syscalls', 'openat'],
  ['observe', trace],
  ['generate', trace],
]
const world = {
  stdin: { isTerminal: false, bytes: async function* () {} },
  stdout: { isTerminal: false, write: () => true },
  stderr: { isTerminal: false, write: () => true },
  env: {},
  cwd: root,
  signals: () => () => {},
}
async function runWith({ load }, commands) {
  const { run } = load('./main.cjs#main')
  for (const words of commands) if ((await run(words, world)) > 1) throw new Error(`${words.join(' ')} fails`)
}

writeChunks((name) => name)
// Chunks that the same short commands load become one file, so that a command reads and compiles fewer files.
const users = new Map()
for (const [index, words] of short.entries()) {
  const loader = await import(`../dist/start.js?${index}`)
  await runWith(loader, [words])
  for (const name of loader.loadedModules()) {
    const chunk = name.split('#')[1]
    users.set(chunk, new Set([...(users.get(chunk) ?? []), words[0]]))
  }
}
writeChunks((name) => (users.has(name) && name !== 'main' ? `of-${[...users.get(name)].join('-')}` : name))
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
      load('./cli.cjs#cli')`,
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

// Runs the short commands again, so that V8 keeps the code they use compiled.
const whole = await import('../dist/start.js')
await runWith(whole, short)
whole.keepCode()

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
