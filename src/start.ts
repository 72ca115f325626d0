// The first file of the built command (dist/cli.js). The others are in dist/command. Each holds modules as functions
// that take `require`, `module` and the command's place (scripts/bundle-command.mjs), because finding, reading and
// linking forty ECMAScript modules took longer than a short command's own work (bench/results/start.md).
//
// Compiling takes as long again, so V8's compiled code lies beside each file. The build writes it; for another version
// of Node.js the first run by the package's owner writes it. V8 refuses code that another version or other flags made
// (nodejs.org/api/vm.html, cachedData) and then compiles as usual.
import type { Script as CompiledScript } from 'node:vm'

// This is faster than an import of Node's own modules.
const { readFileSync, renameSync, rmSync, statSync, writeFileSync } = process.getBuiltinModule('node:fs')
const { Script } = process.getBuiltinModule('node:vm')

/**
 * A run of a tenth of a second ends before optimizing pays, so the V8 of Node.js 20 waits six times its usual time before
 * it optimizes. Later versions lack the flag. commands/optimizing.ts ends the wait for long input. node:v8 loads all
 * streams of Node.js, which takes 5 ms. The quicker way is deprecated (DEP0111) but exists in every Node.js 20, and
 * node --experimental-permission refuses it.
 */
function optimizeLater(): void {
  if (!process.versions.v8.startsWith('11.3.')) return
  const flag = '--interrupt-budget=400000'
  const quick = process as unknown as {
    noDeprecation?: boolean
    binding(name: 'v8'): { setFlagsFromString(flags: string): void }
  }
  const { noDeprecation = false } = quick
  quick.noDeprecation = true
  try {
    quick.binding('v8').setFlagsFromString(flag)
  } catch {
    process.getBuiltinModule('node:v8').setFlagsFromString(flag)
  }
  quick.noDeprecation = noDeprecation
}
// V8 refuses code that was kept under other flags.
optimizeLater()

const folder = `${import.meta.dirname}/command`
const codeEnding = `.v8-${process.versions.v8}-${process.arch}`

interface LoadedModule {
  exports: unknown
}
type Body = (
  require: (name: string) => unknown,
  module: LoadedModule,
  url: string,
  folder: string,
  file: string,
) => void

const files = new Map<string, Readonly<Record<string, Body>>>()
const loaded = new Map<string, LoadedModule>()
const compiled = new Map<string, CompiledScript>()

/** Loads a module of the command by its name (`./FILE#MODULE`), a module of Node.js, or a package. */
export function load(name: string): unknown {
  if (!name.startsWith('./')) {
    return (
      process.getBuiltinModule(name) ??
      process.getBuiltinModule('node:module').createRequire(import.meta.url)(name)
    )
  }
  const before = loaded.get(name)
  if (before !== undefined) return before.exports
  const module: LoadedModule = { exports: {} }
  loaded.set(name, module)
  const [file = '', own = ''] = name.slice(2).split('#')
  const bodies = files.get(file) ?? (compile(`${folder}/${file}`).runInThisContext() as Record<string, Body>)
  files.set(file, bodies)
  bodies[own]?.(load, module, import.meta.url, folder, `${folder}/cli.js`)
  return module.exports
}

/** The names of the modules that were loaded. */
export function loadedModules(): readonly string[] {
  return [...loaded.keys()]
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

/** Writes V8's compiled code beside files that had none. Only the package's owner writes there. */
export function keepCode(): void {
  if (compiled.size === 0 || statSync(folder).uid !== process.geteuid?.()) return
  optimizeLater()
  for (const [filename, script] of compiled) {
    const unfinished = `${filename}.${process.pid}`
    try {
      writeFileSync(unfinished, script.createCachedData(), { flag: 'wx' })
      renameSync(unfinished, filename + codeEnding)
    } catch {
      // On a full or read-only disk the next run compiles again.
      rmSync(unfinished, { force: true })
      return
    }
  }
}
