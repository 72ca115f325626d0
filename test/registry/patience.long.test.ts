// Registries as production has them: busy ones that answer 429 or 503 for a while, ones that keep blobs at another host,
// ones that offer several ways to log in, and indexes. The registry is Debian's docker-registry; a server before it
// answers in its place where a test says so.
// Authority: RFC 6585 (429), RFC 9110 (Retry-After, WWW-Authenticate); the Fetch standard (redirects lose Authorization);
// OCI image specification 1.1 (index).
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { challengesIn, chosenChallenge } from '../../src/registry/challenges.ts'
import {
  findCredentials,
  parseReference,
  pull,
  pushObservations,
  Registry,
} from '../../src/registry/index.ts'
import { pauseIn } from '../../src/registry/patience.ts'
import { transcript } from '../commands/world.ts'
import { listen, startRegistry, startTokenServer, whyNoRegistry, type Service } from './service.ts'

t.setTimeout(240_000)
const skip = await whyNoRegistry()
const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-patience-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

const text = (name: string): string =>
  JSON.stringify({
    version: 1,
    architectures: { x86_64: { read: { count: 1, first: `${name}:1` } } },
    unknown: {},
    sources: [{ name, format: 'strace', lines: 1, calls: 1, ignored: 0, unparsed: 0 }],
    diagnostics: [],
  })
const clientOf = (address: string): Registry =>
  new Registry(parseReference(`${address}/observations`), {
    credentials: async () => ({ kind: 'password', user: 'user', secret: 'secret' }),
  })

/** Passes requests on, unless `instead` answers. */
async function before(
  registry: Service,
  instead: (asked: IncomingMessage, answer: ServerResponse) => boolean,
): Promise<Service> {
  const { server, port } = await listen(
    createServer((asked, answer) => {
      if (instead(asked, answer)) return void asked.resume()
      const { url = '', method = '', headers } = asked
      const [host, to] = registry.address.split(':')
      const passed = request({ host, port: to, path: url, method, headers }, (got) => {
        answer.writeHead(got.statusCode ?? 500, got.headers)
        got.pipe(answer)
      })
      asked.pipe(passed)
    }),
  )
  return { address: `127.0.0.1:${port}`, end: async () => void server.close() }
}

t.test('a registry that is busy', { skip }, async (t) => {
  const registry = await startRegistry(join(folder, 'busy'))
  t.teardown(registry.end)
  for (const [status, headers] of [
    [429, { 'retry-after': '1' }],
    [429, {}],
    [503, { 'retry-after': new Date(Date.now() + 1000).toUTCString() }],
    [502, {}],
  ] as const) {
    // Every request is turned away once.
    const met = new Map<string, number>()
    const busy = await before(registry, ({ method = '', url = '' }, answer) => {
      const key = `${method} ${url.replace(/\?.*/s, '')}`
      met.set(key, (met.get(key) ?? 0) + 1)
      if (met.get(key) !== 1) return false
      answer.writeHead(status, headers).end()
      return true
    })
    const { tag } = await pushObservations(clientOf(busy.address), text(`node-${status}`))
    const { bytes } = await pull(clientOf(busy.address), tag, 'it')
    t.equal(Buffer.from(bytes).toString(), text(`node-${status}`), `${status} ${JSON.stringify(headers)}`)
    t.ok([...met.values()].every((count) => count >= 2))
    await busy.end()
  }
})

t.test(
  'a registry that stays busy is asked five times, or once if it wants to be left for long',
  async (t) => {
    let [asked, headers]: [number, Record<string, string>] = [0, {}]
    const { server, port } = await listen(
      createServer((_, answer) => {
        asked++
        answer.writeHead(429, headers).end('{"errors":[{"message":"toomanyrequests"}]}')
      }),
    )
    t.teardown(() => void server.close())
    await t.rejects(pull(clientOf(`127.0.0.1:${port}`), 'a', 'it'), {
      message: /answers 429 to GET \/v2\/observations\/manifests\/a \(toomanyrequests\)$/,
    })
    t.equal(asked, 5)
    ;[asked, headers] = [0, { 'retry-after': '21600' }]
    await t.rejects(pull(clientOf(`127.0.0.1:${port}`), 'a', 'it'), {
      message: /\(toomanyrequests\): try again in 21600 s$/,
    })
    t.equal(asked, 1)
  },
)

