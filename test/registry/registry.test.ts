// The command pushes profiles and observations to a real registry and pulls them back; skopeo reads the pushed ones.
import { execa } from 'execa'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { transcript } from '../commands/world.ts'
import { listen, sha256, startRegistry, startTokenServer, whyNoRegistry, type Service } from './service.ts'

const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-registry-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const skip = await whyNoRegistry()

const run = async (words: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const { status, ...streams } = await transcript(words, folder, undefined, {
    ...process.env,
    ...nobody,
    ...env,
  })
  return { exitCode: status, ...streams }
}
/** The environment without the credentials of whoever runs the tests. */
const nobody = {
  HOME: folder,
  DOCKER_CONFIG: folder,
  XDG_RUNTIME_DIR: '',
  XDG_CONFIG_HOME: '',
  REGISTRY_AUTH_FILE: '',
}

const profile =
  '{\n  "defaultAction": "SCMP_ACT_ERRNO",\n  "architectures": ["SCMP_ARCH_X86_64"],\n  "syscalls": [{ "names": ["read", "exit_group", "execve"], "action": "SCMP_ACT_ALLOW" }]\n}\n'
const shard = (name: string, call: string): string =>
  JSON.stringify({
    version: 1,
    architectures: {
      x86_64: { [call]: { count: 3, first: `${name}:1` }, exit_group: { count: 1, first: `${name}:2` } },
    },
    unknown: {},
    sources: [{ name, format: 'strace', lines: 4, calls: 4, ignored: 0, unparsed: 0 }],
    diagnostics: [],
  })
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return name
}
write('app.json', profile)

