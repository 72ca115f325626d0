// Generated files are up to date: in a copy that contains the repository only, no script changes a file.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '..')
const places = ['assembly', 'facts', 'profiles', 'schemas', 'scripts', 'src', 'package.json', 'tsconfig.json']

/** The other scripts read a system: its headers, its kernel, its packages, or the program's own answers. */
const scripts = ['make-tables', 'make-builtins', 'make-floors', 'make-validators', 'make-compiled']

function filesOf(directory: string, place: string): readonly string[] {
  if (statSync(join(directory, place)).isFile()) return [place]
  return readdirSync(join(directory, place), { recursive: true, encoding: 'utf8' })
    .map((each) => join(place, each))
    .filter((each) => statSync(join(directory, each)).isFile())
}

t.test('the scripts that make files from files change nothing', async (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'seccomp-gen-copy-'))
  try {
    for (const place of places) cpSync(join(root, place), join(copy, place), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
    for (const script of scripts) {
      execFileSync(process.execPath, [join(copy, 'node_modules/tsx/dist/cli.mjs'), `scripts/${script}.ts`], {
        cwd: copy,
        stdio: 'pipe',
      })
      t.pass(`${script} runs with nothing beside it`)
    }
    const before = places.flatMap((place) => filesOf(root, place))
    t.same(
      places.flatMap((place) => filesOf(copy, place)),
      before,
      'no file comes or goes',
    )
    const changed = before.filter(
      (each) => !readFileSync(join(root, each)).equals(readFileSync(join(copy, each))),
    )
    t.same(changed, [], 'and none is another')
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
})