t.test('a connection that ends before an answer', { skip }, async (t) => {
  const registry = await startRegistry(join(folder, 'broken'))
  t.teardown(registry.end)
  let broken = 0
  const breaking = await before(registry, ({ socket }) => {
    if (broken++ % 2 === 1) return false
    socket.destroy()
    return true
  })
  t.teardown(breaking.end)
  const { tag } = await pushObservations(clientOf(registry.address), text('broken'))
  t.equal(Buffer.from((await pull(clientOf(breaking.address), tag, 'it')).bytes).toString(), text('broken'))
  t.equal(broken, 4)
})

t.test('the time to wait', (t) => {
  const pause = (value: string) => pauseIn({ headers: new Headers({ 'retry-after': value }) })
  t.equal(pause('120'), 120_000)
  t.equal(pause('Wed, 21 Oct 2015 07:28:00 GMT'), 0, 'it has passed')
  t.ok((pause(new Date(Date.now() + 90_000).toUTCString()) ?? 0) > 80_000)
  for (const none of ['', 'soon', '-']) t.equal(pause(none), undefined, none)
  t.end()
})

t.test('blobs at another host, which gets no credentials', { skip }, async (t) => {
  const tokens = await startTokenServer(join(folder, 'tokens'))
  t.teardown(tokens.end)
  const registry = await startRegistry(join(folder, 'private'), tokens.auth)
  t.teardown(registry.end)
  const content = text('elsewhere')
  const { tag } = await pushObservations(clientOf(registry.address), content)
  const asked: (string | undefined)[] = []
  let isClosed = false
  const { server, port } = await listen(
    createServer(({ headers, url }, answer) => {
      asked.push(headers.authorization)
      const realm = `Bearer realm="http://127.0.0.1:${port}/token",service="thief"`
      if (isClosed)
        answer.writeHead(401, { 'www-authenticate': url === '/basic' ? 'Basic realm="r"' : realm }).end()
      else answer.end(content)
    }),
  )
  t.teardown(() => void server.close())
  let path = '/bearer'
  const redirecting = await before(registry, ({ method = '', url = '', headers }, answer) => {
    if (method !== 'GET' || !url.includes('/blobs/')) return false
    t.match(headers.authorization, /^Bearer /)
    answer.writeHead(307, { location: `http://127.0.0.1:${port}${path}` }).end()
    return true
  })
  t.teardown(redirecting.end)
  t.equal(Buffer.from((await pull(clientOf(redirecting.address), tag, 'it')).bytes).toString(), content)
  isClosed = true
  for (path of ['/bearer', '/basic'])
    await t.rejects(pull(clientOf(redirecting.address), tag, 'it'), { code: 'registry-denies' }, path)
  t.strictSame(asked, [undefined, undefined, undefined], 'each asked once, without a password')
})

t.test('several ways to log in', { skip }, async (t) => {
  for (const [header, told] of [
    ['Basic realm="r"', [['basic', { realm: 'r' }]]],
    [
      'bearer realm=http://a/t, scope="a:b:pull,push"',
      [['bearer', { realm: 'http://a/t', scope: 'a:b:pull,push' }]],
    ],
    [
      'Basic realm="a, Bearer b", Bearer Realm="http://a/t",service="s"',
      [
        ['basic', { realm: 'a, Bearer b' }],
        ['bearer', { realm: 'http://a/t', service: 's' }],
      ],
    ],
    [
      String.raw`Negotiate, NTLM, Bearer realm="a\"b"`,
      [
        ['negotiate', {}],
        ['ntlm', {}],
        ['bearer', { realm: 'a"b' }],
      ],
    ],
    ['', []],
  ] as const)
    t.strictSame(
      challengesIn(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]),
      told,
      header,
    )
  t.equal(chosenChallenge('Basic realm="r", Bearer realm="http://a/"')?.scheme, 'bearer')
  t.equal(chosenChallenge('Negotiate'), undefined)

  const tokens = await startTokenServer(join(folder, 'both'))
  t.teardown(tokens.end)
  const registry = await startRegistry(join(folder, 'ways'), tokens.auth)
  t.teardown(registry.end)
  const { server, port } = await listen(
    createServer((asked, answer) => {
      const { url = '', method = '', headers } = asked
      const [host, to] = registry.address.split(':')
      const passed = request({ host, port: to, path: url, method, headers }, (got) => {
        const bearer = got.headers['www-authenticate']
        // As Artifactory offers both.
        const both = bearer && { 'www-authenticate': [bearer, 'Basic realm="Artifactory Realm"'] }
        answer.writeHead(got.statusCode ?? 500, { ...got.headers, ...both })
        got.pipe(answer)
      })
      asked.pipe(passed)
    }),
  )
  t.teardown(() => void server.close())
  const { tag } = await pushObservations(clientOf(`127.0.0.1:${port}`), text('both'))
  t.equal((await pull(clientOf(`127.0.0.1:${port}`), tag, 'it')).kind, 'observations')
})

