// Sends requests through an HTTP proxy, which Node 20's fetch cannot use. A request with TLS goes through a tunnel, so
// the proxy cannot read it. Authority: RFC 9110 (9.3.6 CONNECT), RFC 9112 (3.2.2 the form of a request to a proxy); the
// Fetch standard (redirects).
import { request as plainRequest, type IncomingMessage } from 'node:http'
import { request as secureRequest } from 'node:https'
import { isIP, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { connect } from 'node:tls'
import { withoutBrackets } from './proxy.ts'

export interface Sent {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly signal: AbortSignal
}

/** The parts of fetch's Response that the client reads. */
export type HttpAnswer = Pick<Response, 'status' | 'headers' | 'body' | 'url'>

const redirects = [301, 302, 303, 307, 308]
const mostRedirects = 20

/** Follows redirects and rejects as fetch does. `proxyOf`: the proxy for a URL; undefined for none. */
export async function send(
  url: URL,
  sent: Sent,
  proxyOf: (url: URL) => URL | undefined,
): Promise<HttpAnswer> {
  const proxy = proxyOf(url)
  if (proxy === undefined) return fetch(url, sent)
  return sendThrough(proxy, url, sent, proxyOf, mostRedirects)
}

async function sendThrough(
  proxy: URL,
  url: URL,
  sent: Sent,
  proxyOf: (url: URL) => URL | undefined,
  left: number,
): Promise<HttpAnswer> {
  const answer = await ask(proxy, url, sent)
  const { statusCode: status = 0, headers } = answer
  if (!redirects.includes(status) || headers.location === undefined) {
    const pairs = Object.entries(headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((each): [string, string] => [name, each]),
    )
    const body = Readable.toWeb(answer) as ReadableStream<Uint8Array>
    return { status, headers: new Headers(pairs), body, url: url.href }
  }
  answer.resume()
  if (left === 0) throw new Error('too many redirects')
  const next = new URL(headers.location, url)
  if (!/^https?:$/.test(next.protocol)) throw new Error(`a redirect to ${next.protocol}`)
  const { authorization: _, ...others } = sent.headers
  const kept = next.origin === url.origin ? sent.headers : others
  const isGet = status === 303 || (status < 303 && sent.method === 'POST')
  const { body: _body, ...bodyless } = sent
  const again: Sent = isGet ? { ...bodyless, method: 'GET', headers: kept } : { ...sent, headers: kept }
  const through = proxyOf(next)
  return through === undefined ? fetch(next, again) : sendThrough(through, next, again, proxyOf, left - 1)
}

async function ask(proxy: URL, url: URL, { method, headers, body, signal }: Sent): Promise<IncomingMessage> {
  const options = { method, signal, headers: { ...headers, host: url.host } }
  if (url.protocol === 'https:') {
    const createConnection = await tunnel(proxy, url, signal)
    const path = `${url.pathname}${url.search}`
    return answered(secureRequest({ ...options, path, createConnection }), body)
  }
  const toProxy = { ...options, ...hostOf(proxy), path: url.href }
  toProxy.headers = { ...toProxy.headers, ...authorizationOf(proxy) }
  return answered(requestOf(proxy)(toProxy), body)
}

function answered(request: ReturnType<typeof plainRequest>, body: Sent['body']): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve).once('error', reject)
    request.end(body)
  })
}

/** A connection with TLS to the server, through the proxy. */
async function tunnel(proxy: URL, url: URL, signal: AbortSignal): Promise<() => Socket> {
  const to = `${url.hostname}:${url.port || '443'}`
  const asked = requestOf(proxy)({
    ...hostOf(proxy),
    method: 'CONNECT',
    path: to,
    headers: { host: to, ...authorizationOf(proxy) },
    agent: false,
    signal,
  })
  const socket = await new Promise<Socket>((resolve, reject) => {
    asked.once('error', reject)
    asked.once('connect', ({ statusCode }, connected) => {
      if (statusCode === 200) return resolve(connected)
      connected.destroy()
      reject(new Error(`the proxy ${proxy.host} answers ${statusCode} to CONNECT ${to}`))
    })
    asked.end()
  })
  const host = withoutBrackets(url.hostname)
  return () => connect({ socket, host, ...(isIP(host) === 0 && { servername: host }) })
}

const requestOf = ({ protocol }: URL): typeof plainRequest =>
  protocol === 'https:' ? secureRequest : plainRequest

const hostOf = ({ protocol, hostname, port }: URL): { readonly host: string; readonly port: number } => ({
  host: withoutBrackets(hostname),
  port: Number(port) || (protocol === 'https:' ? 443 : 80),
})

function authorizationOf({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '') return {}
  const words = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(words).toString('base64')}` }
}
