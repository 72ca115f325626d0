// The evidence of 32-bit programs: the same source, compiled for both, leaves the same rows. Calls that only i386 has
// tell what was done with them.
import { execa } from 'execa'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { ObservedContext } from '../../src/read/observations/context.ts'
import { recorders } from '../../src/record/recorders.ts'
import { run } from '../../src/record/runner/index.ts'
import { noEbpf } from './command.ts'
import { told } from './contexts/told.ts'
import { oldest, steps } from './kernels/programs.ts'
import { skipFile } from './skip.ts'

skipFile((await noEbpf()) ?? (process.arch === 'x64' ? undefined : 'the programs are those of x86'))
const work = t.testdir()
/** The same name for all, which rows have. */
const at = (name: string): string => join(work, name, 'steps')
const compile = async (name: string, source: string, ...options: readonly string[]) => {
  mkdirSync(join(work, name))
  writeFileSync(`${at(name)}.c`, source)
  const words = ['-O1', '-w', '-static', ...options, '-o', at(name), `${at(name)}.c`]
  return execa('gcc', words, { reject: false })
}
const made = [
  await compile('wide', steps),
  await compile('narrow', steps, '-m32', '-D_FILE_OFFSET_BITS=64', '-D_TIME_BITS=64'),
  await compile('oldest', oldest, '-m32'),
]
const cannot = made.some(({ failed }) => failed)
  ? 'gcc makes no static 32-bit programs'
  : (await execa(at('oldest'), { cwd: work, reject: false })).code === 'ENOEXEC'
    ? 'this kernel runs no 32-bit programs'
    : undefined
skipFile(cannot)

/** Records the program in a directory of its own; the paths of rows are below it. */
async function recorded(name: string): Promise<ObservedContext | undefined> {
  const place = join(work, name, 'place')
  mkdirSync(place)
  const options = { recorder: 'ebpf', streams: 'ignore', command: [at(name), place] } as const
  const { observations } = await run(recorders.ebpf, { name, options, scope: 'filtered' })
  const [context] = observations.context ?? []
  const text = JSON.stringify(context).replaceAll(place, '/place').replaceAll(at(name), '/program')
  return context && (JSON.parse(text) as ObservedContext)
}

t.test('the same source for both', async (t) => {
  const [wide, narrow] = [await recorded('wide'), await recorded('narrow')]
  if (wide === undefined || narrow === undefined) return t.fail('no evidence')
  for (const [list, rows] of Object.entries(told(wide))) {
    t.ok(rows.length > 0 || list === 'lost', list)
    t.strictSame(told(narrow)[list], rows, list)
  }
  // What the source says, in the calls' own words.
  t.match(narrow.binds, [{ port: 81, family: 'inet' }])
  t.match(
    narrow.changes.filter(({ kind }) => kind === 'chown').map(({ toUid, toGid }) => [toUid, toGid]),
    [
      [33, 33],
      [undefined, 34],
      [35, 35],
    ].sort(),
  )
  t.match(narrow.userNamespaces, [{ call: 'unshare' }])
  t.match(
    narrow.executions.find(({ refused }) => refused !== undefined),
    { path: '/dev/null', refused: 'EACCES' },
  )
  t.equal(narrow.changes.find(({ kind }) => kind === 'bind')?.granted, undefined, 'the other bind’s')
})

t.test('calls of i386 alone', async (t) => {
  const context = await recorded('oldest')
  if (context === undefined) return t.fail('no evidence')
  t.match(context.binds, [{ port: 82, family: 'inet' }])
  t.match(context.identities, [{ call: 'setuid', uid: 33, euid: 33, suid: 33 }])
  const changes = context.changes.map(({ kind, call, path, toUid, toGid }) => [
    kind,
    call,
    path,
    toUid,
    toGid,
  ])
  t.strictSame(
    changes.sort(),
    [
      ['bind', 'bind', '/place/socket', undefined, undefined],
      ['chown', 'chown', '/place/socket', undefined, 33],
    ],
    '0xffff changes nothing',
  )
  t.match(
    context.reads.filter(({ kind }) => kind === 'map-exec'),
    [{ call: 'mmap', path: '/program' }],
  )
  const own = context.checks.filter(({ own, capability }) => own && capability !== 'CAP_SYS_ADMIN')
  t.strictSame(own.map(({ capability, call, argument }) => [capability, call, argument]).sort(), [
    ['CAP_CHOWN', 'chown', undefined],
    ['CAP_NET_BIND_SERVICE', 'bind', undefined],
    ['CAP_SETUID', 'setuid', '33'],
  ])
})
