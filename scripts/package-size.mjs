// Prints the size of the package, packed and installed, and the number of packages it brings. It measures what is
// installed here: npm installs only this machine's koffi binary.
// Run: node scripts/package-size.mjs
import { execFileSync } from 'node:child_process'
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const npm = (...words) =>
  execFileSync('npm', words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

/** The bytes of the files in a directory, without packages nested inside. */
function sizeOf(directory) {
  let sum = 0
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) sum += entry.name === 'node_modules' ? 0 : sizeOf(path)
    else sum += lstatSync(path).size
  }
  return sum
}
const mega = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`

const [packed] = JSON.parse(npm('pack', '--dry-run', '--ignore-scripts', '--json'))
const [, ...dependencies] = npm('ls', '--omit=dev', '--all', '--parseable').trim().split('\n')
const sizes = dependencies
  .map((path) => [path.replace(/^.*node_modules\//, ''), sizeOf(path)])
  .sort((a, b) => b[1] - a[1])
const sum = sizes.reduce((all, [, size]) => all + size, 0)
const declared = JSON.parse(npm('pkg', 'get', 'dependencies', 'optionalDependencies'))
const count = (of) => Object.keys(declared[of] ?? {}).length

console.log(
  `package: ${packed.entryCount} files, ${mega(packed.size)} packed, ${mega(packed.unpackedSize)} unpacked`,
)
console.log(
  `dependencies: ${count('dependencies')} and ${count('optionalDependencies')} optional; ${sizes.length} packages installed, ${mega(sum)}`,
)
console.log(
  `the largest: ${sizes
    .slice(0, 3)
    .map(([name, size]) => `${name} ${mega(size)}`)
    .join(', ')}`,
)
