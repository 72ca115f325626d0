// The containers below a directory of cgroups are followed as directories come and go, also if inotify takes no more
// watches: nodes reach the limit of a user. What is freed is freed whole. Plain directories stand for cgroups here: only
// the number of a directory and its name count. Authority: inotify(7), user_namespaces(7) (max_inotify_watches).
import { execa } from 'execa'
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { plainNode } from '../live/command.ts'
import { ContainerGroups } from '../../src/record/collect/groups.ts'

const groupsModule = resolve(import.meta.dirname, '../../src/record/collect/groups.ts')
const idOf = (letter: string): string => letter.repeat(64)
const inodeOf = (path: string): bigint => statSync(path, { bigint: true }).ino

/** Follows a directory while containers come and go in it, and prints which have ended. Its argument: the directory. */
const script = `
import { mkdirSync, rmdirSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
const { ContainerGroups } = await import(${JSON.stringify(groupsModule)})
const root = process.argv[1]
const make = (path) => mkdirSync(root + '/' + path, { recursive: true })
make('pod1/' + 'a'.repeat(64))
make('pod1/' + 'b'.repeat(64))
const groups = new ContainerGroups(root)
const told = () => groups.all().map(({ id, ended, wasThere }) => [id[0], ended, wasThere])
const all = [told()]
make('pod2/' + 'c'.repeat(64))
rmdirSync(root + '/pod1/' + 'b'.repeat(64))
await wait(700)
groups.refresh()
all.push(told())
groups.close()
console.log(JSON.stringify(all))
`

for (const [what, watches] of [
  ['as many watches as wanted', undefined],
  ['no watch at all', 0],
  ['two watches', 2],
] as const)
  t.test(`containers are found and seen to end: ${what}`, async (t) => {
    const limit = watches === undefined ? 'true' : `echo ${watches} > /proc/sys/user/max_inotify_watches`
    const load = ['--import', import.meta.resolve('tsx/esm'), '--input-type=module', '-e', script]
    const words = ['-Ur', 'sh', '-c', `${limit} && exec "$@"`, 'sh', ...plainNode, ...load, t.testdir()]
    const ran = await execa('unshare', words, { reject: false })
    if (/unshare failed|nonexistent directory/.test(ran.stderr))
      return void t.comment(`skipped: ${ran.stderr}`)
    t.equal(ran.exitCode, 0, ran.stderr)
    t.strictSame(JSON.parse(ran.stdout), [
      [
        ['a', false, true],
        ['b', false, true],
      ],
      [
        ['a', false, true],
        ['b', true, true],
        ['c', false, false],
      ],
    ])
  })

t.test('what has ended is freed, with the directories of no container', (t) => {
  const root = t.testdir()
  const groups = new ContainerGroups(root)
  t.teardown(() => groups.close())
  const [pod, container] = [join(root, 'pod'), join(root, 'pod', idOf('a'))]
  const inner = join(container, 'inner')
  mkdirSync(inner, { recursive: true })
  // A second look finds what inotify has not told yet.
  const again = new ContainerGroups(root)
  t.teardown(() => again.close())
  const [podNumber, number, innerNumber] = [pod, container, inner].map(inodeOf)
  if (podNumber === undefined || number === undefined || innerNumber === undefined) return t.end()
  t.equal(again.ofCgroup(innerNumber)?.id, idOf('a'), 'what is in a container is its own')
  t.equal(again.ofCgroup(podNumber), undefined)
  t.ok(again.isKnown(podNumber))
  rmSync(pod, { recursive: true })
  setTimeout(() => {
    t.strictSame(
      again.all().map(({ ended }) => ended),
      [true],
    )
    t.strictSame(again.forget(new Set([idOf('a')])), new Set([podNumber, number, innerNumber]))
    t.strictSame(again.all(), [])
    for (const each of [podNumber, number, innerNumber]) t.notOk(again.isKnown(each))
    t.strictSame(again.forget(new Set()), new Set(), 'nothing is freed twice')
    t.end()
  }, 300)
})
