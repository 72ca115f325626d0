// Registries behind an HTTP proxy: which proxy the environment names for a URL, and pushes and pulls through one, with
// and without TLS. The registry is Debian's docker-registry under a name that only the proxy resolves.
import { execa } from 'execa'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { proxyFor } from '../../src/registry/index.ts'
import { transcript } from '../commands/world.ts'
import { plainEnvironment, seccompGen } from '../live/command.ts'
import { freePort, listen, startRegistry, whyNoRegistry } from './service.ts'

t.setTimeout(240_000)
t.test('which proxy', (t) => {
  const proxies = { HTTPS_PROXY: 'http://secure:1', HTTP_PROXY: 'plain:2' }
  for (const [url, env, proxy] of [
    ['https://r.example.org/v2/', proxies, 'http://secure:1/'],
    ['http://r.example.org/v2/', proxies, 'http://plain:2/'],
    ['https://r.example.org/', { https_proxy: 'https://u:p@lower' }, 'https://u:p@lower/'],
    ['https://r.example.org/', { HTTPS_PROXY: '', https_proxy: '' }, undefined],
    ['https://r.example.org/', { HTTP_PROXY: 'http://plain:2' }, undefined],
    ['https://localhost:5000/', proxies, undefined],
    ['https://127.8.0.1:5000/', proxies, undefined],
    ['https://[::1]:5000/', proxies, undefined],
    ...(
      [
        ['r.example.org', '*', true],
        ['r.example.org', 'example.org', true],
        ['r.example.org', '.example.org', true],
        ['r.example.org', '*.example.org', true],
        ['example.org', '.example.org', false],
        ['example.org', 'example.org', true],
        ['badexample.org', 'example.org', false],
        ['R.Example.ORG', 'a, r.EXAMPLE.org', true],
        ['r.example.org:8443', 'r.example.org:8443', true],
        ['r.example.org', 'r.example.org:8443', false],
        ['r.example.org', 'r.example.org:443', true],
        ['r.example.org', '', false],
        ['r.example.org', ',,', false],
        ['10.1.2.3', '10.0.0.0/8', true],
        ['11.1.2.3', '10.0.0.0/8', false],
        ['11.1.2.3', '10.0.0.0/99', false],
        ['10.1.2.3:5000', '10.1.2.3', true],
        ['10.1.2.3:5000', '10.1.2.3:5001', false],
        ['[fd00::1]', 'fd00::/8', true],
        ['[fd00::1]', '10.0.0.0/8', false],
        ['[fd00::1]:5000', '[fd00::1]:5000', true],
      ] as const
    ).map(
      ([host, list, isExempt]) =>
        [
          `https://${host}/`,
          { ...proxies, NO_PROXY: list },
          isExempt ? undefined : 'http://secure:1/',
        ] as const,
    ),
  ] as const)
    t.equal(proxyFor(new URL(url), env)?.href, proxy, `${url} ${JSON.stringify(env)}`)
  for (const given of ['socks5://a:1', 'http://', ':'])
    t.throws(() => proxyFor(new URL('https://r.example.org/'), { HTTPS_PROXY: given }), {
      code: 'proxy-unusable',
      status: 2,
    })
  t.end()
})

const skip = await whyNoRegistry()
const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-proxy-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const profile =
  '{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["read","exit_group","execve"],"action":"SCMP_ACT_ALLOW"}]}\n'
writeFileSync(join(folder, 'app.json'), profile)

/** A proxy for which every name is this machine. With `user`, it wants Basic authorization. */
async function startProxy(to: number, user?: string) {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const isAllowed = ({ headers }: IncomingMessage): boolean =>
    user === undefined || headers['proxy-authorization'] === `Basic ${Buffer.from(user).toString('base64')}`
  const server = createServer((given: IncomingMessage, answer: ServerResponse) => {
    asked.push(`${given.method} ${new URL(given.url ?? '').host}`)
    if (!isAllowed(given)) return void given.resume().on('end', () => answer.writeHead(407).end())
    const { pathname, search } = new URL(given.url ?? '')
    const { method, headers } = given
    const passed = request(
      { host: '127.0.0.1', port: to, path: pathname + search, method, headers },
      (got) => {
        answer.writeHead(got.statusCode ?? 500, got.headers)
        got.pipe(answer)
      },
    )
    given.pipe(passed)
  })
  server.on('connect', (given: IncomingMessage, socket: Socket) => {
    asked.push(`CONNECT ${given.url}`)
    if (!isAllowed(given)) return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    const on = connect(to, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(on).pipe(socket)
    })
    for (const each of [socket, on]) {
      sockets.add(each)
      each.on('error', () => undefined)
    }
  })
  const { port } = await listen(server)
  return {
    asked,
    address: `127.0.0.1:${port}`,
    end: () => {
      for (const each of sockets) each.destroy()
      server.closeAllConnections()
      server.close()
    },
  }
}

