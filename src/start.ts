// The first file of the built command (dist/cli.js). The others are in dist/command, each one function expression that
// takes `require`, `module` and where the command lies (scripts/bundle-command.mjs): finding, reading and linking forty
// ECMAScript modules took longer than a short command's own work (bench/results/start.md).
//
// Compiling them takes as long again, so V8's compiled code stands beside each: the build writes it, or, for another
// version of Node.js, the first run of the user who owns the package. V8 refuses what another version or other flags
// made (nodejs.org/api/vm.html, cachedData); then it compiles as it would without.
import type { Script as CompiledScript } from 'node:vm'

// Node.js takes a module of its own quicker so than by import.
const { readFileSync, renameSync, rmSync, statSync, writeFileSync } = process.getBuiltinModule('node:fs')
const { Script } = process.getBuiltinModule('node:vm')
const { createRequire } = process.getBuiltinModule('node:module')

// A run of a tenth of a second ends before optimized code pays for its making: the V8 of Node.js 20 is to wait three times
// as long as it does; later ones have no such flag. Set first, for code that was kept under other flags is refused.
if (process.versions.v8.startsWith('11.3.'))
  process.getBuiltinModule('node:v8').setFlagsFromString('--interrupt-budget=400000')

const folder = `${import.meta.dirname}/command`
const codeEnding = `.v8-${process.versions.v8}-${process.arch}`

interface Module {
  exports: unknown
}
type Body = (
  require: (name: string) => unknown,
  module: Module,
  url: string,
  folder: string,
  file: string,
) => void

const loaded = new Map<string, Module>()
const compiled = new Map<string, CompiledScript>()

/** A file of the command by its name here, a module of Node.js, or a package. */
export function load(name: string): unknown {
  if (!name.startsWith('./')) {
    return process.getBuiltinModule(name) ?? createRequire(import.meta.url)(name)
  }
  const before = loaded.get(name)
  if (before !== undefined) return before.exports
  const module: Module = { exports: {} }
  loaded.set(name, module)
  const body = compile(`${folder}/${name.slice(2)}`).runInThisContext() as Body
  body(load, module, import.meta.url, folder, `${folder}/cli.js`)
  return module.exports
}

function compile(filename: string): CompiledScript {
  const source = readFileSync(filename, 'latin1')
  const cachedData = codeOf(filename)
  const script = new Script(source, { filename, ...(cachedData && { cachedData }) })
  if (cachedData === undefined) compiled.set(filename, script)
  return script
}

function codeOf(filename: string): Buffer | undefined {
  try {
    return readFileSync(filename + codeEnding)
  } catch {
    return undefined
  }
}

/** Keeps what V8 compiled of files that had no code beside them. The package is its owner's: nobody else writes there. */
export function keepCode(): void {
  if (compiled.size === 0 || statSync(folder).uid !== process.geteuid?.()) return
  for (const [filename, script] of compiled) {
    const unfinished = `${filename}.${process.pid}`
    try {
      writeFileSync(unfinished, script.createCachedData(), { flag: 'wx' })
      renameSync(unfinished, filename + codeEnding)
    } catch {
      // A full disk, a file system that is read-only: the next run compiles again.
      rmSync(unfinished, { force: true })
      return
    }
  }
}
