// Images built with buildah, in the three saved forms: the scan finds the program as the engine would, with its
// libraries in the image, and reaches the calls that were recorded.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import type { Reachable } from '../../src/index.ts'
import { transcript } from '../commands/world.ts'
import { compiled } from '../scan/assemble.ts'
import { skipFile } from './skip.ts'

const tools = ['buildah', 'gcc', 'strace'].filter(
  (each) => spawnSync(each, ['--version']).error !== undefined,
)
skipFile(
  process.arch !== 'x64'
    ? 'no machine for the program'
    : process.getuid?.() !== 0
      ? 'buildah is run as root here, and this is not root'
      : tools.length > 0
        ? `no ${tools.join(' and no ')} here`
        : undefined,
)
t.setTimeout(300_000)

const work = mkdtempSync(join(tmpdir(), 'seccomp-gen-scan-images-'))

function said(words: readonly [string, ...string[]]): string {
  const { status, stdout, stderr } = spawnSync(words[0], words.slice(1), { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
  return stdout
}

const buildah = (...words: readonly string[]): string =>
  said([
    'buildah',
    '--root',
    join(work, 'root'),
    '--runroot',
    join(work, 'run'),
    '--storage-driver',
    'vfs',
    ...words,
  ])

t.teardown(() => {
  // vfs mounts nothing: its containers are plain directories.
  rmSync(work, { recursive: true, force: true })
})

function put(place: string, bytes: Uint8Array | string): void {
  mkdirSync(dirname(place), { recursive: true })
  writeFileSync(place, bytes, { mode: 0o755 })
}

const code = (call: string): string =>
  `#include <unistd.h>\n#include <sys/types.h>\nint main() { ${call}(); puts("x"); return 0; }\nint puts(const char *);`

/** The real paths of the program's libraries, as this machine's loader finds them. */
function libraries(program: string): readonly string[] {
  return [...said(['ldd', program]).matchAll(/(\/[^ ]+) \(/g)].map(([, path]) => path as string)
}

/** Builds the image: one layer, and a second one that changes the program and deletes another. */
function build(): void {
  const [below, above] = [join(work, 'below'), join(work, 'above')]
  // Padded, because vfs notices a change within the same second only by the file's size.
  const program = compiled(`${code('getppid')}\nchar pad[9000] = { 1 };`, ['-O2', '-w'])
  put(join(below, 'usr/local/bin/server'), compiled(code('getpgrp'), ['-O2', '-w']))
  put(join(below, 'usr/bin/server'), compiled(code('getpgrp'), ['-O2', '-w', '-static']))
  put(join(above, 'usr/local/bin/server'), program)
  for (const each of libraries(join(above, 'usr/local/bin/server')))
    said(['sh', '-c', 'mkdir -p "$2$(dirname "$1")" && cp -L "$1" "$2$1"', 'sh', each, below])
  const first = buildah('from', 'scratch').trim()
  buildah('copy', '-q', first, below, '/')
  buildah('commit', '-q', first, 'below:1')
  const second = buildah('from', 'below:1').trim()
  buildah('copy', '-q', second, above, '/')
  buildah('config', '--entrypoint', '["server", "--now"]', '--env', 'PATH=/usr/local/bin:/usr/bin', second)
  buildah('commit', '-q', second, 'app:1')
}

t.test('docker save, an OCI layout and an archive of it say the same', async (t) => {
  build()
  const forms = {
    'saved.tar': `docker-archive:${join(work, 'saved.tar')}:app:1`,
    layout: `oci:${join(work, 'layout')}:1`,
    'layout.tar': `oci-archive:${join(work, 'layout.tar')}:1`,
  }
  const found: Reachable[] = []
  for (const [name, where] of Object.entries(forms)) {
    buildah('push', '-q', 'app:1', where)
    const { status, stdout, stderr } = await transcript(
      ['scan', '--no-cache', '--report', 'json', name],
      work,
    )
    t.equal(status, 0, stderr)
    found.push(JSON.parse(stdout) as Reachable)
  }
  const [saved, ...others] = found
  for (const each of others) t.same(each, saved)
  const piped = await transcript(
    ['scan', '--no-cache', '--report', 'json', '-'],
    work,
    readFileSync(join(work, 'saved.tar')),
  )
  t.same(JSON.parse(piped.stdout), saved, 'and on stdin')
  t.same(
    saved?.modules.map(({ name }) => name),
    ['ld-linux-x86-64.so.2', 'libc.so.6', 'server'],
  )
  const calls = saved?.architectures.x86_64 ?? {}
  t.ok(Object.hasOwn(calls, 'getppid'), 'the program of the layer above, by PATH')
  t.notOk(Object.hasOwn(calls, 'getpgrp'), 'not the one below it')
  const trace = join(work, 'trace')
  said(['strace', '-f', '-qq', '-o', trace, join(work, 'above/usr/local/bin/server')])
  const seen = new Set(
    [...said(['cat', trace]).matchAll(/^\d+ +([a-z_0-9]+)\(/gm)].map(([, call]) => call as string),
  )
  t.same(
    [...seen].filter((call) => call !== 'execve' && !Object.hasOwn(calls, call)),
    [],
  )
})