t.test('without TLS', { skip }, async (t) => {
  const registry = await startRegistry(join(folder, 'plain'))
  const proxy = await startProxy(Number(registry.address.split(':')[1]), 'me:se/cret')
  t.teardown(() => (proxy.end(), registry.end()))
  const env = { HOME: folder, HTTP_PROXY: `http://me:se%2Fcret@${proxy.address}` }
  const name = 'registry.test/profiles/app:1'
  const pushed = await transcript(['push', '--plain-http', 'app.json', name], folder, undefined, env)
  t.equal(pushed.status, 0, pushed.stderr)
  const pulled = await transcript(['pull', '--plain-http', name], folder, undefined, env)
  t.equal(pulled.stdout, profile, pulled.stderr)
  t.ok(proxy.asked.length > 5)
  t.ok(proxy.asked.every((each) => each.endsWith(' registry.test')))
  const wrong = { ...env, HTTP_PROXY: `http://${proxy.address}` }
  const denied = await transcript(['pull', '--plain-http', name], folder, undefined, wrong)
  t.equal(denied.status, 2)
  t.match(denied.stderr, /^seccomp-gen: registry\.test\/profiles\/app: the registry answers 407 /)
})

t.test('with TLS, through a tunnel', { skip }, async (t) => {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=registry.test']
  const names = ['-addext', 'subjectAltName=DNS:registry.test', '-keyout', key, '-out', certificate]
  await execa('openssl', [...words, ...names])
  const port = await freePort()
  mkdirSync(join(folder, 'secure'))
  const http = `{addr: "127.0.0.1:${port}", tls: {certificate: ${certificate}, key: ${key}}}`
  const storage = `{filesystem: {rootdirectory: ${join(folder, 'secure')}}}`
  const configuration = join(folder, 'secure.yml')
  writeFileSync(configuration, `version: 0.1\nlog: {level: error}\nstorage: ${storage}\nhttp: ${http}\n`)
  const server = execa('docker-registry', ['serve', configuration], { reject: false, stdio: 'ignore' })
  const proxy = await startProxy(port)
  t.teardown(async () => {
    proxy.end()
    server.kill('SIGKILL')
    await server
  })
  for (let tries = 0; tries < 400; tries++) {
    const isUp = await new Promise<boolean>((resolve) => {
      const tried = connect(port, '127.0.0.1', () => resolve(true))
      tried.on('error', () => resolve(false)).on('connect', () => tried.destroy())
    })
    if (isUp) break
    await wait(50)
  }
  const [program, ...loading] = seccompGen
  const env = {
    ...plainEnvironment,
    HOME: folder,
    HTTPS_PROXY: `http://${proxy.address}`,
    NODE_EXTRA_CA_CERTS: certificate,
  }
  const run = (more: object, ...command: readonly string[]) =>
    execa(program, [...loading, ...command], {
      cwd: folder,
      env: { ...env, ...more },
      reject: false,
      stdin: 'ignore',
    })
  const pushed = await run({}, 'push', 'app.json', 'registry.test/profiles/app:1')
  t.equal(pushed.exitCode, 0, pushed.stderr)
  t.ok(proxy.asked.length > 0)
  t.ok(
    proxy.asked.every((each) => each === 'CONNECT registry.test:443'),
    'the proxy sees no more',
  )
  const pulled = await run({}, 'pull', 'registry.test/profiles/app:1', '-o', 'pulled.json')
  t.equal(pulled.exitCode, 0, pulled.stderr)
  t.equal(readFileSync(join(folder, 'pulled.json'), 'utf8'), profile)
  const distrusting = await run({ NODE_EXTRA_CA_CERTS: '' }, 'pull', 'registry.test/profiles/app:1')
  t.equal(distrusting.exitCode, 2)
  t.match(distrusting.stderr, /cannot be reached: self-signed certificate/)
})