t.test('an index says what it is', { skip }, async (t) => {
  const registry = await startRegistry(join(folder, 'index'))
  t.teardown(registry.end)
  const client = clientOf(registry.address)
  const { digest } = await pushObservations(client, text('one'), 'o-one')
  const type = 'application/vnd.oci.image.index.v1+json'
  const manifests = [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 500 }]
  const put = await fetch(`http://${registry.address}/v2/observations/manifests/o-referrers`, {
    method: 'PUT',
    headers: { 'content-type': type },
    body: JSON.stringify({ schemaVersion: 2, mediaType: type, manifests }),
  })
  t.equal(put.status, 201)
  await t.rejects(pull(client, 'o-referrers', 'it'), {
    message: /has a o-referrers that is an index of several artifacts: name one of them by its digest$/,
  })
})

t.test(
  'many recordings are read with one token, some at a time, in the order of their tags',
  { skip },
  async (t) => {
    const tokens = await startTokenServer(join(folder, 'many-tokens'))
    t.teardown(tokens.end)
    const registry = await startRegistry(join(folder, 'many'), tokens.auth)
    t.teardown(registry.end)
    const client = clientOf(registry.address)
    const count = 40
    for (let each = 0; each < count; each++) await pushObservations(client, text(`node-${each}`))
    let [running, most] = [0, 0]
    const slow = await before(registry, (_, answer) => {
      most = Math.max(most, ++running)
      answer.on('close', () => running--)
      return false
    })
    t.teardown(slow.end)
    const auth = Buffer.from('user:secret').toString('base64')
    mkdirSync(join(folder, 'docker'))
    writeFileSync(join(folder, 'docker/config.json'), JSON.stringify({ auths: { [slow.address]: { auth } } }))
    const asked = tokens.asked.length
    const { status, stdout, stderr } = await transcript(
      ['observe', '-q', `oci://${slow.address}/observations`],
      folder,
      undefined,
      { ...process.env, DOCKER_CONFIG: join(folder, 'docker'), REGISTRY_AUTH_FILE: '', XDG_RUNTIME_DIR: '' },
    )
    t.equal(status, 0, stderr)
    const { architectures, runs } = JSON.parse(stdout)
    t.strictSame([architectures.x86_64.read.count, runs], [count, count])
    t.strictSame(tokens.asked.slice(asked), ['pull'])
    t.ok(most > 1 && most <= 8, `${most} requests at once`)
  },
)

t.test('credentials for Docker’s own registry, and keys that are URLs', async (t) => {
  const auth = Buffer.from('user:secret').toString('base64')
  const other = Buffer.from('other:secret').toString('base64')
  const file = join(folder, 'auth.json')
  for (const [reference, auths, user] of [
    ['docker.io/library/a', { 'https://index.docker.io/v1/': { auth } }, 'user'],
    ['docker.io/library/a', { 'docker.io': { auth } }, 'user'],
    ['docker.io/library/a', { 'docker.io': { auth: other }, 'docker.io/library': { auth } }, 'user'],
    ['docker.io/library/a', { 'index.docker.io': { auth } }, 'user'],
    ['docker.io/other/a', { 'docker.io/library': { auth } }, undefined],
    ['r.example.org/a', { 'https://r.example.org': { auth } }, 'user'],
    ['r.example.org/a', { 'http://r.example.org/v1': { auth } }, 'user'],
    ['r.example.org/a', { 'r.example.org/v2/': { auth } }, 'user'],
    ['r.example.org/a', { 'https://r.example.org:5000': { auth } }, undefined],
    ['r.example.org/a', { 'r.example.org': {}, 'https://r.example.org': { auth } }, 'user'],
    ['r.example.org/a/b', { 'r.example.org': { auth: other }, 'r.example.org/a': { auth } }, 'user'],
    ['r.example.org/a', { 'http://other.example.org/r.example.org': { auth } }, undefined],
  ] as const) {
    writeFileSync(file, JSON.stringify({ auths }))
    const found = await findCredentials(parseReference(reference), { REGISTRY_AUTH_FILE: file })
    t.equal(
      found?.kind === 'password' ? found.user : undefined,
      user,
      `${reference} ${JSON.stringify(auths)}`,
    )
  }
})
