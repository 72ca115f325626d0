// Unpacks a package of Debian's archive and all its libraries into a folder, without touching installed packages, and
// makes its program use the loader and libraries of its own release. Needs apt, dpkg-deb and patchelf. Prints the path
// of the program:
//   npx tsx scripts/unpack-runtime.ts trixie runc /tmp/runc-trixie
//   npx tsx scripts/measure-floor.ts runc /tmp/runc-trixie/runc 'runc 1.1.15+ds1-2+b4, Debian 13'
// A suite that builds on another follows it: "sid experimental" takes runc from experimental.
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { unpackPackages } from './debian-archive.ts'

const [suites, name, folder] = process.argv.slice(2)
if (suites === undefined || name === undefined || folder === undefined) {
  throw new Error('usage: npx tsx scripts/unpack-runtime.ts "SUITE..." runc|crun DIRECTORY')
}
const directory = resolve(folder)
const root = unpackPackages(directory, {
  suites: suites.split(' '),
  architecture: 'amd64',
  packages: [name],
})

const found = ['usr/sbin', 'usr/bin'].map((path) => join(root, path, name)).find((path) => existsSync(path))
if (found === undefined) throw new Error(`the package ${name} has no program of its name`)
const libraries = ['lib', 'usr/lib']
  .map((path) => join(root, path, 'x86_64-linux-gnu'))
  .filter((path) => existsSync(path))
const loader = libraries.map((path) => join(path, 'ld-linux-x86-64.so.2')).find((path) => existsSync(path))
if (loader === undefined) throw new Error(`no loader came with ${name}`)
const program = join(directory, name)
copyFileSync(found, program)
// The program gets a run path, because runc starts itself again with an empty environment, without LD_LIBRARY_PATH.
const path = libraries.join(':')
execFileSync('patchelf', ['--set-interpreter', loader, '--force-rpath', '--set-rpath', path, program])
process.stdout.write(`${program}\n`)