t.test('a registry that anyone may use', { skip }, async (t) => {
  const registry = await startRegistry(join(folder, 'open'))
  t.teardown(registry.end)
  const { address } = registry

  const pushed = await run(['push', 'app.json', `${address}/profiles/app:1.4`])
  t.equal(pushed.exitCode, 0, pushed.stderr)
  const [, digest = ''] = /^127\.0\.0\.1:\d+\/profiles\/app@(sha256:[a-f\d]{64})\n$/.exec(pushed.stdout) ?? []
  t.not(digest, '', 'the digest by which it is pinned is all there is on stdout')

  await t.test('is read by others as KEP-6061 wants it', async (t) => {
    const { stdout, failed } = await execa(
      'skopeo',
      ['inspect', '--raw', '--tls-verify=false', `docker://${address}/profiles/app:1.4`],
      { reject: false },
    )
    if (failed) return t.comment('skipped: skopeo is not installed')
    t.equal(sha256(stdout), digest)
    const kind = 'application/vnd.cncf.seccomp-profile.config.v1+json'
    t.match(JSON.parse(stdout), {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      artifactType: kind,
      config: { mediaType: kind },
      layers: [{ mediaType: 'application/json', digest: sha256(profile), size: profile.length }],
    })
  })

  await t.test('comes back byte for byte, by tag and by digest', async (t) => {
    for (const name of [':1.4', `@${digest}`, `:other@${digest}`]) {
      const pulled = await run(['pull', `${address}/profiles/app${name}`])
      t.equal(pulled.stdout, profile, name)
      t.match(pulled.stderr, digest)
    }
    await run(['pull', `${address}/profiles/app:1.4`, '-o', 'back.json'])
    t.equal(readFileSync(join(folder, 'back.json'), 'utf8'), profile)
    t.equal(
      (await run(['push', 'app.json', `${address}/profiles/app`])).stdout,
      pushed.stdout,
      'again: the same',
    )
    t.equal((await run(['pull', `${address}/profiles/app`])).stdout, profile, 'without a tag it is latest')
  })

  await t.test('stands wherever a profile does', async (t) => {
    const same = await run(['diff', 'app.json', `oci://${address}/profiles/app:1.4`])
    t.equal(same.exitCode, 0, same.stderr)
    t.match((await run(['eval', `oci://${address}/profiles/app@${digest}`, 'read'])).stdout, 'SCMP_ACT_ALLOW')
  })

  await t.test('takes a built-in and a revision where it takes a file', async (t) => {
    const git = (...words: string[]) => execa('git', ['-C', folder, ...words])
    await git('init', '-q')
    await git('add', 'app.json')
    const revision = await run(['push', ':app.json', `${address}/profiles/index`])
    t.equal(revision.stdout.split('@')[1], pushed.stdout.split('@')[1], 'the bytes of the revision')

    const builtin = await run(['push', 'docker', `${address}/profiles/docker`])
    t.match(builtin.stderr, 'docker as x86_64 reads it, with the capabilities that its engine gives')
    const reference = `oci://${address}/profiles/docker`
    t.equal((await run(['diff', '--arch', 'x86_64', 'docker', reference])).exitCode, 0, 'the same answers')
    t.notMatch((await run(['validate', '--as', 'oci', reference])).stdout, /: error: /, 'plain OCI')
    t.match((await run(['push', 'dokcer', `${address}/profiles/x`])).exitCode, 2)
  })

  await t.test('holds shards of many recordings, a tag each, which are read as one', async (t) => {
    const repository = `${address}/observations/app`
    for (const [name, call] of [
      ['node-1', 'read'],
      ['node-2', 'write'],
      ['node-3', 'openat'],
    ] as const) {
      const { exitCode, stderr } = await run(['push', write(`${name}.json`, shard(name, call)), repository])
      t.equal(exitCode, 0, stderr)
    }
    await run(['push', 'node-1.json', repository])
    const files = await run(['observe', 'node-1.json', 'node-2.json', 'node-3.json'])
    const all = await run(['observe', `oci://${repository}`])
    t.equal(all.exitCode, 0, all.stderr)
    t.same(
      JSON.parse(all.stdout),
      JSON.parse(files.stdout),
      'as from files: what was pushed twice is there once',
    )
    const refused = await run(['validate', `oci://${repository}:nothing`])
    t.equal(refused.exitCode, 2)
    t.match(refused.stderr, 'has no nothing')
    const empty = await run(['observe', `oci://${address}/nobody/pushed`])
    t.equal(empty.exitCode, 2)
    t.match(empty.stderr, 'the repository holds no observations')
  })

  await t.test('observations are no profile, and a profile is no observations', async (t) => {
    const { stdout } = await run(['push', 'node-1.json', `${address}/observations/one:x`])
    t.match(
      (await run(['eval', `oci://${stdout.trim()}`, 'read'])).stderr,
      'holds observations, not a profile',
    )
  })

  await t.test('what no runtime takes from an artifact is not pushed', async (t) => {
    const rule =
      '{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":$,"op":"SCMP_CMP_EQ"}]}'
    const many = Array.from({ length: 129 }, (_, index) => rule.replace('$', String(index))).join()
    for (const [name, text, why] of [
      ['broken.json', '{"defaultAction":"SCMP_ACT_NOTHING"}', 'has errors'],
      ['typo.json', '{"defaultAction":"SCMP_ACT_ERRNO","architecture":[]}', 'not plain OCI'],
      ['docker.json', '{"defaultAction":"SCMP_ACT_ERRNO","archMap":[],"syscalls":[]}', 'not plain OCI'],
      [
        'notify.json',
        '{"defaultAction":"SCMP_ACT_ERRNO","listenerPath":"/run/x","syscalls":[{"names":["read"],"action":"SCMP_ACT_NOTIFY"}]}',
        'listener',
      ],
      ['many.json', `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[${many}]}`, '129 rules for read'],
      ['large.json', `{"defaultAction":"SCMP_ACT_ERRNO"${' '.repeat(1 << 20)}}`, '1048576 at most'],
      ['none.json', 'hello', 'is not a profile'],
    ] as const) {
      const { exitCode, stderr, stdout } = await run(['push', write(name, text), `${address}/refused/app`])
      t.equal(exitCode, 2, name)
      t.equal(stdout, '')
      t.equal(stderr.trim().split('\n').length, 1)
      t.match(stderr, why)
    }
    t.match((await run(['pull', `${address}/refused/app`])).stderr, 'has no latest', 'nothing of it is there')
  })
})

