// Makes the single executable: Node with the command, the compiled readers and koffi's native module inside.
//   npx tsx scripts/make-executable.ts [--arch x64|arm64] [--node VERSION] [--root DIRECTORY] -o FILE
// Node and koffi's modules come from the npm registry, by package name; one machine makes the files of all
// architectures. koffi.node is also written as FILE.koffi.node, for images where nothing can be unpacked. With --root,
// DIRECTORY becomes the root file system of an image (Containerfile): the executable, koffi.node, and this machine's
// libraries that the executable is linked to.
// Authority: nodejs.org/api/single-executable-applications.html (--build-sea: Node 26).
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { bundleOptions, yamlInside } from './bundle-options.mjs'

/** The first version with --build-sea and a module as the entry. */
const nodeVersion = '26'
/** Node's architecture names with those of the GNU tools. */
const architectures = { x64: 'x86_64', arm64: 'aarch64' } as const

const root = join(import.meta.dirname, '..')
const { values } = parseArgs({
  options: {
    arch: { type: 'string', default: process.arch },
    node: { type: 'string', default: nodeVersion },
    output: { type: 'string', short: 'o', default: 'seccomp-gen' },
    root: { type: 'string' },
  },
})
const arch = values.arch as keyof typeof architectures
if (!Object.hasOwn(architectures, arch))
  throw new Error(`--arch: ${Object.keys(architectures).join(' or ')}, not ${arch}`)
const output = resolve(values.output)

const work = mkdtempSync(join(tmpdir(), 'seccomp-gen-executable-'))
try {
  const main = join(work, 'main.mjs')
  const { splitting: _, ...options } = bundleOptions
  await build({
    absWorkingDir: root,
    entryPoints: ['src/executable.ts'],
    outfile: main,
    ...options,
    plugins: [yamlInside],
    minify: true,
    logLevel: 'warning',
  })
  const native = join(unpack('@koromix/koffi-linux-' + arch, koffiVersion()), `linux_${arch}/koffi.node`)
  const node = join(unpack(`node-linux-${arch}`, values.node), 'bin/node')
  const builder =
    arch === process.arch ? node : join(unpack(`node-linux-${process.arch}`, values.node), 'bin/node')
  // Symbols are a third of the file, and nobody debugs Node here.
  const stripped = join(work, 'node')
  copyFileSync(node, stripped)
  strip(stripped)
  const config = join(work, 'sea.json')
  writeFileSync(
    config,
    JSON.stringify({
      main,
      mainFormat: 'module',
      output,
      executable: stripped,
      disableExperimentalSEAWarning: true,
      // NODE_OPTIONS of the environment must not change a program that runs as root.
      execArgvExtension: 'none',
      // One architecture's Node cannot use code compiled by another's.
      useCodeCache: false,
      assets: { 'package.json': join(root, 'package.json'), 'koffi.node': native },
    }),
  )
  execFileSync(builder, ['--build-sea', config], { stdio: ['ignore', 'ignore', 'inherit'] })
  copyFileSync(native, `${output}.koffi.node`)
  if (values.root !== undefined) writeRoot(resolve(values.root))
  const megabytes = (file: string): string => (readFileSync(file).length / 1e6).toFixed(1)
  process.stdout.write(
    `${values.output}: ${megabytes(output)} MB, of which Node is ${megabytes(stripped)} MB\n`,
  )
} finally {
  rmSync(work, { recursive: true, force: true })
}

function koffiVersion(): string {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    optionalDependencies: { koffi: string }
  }
  return optionalDependencies.koffi
}

/** Returns the directory of an npm package's files. */
function unpack(name: string, version: string): string {
  const words = ['pack', '--silent', '--json', '--pack-destination', work, `${name}@${version}`]
  const [packed] = JSON.parse(execFileSync('npm', words, { encoding: 'utf8', cwd: work })) as {
    filename: string
  }[]
  if (packed === undefined) throw new Error(`the registry does not have ${name}@${version}`)
  const folder = mkdtempSync(join(work, 'package-'))
  execFileSync('tar', ['-xzf', join(work, packed.filename), '--strip-components=1', '-C', folder])
  return folder
}

/** Writes the files of an image that contains nothing else. */
function writeRoot(directory: string): void {
  if (arch !== process.arch)
    throw new Error('--root takes the libraries of this machine: make it on the other one')
  const place = (from: string, to: string): void => {
    mkdirSync(dirname(join(directory, to)), { recursive: true })
    copyFileSync(realpathSync(from), join(directory, to))
  }
  place(output, 'usr/bin/seccomp-gen')
  place(`${output}.koffi.node`, 'usr/bin/koffi.node')
  // "name => path (address)"; the loader has only a path and an address.
  const linked = execFileSync('ldd', [output], { encoding: 'utf8' })
  for (const [, path = ''] of linked.matchAll(/(?:^|=>)\s*(\/\S+) \(0x/gm)) place(path, path)
  for (const each of ['tmp', 'work']) mkdirSync(join(directory, each), { recursive: true })
}

/** Strips with the tools of that architecture, if they are installed; an unstripped executable works as well. */
function strip(file: string): void {
  const tool = arch === process.arch ? 'strip' : `${architectures[arch]}-linux-gnu-strip`
  try {
    execFileSync(tool, ['--strip-all', file], { stdio: 'ignore' })
  } catch {
    process.stderr.write(`${tool} is not here or failed: the executable keeps Node's symbols\n`)
  }
}
