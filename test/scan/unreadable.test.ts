// A file that the kernel does not let read is told by its name and cause: it is no defect of seccomp-gen.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { transcript } from '../commands/world.ts'

// Linux answers reads of the first page of any process's memory with EIO (fs/proc/base.c, mem_rw).
const unreadable = '/proc/self/mem'

t.test(
  'a file, a document of an image and a blob that cannot be read',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const root = t.testdir()
    t.match(await transcript(['scan', unreadable], root), {
      status: 2,
      stderr: `seccomp-gen: ${unreadable}: EIO: i/o error\n`,
    })
    t.match(await transcript(['scan', '--no-cache', unreadable], root), { status: 2, stderr: /\/mem: EIO/ })

    mkdirSync(`${root}/layout`)
    symlinkSync(unreadable, `${root}/layout/index.json`)
    t.match(await transcript(['scan', 'layout'], root), {
      status: 2,
      stderr: 'seccomp-gen: layout: index.json: EIO: i/o error\n',
    })

    mkdirSync(`${root}/rootfs`)
    writeFileSync(`${root}/rootfs/a`, '#!/b\n', { mode: 0o755 })
    symlinkSync('/proc/self/mem', `${root}/rootfs/b`)
    const script = await transcript(['scan', 'rootfs', '--program', '/a'], root)
    t.equal(script.status, 2)
    t.notMatch(script.stderr, 'defect')
  },
)

t.test('standard input that breaks off is told', async (t) => {
  const error = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' })
  const told = await transcript(['scan', '-'], t.testdir(), error)
  t.match(told, { status: 2, stderr: 'seccomp-gen: -: EIO: i/o error\n' })
})
