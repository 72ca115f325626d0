// Reads and writes blobs, manifests and tags of one repository over HTTP. Bytes are accepted only if they have the
// requested digest and size. Authority: OCI distribution specification 1.1.
import { createHash } from 'node:crypto'
import { UserError } from '../errors.ts'
import { chosenChallenge } from './challenges.ts'
import type { Credentials } from './credentials.ts'
import { endingAfter } from './ending.ts'
import { pauseIn, withPatience } from './patience.ts'
import { isLoopback, type Reference } from './reference.ts'
import { send, type HttpAnswer } from './through-proxy.ts'
import { basicOf, tokenIn, tokenRequest, urlOf, type Request } from './tokens.ts'

export const manifestType = 'application/vnd.oci.image.manifest.v1+json'
/** A registry says that it lacks an index unless we accept it. */
const acceptedTypes = `${manifestType}, application/vnd.oci.image.index.v1+json`

/** What a token is asked for: `push` includes `pull`. */
type Right = 'pull' | 'push'

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
  /** Ends every request at once. */
  readonly signal?: AbortSignal | undefined
  /** The proxy that a request goes through. Default: none. */
  readonly proxyOf?: (url: URL) => URL | undefined
}

const digestForm = /^sha256:[a-f\d]{64}$/

export function digestOf(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** The specification asks registries to accept manifests of 4 MiB. Tag lists and tokens are smaller. */
const documentLimit = 4 * 1024 * 1024

interface Ask extends Request {
  /** Statuses that are not errors. */
  readonly expected: readonly number[]
}

export class Registry {
  readonly #reference: Reference
  readonly #options: ClientOptions
  readonly #root: URL
  /** The Authorization header for each right. */
  readonly #authorizations = new Map<Right, string>()
  /** Requests for one, which requests at the same time share. */
  readonly #authorizing = new Map<Right, Promise<string>>()

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

  /** Whether there is a manifest by this tag or digest. @throws UserError */
  async has(name: string): Promise<boolean> {
    const ask = { method: 'HEAD', headers: { accept: acceptedTypes }, expected: [200, 404] } as const
    return (await this.#ask('push', `manifests/${name}`, ask)).status === 200
  }

  /** `name`: a tag or a digest. @throws UserError */
  async manifest(name: string): Promise<{ readonly manifest: Manifest; readonly digest: string }> {
    const answer = await this.#ask('pull', `manifests/${name}`, {
      method: 'GET',
      headers: { accept: acceptedTypes },
      expected: [200, 404],
    })
    if (answer.status === 404) throw new UserError('registry-lacks', { repository: this.#repository, name })
    const bytes = await this.#bytes(answer, documentLimit)
    const digest = digestOf(bytes)
    const wanted = name.startsWith('sha256:') ? name : (digestIn(answer) ?? digest)
    if (digest !== wanted) throw this.#answered('other-bytes', { name })
    const manifest = document(bytes) as Partial<Manifest & { readonly manifests: unknown }> | undefined
    if (Array.isArray(manifest?.manifests)) throw this.#answered('index', { name })
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

  async #ask(right: Right, place: string | URL, ask: Ask): Promise<HttpAnswer> {
    const url = new URL(place, this.#root)
    // Credentials go only to the registry itself, wherever it redirects.
    const isOwn = url.origin === this.#root.origin
    const used = isOwn ? this.#authorizations.get(right) : undefined
    let answer = await this.#send(url, ask, used)
    // Another host that the registry redirects to may name its own token server, which must not learn our password.
    if (answer.status === 401 && isOwn && new URL(answer.url || url).origin === this.#root.origin) {
      await answer.body?.cancel()
      answer = await this.#send(url, ask, await this.#authorized(right, used, answer))
    }
    if (ask.expected.includes(answer.status)) return answer
    const after = pauseIn(answer)
    const said = await this.#said(answer)
    if (answer.status === 401 || answer.status === 403)
      throw new UserError('registry-denies', { repository: this.#repository, right, said })
    const asked = `${ask.method} ${url.pathname}`
    throw this.#answered('status', {
      status: answer.status,
      asked,
      said,
      ...(after !== undefined && { after: Math.ceil(after / 1000) }),
    })
  }

  /** Another Authorization header than the one that was used. @throws UserError */
  async #authorized(right: Right, used: string | undefined, answer: HttpAnswer): Promise<string> {
    const known = this.#authorizations.get(right)
    if (known !== undefined && known !== used) return known
    const begun = this.#authorizing.get(right) ?? this.#authorize(right, answer)
    this.#authorizing.set(right, begun)
    try {
      const authorization = await begun
      this.#authorizations.set(right, authorization)
      return authorization
    } finally {
      this.#authorizing.delete(right)
    }
  }

  async #authorize(right: Right, answer: HttpAnswer): Promise<string> {
    const challenge = chosenChallenge(answer.headers.get('www-authenticate') ?? '')
    if (challenge === undefined) throw this.#answered('challenge')
    const who = await this.#options.credentials()
    if (challenge.scheme === 'basic') {
      if (who?.kind !== 'password')
        throw new UserError('registry-denies', { repository: this.#repository, right })
      return basicOf(who)
    }
    if (who?.kind === 'bearer-token') return `Bearer ${who.token}`
    const realm = urlOf(challenge.parameters.get('realm') ?? '')
    if (realm === undefined) throw this.#answered('challenge')
    if (realm.protocol === 'http:' && this.#root.protocol === 'https:') throw this.#answered('plain-realm')
    const scope = `repository:${this.#reference.repository}:${right === 'pull' ? 'pull' : 'pull,push'}`
    const { url, ask, authorization } = tokenRequest(realm, who, scope, challenge.parameters.get('service'))
    const given = await this.#send(url, ask, authorization)
    if (given.status !== 200) {
      const said = await this.#said(given)
      throw new UserError('registry-denies', { repository: this.#repository, right, said })
    }
    const token = tokenIn(document(await this.#bytes(given, documentLimit)))
    if (token === undefined) throw this.#answered('no-token')
    return `Bearer ${token}`
  }

  async #send(
    url: URL,
    { method, headers, body }: Request,
    authorization: string | undefined,
  ): Promise<HttpAnswer> {
    if (!/^https?:$/.test(url.protocol))
      throw this.#answered('other-protocol', { asked: url.href.replace(/\?.*/s, '').slice(0, 200) })
    try {
      const sent = {
        method,
        ...(body !== undefined && { body }),
        headers: { ...headers, ...(authorization !== undefined && { authorization }) },
      }
      const { timeout = 60_000, signal: asked, proxyOf = () => undefined } = this.#options
      const once = (): Promise<HttpAnswer> =>
        send(url, { ...sent, signal: endingAfter(timeout, asked) }, proxyOf)
      // The end of an upload removes its place, so bytes that may have arrived are not sent there again.
      return await withPatience(once, !url.searchParams.has('digest'), asked)
    } catch (error) {
      if (error instanceof UserError) throw error
      throw this.#unreachable(error)
    }
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
  if (name === 'AbortError') return 'the request was ended by a signal'
  if (/wrong version number/.test(inner?.message ?? message))
    return 'it answers without TLS: give --plain-http if that is meant'
  // fetch.spec.whatwg.org, "port blocking": ports of other protocols.
  if (inner?.message === 'bad port')
    return 'Node.js makes no HTTP request to this port, which belongs to another protocol: serve the registry on another port'
  return (inner?.message || inner?.code || message).split('\n')[0] ?? ''
}
