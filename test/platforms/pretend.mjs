// Loaded before the built command (node --import): makes Node.js look like macOS or Windows to the command. PRETEND
// selects the system. Linux's own parts are missing: /proc, /sys, the native module. On Windows paths have drives and
// backslashes, nobody has a uid, and the end of a pipe on descriptor 0 is the error EOF (libuv, src/win/pipe.c).
import fs from 'node:fs'
import { Module, syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import path from 'node:path'

const platform = process.env['PRETEND']
const isWindows = platform === 'win32'
Object.defineProperty(process, 'platform', { value: platform })
os.platform = () => platform

const absent = /^\/(?:proc|sys|dev\/(?!null$|fd\b|std))/
function failure(code, words, call, name) {
  return Object.assign(new Error(`${code}: ${words}, ${call} '${name}'`), { code, syscall: call })
}

/** The path on this machine. Throws if the pretended system lacks it. */
function real(name, call) {
  if (typeof name !== 'string') return name
  const here = isWindows ? name.replace(/^[A-Za-z]:/, '').replaceAll('\\', '/') : name
  if (absent.test(here) || (isWindows && here.startsWith('/dev/')))
    throw failure('ENOENT', 'no such file or directory', call, name)
  return here
}

const drive = (name) => {
  if (!isWindows || typeof name !== 'string') return name
  return `${name.startsWith('/') ? 'C:' : ''}${name.replaceAll('/', '\\')}`
}
const twoNames = new Set(['rename', 'link', 'symlink', 'copyFile'])
const namesBack = new Set(['realpath', 'mkdtemp', 'readlink'])

function wrapped(call, original, kind) {
  const base = call.replace(/Sync$/, '')
  const prepare = (given) =>
    given.map((each, index) => (index === 0 || (index === 1 && twoNames.has(base)) ? real(each, base) : each))
  // Not the results of synchronous calls, because Node's own loader makes those.
  const back = (result) => (namesBack.has(base) && kind !== 'sync' ? drive(result) : result)
  if (kind === 'promise') return async (...given) => back(await original(...prepare(given)))
  if (kind === 'sync') return (...given) => back(original(...prepare(given)))
  return (...given) => {
    const done = given.at(-1)
    if (typeof done !== 'function') return original(...prepare(given))
    try {
      return original(...prepare(given).slice(0, -1), (error, ...result) => done(error, ...result.map(back)))
    } catch (error) {
      process.nextTick(done, error)
    }
  }
}

const paths =
  'access appendFile chmod chown copyFile link lstat mkdir mkdtemp open opendir readdir readFile readlink realpath rename rm rmdir stat symlink truncate unlink utimes writeFile'
for (const call of paths.split(' ')) {
  fs.promises[call] = wrapped(call, fs.promises[call].bind(fs.promises), 'promise')
  if (fs[call] !== undefined) fs[call] = wrapped(call, fs[call], 'callback')
  if (fs[`${call}Sync`] !== undefined) fs[`${call}Sync`] = wrapped(`${call}Sync`, fs[`${call}Sync`], 'sync')
}
for (const call of ['createReadStream', 'createWriteStream', 'existsSync'])
  fs[call] = wrapped(call, fs[call], 'sync')

const resolveFilename = Module['_resolveFilename']
Module['_resolveFilename'] = (name, ...rest) => {
  if (name === 'koffi')
    throw Object.assign(new Error("Cannot find module 'koffi'"), { code: 'MODULE_NOT_FOUND' })
  return resolveFilename(name, ...rest)
}

if (isWindows) {
  for (const name of ['getuid', 'geteuid', 'getgid', 'getegid', 'getgroups']) delete process[name]
  const { read } = fs
  fs.read = (descriptor, ...given) => {
    const done = given.pop()
    read(descriptor, ...given, (error, bytesRead, buffer) => {
      if (descriptor === 0 && error === null && bytesRead === 0)
        done(failure('EOF', 'end of file', 'read', ''), 0, buffer)
      else done(error, bytesRead, buffer)
    })
  }
  fs.read[Symbol.for('nodejs.util.promisify.custom')] = (...given) =>
    new Promise((resolve, reject) => {
      fs.read(...given, (error, bytesRead, buffer) =>
        error ? reject(error) : resolve({ bytesRead, buffer }),
      )
    })
  // The built command gets Node's modules here. Before that, Node's loader still needs the paths of this machine.
  const builtin = process.getBuiltinModule
  const cwd = process.cwd()
  process.getBuiltinModule = (name) => {
    process.cwd = () => drive(cwd)
    return /^(?:node:)?path$/.test(name) ? path.win32 : builtin(name)
  }
}
syncBuiltinESMExports()
