// Modes of directories below another root, through links as a process with that root would follow them.
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { LiveDirectories } from '../../src/record/ebpf/context/live-directories.ts'

const root = t.testdir({ file: '' })
const directory = (path: string, mode: number): void => {
  mkdirSync(join(root, path), { recursive: true })
  chmodSync(join(root, path), mode)
}
directory('var', 0o755)
directory('run', 0o711)
directory('run/app', 0o750)
directory('var/tmp', 0o1777)
directory('other', 0o700)
symlinkSync('/run', join(root, 'var/run'))
symlinkSync('../../../../../run/app', join(root, 'var/app'))
symlinkSync('loop', join(root, 'loop'))
symlinkSync('/other', join(root, 'away'))
// What the recorder itself has at this path is not below the root.
symlinkSync(root, join(root, 'outside'))

function modesOf(path: string, mayAsk: (path: string) => boolean = () => true): readonly string[] {
  const asked = new LiveDirectories()
  asked.ask(root, path, mayAsk)
  return [...asked.found].map(([found, { mode }]) => `${found} ${(mode & 0o7777).toString(8)}`)
}

const rows: readonly (readonly [path: string, modes: readonly string[], says: string])[] = [
  ['/var/tmp', ['/var 755', '/var/tmp 1777'], 'the directory and those above'],
  ['/var/run/app', ['/var 755', '/var/run 711', '/var/run/app 750'], 'an absolute link starts from the root'],
  ['/var/app', ['/var 755', '/var/app 750'], 'the directory above the root is the root'],
  ['/outside', [], 'an absolute link does not leave the root'],
  ['/loop/x', [], 'a link to itself'],
  ['/file/x', [], 'a file'],
  ['/var/none/x', ['/var 755'], 'what is not there'],
  ['/', [], 'the root itself, which the start shows'],
]

t.test('directories below a root', (t) => {
  for (const [path, modes, says] of rows) t.strictSame(modesOf(path), modes, says)
  const asks: string[] = []
  const modes = modesOf('/away/x', (path) => {
    asks.push(path)
    return path !== '/other'
  })
  t.strictSame(
    [modes, asks],
    [[], ['/away', '/other']],
    'another file system is not asked, nor through a link',
  )
  t.end()
})
