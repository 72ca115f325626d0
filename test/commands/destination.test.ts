// A result goes to the file that the kernel finds by its name, never to another user's file in a shared directory.
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

t.test(
  'links of others on the way',
  { skip: isRoot ? false : 'only root makes links of others' },
  async (t) => {
    const cwd = t.testdir({ precious: { file: 'mine' }, shared: { theirs: {} }, home: { own: {} } })
    const at = (...names: string[]): string => join(cwd, ...names)
    const link = (target: string, name: string): void => {
      symlinkSync(at(target), at(name))
      lchownSync(at(name), somebody, somebody)
    }
    chmodSync(at('shared'), 0o1777)
    for (const each of ['shared/theirs', 'home', 'home/own']) chownSync(at(each), somebody, somebody)
    link('precious', 'shared/directory')
    link('precious/file', 'shared/theirs/file')
    link('precious', 'home/elsewhere')
    link('home/own', 'home/nearby')
    for (const [name, code] of [
      ['shared/directory/file', 'foreign-file'],
      ['shared/theirs/file', 'foreign-link'],
      ['home/elsewhere/file', 'foreign-link'],
    ] as const)
      await t.rejects(destination(name, cwd), { code }, name)
    t.equal((await destination('home/nearby/x', cwd)).path, at('home/own/x'), 'what is their own is reached')
    for (const each of ['shared/directory', 'shared/directory/new/er']) {
      const { status, stderr } = await transcript(['trace', '--each', each, '--', 'true'], cwd)
      t.equal(status, 125, stderr)
    }
    t.throws(() => lstatSync(at('precious/new')), { code: 'ENOENT' }, 'no directory is made through the link')
  },
)

t.test('under sudo', { skip: isRoot ? false : 'only root gives files away' }, async (t) => {
  const cwd = t.testdir({ home: { deep: {} }, foreign: {}, shared: {} })
  const at = (...names: string[]): string => join(cwd, ...names)
  const [caller, other] = [4242, somebody]
  const sudo = { SUDO_UID: String(caller), SUDO_GID: '4243' }
  chownSync(at('home'), caller, caller)
  chownSync(at('foreign'), other, other)
  chmodSync(at('shared'), 0o1777)
  for (const [name, owner] of [
    ['home/theirs', other],
    ['shared/callers', caller],
    ['home/roots', 0],
  ] as const) {
    writeFileSync(at(name), '')
    chownSync(at(name), owner, owner)
  }
  symlinkSync(at('home/deep/new'), at('home/to-deep'))
  symlinkSync(at('foreign/linked'), at('home/to-foreign'))
  symlinkSync(at('home/precious'), at('shared/callers-link'))
  lchownSync(at('shared/callers-link'), caller, caller)
  const write = (file: string, env: Readonly<Record<string, string>> = sudo) =>
    transcript(['syscalls', 'read', '-o', file], cwd, undefined, env)
  const owners = [
    ['home/new', 'home/new', caller, 'a new file of the caller’s directory is the caller’s'],
    ['shared/new', 'shared/new', caller, 'so is one in a directory for all'],
    ['shared/callers', 'shared/callers', caller, 'a file of the caller’s stays theirs'],
    ['home/roots', 'home/roots', 0, 'a file of root’s stays root’s'],
    ['home/theirs', 'home/theirs', 0, 'another user’s file is not given to the caller, nor to that user'],
    ['foreign/new', 'foreign/new', 0, 'a new file elsewhere is root’s'],
    ['home/to-deep', 'home/deep/new', 0, 'a link does not make a file of root’s directory the caller’s'],
    ['home/to-foreign', 'foreign/linked', 0, 'nor one of another user’s'],
  ] as const
  for (const [file, written, owner, about] of owners) {
    const { status, stderr } = await write(file)
    t.equal(status, 0, `${file}: ${stderr}`)
    t.equal(lstatSync(at(written)).uid, owner, about)
  }
  t.equal(lstatSync(at('home/new')).gid, 4243)
  const { status, stderr } = await write('shared/callers-link')
  t.equal(status, 2, 'a link of the caller’s in a directory for all is not followed')
  t.match(stderr, /another user put a file or a link there/)
  for (const [name, env] of [
    ['a', { SUDO_UID: '0', SUDO_GID: '0' }],
    ['b', { SUDO_UID: '4294967295', SUDO_GID: '1' }],
    ['c', { SUDO_UID: '1x', SUDO_GID: '1' }],
    ['d', { SUDO_UID: '1' }],
  ] as const) {
    t.equal((await write(`home/${name}`, env)).status, 0, name)
    t.equal(lstatSync(at(`home/${name}`)).uid, 0, `${name}: nobody is named`)
  }
})

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
