// The emulated machines of kernels.test.ts: for each architecture the programs of qemu and of the compiler, Debian's
// kernels, and an initramfs with Node.js, koffi, busybox and the test's own programs.
import { build } from 'esbuild'
import { execa } from 'execa'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { bundleOptions } from '../../../scripts/bundle-options.mjs'
import { unpackPackages } from '../../../scripts/debian-archive.ts'
import { busy, calls, context, refused, steps } from './programs.ts'

export interface Machine {
  readonly name: 'x86_64' | 'aarch64'
  /** Debian's name of the architecture. */
  readonly debian: 'amd64' | 'arm64'
  /** Node's name of the architecture. */
  readonly node: 'x64' | 'arm64'
  readonly qemu: string
  readonly words: readonly string[]
  readonly console: string
  readonly compiler: readonly string[]
  /** The compiler for the 32-bit architecture of this machine. */
  readonly compiler32: readonly string[]
  readonly compilerX32?: readonly string[]
}

// On a slow host, Linux waits in vain for a timer of the x86 machine: no_timer_check.
const common = '-m 1024 -smp 2 -accel tcg -nographic -no-reboot -nic none'.split(' ')

export const machines: readonly Machine[] = [
  {
    name: 'x86_64',
    debian: 'amd64',
    node: 'x64',
    qemu: 'qemu-system-x86_64',
    words: [...common, '-cpu', 'max'],
    console: 'ttyS0 no_timer_check syscall.x32=y',
    compiler: ['gcc'],
    compiler32: ['gcc', '-m32'],
    compilerX32: ['gcc', '-mx32'],
  },
  {
    name: 'aarch64',
    debian: 'arm64',
    node: 'arm64',
    qemu: 'qemu-system-aarch64',
    words: [...common, '-machine', 'virt', '-cpu', 'cortex-a72'],
    console: 'ttyAMA0',
    compiler: ['aarch64-linux-gnu-gcc'],
    compiler32: ['arm-linux-gnueabihf-gcc'],
  },
]

/** Debian's kernel of that suite, unpacked below `cache`. */
export function kernelOf({ debian }: Machine, suite: string, cache: string): string {
  const kept = unpacked(join(cache, `${debian}-${suite}`), debian, suite, [`linux-image-cloud-${debian}`])
  // The kernel's place in Debian's packages up to trixie, and in later ones.
  const boot = join(kept, 'boot')
  const [name] = existsSync(boot) ? readdirSync(boot).filter((each) => each.startsWith('vmlinuz-')) : []
  if (name !== undefined) return join(boot, name)
  const modules = join(kept, 'usr/lib/modules')
  return join(modules, readdirSync(modules)[0] ?? '', 'vmlinuz')
}

function unpacked(
  directory: string,
  architecture: 'amd64' | 'arm64',
  suite: string,
  packages: readonly string[],
): string {
  const kept = join(directory, 'root')
  if (existsSync(kept)) return kept
  mkdirSync(directory, { recursive: true })
  try {
    return unpackPackages(directory, { suites: [suite], architecture, packages })
  } catch (error) {
    rmSync(kept, { recursive: true, force: true })
    throw error
  }
}

const root = resolve(import.meta.dirname, '../../..')

/**
 * Makes the initramfs in `work`. `has32`: whether it has the 32-bit program. `guest`: what the machine runs; `programs`:
 * further C sources by name.
 */
