// `harden` as a command: its inputs, its outputs and its status.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'
import { printObservations } from '../../src/index.ts'
import { check, container, identity, observations, opened } from '../harden/rows.ts'
import { transcript } from './world.ts'

const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-harden-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const example = resolve(import.meta.dirname, '../../examples/harden/nginx.observations.json')
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')

t.test('a context is read back, and printed as the observations were', async (t) => {
  const json = await transcript(
    ['harden', example, '--user', '33', '--as', 'json', '-o', 'context.json'],
    folder,
  )
  t.match(json, { status: 0, stdout: '', stderr: '' })
  for (const form of ['text', 'json', 'kubernetes', 'docker', 'podman', 'compose']) {
    const [one, other] = [
      await transcript(['harden', 'context.json', '--as', form], folder),
      await transcript(['harden', example, '--user', '33', '--as', form], folder),
    ]
    t.equal(one.stdout, other.stdout, form)
    t.equal(one.status, 0)
  }
  for (const words of [
    ['--as', 'apparmor'],
    ['--user', '5'],
  ])
    t.match(await transcript(['harden', 'context.json', ...words], folder), {
      status: 2,
      stdout: '',
      stderr: /need|made from observations/,
    })
})

t.test('status 1 where something of root’s doing would be refused to who is asked for', async (t) => {
  const evidence = container({
    identities: [identity(33, 33)],
    reads: [opened('/etc/key', { fileMode: '0600' })],
    checks: [check({ capability: 'CAP_KILL' })],
  })
  write('key.json', printObservations(observations(evidence)))
  t.equal((await transcript(['harden', 'key.json'], folder)).status, 0)
  const asked = await transcript(['harden', 'key.json', '--user', '33'], folder)
  t.equal(asked.status, 1)
  t.match(asked.stdout, /1 of root’s 1 opens and changes would be refused to uid 33/)
})

t.test('a manifest is written whole, or not at all', async (t) => {
  const manifest = 'services:\n  nginx: # ours\n    image: nginx\n'
  write('compose.yaml', manifest)
  const elsewhere = await transcript(
    ['harden', example, '--patch', 'compose.yaml', '-o', 'other.yaml'],
    folder,
  )
  t.equal(elsewhere.status, 0)
  t.equal(read('compose.yaml'), manifest, 'with -o the manifest stays')
  const patched = await transcript(['harden', example, '--patch', 'compose.yaml'], folder)
  t.match(patched, { status: 0, stdout: '', stderr: /patched: nginx/ })
  t.equal(read('compose.yaml'), read('other.yaml'))
  t.match(read('compose.yaml'), /nginx: # ours\n {4}image: nginx\n {4}cap_drop:/)
  write('broken.yaml', 'services: [\n')
  t.match(await transcript(['harden', example, '--patch', 'broken.yaml'], folder), {
    status: 2,
    stderr: /^seccomp-gen: broken\.yaml:\d+: is not valid YAML/,
  })
  t.equal(read('broken.yaml'), 'services: [\n')
})

t.test('the pod of a quadlet is the file beside it', async (t) => {
  write('nginx.container', '[Container]\nImage=nginx\nPod=app.pod\n')
  const words = ['harden', example, '--patch', 'nginx.container', '-o', 'patched.container']
  const alone = await transcript(words, folder)
  t.match(alone, {
    status: 0,
    stderr:
      'app.pod cannot be read beside nginx.container: the network and the volumes of the pod are not known',
  })
  write('app.pod', '[Pod]\nNetwork=host\n')
  const beside = await transcript(words, folder)
  t.equal(beside.status, 0)
  t.notMatch(beside.stderr, /app\.pod/)
})

t.test('the drop-ins of a quadlet are below the directories beside it', async (t) => {
  write('web-a@.container', '[Container]\nImage=nginx\n')
  for (const each of ['container.d', 'web-.container.d', 'web-a@.container.d', 'late.pod.d'])
    mkdirSync(join(folder, each))
  write('container.d/20.conf', '[Container]\nReadOnly=false\n')
  write('web-.container.d/20.conf', '[Container]\nPod=late.pod\nReadOnly=false\n')
  write('web-.container.d/30', '[Container]\nNoNewPrivileges=false\n')
  write('web-a@.container.d/10.conf', '[Container]\nReadOnly=true\n')
  write('late.pod', '[Pod]\n')
  write('late.pod.d/a.conf', '[Pod]\nVolume=a:/run\n')
  mkdirSync(join(folder, 'container.d/40.conf'))
  const words = ['harden', example, '--patch', 'web-a@.container', '-o', 'patched.container']
  const { status, stderr } = await transcript(words, folder)
  t.equal(status, 0)
  t.match(stderr, /drop-ins that win over the context: web-\.container\.d\/20\.conf: ReadOnly=false\n/)
  t.match(stderr, 'container.d/40.conf cannot be read: its settings are not known')
  t.notMatch(stderr, /late\.pod/)
  t.match(read('patched.container'), /^ReadOnly=true$/m)
  t.notMatch(read('patched.container'), /^Tmpfs=\/run:/m, 'the pod’s drop-in mounts it')
})

t.test('what cannot be done', async (t) => {
  write('calls.json', '{"version":1,"architectures":{"x86_64":{"read":{"count":1,"first":"x"}}}}')
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['calls.json'], /holds no evidence of a security context/],
    [['missing.json'], /missing\.json/],
    [[example, '--container', 'web'], /there is no container web in the input: it has nginx/],
    [[example, '--user', 'www-data'], /Give numbers, such as 33 or 33:33/],
    [[example, '--user', '4294967295'], /Give numbers/],
    [[example, '--patch', '-'], /--patch rewrites a file/],
    [[example, '--as', 'helm'], /Allowed choices are/],
    [[example, '--patch', 'a.yaml', '--patch', 'b.yaml'], /Give one manifest/],
    [[example, '--patch', 'a.yaml', '--as', 'compose'], /cannot be used with option '--as/],
  ]
  for (const [words, message] of cases) {
    const { status, stdout, stderr } = await transcript(['harden', ...words], folder)
    t.same([status, stdout], [2, ''], words.join(' '))
    t.match(stderr, message)
    t.equal(stderr.trimEnd().split('\n').length, 1, 'one line')
  }
})
