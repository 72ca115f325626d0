// The library on Bun and Deno, from the registry's packages of their executables, which need no install script. The
// answers equal Node's. Only Node can start processes (seccomp-gen/run).
import { execa } from 'execa'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import t from 'tap'

const root = resolve(import.meta.dirname, '../..')
const isKnown = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)
const skip = isKnown
  ? false
  : `no package of Bun and Deno is taken for ${process.platform} on ${process.arch}`

const engines = [
  {
    name: 'Bun',
    package: { x64: '@oven/bun-linux-x64', arm64: '@oven/bun-linux-aarch64' },
    program: 'bin/bun',
    words: [],
  },
  {
    name: 'Deno',
    package: { x64: '@deno/linux-x64-glibc', arm64: '@deno/linux-arm64-glibc' },
    program: 'deno',
    // Deno reads files of the package and of the example; the package yaml reads two variables.
    words: ['run', '--allow-read', '--allow-env=LOG_TOKENS,LOG_STREAM', '--no-remote', '--no-lock'],
  },
] as const

for (const engine of engines)
  t.test(engine.name, { skip, timeout: 300_000 }, async (t) => {
    mkdirSync(join(root, '.tap'), { recursive: true })
    const folder = mkdtempSync(join(root, '.tap/engine-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const name = engine.package[process.arch as 'x64' | 'arm64']
    const words = ['--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--force']
    const got = await execa('npm', ['install', ...words, name], {
      reject: false,
      cwd: folder,
      timeout: 120_000,
    })
    if (got.failed) {
      t.comment(`skipped: the registry does not give ${name} within two minutes`)
      return
    }
    const program = join(folder, 'node_modules', name, engine.program)
    const environment = { NODE_OPTIONS: '', HOME: folder, DENO_DIR: join(folder, 'deno'), NO_COLOR: '1' }
    const run = async (file: string, ...words: readonly string[]) =>
      execa(file, words, { cwd: root, reject: false, env: environment })
    const expected = await run(process.execPath, 'examples/library.mjs')
    const found = await run(program, ...engine.words, 'examples/library.mjs')
    t.equal(found.exitCode, 0, found.stderr)
    // Engines print objects differently.
    const plain = (text: string): string => stripVTControlCharacters(text).replaceAll(/['",\s]/g, '')
    t.equal(plain(found.stdout), plain(expected.stdout))
  })
