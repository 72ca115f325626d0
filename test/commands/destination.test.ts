// Where a result goes: the file that the kernel finds under the name, and never another user's in a shared directory.
import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { execa } from 'execa'
import { join } from 'node:path'
import t from 'tap'
import { destination, ownFile } from '../../src/commands/destination.ts'
import { transcript } from './world.ts'

const isRoot = process.getuid?.() === 0
const somebody = 65534

t.test('x/../y is beside what the link x leads to', async (t) => {
  const cwd = t.testdir({ far: { away: {} } })
  symlinkSync(join(cwd, 'far/away'), join(cwd, 'x'))
  t.equal((await destination('x/../y', cwd)).path, join(cwd, 'far/y'))
  symlinkSync('x/../y', join(cwd, 'link'))
  t.equal((await destination('link', cwd)).path, join(cwd, 'far/y'))
  const { status } = await transcript(['syscalls', 'read', '-o', 'x/../y'], cwd)
  t.equal(status, 0)
  t.match(readFileSync(join(cwd, 'far/y'), 'utf8'), /read/)
})

t.test(
  'in a sticky directory for all',
  { skip: isRoot ? false : 'only root makes files of others' },
  async (t) => {
    const cwd = t.testdir({ precious: 'mine', shared: {}, plain: {} })
    const shared = join(cwd, 'shared')
    chmodSync(shared, 0o1777)
    const put = (name: string, owner: number): void => {
      symlinkSync(join(cwd, 'precious'), join(shared, `${name}-link`))
      writeFileSync(join(shared, name), 'theirs')
      for (const each of [name, `${name}-link`]) lchownSync(join(shared, each), owner, owner)
    }
    put('theirs', somebody)
    put('ours', 0)
    for (const name of ['theirs', 'theirs-link']) {
      const { status, stderr } = await transcript(['syscalls', 'read', '-o', `shared/${name}`], cwd)
      t.equal(status, 2, name)
      t.match(stderr, /another user put a file or a link there/)
    }
    t.equal(readFileSync(join(cwd, 'precious'), 'utf8'), 'mine')
    for (const name of ['ours', 'ours-link', 'new'])
      t.equal((await transcript(['syscalls', 'read', '-o', `shared/${name}`], cwd)).status, 0, name)
    t.not(readFileSync(join(cwd, 'precious'), 'utf8'), 'mine', 'a link of ours is followed')
    const file = join(cwd, 'plain/file')
    writeFileSync(file, 'theirs')
    chownSync(file, somebody, somebody)
    chmodSync(file, 0o4755)
    t.equal((await transcript(['syscalls', 'read', '-o', 'plain/file'], cwd)).status, 0)
    const { uid, mode } = lstatSync(file)
    t.strictSame(
      [uid, mode & 0o7777],
      [0, 0o755],
      'what we write is not given away, nor with another’s rights',
    )
  },
)

t.test('a hook writes to files of its own only', async (t) => {
  const cwd = t.testdir({ file: '', directory: {} })
  symlinkSync('file', join(cwd, 'link'))
  await execa('mkfifo', [join(cwd, 'fifo')])
  mkdirSync(join(cwd, 'new'))
  t.equal((await ownFile('new/one', cwd)).path, join(cwd, 'new/one'))
  t.equal((await ownFile('file', cwd)).existing?.isFile(), true)
  for (const name of ['link', 'fifo', 'directory', '/dev/null'])
    await t.rejects(ownFile(name, cwd), { code: 'not-own-file' }, name)
})
