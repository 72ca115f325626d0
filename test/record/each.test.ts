// `trace --each`: the cgroups that are containers of runc or crun, and the file names of containers.
import t from 'tap'
import { runtimeContainer } from '../../src/record/each/engines.ts'
import { fileNames } from '../../src/record/each/names.ts'
import { fileName, nameOfImage } from '../../src/record/file-name.ts'

t.test('the container that a runtime was told to run, by the directory of its cgroup', async (t) => {
  const rows: readonly (readonly [directory: string, words: string, id: string | undefined])[] = [
    ['web', 'runc run web', 'web'],
    ['web', '/usr/sbin/runc --root /r run -d --bundle b web', 'web'],
    ['runc-web.scope', 'runc --systemd-cgroup run web', 'web'],
    ['web', 'crun start web', 'web'],
    ['web', 'runc delete web', undefined],
    ['web', 'docker run web', undefined],
    ['other', 'runc run web', undefined],
    ['web.service', 'runc run web', undefined],
  ]
  for (const [directory, words, id] of rows)
    t.equal(runtimeContainer(directory, [{ pid: 1, words: words.split(' ') }]), id, `${directory}: ${words}`)
})

t.test('files are named after what the user wrote, and no two alike', async (t) => {
  const of = (base: string, service?: string) => ({
    engine: 'docker',
    base,
    shown: base,
    ...(service !== undefined && { service }),
  })
  const names = fileNames([
    ['a', of('app')],
    ['b', of('app')],
    ['c', of('web', 'shop/web')],
    ['d', of('web', 'shop/web')],
    ['e', of('web', 'blog/web')],
    ['f', of('../../etc/passwd')],
    ['g', of('app-2')],
  ])
  t.strictSame(Object.fromEntries(names), {
    a: 'app',
    b: 'app-2',
    c: 'web',
    d: 'web',
    e: 'web-2',
    f: '_._.._etc_passwd',
    g: 'app-2-2',
  })
})

t.test('a name is one part of a path', async (t) => {
  const rows: readonly (readonly [name: string, file: string])[] = [
    ['web', 'web'],
    ['.hidden', '_hidden'],
    ['-o', '_o'],
    ['a/b c\n', 'a_b_c_'],
    ['', 'container'],
    ['x'.repeat(300), 'x'.repeat(200)],
  ]
  for (const [name, file] of rows) t.equal(fileName(name), file)
  const images: readonly (readonly [image: string, name: string])[] = [
    ['nginx', 'nginx'],
    ['localhost:5000/team/app:1.2', 'app'],
    ['ghcr.io/team/app@sha256:00', 'app'],
    ['app:1@sha256:00', 'app'],
  ]
  for (const [image, name] of images) t.equal(nameOfImage(image), name)
})
