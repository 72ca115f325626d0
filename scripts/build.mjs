// Builds dist anew: the library by tsc, and the command by bundle-command.mjs. With --if-stale a dist that was built from
// the same sources, dependencies and Node.js stays: `npm ci`, `npm test` and `npm run test:live` in a row build once.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const read = (path) => readFileSync(join(root, path))

/** The hash of everything that a build reads, with the names, so that a deleted file makes another hash. */
function sources() {
  const below = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))
  const scripts = ['build', 'bundle-command', 'bundle-options', 'browser-options'].map(
    (name) => `scripts/${name}.mjs`,
  )
  const others = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']
  const hash = createHash('sha256').update(process.version)
  for (const path of [...below, ...scripts, ...others].sort()) hash.update(`\0${path}\0`).update(read(path))
  return hash.digest('hex')
}

const stamp = join(root, 'dist/.sources')

/** Whether dist was built from the sources, dependencies and Node.js of now. */
export const isBuilt = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === sources()

if (process.argv[1] === import.meta.filename) {
  if (process.argv.includes('--if-stale') && isBuilt()) console.log('dist is built from these sources')
  else {
    const now = sources()
    // A source file that was deleted leaves no compiled file.
    rmSync(join(root, 'dist'), { recursive: true, force: true })
    const node = (...words) => execFileSync(process.execPath, words, { cwd: root, stdio: 'inherit' })
    node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json')
    node('scripts/bundle-command.mjs')
    writeFileSync(stamp, now)
  }
}