export async function makeImage(
  machine: Machine,
  work: string,
  cache: string,
  {
    guest = { guest: 'test/live/kernels/guest.ts' },
    programs = {},
  }: {
    readonly guest?: Readonly<Record<string, string>>
    readonly programs?: Readonly<Record<string, string>>
  } = {},
): Promise<{ readonly image: string; readonly has32: boolean }> {
  const tree = join(work, 'tree')
  const put = (file: string, to: string): void => {
    mkdirSync(dirname(join(tree, to)), { recursive: true })
    copyFileSync(file, join(tree, to))
  }
  for (const each of ['bin', 'dev', 'lib', 'proc', 'sys', 't', 'tmp', 'node_modules/@koromix'])
    mkdirSync(join(tree, each), { recursive: true })
  if (machine.node === process.arch) {
    put('/bin/busybox', 'bin/busybox')
    put(process.execPath, 'bin/node')
    for (const [, file] of (await execa('ldd', [process.execPath])).stdout.matchAll(/(\/\S+) \(0x/g))
      if (file !== undefined) put(file, file)
    cpSync(join(root, 'node_modules', native(machine)), join(tree, 'node_modules', native(machine)), {
      recursive: true,
    })
  } else await putForeign(machine, tree, cache)
  cpSync(join(root, 'node_modules/koffi'), join(tree, 'node_modules/koffi'), { recursive: true })
  const compile = async (name: string, source: string, [compiler = '', ...options]: readonly string[]) => {
    const file = join(tree, 't', `${name}.c`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, source)
    const words = ['-O1', '-static', ...options, '-o', join(tree, 't', name), file]
    const { failed, stderr } = await execa(compiler, words, { reject: false })
    return failed ? stderr : undefined
  }
  const all = { native: calls, busy, refused, context, 'wide/steps': steps, ...programs }
  for (const [name, source] of Object.entries(all)) {
    const why = await compile(name, source, machine.compiler)
    if (why !== undefined) throw new Error(`${machine.compiler.join(' ')}: ${why}`)
  }
  const has32 = (await compile('compat', calls, machine.compiler32)) === undefined
  const wideTimes = ['-D_FILE_OFFSET_BITS=64', '-D_TIME_BITS=64']
  await compile('narrow/steps', steps, [...machine.compiler32, ...wideTimes])
  if (machine.compilerX32 !== undefined) await compile('x32/steps', steps, machine.compilerX32)
  await build({
    absWorkingDir: root,
    entryPoints: guest,
    outdir: tree,
    outExtension: { '.js': '.mjs' },
    ...bundleOptions,
  })
  const mounts = ['proc:/proc', 'sysfs:/sys', 'devtmpfs:/dev', 'tmpfs:/tmp', 'cgroup2:/sys/fs/cgroup']
  const lines = [
    ...mounts.map((each) => `/bin/busybox mount -t ${each.split(':')[0]} none ${each.split(':')[1]}`),
    `PATH=/bin /bin/node /${Object.keys(guest)[0]}.mjs`,
    '/bin/busybox poweroff -f',
  ]
  writeFileSync(join(tree, 'init'), ['#!/bin/busybox sh', ...lines, ''].join('\n'), { mode: 0o755 })
  const image = join(work, 'image')
  const files = await execa('find', ['.'], { cwd: tree })
  await execa('busybox', ['cpio', '-o', '-H', 'newc', '-F', image], { cwd: tree, input: files.stdout })
  return { image, has32 }
}

const native = ({ node }: Machine): string => `@koromix/koffi-linux-${node}`

/** Node.js and koffi of the npm registry, and the libraries of Debian, for a machine that is not this one. */
async function putForeign(machine: Machine, tree: string, cache: string): Promise<void> {
  const { debian, node } = machine
  const libraries = ['busybox-static', 'libc6', 'libgcc-s1', 'libstdc++6', 'libatomic1']
  const system = unpacked(join(cache, `${debian}-user`), debian, 'bookworm', libraries)
  cpSync(join(system, 'bin/busybox'), join(tree, 'bin/busybox'))
  for (const each of ['lib', 'usr/lib'])
    cpSync(join(system, each), join(tree, each), { recursive: true, verbatimSymlinks: true })
  const koffi = JSON.parse(readFileSync(join(root, 'node_modules/koffi/package.json'), 'utf8')) as {
    version: string
  }
  const packages = join(cache, `npm-${node}`)
  if (!existsSync(join(packages, 'node_modules'))) {
    mkdirSync(packages, { recursive: true })
    const words = [
      '--prefix',
      packages,
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--force',
    ]
    const named = [`node-linux-${node}@20`, `${native(machine)}@${koffi.version}`]
    await execa('npm', ['install', ...words, ...named], { cwd: packages, timeout: 120_000 })
  }
  cpSync(join(packages, 'node_modules', `node-linux-${node}`, 'bin/node'), join(tree, 'bin/node'))
  cpSync(join(packages, 'node_modules', native(machine)), join(tree, 'node_modules', native(machine)), {
    recursive: true,
  })
}
