// Registries at their limits: tokens that expire between two requests, manifests as large as the specification allows,
// and bytes that were changed where the registry keeps them. The registry is Debian's docker-registry.
// Authority: docs.docker.com/registry/spec/auth/token (lifetimes; docker-registry accepts a token for 60 seconds more);
// OCI distribution specification 1.1, "Pushing Manifests" (4 MiB; Docker-Content-Digest).
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { parseReference, pull, pushObservations, Registry, shardsOf } from '../../src/registry/index.ts'
import { listen, sha256, startRegistry, startTokenServer, whyNoRegistry } from './service.ts'

t.setTimeout(240_000)
const skip = await whyNoRegistry()
const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-limits-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

const text = '{"version":1,"architectures":{},"unknown":{},"sources":[],"diagnostics":[]}'
const clientOf = (address: string, slow: (url: URL) => boolean = () => false): Registry =>
  new Registry(parseReference(`${address}/observations`), {
    credentials: async () => ({ kind: 'password', user: 'user', secret: 'secret' }),
    proxyOf: (url) => {
      if (slow(url)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000)
      return undefined
    },
  })
/** Whether a request is the first whose URL the pattern fits. */
const first = (pattern: RegExp): ((url: URL) => boolean) => {
  let isMet = false
  return ({ href }) => {
    const isFirst = !isMet && pattern.test(href)
    isMet ||= isFirst
    return isFirst
  }
}

t.test('a token expires between two requests', { skip }, async (t) => {
  // docker-registry accepts these for three seconds, or nearly four.
  const tokens = await startTokenServer(join(folder, 'tokens'), -56)
  t.teardown(tokens.end)
  const registry = await startRegistry(join(folder, 'expiring'), tokens.auth)
  t.teardown(registry.end)
  const asked = (from: number): readonly string[] => tokens.asked.slice(from)
  const large = text.padEnd(20_000_000)
  let before = 0
  for (const [what, slow, content] of [
    ['before the bytes of the layer are sent', first(/digest=sha256/), large],
    ['before the manifest is sent', first(/\/manifests\//), text],
  ] as const) {
    before = tokens.asked.length
    const { tag } = await pushObservations(clientOf(registry.address, slow), content)
    t.ok(asked(before).length >= 2, `${what}: the token was asked for again`)
    t.ok(
      asked(before).every((each) => each === 'pull,push'),
      what,
    )
    const { bytes } = await pull(clientOf(registry.address), tag, 'it')
    t.equal(bytes.length, content.length, what)
  }
  before = tokens.asked.length
  const slow = clientOf(registry.address, first(/\/blobs\//))
  const [tag = ''] = await shardsOf(slow)
  await pull(slow, tag, 'it')
  t.ok(asked(before).length >= 2, 'between the manifest of a pull and its layer')
  t.ok(asked(before).every((each) => each === 'pull'))
})

t.test('manifests as large as registries take them, and larger', { skip }, async (t) => {
  const registry = await startRegistry(join(folder, 'large'))
  t.teardown(registry.end)
  const client = clientOf(registry.address)
  const config = await client.push(Buffer.from('{}'), 'application/vnd.oci.empty.v1+json')
  const layer = await client.push(Buffer.from(text), 'application/vnd.seccomp-gen.observations.v1+json')
  const type = 'application/vnd.oci.image.manifest.v1+json'
  const artifactType = 'application/vnd.seccomp-gen.observations.v1+json'
  const manifest = { schemaVersion: 2, mediaType: type, artifactType, config, layers: [layer] } as const
  const padding = 4 * 1024 * 1024 - JSON.stringify({ ...manifest, annotations: { a: '' } }).length
  for (const [name, more, isTaken] of [
    ['largest', 0, true],
    ['too-large', 1, false],
  ] as const) {
    const padded = { ...manifest, annotations: { a: 'a'.repeat(padding + more) } }
    const pushed = client.pushManifest(padded, name)
    if (!isTaken) {
      await t.rejects(pushed, { message: /answers 4\d\d to PUT/ }, 'no registry has to take it')
      continue
    }
    await pushed
    t.equal(Buffer.from((await pull(client, name, 'it')).bytes).toString(), text, name)
  }
  const many = { ...manifest, layers: Array.from({ length: 5_000 }, () => layer) }
  await client.pushManifest(many, 'many')
  await t.rejects(pull(client, 'many', 'it'), { message: /it has 5000 layers, and a profile has one/ })
})

t.test('bytes that were changed in the registry’s storage', { skip }, async (t) => {
  const registry = await startRegistry(join(folder, 'changed'))
  t.teardown(registry.end)
  const client = clientOf(registry.address)
  const { digest, tag } = await pushObservations(client, text)
  const stored = (of: string): string => {
    const hex = of.slice('sha256:'.length)
    return join(folder, 'changed/data/docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data')
  }
  const change = (of: string, from: string, to: string): void => {
    const file = stored(of)
    writeFileSync(file, readFileSync(file, 'utf8').replace(from, to))
  }
  change(sha256(text), '"sources"', '"sourceS"')
  await t.rejects(pull(client, tag, 'it'), {
    message: /sends bytes for sha256:[a-f\d]{64} that its digest does not match/,
  })
  change(sha256(text), '"sourceS"', '"sources"')
  t.equal((await pull(client, tag, 'it')).digest, digest, 'as it was')
  change(digest, 'observations.json', 'observationS.json')
  // docker-registry 2.8 serves the changed manifest, by its tag and by its digest.
  for (const name of [tag, digest])
    await t.rejects(pull(client, name, 'it'), { code: 'registry-answer' }, `by ${name}`)
})

t.test('a registry that stores something else than it was given', { skip }, async (t) => {
  const registry = await startRegistry(join(folder, 'converting'))
  t.teardown(registry.end)
  const other = sha256('another manifest')
  const { server, port } = await listen(
    createServer((asked, answer) => {
      const { url = '', method = '', headers } = asked
      const [host, to] = registry.address.split(':')
      const passed = request({ host, port: to, path: url, method, headers }, (got) => {
        const told = 'docker-content-digest' in got.headers ? { 'docker-content-digest': other } : {}
        answer.writeHead(got.statusCode ?? 500, { ...got.headers, ...told })
        got.pipe(answer)
      })
      asked.pipe(passed)
    }),
  )
  t.teardown(() => void server.close())
  const client = clientOf(`127.0.0.1:${port}`)
  await t.rejects(pushObservations(client, text), {
    message: new RegExp(`stores as ${other} what was pushed as sha256:[a-f\\d]{64}: `),
  })
  const { tag } = await pushObservations(clientOf(registry.address), text)
  await t.rejects(pull(client, tag, 'it'), {
    message: /sends bytes for o-\S+ that its digest does not match/,
  })
})
