// The programs that are permanent enough to be a hook.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { whyNotForGood } from '../../src/commands/hook-program.ts'

for (const [path, why] of [
  ['/home/me/bin/seccomp-gen', /in a home/],
  ['/root/.nvm/versions/node/v20/bin/node', /in a home/],
  ['/root/.npm/_npx/1a2b/node_modules/.bin/seccomp-gen', /in a cache/],
  ['/home/me/.cache/seccomp-gen', /in a cache/],
  ['/tmp/seccomp-gen', /for temporary files/],
  ['/var/tmp/x/seccomp-gen', /for temporary files/],
] as const)
  t.match(whyNotForGood(path), why, path)

t.test(
  'what others can change',
  { skip: process.getuid?.() === 0 ? false : 'files are made by root' },
  async (t) => {
    const place = mkdtempSync('/opt/seccomp-gen-test-')
    t.teardown(() => rmSync(place, { recursive: true }))
    chmodSync(place, 0o755)
    mkdirSync(join(place, 'bin'))
    const program = join(place, 'bin/program')
    writeFileSync(program, '')
    t.equal(whyNotForGood(program), undefined)
    symlinkSync(program, join(place, 'link'))
    for (const [about, change] of [
      ['the file', () => chownSync(program, 65534, 65534)],
      ['its directory', () => chownSync(join(place, 'bin'), 65534, 65534)],
      ['the rights of the directory above', () => chmodSync(place, 0o777)],
    ] as const) {
      change()
      t.match(
        whyNotForGood(join(place, 'link')),
        /others than root can change \/opt\/seccomp-gen-test-/,
        about,
      )
      chownSync(program, 0, 0)
      chownSync(join(place, 'bin'), 0, 0)
      chmodSync(place, 0o755)
    }
  },
)
