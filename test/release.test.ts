// A release writes the project's home page into the package and the executables, from one place.
import { execa } from 'execa'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'

const root = resolve(import.meta.dirname, '..')
const script = join(root, 'scripts/set-repository.mjs')

t.test('package.json is given its repository, homepage and page for bugs, and keeps the rest', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-release-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'))
  await execa(process.execPath, [script, 'https://git.example/o/n'], { cwd: folder })
  const { repository, homepage, bugs, ...rest } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  )
  t.same(repository, { type: 'git', url: 'git+https://git.example/o/n.git' })
  t.equal(homepage, 'https://git.example/o/n#readme')
  t.same(bugs, { url: 'https://git.example/o/n/issues' })
  t.same(rest, JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')))
  for (const page of ['', 'git.example/o/n', 'https://git.example/', 'https://git.example/o/n#readme'])
    t.equal((await execa(process.execPath, [script, page], { cwd: folder, reject: false })).exitCode, 2, page)
})

t.test('every job of the release that ships package.json runs it before', async (t) => {
  const { jobs } = parse(readFileSync(join(root, '.github/workflows/release.yml'), 'utf8')) as {
    jobs: Record<string, { steps: { run?: string }[] }>
  }
  const ships = /npm publish|make-executable/
  for (const [name, { steps }] of Object.entries(jobs)) {
    const runs = steps.map(({ run = '' }) => run)
    const shipped = runs.findIndex((run) => ships.test(run))
    if (shipped < 0) continue
    const set = runs.findIndex((run) =>
      run.includes('scripts/set-repository.mjs "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY"'),
    )
    t.ok(set >= 0 && set < shipped, name)
  }
})
