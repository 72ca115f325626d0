// A real registry on this machine (Debian's docker-registry) for tests, with or without passwords, and the server that
// issues tokens for it.
import { execa } from 'execa'
import { createHash, createSign, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

export async function whyNoRegistry(): Promise<string | false> {
  const { failed } = await execa('docker-registry', ['--version'], { reject: false })
  return failed && 'docker-registry is not installed'
}

export interface Service {
  /** 127.0.0.1:PORT. */
  readonly address: string
  readonly end: () => Promise<void>
}

/** `auth`: the `auth` section of the registry's configuration. */
export async function startRegistry(folder: string, auth = ''): Promise<Service> {
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  mkdirSync(folder, { recursive: true })
  const configuration = join(folder, 'config.yml')
  const storage = `storage: {filesystem: {rootdirectory: ${join(folder, 'data')}}}`
  writeFileSync(
    configuration,
    `version: 0.1\nlog: {level: error}\n${storage}\nhttp: {addr: "${address}"}\n${auth}`,
  )
  const server = execa('docker-registry', ['serve', configuration], { reject: false, stdio: 'ignore' })
  for (let tries = 0; tries < 200; tries++) {
    const up = await fetch(`http://${address}/v2/`).then(
      () => true,
      () => false,
    )
    if (up) break
    await wait(50)
  }
  return {
    address,
    end: async () => {
      server.kill('SIGKILL')
      await server
    },
  }
}

export async function freePort(): Promise<number> {
  const { server, port } = await listen(createServer())
  await new Promise((resolve) => server.close(resolve))
  return port
}

export async function listen(server: Server): Promise<{ readonly server: Server; readonly port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as AddressInfo).port }
}

export interface TokenService {
  /** The section `auth` for a registry that accepts its tokens. */
  readonly auth: string
  /** The requested scopes in order: `pull`, `pull,push`; with `refresh ` before it if a refresh token was used. */
  readonly asked: string[]
  readonly end: () => void
}

/**
 * Issues tokens to user `user` with password `secret`, and for the refresh token `refresh`: docs.docker.com, "Token
 * authentication specification" and "Token authentication implementation".
 */
export async function startTokenServer(folder: string, lifetime = 300): Promise<TokenService> {
  mkdirSync(folder, { recursive: true })
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  await execa('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=tokens',
    '-keyout',
    key,
    '-out',
    certificate,
  ])
  const asked: string[] = []
  const { server, port } = await listen(
    createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://localhost')
      let body = ''
      request.on('data', (piece: Buffer) => (body += piece.toString()))
      request.on('end', () => {
        const form = request.method === 'POST' ? new URLSearchParams(body) : undefined
        const words = form ?? url.searchParams
        const basic = Buffer.from((request.headers.authorization ?? '').replace(/^Basic /, ''), 'base64')
        const known = form ? form.get('refresh_token') === 'refresh' : basic.toString() === 'user:secret'
        const [, name = '', actions = ''] = /^repository:([^:]+):(.+)$/.exec(words.get('scope') ?? '') ?? []
        asked.push(`${form ? 'refresh ' : ''}${actions}`)
        response.statusCode = known ? 200 : 401
        const token = tokenFor({ name, actions: actions.split(','), lifetime }, key, certificate)
        response.end(JSON.stringify(known ? { [form ? 'access_token' : 'token']: token } : {}))
      })
    }),
  )
  const realm = `http://127.0.0.1:${port}/token`
  return {
    auth: `auth: {token: {realm: "${realm}", service: registry, issuer: tests, rootcertbundle: ${certificate}}}\n`,
    asked,
    end: () => void server.close(),
  }
}

interface Grant {
  readonly name: string
  readonly actions: readonly string[]
  /** Seconds. */
  readonly lifetime: number
}

function tokenFor({ name, actions, lifetime }: Grant, key: string, certificate: string): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const der = readFileSync(certificate, 'utf8').replaceAll(/-----[^-]+-----|\s/g, '')
  const now = Math.floor(Date.now() / 1000)
  const head = encode({ typ: 'JWT', alg: 'RS256', x5c: [der] })
  const claims = encode({
    iss: 'tests',
    sub: 'user',
    aud: 'registry',
    exp: now + lifetime,
    nbf: now - 100,
    iat: now,
    jti: randomUUID(),
    access: [{ type: 'repository', name, actions }],
  })
  const signature = createSign('RSA-SHA256')
    .update(`${head}.${claims}`)
    .sign(readFileSync(key))
    .toString('base64url')
  return `${head}.${claims}.${signature}`
}

export function sha256(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