t.test('a registry with passwords', { skip }, async (t) => {
  const { stdout: entry, failed } = await execa('htpasswd', ['-Bbn', 'user', 'secret'], { reject: false })
  if (failed) return t.comment('skipped: htpasswd is not installed')
  write('htpasswd', entry)
  const registry = await startRegistry(
    join(folder, 'basic'),
    `auth: {htpasswd: {realm: r, path: ${join(folder, 'htpasswd')}}}\n`,
  )
  t.teardown(registry.end)
  await asUsers(t, registry)
})

t.test('a registry that believes a token server', { skip }, async (t) => {
  const tokens = await startTokenServer(join(folder, 'tokens'))
  t.teardown(tokens.end)
  const registry = await startRegistry(join(folder, 'bearer'), tokens.auth)
  t.teardown(registry.end)
  await asUsers(t, registry)
  t.ok(tokens.asked.includes('pull'), 'no more is asked for than to pull')
  t.ok(tokens.asked.includes('pull,push'))
  t.notOk(tokens.asked.some((each) => each.startsWith('refresh')))
  configure('refresh', { auths: { [registry.address]: { identitytoken: 'refresh' } } })
  const { exitCode, stderr } = await run(['push', 'app.json', `${registry.address}/private/app:r`], {
    DOCKER_CONFIG: join(folder, 'refresh'),
  })
  t.equal(exitCode, 0, stderr)
  t.ok(tokens.asked.includes('refresh pull,push'), 'a refresh token')
})

t.test('a token that the registry itself takes', { skip }, async (t) => {
  const tokens = await startTokenServer(join(folder, 'registry-tokens'))
  t.teardown(tokens.end)
  const registry = await startRegistry(join(folder, 'own-token'), tokens.auth)
  t.teardown(registry.end)
  const [, realm = ''] = /realm: "([^"]+)"/.exec(tokens.auth) ?? []
  const scope = 'repository:private/app:pull,push'
  const authorization = `Basic ${Buffer.from('user:secret').toString('base64')}`
  const answer = await fetch(`${realm}?${new URLSearchParams({ scope })}`, { headers: { authorization } })
  const { token } = (await answer.json()) as { readonly token: string }
  tokens.asked.splice(0)
  for (const [name, entry, status] of [
    ['a token', { registrytoken: token }, 0],
    // Docker takes the token, whatever else the entry has.
    ['a token and a password', { registrytoken: token, auth: Buffer.from('no:one').toString('base64') }, 0],
    ['a token that is wrong', { registrytoken: 'x', identitytoken: 'refresh' }, 2],
  ] as const) {
    const env = configure('own-token-config', { auths: { [registry.address]: entry } })
    const pushed = await run(['push', 'app.json', `${registry.address}/private/app:t`], env)
    t.equal(pushed.exitCode, status, `${name}: ${pushed.stderr}`)
    if (status === 0) {
      const pulled = await run(['pull', `${registry.address}/private/app:t`], env)
      t.equal(pulled.stdout, profile, name)
    } else t.match(pushed.stderr, /does not permit a push/, name)
  }
  t.strictSame(tokens.asked, [], 'the token server is not asked')
})

function configure(name: string, configuration: object): Readonly<Record<string, string>> {
  mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, name, 'config.json'), JSON.stringify(configuration))
  return { DOCKER_CONFIG: join(folder, name) }
}

