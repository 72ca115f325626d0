// Makes the single executable: Node itself with the command, the compiled readers and koffi's native module in it.
//   npx tsx scripts/make-executable.ts [--arch x64|arm64] [--node VERSION] [--root DIRECTORY] -o FILE
// Node and koffi's modules come from the npm registry, by package name; one machine makes the files of all
// architectures. koffi.node is written beside FILE as FILE.koffi.node for images that can unpack nothing. With --root,
// DIRECTORY becomes the root file system of an image (Containerfile): the executable, koffi.node, and the libraries of
// this machine that the executable is linked to.
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

/** The first with --build-sea and modules as the entry. */
const nodeVersion = '26'
/** Node's names of architectures, and the GNU tools'. */
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
  // Symbols are a third of it, and nobody debugs Node here.
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
      // NODE_OPTIONS of the environment must not change what a program does that runs as root.
      execArgvExtension: 'none',
      // Code compiled by one architecture's Node is of no use to the other's.
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

/** The directory of an npm package's files. */
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

/** What an image needs that has nothing else in it. */
function writeRoot(directory: string): void {
  if (arch !== process.arch)
    throw new Error('--root takes the libraries of this machine: make it on the other one')
  const place = (from: string, to: string): void => {
    mkdirSync(dirname(join(directory, to)), { recursive: true })
    copyFileSync(realpathSync(from), join(directory, to))
  }
  place(output, 'usr/bin/seccomp-gen')
  place(`${output}.koffi.node`, 'usr/bin/koffi.node')
  // "name => path (address)"; the loader stands alone before its address.
  const linked = execFileSync('ldd', [output], { encoding: 'utf8' })
  for (const [, path = ''] of linked.matchAll(/(?:^|=>)\s*(\/\S+) \(0x/gm)) place(path, path)
  for (const each of ['tmp', 'work']) mkdirSync(join(directory, each), { recursive: true })
}

/** By the tools of that architecture, where they are; a file with its symbols works as well. */
function strip(file: string): void {
  const tool = arch === process.arch ? 'strip' : `${architectures[arch]}-linux-gnu-strip`
  try {
    execFileSync(tool, ['--strip-all', file], { stdio: 'ignore' })
  } catch {
    process.stderr.write(`${tool} is not here or failed: the executable keeps Node's symbols\n`)
  }
}
