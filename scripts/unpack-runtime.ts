// Unpacks a package of Debian's archive and everything it is linked to into a folder of its own, without touching what
// is installed, and makes its program start from there: the loader and libraries of its own release. Needs apt,
// dpkg-deb and patchelf. Prints the path of the program:
//   npx tsx scripts/unpack-runtime.ts trixie runc /tmp/runc-trixie
//   npx tsx scripts/measure-floor.ts runc /tmp/runc-trixie/runc 'runc 1.1.15+ds1-2+b4, Debian 13'
// A release that builds on another is written after it: "sid experimental" takes runc of experimental.
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const [suites, name, folder] = process.argv.slice(2)
if (suites === undefined || name === undefined || folder === undefined) {
  throw new Error('usage: npx tsx scripts/unpack-runtime.ts "SUITE..." runc|crun DIRECTORY')
}
const directory = resolve(folder)
const root = join(directory, 'root')
const archives = join(directory, 'cache/archives')
for (const each of [root, join(directory, 'lists/partial'), join(archives, 'partial')]) {
  mkdirSync(each, { recursive: true })
}

// An apt that knows only these suites and thinks that nothing is installed, so that libc comes along too.
const releases = suites.split(' ')
const signed = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg arch=amd64]'
const sources = releases.map((suite) => `deb ${signed} http://deb.debian.org/debian ${suite} main\n`)
writeFileSync(join(directory, 'sources'), sources.join(''))
writeFileSync(join(directory, 'status'), '')
const configuration = join(directory, 'apt.conf')
writeFileSync(
  configuration,
  [
    ['Dir::Etc::sourcelist', 'sources'],
    ['Dir::State::lists', 'lists'],
    ['Dir::State::status', 'status'],
    ['Dir::Cache', 'cache'],
  ]
    .map(([key, path = '']) => `${key} "${join(directory, path)}";\n`)
    .concat('Dir::Etc::sourceparts "/dev/null";\n', 'APT::Install-Recommends "false";\n')
    .join(''),
)
const apt = (...words: readonly string[]): void => {
  const env = { ...process.env, APT_CONFIG: configuration }
  execFileSync('apt-get', ['-qq', ...words], { env, cwd: archives, stdio: ['ignore', 2, 2] })
}
apt('update')
apt('install', '-y', '--download-only', name)
// Its dependencies are those of the release below, which are close enough to be taken from there.
if (releases.length > 1) apt('download', `${name}/${releases.at(-1)}`)
const packages = readdirSync(archives).filter((file) => file.endsWith('.deb'))
const version = (file: string): number => Number(file.startsWith(`${name}_`))
for (const each of packages.sort((a, b) => version(a) - version(b) || (a < b ? -1 : 1))) {
  execFileSync('dpkg-deb', ['-x', join(archives, each), root])
}

const found = ['usr/sbin', 'usr/bin'].map((path) => join(root, path, name)).find((path) => existsSync(path))
if (found === undefined) throw new Error(`the package ${name} has no program of its name`)
const libraries = ['lib', 'usr/lib']
  .map((path) => join(root, path, 'x86_64-linux-gnu'))
  .filter((path) => existsSync(path))
const loader = libraries.map((path) => join(path, 'ld-linux-x86-64.so.2')).find((path) => existsSync(path))
if (loader === undefined) throw new Error(`no loader came with ${name}`)
const program = join(directory, name)
copyFileSync(found, program)
// A run path in the program, not LD_LIBRARY_PATH: runc starts itself again with an empty environment.
const path = libraries.join(':')
execFileSync('patchelf', ['--set-interpreter', loader, '--force-rpath', '--set-rpath', path, program])
process.stdout.write(`${program}\n`)