async function asUsers(t: import('tap').Test, { address }: Service): Promise<void> {
  const auth = Buffer.from('user:secret').toString('base64')
  const push = (env: Readonly<Record<string, string>>) =>
    run(['push', 'app.json', `${address}/private/app:1`], env)
  const helpers = join(folder, 'helpers')
  mkdirSync(helpers, { recursive: true })
  const helper = join(helpers, 'docker-credential-kept')
  writeFileSync(
    helper,
    `#!/bin/sh\ncat >/dev/null\necho '{"ServerURL":"x","Username":"user","Secret":"secret"}'\n`,
  )
  chmodSync(helper, 0o755)
  // Like a directory that may not be searched: execvp(3) finds nothing else and reports EACCES.
  writeFileSync(join(helpers, 'docker-credential-closed'), '', { mode: 0o600 })
  for (const [name, words] of [
    ['locked', 'echo the keychain is locked >&2'],
    ['empty', 'echo credentials not found in native keychain'],
  ] as const)
    writeFileSync(
      join(helpers, `docker-credential-${name}`),
      `#!/bin/sh\ncat >/dev/null\n${words}\nexit 1\n`,
      {
        mode: 0o755,
      },
    )
  const path = { PATH: `${helpers}:${process.env['PATH'] ?? ''}` }
  for (const [how, env] of [
    ['auths', configure('auths', { auths: { [address]: { auth } } })],
    ['of the repository', configure('inner', { auths: { [`${address}/private`]: { auth } } })],
    [
      'username and password',
      configure('plain', { auths: { [address]: { username: 'user', password: 'secret' } } }),
    ],
    ['credHelpers', { ...configure('helper', { credHelpers: { [address]: 'kept' } }), ...path }],
    ['credsStore', { ...configure('store', { credsStore: 'kept' }), ...path }],
  ] as const) {
    const { exitCode, stderr } = await push(env)
    t.equal(exitCode, 0, `${how}: ${stderr}`)
    t.equal((await run(['pull', `${address}/private/app:1`], env)).stdout, profile)
  }
  const podman = join(folder, 'auth.json')
  writeFileSync(podman, JSON.stringify({ auths: { [address]: { auth } } }))
  t.equal((await push({ REGISTRY_AUTH_FILE: podman })).exitCode, 0, 'what podman login left')
  for (const [how, env, why] of [
    ['none', {}, /docker login/],
    [
      'wrong',
      configure('wrong', { auths: { [address]: { auth: Buffer.from('user:other').toString('base64') } } }),
      /docker login/,
    ],
    [
      'no helper',
      configure('gone', { credsStore: 'is-not-here' }),
      /docker-credential-is-not-here is not installed/,
    ],
    [
      'a helper that may not be run',
      { ...configure('closed', { credsStore: 'closed' }), ...path },
      /docker-credential-closed is not installed/,
    ],
    ['a path', configure('path', { credsStore: '../../tmp/x' }), /not the name of a credential helper/],
    [
      'a helper that fails',
      { ...configure('locked', { credsStore: 'locked' }), ...path },
      /docker-credential-locked failed to give the credentials for .*: the keychain is locked/,
    ],
    [
      'a helper without credentials',
      { ...configure('empty', { credsStore: 'empty' }), ...path },
      /docker login/,
    ],
    ['a directory in place of the file', { REGISTRY_AUTH_FILE: helpers }, /helpers: is a directory/],
  ] as const) {
    const { exitCode, stderr } = await push(env)
    t.equal(exitCode, 2, how)
    t.match(stderr, why)
    t.equal(stderr.trim().split('\n').length, 1, 'one line')
    t.notMatch(stderr, /secret|other/)
  }
  writeFileSync(join(folder, 'auths/config.json'), 'not JSON')
  t.match((await push({ DOCKER_CONFIG: join(folder, 'auths') })).stderr, 'is not a JSON object')
}

