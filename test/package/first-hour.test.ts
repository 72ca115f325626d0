// docs/first-hour.md shows what its commands print on a new machine without Node.js, as root and as an ordinary user.
// debootstrap makes the machine, scripts/make-executable.ts the program to install.
import { execa } from 'execa'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'
import { firstHour, whyNoStranger } from '../../scripts/first-hour.ts'
import { noEbpf, noStrace } from '../live/command.ts'

const root = resolve(import.meta.dirname, '../..')
const why = (await whyNoStranger()) ?? (await noEbpf()) ?? (await noStrace())

t.test('the page shows what a new machine prints', { skip: why ?? false, timeout: 600_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-first-hour-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const executable = join(folder, 'seccomp-gen')
  const made = await execa('npx', ['tsx', 'scripts/make-executable.ts', '-o', executable], {
    cwd: root,
    reject: false,
    timeout: 240_000,
  })
  if (made.failed) {
    t.comment('skipped: Node 26 cannot be had from the registry here')
    return
  }
  const page = readFileSync(join(root, 'docs/first-hour.md'), 'utf8')
  // SECCOMP_GEN_STRANGER names a machine made before.
  const found = await firstHour(executable, process.env['SECCOMP_GEN_STRANGER']).catch((error: Error) => {
    if (/debootstrap/.test(error.message)) return undefined
    throw error
  })
  if (found === undefined) {
    t.comment('skipped: the archive of Debian does not answer')
    return
  }
  // The kernel and libc decide how many calls a run makes; the distribution, which version sandboxes it.
  const plain = (text: string): string => text.replaceAll(/\d+/g, 'N')
  t.equal(plain(found), plain(page))
  t.match(found, /passes: ls\.json suffices: nothing was refused \(seen by strace/, 'an ordinary user')
  t.match(found, /passes: ls\.json suffices: nothing was refused \(seen by ebpf/, 'root')
})
