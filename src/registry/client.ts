// Reads and writes blobs, manifests and tags of one repository over HTTP. Bytes are accepted only if they have the
// requested digest and size. Authority: OCI distribution specification 1.1;
// docs.docker.com/registry/spec/auth (Bearer tokens, scopes); RFC 7617 (Basic).
import { createHash } from 'node:crypto'
import { UserError } from '../errors.ts'
import type { Credentials } from './credentials.ts'
import { isLoopback, type Reference } from './reference.ts'
import { send, type HttpAnswer } from './through-proxy.ts'

export const manifestType = 'application/vnd.oci.image.manifest.v1+json'

export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  /** Bytes. */
  readonly size: number
  readonly annotations?: Readonly<Record<string, string>>
}

/** The members of a manifest that this client reads. */
export interface Manifest {
  readonly schemaVersion: 2
  readonly mediaType?: string
  readonly artifactType?: string
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
  readonly annotations?: Readonly<Record<string, string>>
}

export interface ClientOptions {
  readonly credentials: () => Promise<Credentials | undefined>
  /** Use HTTP without TLS, as is always done for a registry on this machine. */
  readonly plainHttp?: boolean
  /** Timeout of one request in milliseconds. Default 60000. */
  readonly timeout?: number
  /** The proxy that a request goes through. Default: none. */
  readonly proxyOf?: (url: URL) => URL | undefined
}

const digestForm = /^sha256:[a-f\d]{64}$/