t.test('a registry that lies gives one line', async (t) => {
  const layer = Buffer.from(profile)
  const descriptor = (digest: string, size = layer.length) => ({
    mediaType: 'application/json',
    digest,
    size,
  })
  const manifest = (...layers: readonly object[]): string =>
    JSON.stringify({ schemaVersion: 2, config: descriptor(sha256('{}'), 2), layers })
  const right = manifest(descriptor(sha256(layer)))
  let reply: (path: string) => {
    readonly status?: number
    readonly headers?: Record<string, string>
    readonly body?: string | Buffer
  } = () => ({})
  const { server, port } = await listen(
    createServer((request, response) => {
      const { status = 200, headers = {}, body = '' } = reply(request.url ?? '')
      response.writeHead(status, headers).end(body)
    }),
  )
  t.teardown(() => server.close())
  const pull = () => run(['pull', `127.0.0.1:${port}/a:t`])
  const served = (text: string, bytes: string | Buffer) => (path: string) => ({
    body: path.includes('/manifests/') ? text : bytes,
  })
  for (const [what, answers, why] of [
    ['other bytes', served(right, profile.replace('read', 'open')), 'that its digest does not match'],
    ['fewer bytes', served(right, profile.slice(1)), 'that its digest does not match'],
    ['more bytes', served(right, `${profile} `), 'sends more than'],
    ['a size beyond the limit', served(manifest(descriptor(sha256(layer), 2 ** 40)), layer), 'are not read'],
    ['no manifest', served('[]', ''), 'not an OCI manifest'],
    ['no JSON', served('<html>', ''), 'not an OCI manifest'],
    ['a digest that is none', served(manifest(descriptor('sha256:../../x')), layer), 'not an OCI manifest'],
    ['two layers', served(manifest(descriptor(sha256(layer)), descriptor(sha256(layer))), layer), '2 layers'],
    ['no layer', served(manifest(), layer), '0 layers'],
    [
      'an archive',
      served(manifest(descriptor(sha256(Buffer.from([0x1f, 0x8b, 8])), 3)), Buffer.from([0x1f, 0x8b, 8])),
      'an archive',
    ],
    [
      'a blob that is gone',
      (path: string) => (path.includes('manifests') ? { body: right } : { status: 404 }),
      'has no sha256:',
    ],
    [
      'an error in its words',
      () => ({ status: 500, body: '{"errors":[{"message":"no \\u001b[31m room"}]}' }),
      'answers 500',
    ],
    [
      'a way to log in that nobody knows',
      () => ({ status: 401, headers: { 'www-authenticate': 'Negotiate' } }),
      'neither Basic nor Bearer',
    ],
    ['no way to log in', () => ({ status: 401 }), 'neither Basic nor Bearer'],
    [
      'a token server that is a file',
      () => ({ status: 401, headers: { 'www-authenticate': 'Bearer realm="file:///etc/passwd"' } }),
      'file:///etc/passwd, which is neither an http nor an https address',
    ],
    [
      'a token server on a port of X11',
      () => ({ status: 401, headers: { 'www-authenticate': 'Bearer realm="http://127.0.0.1:6000/"' } }),
      'serve the registry on another port',
    ],
    ['a circle', () => ({ status: 307, headers: { location: '/v2/a/manifests/t' } }), 'cannot be reached'],
    [
      'a layer that is no profile',
      served(manifest(descriptor(sha256('\u001b[31mhi'), 7)), '\u001b[31mhi'),
      'is not a profile',
    ],
    ['endless bytes', served(' '.repeat(5 << 20), ''), 'sends more than'],
  ] as const) {
    reply = answers
    const { exitCode, stdout, stderr } = await pull()
    t.equal(exitCode, 2, what)
    t.equal(stdout, '')
    t.match(stderr, why)
    t.equal(stderr.trim().split('\n').length, 1, 'one line')
    t.notMatch(stderr, '\u001b')
  }
  server.close()
  const { stderr } = await run(['pull', '127.0.0.1:1/a:t'])
  t.match(stderr, 'cannot be reached', 'nobody there')
})