export function digestOf(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** The specification asks registries to accept manifests of 4 MiB. Tag lists and tokens are smaller. */
const documentLimit = 4 * 1024 * 1024

interface Ask {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Statuses that are not errors. */
  readonly expected: readonly number[]
}

export class Registry {
  readonly #reference: Reference
  readonly #options: ClientOptions
  readonly #root: URL
  /** The Authorization header for each right. */
  readonly #authorizations = new Map<'pull' | 'push', string>()

  constructor(reference: Reference, options: ClientOptions) {
    this.#reference = reference
    this.#options = options
    const { registry, repository } = reference
    const scheme = options.plainHttp === true || isLoopback(registry) ? 'http' : 'https'
    // Docker's own registry has another host name.
    const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry
    this.#root = new URL(`${scheme}://${host}/v2/${repository}/`)
  }

  /** Uploads the bytes if the registry lacks them; returns their descriptor. @throws UserError */
  async push(
    bytes: Uint8Array,
    mediaType: string,
    annotations?: Descriptor['annotations'],
  ): Promise<Descriptor> {
    const digest = digestOf(bytes)
    const there = await this.#ask('push', `blobs/${digest}`, { method: 'HEAD', expected: [200, 404] })
    if (there.status === 404) {
      const begun = await this.#ask('push', 'blobs/uploads/', {
        method: 'POST',
        headers: { 'content-length': '0' },
        expected: [202],
      })
      const location = begun.headers.get('location')
      if (location === null) throw this.#answered('no-upload')
      const place = new URL(location, begun.url || this.#root)
      place.searchParams.set('digest', digest)
      await this.#ask('push', place, {
        method: 'PUT',
        headers: { 'content-type': 'application/octet-stream' },
        body: bytes,
        expected: [201, 204],
      })
    }
    return { mediaType, digest, size: bytes.length, ...(annotations && { annotations }) }
  }

  /** Returns the digest, which names the manifest also without a tag. @throws UserError */
  async pushManifest(manifest: Manifest, tag?: string): Promise<string> {
    const text = JSON.stringify(manifest)
    const digest = digestOf(text)
    const answer = await this.#ask('push', `manifests/${tag ?? digest}`, {
      method: 'PUT',
      headers: { 'content-type': manifestType },
      body: text,
      expected: [201],
    })
    const stored = digestIn(answer) ?? digest
    if (stored !== digest) throw this.#answered('stored-otherwise', { name: digest, stored })
    return digest
  }

  /** `name`: a tag or a digest. @throws UserError */
  async manifest(name: string): Promise<{ readonly manifest: Manifest; readonly digest: string }> {
    const answer = await this.#ask('pull', `manifests/${name}`, {
      method: 'GET',
      headers: { accept: manifestType },
      expected: [200, 404],
    })
    if (answer.status === 404) throw new UserError('registry-lacks', { repository: this.#repository, name })
    const bytes = await this.#bytes(answer, documentLimit)
    const digest = digestOf(bytes)
    const wanted = name.startsWith('sha256:') ? name : (digestIn(answer) ?? digest)
    if (digest !== wanted) throw this.#answered('other-bytes', { name })
    const manifest = document(bytes) as Partial<Manifest> | undefined
    const isManifest = isDescriptor(manifest?.config) && manifest.layers?.every(isDescriptor) === true
    if (!isManifest || Array.isArray(manifest)) throw this.#answered('no-manifest', { name })
    return { manifest: manifest as Manifest, digest }
  }

  /** The bytes of a descriptor. @throws UserError */
  async read({ digest, size }: Descriptor, limit: number): Promise<Uint8Array> {
    if (size > limit) throw this.#answered('large', { name: digest, size, limit })
    const answer = await this.#ask('pull', `blobs/${digest}`, { method: 'GET', expected: [200, 404] })
    if (answer.status === 404)
      throw new UserError('registry-lacks', { repository: this.#repository, name: digest })
    const bytes = await this.#bytes(answer, size)
    if (bytes.length !== size || digestOf(bytes) !== digest)
      throw this.#answered('other-bytes', { name: digest })
    return bytes
  }

  /** Every tag, sorted; empty if there is no such repository. @throws UserError */
  async tags(): Promise<readonly string[]> {
    const tags = new Set<string>()
    let next: string | URL | undefined = 'tags/list?n=1000'
    while (next !== undefined) {
      const answer: HttpAnswer = await this.#ask('pull', next, { method: 'GET', expected: [200, 404] })
      if (answer.status === 404) break
      const found = document(await this.#bytes(answer, documentLimit)) as { tags?: unknown } | undefined
      const known = tags.size
      if (Array.isArray(found?.tags))
        for (const each of found.tags) if (typeof each === 'string') tags.add(each)
      // RFC 8288, in the specification's form. A page without a new tag is the last, even if it links to another.
      const [, link] = /^<([^>]+)>\s*;\s*rel="?next"?/.exec(answer.headers.get('link') ?? '') ?? []
      next = link === undefined || tags.size === known ? undefined : new URL(link, this.#root)
    }
    return [...tags].sort()
  }

  async #ask(right: 'pull' | 'push', place: string | URL, ask: Ask): Promise<HttpAnswer> {
    const url = new URL(place, this.#root)
    // Credentials go only to the registry itself, wherever it redirects.
    const isOwn = url.origin === this.#root.origin
    let answer = await this.#send(url, ask, isOwn ? this.#authorizations.get(right) : undefined)
    if (answer.status === 401 && isOwn) {
      await answer.body?.cancel()
      const authorization = await this.#authorize(answer.headers.get('www-authenticate') ?? '', right)
      this.#authorizations.set(right, authorization)
      answer = await this.#send(url, ask, authorization)
    }
    if (ask.expected.includes(answer.status)) return answer
    const said = await this.#said(answer)
    if (answer.status === 401 || answer.status === 403)
      throw new UserError('registry-denies', { repository: this.#repository, right, said })
    throw this.#answered('status', { status: answer.status, asked: `${ask.method} ${url.pathname}`, said })
  }

  async #send(
    url: URL,
    { method, headers, body }: Ask,
    authorization: string | undefined,
  ): Promise<HttpAnswer> {
    if (!/^https?:$/.test(url.protocol))
      throw this.#answered('other-protocol', { asked: url.href.replace(/\?.*/s, '').slice(0, 200) })
    try {
      const sent = {
        method,
        ...(body !== undefined && { body }),
        headers: { ...headers, ...(authorization !== undefined && { authorization }) },
        signal: AbortSignal.timeout(this.#options.timeout ?? 60_000),
      }
      return await send(url, sent, this.#options.proxyOf ?? (() => undefined))
    } catch (error) {
      if (error instanceof UserError) throw error
      throw this.#unreachable(error)
    }
  }

  async #authorize(challenge: string, right: 'pull' | 'push'): Promise<string> {
    const who = await this.#options.credentials()
    const basic = who?.kind === 'password' ? basicOf(who.user, who.secret) : undefined
    if (/^basic\b/i.test(challenge)) {
      if (basic === undefined) throw new UserError('registry-denies', { repository: this.#repository, right })
      return basic
    }
    const words = new Map(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]),
    )
    const realm = urlOf(words.get('realm') ?? '')
    if (!/^bearer\b/i.test(challenge) || realm === null) throw this.#answered('challenge')
    if (realm.protocol === 'http:' && this.#root.protocol === 'https:') throw this.#answered('plain-realm')
    const scope = `repository:${this.#reference.repository}:${right === 'pull' ? 'pull' : 'pull,push'}`
    const service = words.get('service')
    const answer = await (who?.kind === 'refresh-token'
      ? this.#send(realm, tokenByRefresh(who.token, scope, service), undefined)
      : this.#send(withQuery(realm, { ...(service && { service }), scope }), tokenByPassword, basic))
    if (answer.status !== 200)
      throw new UserError('registry-denies', {
        repository: this.#repository,
        right,
        said: await this.#said(answer),
      })
    const { token, access_token: accessToken } = (document(await this.#bytes(answer, documentLimit)) ??
      {}) as {
      readonly token?: unknown
      readonly access_token?: unknown
    }
    const bearer = [token, accessToken].find((each) => typeof each === 'string' && each !== '')
    if (bearer === undefined) throw this.#answered('no-token')
    return `Bearer ${bearer as string}`
  }

  /** The registry's own error message; undefined if it gives none. */
  async #said(answer: HttpAnswer): Promise<string | undefined> {
    const said = document(await this.#bytes(answer, documentLimit).catch(() => new Uint8Array())) as
      { errors?: readonly { readonly code?: unknown; readonly message?: unknown }[] } | undefined
    const [first] = Array.isArray(said?.errors) ? said.errors : []
    const words = [first?.message, first?.code].find((each) => typeof each === 'string' && each !== '')
    return words === undefined ? undefined : String(words).slice(0, 200)
  }

  /** Reads the body. Throws if the registry sends more than `limit` bytes. */
  async #bytes(answer: HttpAnswer, limit: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    let size = 0
    try {
      for await (const piece of answer.body ?? []) {
        size += (piece as Uint8Array).length
        if (size > limit) throw this.#answered('longer', { limit })
        pieces.push(piece as Uint8Array)
      }
    } catch (error) {
      if (error instanceof UserError) throw error
      throw this.#unreachable(error)
    }
    return Buffer.concat(pieces)
  }

  get #repository(): string {
    return `${this.#reference.registry}/${this.#reference.repository}`
  }

  #unreachable(error: unknown): UserError {
    return new UserError('registry-unreachable', {
      repository: this.#repository,
      words: networkReason(error),
    })
  }

  #answered(
    fault: UserError<'registry-answer'>['facts']['fault'],
    more: Partial<UserError<'registry-answer'>['facts']> = {},
  ): UserError {
    return new UserError('registry-answer', { ...more, repository: this.#repository, fault })
  }
}

const tokenByPassword: Ask = { method: 'GET', expected: [200] }

/** Authority: docs.docker.com/registry/spec/auth/oauth. */
function tokenByRefresh(token: string, scope: string, service: string | undefined): Ask {
  const form = { grant_type: 'refresh_token', client_id: 'seccomp-gen', refresh_token: token, scope }
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: String(new URLSearchParams({ ...form, ...(service && { service }) })),
    expected: [200],
  }
}

function withQuery(url: URL, words: Readonly<Record<string, string>>): URL {
  const asked = new URL(url)
  for (const [key, value] of Object.entries(words)) asked.searchParams.set(key, value)
  return asked
}

function basicOf(user: string, secret: string): string {
  return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`
}

/** The digest that the registry has for a manifest, by its own word. */
function digestIn({ headers }: HttpAnswer): string | undefined {
  const found = headers.get('docker-content-digest') ?? ''
  return digestForm.test(found) ? found : undefined
}

function isDescriptor(value: unknown): value is Descriptor {
  if (typeof value !== 'object' || value === null) return false
  const { mediaType, digest, size } = value as Partial<Descriptor>
  return (
    typeof mediaType === 'string' &&
    typeof digest === 'string' &&
    digestForm.test(digest) &&
    Number.isSafeInteger(size) &&
    (size as number) >= 0
  )
}

/** The JSON object or array; undefined for anything else. */
function document(bytes: Uint8Array): object | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** The reason why a request failed, which fetch puts into `cause`. */
function networkReason(error: unknown): string {
  const { cause, name, message } = error as Error
  const inner = cause as NodeJS.ErrnoException | undefined
  if (name === 'TimeoutError') return 'no answer in time'
  if (/wrong version number/.test(inner?.message ?? message))
    return 'it answers without TLS: give --plain-http if that is meant'
  // fetch.spec.whatwg.org, "port blocking": ports of other protocols.
  if (inner?.message === 'bad port')
    return 'Node.js makes no HTTP request to this port, which belongs to another protocol: serve the registry on another port'
  return (inner?.message || inner?.code || message).split('\n')[0] ?? ''
}

/** URL.parse() is not in Node 20. */
function urlOf(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null
}
